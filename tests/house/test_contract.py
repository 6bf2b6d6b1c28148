"""The contract (docs/contract.md) beside the code: every table has what the code has, no more and no less."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import msgspec
import pytest

import nexus
import nexus.app  # loads every room of the server, and with them every error
from nexus.access.password_policy import LONGEST, SHORTEST
from nexus.app import MOST_EXPORTS, MOST_LARGE_BODIES
from nexus.branding.picture import LONGEST_PX, MOST_PIXELS, MOST_PNG_BYTES
from nexus.cli.workers import FRAME_BYTES
from nexus.domain.brand import NAME_MAX
from nexus.domain.codes import CODE_LENGTH, PRIVATE_CODE_LENGTH
from nexus.domain.definition import (
    CATEGORY_MAX,
    DESCRIPTION_MAX,
    MOST_CHOICES,
    MOST_VOTES,
    OPTION_MAX,
    OPTIONS,
    QUESTION_MAX,
)
from nexus.domain.searching import MOST_CLAUSES, MOST_LEXEMES
from nexus.domain.text import LONGEST_NAME
from nexus.errors import NexusError
from nexus.http.api.events import DEFINITION_BYTES
from nexus.http.api.lists import LONGEST_PAGE
from nexus.http.api.polls import BODY_BYTES as POLL_BYTES
from nexus.http.api.polls import LONGEST_SEARCH
from nexus.http.api.routes import CALLS
from nexus.http.dependencies import RestCall
from nexus.http.documents.operations import public_path
from nexus.http.documents.routes import documents
from nexus.http.framework.body import Upload
from nexus.http.framework.edge import BODY_S
from nexus.http.framework.heads import HEAD_BYTES, HEAD_S
from nexus.http.framework.problem import BODY_BYTES, LARGE_BYTES, UPLOAD_BYTES, size, status_of
from nexus.ws.asyncapi import asyncapi, name_of
from nexus.ws.close_codes import documented
from nexus.ws.line import Bounds
from nexus.ws.messages import ClientMessage, ServerMessage
from tests.support.checkout import ROOT

CONTRACT = (ROOT / "docs" / "contract.md").read_text("utf-8")
PACKAGE = Path(nexus.__file__).parent

NEVER_SENT = {"error", "conflict"}
"""Only their subclasses are raised."""
NOT_OF_THE_SERVER = ("client", "demo", "cli")


def section(heading: str) -> str:
    """The text below a heading, up to the next one."""
    found = re.search(rf"^#+ {re.escape(heading)}\n(.*?)(?=^#|\Z)", CONTRACT, re.MULTILINE | re.DOTALL)
    assert found is not None, heading
    return found[1]


def rows(heading: str) -> list[list[str]]:
    """The cells of the table below a heading, without its head."""
    lines = [line for line in section(heading).splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines[2:]]


def code(text: str) -> list[str]:
    """The words between backticks."""
    return re.findall(r"`([^`]+)`", text)


def subclasses(kind: type[NexusError]) -> Iterator[type[NexusError]]:
    for one in kind.__subclasses__():
        yield one
        yield from subclasses(one)


def written_codes() -> set[str]:
    """The codes that a call in the server's code gives as `code="…"`."""
    found = set()
    for path in PACKAGE.rglob("*.py"):
        if path.relative_to(PACKAGE).parts[0] in NOT_OF_THE_SERVER:
            continue
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call):
                given = [one.value for one in node.keywords if one.arg == "code"]
                found |= {one.value for one in given if isinstance(one, ast.Constant)}
    return {one for one in map(str, found) if re.fullmatch("[a-z_]+", one)}


def fields(kind: type[object]) -> set[str]:
    return {field.encode_name for field in msgspec.structs.fields(kind)}  # type: ignore[arg-type]


def test_every_error_code_is_listed_with_its_status() -> None:
    told = {code(name)[0]: status for name, status, _ in rows("Error codes")}
    kinds = {kind for kind in subclasses(NexusError) if "code" in vars(kind) and kind.code not in NEVER_SENT}
    assert {kind.code: told.get(kind.code) for kind in kinds} == {kind.code: str(status_of(kind())) for kind in kinds}


def test_every_code_that_a_call_writes_is_listed() -> None:
    told = {code(name)[0] for name, _, _ in rows("Error codes")}
    assert {"too_many_rooms", "unknown_type"} <= written_codes()
    assert written_codes() - told == set()


def test_no_error_code_is_listed_that_nothing_sends() -> None:
    told = {code(name)[0] for name, _, _ in rows("Error codes")}
    source = "".join(path.read_text("utf-8") for path in PACKAGE.rglob("*.py") if "client" not in path.parts)
    assert [name for name in sorted(told) if f'"{name}"' not in source] == []


