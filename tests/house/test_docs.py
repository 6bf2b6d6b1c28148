"""The documents stay true: commands are run, tables compared with the code."""

import asyncio
import os
import re
import sys
from pathlib import Path

import httpx
import pytest

import nexus
from nexus.demo.show import TITLE
from nexus.http.api.routes import CALLS
from nexus.settings import SETTINGS
from nexus.settings.setting import Setting
from tests.support.checkout import ROOT
from tests.support.waiting import SERVER_S, eventually

README = (ROOT / "README.md").read_text("utf-8")
WALK = README.partition("## An event from the terminal")[2].partition("\n## ")[0]


def shell_blocks(text: str = README) -> list[str]:
    return re.findall(r"```sh\n(.*?)```", text, re.DOTALL)


def expected_lines(text: str) -> list[re.Pattern[str]]:
    """The lines that a document says are printed: `…` stands for anything, and numbers and codes vary."""
    lines = "".join(re.findall(r"```text\n(.*?)```", text, re.DOTALL)).splitlines()
    return [re.compile(re.sub(r"\d+|[^\d]+", _varying, line.replace("K7M2QP", "…"))) for line in lines]


def _varying(found: re.Match[str]) -> str:
    return r"\d+" if found[0].isdigit() else re.escape(found[0]).replace("…", ".*")


def test_readme_begins_with_the_two_commands() -> None:
    commands = [line.split()[0] for line in shell_blocks()[0].splitlines()]
    assert commands == ["scripts/serve", "scripts/test"]


def test_readme_lists_every_setting_with_its_default() -> None:
    rows = re.findall(r"^\| `([A-Z_]+)` \| (?:`(.*?)`|unset) \| (?:(.*?) )?\| (.*) \|$", README, re.MULTILINE)
    assert rows == [(one.name, one.default, one.values, shown_help(one)) for one in SETTINGS]


def shown_help(setting: Setting) -> str:
    return f"{setting.help} ({setting.flag})" if setting.flag else setting.help


def folders(of: str) -> set[str]:
    """The folders right below one of the checkout that hold sources."""
    return {path.name for path in (ROOT / of).iterdir() if path.is_dir() and not path.name.startswith(("_", "."))}


def test_readme_maps_every_room() -> None:
    mapped = README.partition("## Where things are")[2].partition("## ")[0]
    assert set(re.findall(r"^  (\w+)/ ", mapped, re.MULTILINE)) | {"demo"} == folders("nexus")


def test_contributing_lists_every_folder_of_tests() -> None:
    listed = (ROOT / "CONTRIBUTING.md").read_text("utf-8").partition("## Tests")[2].partition("scripts/test")[0]
    assert set(re.findall(r"`tests/(\w+)`", listed)) == folders("tests")


def test_changelog_has_the_version() -> None:
    newest = re.search(r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text("utf-8"), re.MULTILINE)
    assert newest is not None
    assert newest[1] == nexus.__version__


@pytest.mark.parametrize("document", sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")]), ids=lambda path: path.name)
def test_links_between_documents_lead_somewhere(document: Path) -> None:
    links = re.findall(r"\]\((?!https?:)([^)#]+)\)", document.read_text("utf-8"))
    assert [link for link in links if not (document.parent / link).exists()] == []


def test_endpoints_mapped_from_django_services_exist() -> None:
    table = (ROOT / "docs" / "django.md").read_text("utf-8").partition("## Endpoints")[2]
    mapped = re.findall(r"^\| `.*` \| `([A-Z]+) (/\S+?)/?` \|", table, re.MULTILINE)
    known = {(call.method, call.path) for call in CALLS} | {("GET", "/api/openapi.json"), ("GET", "/api/docs")}
    assert len(mapped) > 25
    assert [one for one in mapped if one not in known] == []


def test_serve_help_is_the_same_table(capsys: pytest.CaptureFixture[str]) -> None:
    from nexus.cli import main

    with pytest.raises(SystemExit):
        main(["serve", "--help"])
    shown = capsys.readouterr().out
    assert [one.name for one in SETTINGS if one.name not in shown] == []


async def test_walk_through_an_event_works_as_written(tmp_path: Path) -> None:
    environment = {**os.environ, "NEXUS_DATA": str(tmp_path / "data"), "PORT": "0"}
    for name in ("DATABASE_URL", "REDIS_URL"):
        environment.pop(name, None)
    server = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "nexus", "serve", "--demo", env=environment, cwd=ROOT, stdout=asyncio.subprocess.PIPE
    )
    try:
        async with asyncio.timeout(60):
            said = await _until_ready(server)
        walk = _walk(url=said[0], password=said[1])
        shell = await asyncio.create_subprocess_exec(
            "bash", "-euo", "pipefail", "-c", walk, cwd=ROOT, stdout=asyncio.subprocess.PIPE
        )
        async with asyncio.timeout(60):
            out = (await shell.communicate())[0].decode()
            await eventually(lambda: _demo_is_mine(*said), SERVER_S)
    finally:
        server.terminate()
        async with asyncio.timeout(30):
            await server.wait()
    assert shell.returncode == 0, out
    printed, expected = out.splitlines(), expected_lines(WALK)
    assert len(printed) == len(expected) == 9, out
    pairs = zip(printed, expected, strict=True)
    assert [(line, form.pattern) for line, form in pairs if not form.fullmatch(line)] == []


async def _demo_is_mine(url: str, password: str) -> bool:
    """Whether the administrator finds the demo's event among their own."""
    async with httpx.AsyncClient(base_url=url) as http:
        pair = (await http.post("/auth/token/", json={"username": "admin", "password": password})).json()
        http.headers["Authorization"] = f"Bearer {pair['access']}"
        found = (await http.get("/events/")).json()
        mine = (await http.get("/auth/me/")).json()["sub"]
        return [(TITLE, mine)] == [
            (event["title"], event["created_by"]) for event in found["results"] if event["title"] == TITLE
        ]


async def _until_ready(server: asyncio.subprocess.Process) -> tuple[str, str]:
    assert server.stdout is not None
    said = ""
    while "password" not in said:
        line = (await server.stdout.readline()).decode()
        assert line, said
        said += line
    found = re.search(r"serves (\S+)\n(?:.+\n)*\n.*password (\S+)", said)
    assert found is not None, said
    return found[1], found[2]


def _walk(url: str, password: str) -> str:
    """The blocks of the walk as they stand, but for the two values that a reader fills in."""
    first, *blocks = shell_blocks(WALK)
    assert first.startswith("NEXUS=")
    python = Path(sys.executable)
    given = f"NEXUS={url}\nPASSWORD={password}\n"
    return given + "\n".join(blocks).replace(".venv/bin/python", str(python))
