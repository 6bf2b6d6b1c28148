"""Minified modules: every one of the screens and of client.js still is the same program. For sheets see
tests/browser/test_sheets.py."""

from __future__ import annotations

from collections.abc import Iterator

import tree_sitter_javascript
from tree_sitter import Language, Node, Parser

from nexus.http.framework.static import WEB
from nexus.http.pages.minified import minified

MODULES = sorted(path for folder in (".", "client", "screens", "screens/*") for path in WEB.glob(f"{folder}/*.js"))
PARSER = Parser(Language(tree_sitter_javascript.language()))

TRICKY = r"""
// a comment /* in a comment
const text = `a  template  // no comment ${ 1 + 1 /* one */ }  /* nor this */
    with its indentation`;
const pattern = /[/"'`]\/\/ +/gu, half = 6 / 2 / 1; /* "a string" in a comment */
const string = "  spaces  // kept", other = 'it\'s  "kept"';
let n = 1
n
++n
const sum = n + +n - -n + n++ + ++n
if (n) /a  b/.test(text)
export const one = async (x) => { return x?.y ?? x.z /* c */ / 2 }
"""


def program(text: bytes) -> list[tuple[str, bytes]]:
    """A module as its syntax tree, the leaves with their text and without comments. Fails where it is none."""
    root = PARSER.parse(text).root_node
    assert not root.has_error
    return list(leaves(root))


def leaves(node: Node) -> Iterator[tuple[str, bytes]]:
    if node.type != "comment":
        yield node.type, (node.text or b"") if node.child_count == 0 else b""
        for child in node.children:
            yield from leaves(child)


def test_every_minified_module_is_the_same_program() -> None:
    assert len(MODULES) > 50
    for path in MODULES:
        written = path.read_bytes()
        assert program(minified(path.name, written)) == program(written), path


def test_a_file_that_is_neither_module_nor_sheet_stays_as_it_is() -> None:
    assert minified("words/en/users.json", b'{"a": 1}') == b'{"a": 1}'


def test_strings_templates_and_patterns_keep_what_looks_like_comments() -> None:
    written = TRICKY.encode()
    assert program(minified("tricky.js", written)) == program(written)
    assert b"a comment" not in minified("tricky.js", written)
