"""docs/styleguide.md stays true: it names every token and component that the sheets have, and no others."""

from __future__ import annotations

import re

from nexus.http.framework.static import WEB
from tests.shots.publishing import IMAGES, SHEETS
from tests.shots.states import SCREENS
from tests.support.checkout import ROOT

GUIDE = (ROOT / "docs" / "styleguide.md").read_text("utf-8")
SCREENS_FOLDER = WEB / "screens"


def section(name: str) -> str:
    return GUIDE.partition(f"\n## {name}\n")[2].partition("\n## ")[0]


def test_every_token_is_in_the_table_and_nothing_else() -> None:
    there = set(re.findall(r"^\s*(--[\w-]+):", (SCREENS_FOLDER / "tokens.css").read_text(), re.MULTILINE))
    table = section("Tokens")
    named = set(re.findall(r"`(--[\w-]+)`", table))
    for first, last in re.findall(r"`--([\w-]+)` … `--([\w-]+)`", table):
        stem, begin, end = first.rpartition("-")[0], int(first.rpartition("-")[2]), int(last.rpartition("-")[2])
        named |= {f"--{stem}-{n}" for n in range(begin, end + 1)}
    assert named == there


def test_every_component_has_rules_where_the_table_says() -> None:
    rows = re.findall(r"^\| (.+?) \| .+ \| `([\w/.]+)` \|$", section("Components"), re.MULTILINE)
    assert len(rows) > 5
    for names, sheet in rows:
        rules = (SCREENS_FOLDER / sheet).read_text()
        for name in re.findall(r"`([^`]+)`", names):
            assert re.search(rf"(?m)^[^{{}}]*{re.escape(name)}(?![\w-])", rules), f"{name} in {sheet}"


def test_a_picture_shows_the_states_of_each_screen_that_has_many() -> None:
    shown = set(re.findall(r"\(images/states-(\w+)\.webp\)", GUIDE))
    assert shown == {screen for screen, _, _, file in SHEETS if file == f"states-{screen}"} == set(SCREENS) - {"enter"}


def test_every_picture_is_shown_in_a_document_and_is_small() -> None:
    texts = "\n".join(path.read_text("utf-8") for path in (ROOT / "README.md", *(ROOT / "docs").glob("*.md")))
    for path in IMAGES.iterdir():
        assert f"images/{path.name}" in texts, path.name
        assert path.stat().st_size < 1_000_000, path.name
