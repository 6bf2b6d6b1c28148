"""Which language a page is in: by its address, by what was chosen on the device, by what the browser asks for."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

import httpx
import pytest

from nexus.http.framework.static import WEB
from nexus.http.framework.words import RIGHT_TO_LEFT, Words
from nexus.http.pages.languages import NAMES, direction, menu
from tests.pages.test_pages import reading
from tests.support.rest import Rest

WORDS = Words(WEB / "words")


@pytest.fixture
async def reader(rest: Rest) -> AsyncIterator[httpx.AsyncClient]:
    async with reading(rest) as opened:
        yield opened


@pytest.mark.parametrize(
    ("address", "cookie", "accepted", "language"),
    [
        ("", "", "de", "de"),
        ("", "nexus_language=en", "de", "en"),
        ("?lang=de", "nexus_language=en", "en", "de"),
        ("?lang=xx", "nexus_language=de", "en", "de"),
        ("?lang=", "nexus_language=xx", "de", "de"),
        ("?lang=de&lang=en", "", "de", "en"),
        ("", "a=b; nexus_language=de; c=d", "en", "de"),
        ("", "nexus_language=de; nexus_language=en", "en", "de"),
        ("", "another_nexus_language=de", "en", "en"),
        ("?lang=%22%3E%3Cscript%3E", 'nexus_language="><script>', "en", "en"),
    ],
)
@pytest.mark.parametrize("path", ["/", "/host", "/vote/{code}", "/live/{code}", "/{code}", "/nowhere/at/all"])
async def test_a_page_is_in_the_language_chosen(
    rest: Rest, reader: httpx.AsyncClient, path: str, address: str, cookie: str, accepted: str, language: str
) -> None:
    poll = await rest.poll(await rest.user())
    asked = {"Accept": "text/html", "Accept-Language": accepted} | ({"Cookie": cookie} if cookie else {})
    answer = await reader.get(path.format(code=poll["code"]) + address, headers=asked)
    assert f'<html lang="{language}" dir="{direction(language)}">' in answer.text
    assert {"Accept-Language", "Cookie"} <= set(answer.headers["vary"].split(", "))
    assert "set-cookie" not in answer.headers
    assert re.findall(r'<option selected value="(\w+)"', answer.text) == [language]


async def test_a_page_kept_in_one_language_is_not_current_in_another(reader: httpx.AsyncClient) -> None:
    english = await reader.get("/", headers={"Cookie": "nexus_language=en"})
    kept = {"If-None-Match": english.headers["etag"]}
    again = await reader.get("/", headers=kept | {"Cookie": "nexus_language=en"})
    assert again.status_code == 304
    assert "Cookie" in again.headers["vary"]
    assert (await reader.get("/", headers=kept | {"Cookie": "nexus_language=de"})).status_code == 200


def test_the_menu_offers_every_language_by_its_own_name() -> None:
    assert set(WORDS.languages) <= set(NAMES)
    for language in WORDS.languages:
        made = menu(WORDS, language)
        assert re.findall(r'value="(\w+)"', made) == [tag for tag in NAMES if tag in WORDS.languages]
        for tag in WORDS.languages:
            turned = ' dir="rtl"' if tag in RIGHT_TO_LEFT else ""
            assert f'value="{tag}" lang="{tag}"{turned}>{NAMES[tag]}</option>' in made