def test_every_call_is_listed() -> None:
    told = re.findall(r"^\| `([A-Z]+) (/\S*)` \|", CONTRACT, re.MULTILINE)
    assert sorted(told) == sorted((call.method, public_path(call)) for call in CALLS)


@pytest.mark.parametrize("call", CALLS, ids=lambda call: f"{call.method} {call.path}")
def test_every_field_of_a_call_is_named(call: RestCall) -> None:
    named = set(re.findall(r"[`\"{\[ ,?](\w+)(?=[`\"}\],:=])", CONTRACT))
    for kind in {call.body, call.query, call.answer} - {Upload}:
        assert fields(kind) - named == set(), kind.__name__


def test_every_document_is_listed() -> None:
    told = {code(path)[0].rstrip("/") for path, _ in rows("Documents")}
    assert told == {path for path in documents(asyncapi()) if not path.startswith("/api/assets/")}


@pytest.mark.parametrize(
    ("heading", "kinds"), [("Client messages", get_args(ClientMessage)), ("Server messages", get_args(ServerMessage))]
)
def test_every_message_is_listed_with_its_fields(heading: str, kinds: tuple[type[msgspec.Struct], ...]) -> None:
    told = {code(name)[0]: set(code(named)) for name, named, _ in rows(heading)}
    assert told == {name_of(kind): fields(kind) for kind in kinds}


def test_every_close_code_is_listed_with_what_to_do() -> None:
    told = [(int(number), meaning, back) for number, meaning, back in rows("Close codes")]
    assert told == [(code.value, code.meaning, code.come_back) for code in documented()]


def test_every_command_is_listed_with_its_flags(capsys: pytest.CaptureFixture[str]) -> None:
    from nexus.cli import main

    with pytest.raises(SystemExit):
        main(["--help"])
    known = set(re.findall(r"^ {4}(\w+) ", capsys.readouterr().out, re.MULTILINE))
    told = [(code(name)[0].split()[1:], code(does)) for name, does in rows("Running")]
    assert {words[0] for words, _ in told} == known
    for words, named in told:
        with pytest.raises(SystemExit) as ended:
            main([*(word for word in words if word.islower()), "--help"])
        shown = capsys.readouterr().out
        assert ended.value.code == 0, words
        assert [flag for flag in named if flag.startswith("--") and flag not in shown] == [], words


@pytest.mark.parametrize(
    "told",
    [
        f"A body may have {BODY_BYTES // 1024} KiB, and {POLL_BYTES // 1024} KiB where polls are created and changed",
        f"a [new event](#events): {size(DEFINITION_BYTES)})",
        f"The body may have {size(DEFINITION_BYTES)}",
        f"Of more than {size(LARGE_BYTES)} a host may have one under way, and a worker {MOST_LARGE_BODIES}",
        f"must arrive within {BODY_S:g} s",
        f"A body of at most {UPLOAD_BYTES // 1024} KiB that is a PNG",
        f"at most {LONGEST_PX} pixels a side and {MOST_PNG_BYTES // 1024} KiB",
        f"one of more than {MOST_PIXELS // 1_000_000} million pixels",
        f'`name` "" (at most {NAME_MAX} characters)',
        f"The head of a request may have {HEAD_BYTES // 1024} KiB and must arrive within {HEAD_S:g} s",
        f"at most {FRAME_BYTES // 1024} KiB in at most {Bounds().fragments} fragments",
        f"more than {LONGEST_PAGE} gives {LONGEST_PAGE}",
        f"`question` | required | 1 to {QUESTION_MAX} characters",
        f"on creation only: {OPTIONS[0]} to {OPTIONS[-1]} of",
        f"up to {DESCRIPTION_MAX:,} characters",
        f"options a ballot may name, 1 to {MOST_CHOICES}",
        f"ballots one voter may cast, 1 to {MOST_VOTES}",
        f"An option has 1 to {OPTION_MAX} characters",
        f"`search` has up to {LONGEST_SEARCH} characters",
        f"At most {MOST_LEXEMES:,} different words of a poll count, those of the description last, and the first "
        f"{MOST_CLAUSES} words",
        f"A name has 1 to {CATEGORY_MAX} characters",
        f"have 1 to {LONGEST_NAME} characters",
        f"have {SHORTEST} to {LONGEST} characters",
        f"{CODE_LENGTH} characters, or {PRIVATE_CODE_LENGTH} for a private poll",
        f"a worker {MOST_EXPORTS}, ",
    ],
)
def test_numbers_are_those_of_the_code(told: str) -> None:
    assert told in " ".join(CONTRACT.split())
