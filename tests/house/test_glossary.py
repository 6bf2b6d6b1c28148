"""The glossary (docs/glossary.md) beside the code: what it names is there."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

import nexus
from tests.support.checkout import ROOT

GLOSSARY = (ROOT / "docs" / "glossary.md").read_text("utf-8")
PACKAGE = Path(nexus.__file__).parent


def targets(node: ast.stmt) -> list[str]:
    """The names that a statement defines."""
    match node:
        case ast.ClassDef(name=name) | ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
            return [name]
        case ast.AnnAssign(target=ast.Name(id=name)):
            return [name]
        case ast.Assign(targets=names):
            return [one.id for one in names if isinstance(one, ast.Name)]
    return []


def defined() -> set[str]:
    """Every name at the top of a module of the server, and `Class.member` for what stands in its classes or is assigned
    to `self`."""
    found = set()
    for path in PACKAGE.rglob("*.py"):
        if path.relative_to(PACKAGE).parts[0] in ("client", "demo"):
            continue
        for node in ast.parse(path.read_text("utf-8")).body:
            found |= set(targets(node))
            if isinstance(node, ast.ClassDef):
                found |= {f"{node.name}.{name}" for one in node.body for name in targets(one)}
                attributes = [one for one in ast.walk(node) if isinstance(one, ast.Attribute)]
                found |= {f"{node.name}.{one.attr}" for one in attributes if isinstance(one.ctx, ast.Store)}
    return found


NAMES = defined()
ENTRIES = [
    (line.split("|")[1].strip(), re.findall(r"`([^`]+)`", line.split("|")[3]))
    for line in GLOSSARY.splitlines()
    if line.startswith("|") and line.count("|") == 4 and not line.startswith(("| word", "|---"))
]


def test_the_glossary_was_read() -> None:
    assert {"poll", "lane", "room"} <= {word for word, _ in ENTRIES}
    assert {"Place.epoch", "Viewer.right", "may_know"} <= NAMES


@pytest.mark.parametrize(("word", "named"), ENTRIES, ids=[word for word, _ in ENTRIES])
def test_names_of_a_word_are_in_the_code(word: str, named: list[str]) -> None:
    assert named, f"{word} is nowhere"
    gone = [one for one in named if one not in NAMES and not (one.startswith("nexus/") and (ROOT / one).exists())]
    assert gone == [], f"the glossary says that {word} lives there"


def test_no_word_is_explained_twice() -> None:
    words = [word for word, _ in ENTRIES]
    assert sorted(words) == sorted(set(words))
