"""Pointers lead somewhere: from docstrings and comments to documents, and from everywhere to files and modules."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache
from pathlib import Path

import nexus
from tests.support.checkout import ROOT

PACKAGE = Path(nexus.__file__).parent
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")])
NOW = [path for path in DOCUMENTS if path.name != "CHANGELOG.md"]
"""Those that name nothing which is no longer there."""
SOURCES = sorted([path for folder in ("nexus", "tests", "bench", "scripts") for path in (ROOT / folder).rglob("*.py")])
CODE = [*SOURCES, ROOT / "schema.sql", ROOT / "pyproject.toml", ROOT / "Procfile", *sorted(ROOT.glob("scripts/[!_]*"))]

POINTER = re.compile(r'\b(docs/[\w-]+\.md)(?:, "([^"]+)")?')
"""How prose in the code points to a document, and to a heading of it: docs/contract.md, "Voting"."""
PAPERS = re.compile(r"\bcontract, (?:section|promise|\d)|\bdesign, |\((?:section|step)s? \d\)")
"""How it did once, to papers that are not here."""
FILE = re.compile(r"(?<![\w./-])((?:nexus|tests|bench|docs|scripts|\.ci)/[\w./-]*\w)(?![\w*{])")
MODULE = re.compile(r"`?\b(nexus(?:\.[a-z_]\w*)+(?:\.[A-Z]\w*)?)\b")
NO_MODULE = re.compile(r"nexus\.(v1|line|enter|join|vote|test|conf|service)\b")
"""What only looks like a module: a subprotocol, a key of an ASGI scope, methods of a client called so, a host."""
INSTALLED = {"nexus/schema.sql"}
"""Files that are there once the package is installed."""


@cache
def prose(path: Path) -> str:
    """The docstrings, strings after assignments and comments of a Python file; of any other file all of it.

    White space is one space, so that a pointer may go on in the next line.
    """
    text = path.read_text("utf-8")
    if path.suffix != ".py":
        return " ".join(re.sub(r"\n\s*(--|#)", " ", text).split())
    nodes = ast.walk(ast.parse(text))
    strings = [node.value for node in nodes if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)]
    said = [one.value for one in strings if isinstance(one.value, str)]
    tokens = tokenize.generate_tokens(io.StringIO(text).readline)
    said.append(" ".join(one.string.lstrip("# ") for one in tokens if one.type == tokenize.COMMENT))
    return "\n".join(" ".join(one.split()) for one in said)


@cache
def headings(document: Path) -> frozenset[str]:
    """The headings of a document."""
    text = re.sub(r"^```.*?^```", "", document.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)
    return frozenset(re.findall(r"^#+ (.+?)$", text, re.MULTILINE))


def anchor(heading: str) -> str:
    """The fragment by which a link names a heading, as GitHub makes it."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def pointers(path: Path) -> list[tuple[str, str]]:
    """The documents and headings that a file points to."""
    return POINTER.findall(prose(path))


def in_each(paths: Sequence[Path], wrong: Callable[[Path], Iterable[str]]) -> dict[str, list[str]]:
    """What is wrong in each file, of those where anything is."""
    found = {path.relative_to(ROOT).as_posix(): sorted(set(wrong(path))) for path in paths}
    return {name: lines for name, lines in found.items() if lines}


def test_pointers_to_documents_lead_to_headings() -> None:
    def astray(path: Path) -> Iterator[str]:
        for document, heading in pointers(path):
            if not (ROOT / document).exists() or (heading and heading not in headings(ROOT / document)):
                yield f"{document}, {heading!r}"

    assert in_each(CODE, astray) == {}


def test_nothing_points_to_papers_that_are_not_here() -> None:
    assert in_each([path for path in CODE if path != Path(__file__)], lambda path: PAPERS.findall(prose(path))) == {}


def test_links_lead_to_headings() -> None:
    def astray(path: Path) -> Iterator[str]:
        for target, fragment in re.findall(r"\]\((?!https?:)([^)#]*)#([^)]+)\)", path.read_text("utf-8")):
            document = (path.parent / target).resolve() if target else path
            if fragment not in {anchor(one) for one in headings(document)}:
                yield f"{target}#{fragment}"

    assert in_each(DOCUMENTS, astray) == {}


def test_files_that_are_named_exist() -> None:
    def missing(path: Path) -> Iterator[str]:
        return (one for one in FILE.findall(prose(path)) if not (ROOT / one).exists() and one not in INSTALLED)

    assert in_each([*NOW, *CODE], missing) == {}


def test_modules_that_are_named_exist() -> None:
    def missing(path: Path) -> Iterator[str]:
        return (one for one in MODULE.findall(prose(path)) if not NO_MODULE.match(one) and not is_module(one))

    assert in_each([*NOW, *CODE], missing) == {}


def is_module(name: str) -> bool:
    """Whether this is a module of the package, or a name at its top."""
    parts = name.split(".")[1:]
    path = PACKAGE.joinpath(*parts)
    if path.is_dir() or path.with_suffix(".py").exists():
        return True
    path = PACKAGE.joinpath(*parts[:-1])
    source = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    return source.exists() and re.search(rf"\b{parts[-1]}\b", source.read_text("utf-8")) is not None


def test_a_pointer_may_go_on_in_the_next_line(tmp_path: Path) -> None:
    source = tmp_path / "module.py"
    source.write_text('"""A text (docs/contract.md,\n"Error codes")."""\n# docs/none.md\n')
    assert list(pointers(source)) == [("docs/contract.md", "Error codes"), ("docs/none.md", "")]
    papers = tmp_path / "papers.py"  # another file: each is read once
    papers.write_text('"""A text (contract,\nsection 2)."""\n')
    assert PAPERS.search(prose(papers))


def test_anchors_are_those_of_links() -> None:
    assert anchor("Rights under `after_vote`") == "rights-under-after_vote"
