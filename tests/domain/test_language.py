"""In which language a poll's texts are: tags that browsers take, in one case."""

import re

import pytest

from nexus.domain.language import TAG, canonical_tag, language_problems


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("de", "de"),
        ("DE", "de"),
        ("pt-br", "pt-BR"),
        ("ZH-hANT-tw", "zh-Hant-TW"),
        ("es-419", "es-419"),
        ("ca-VALENCIA", "ca-valencia"),
        ("de-CH-1996", "de-CH-1996"),
        ("haw", "haw"),
        (None, None),
    ],
)
def test_tag_is_kept_in_the_case_of_the_standard(given: str | None, kept: str | None) -> None:
    assert language_problems(given) == []
    assert canonical_tag(given) == kept


@pytest.mark.parametrize(
    "text",
    [
        "",
        "d",
        "german",
        "de-",
        "-de",
        "de_AT",
        "de AT",
        "de\n",
        "de-u-co-phonebk",
        "x-mine",
        'de"><script>',
        "d\u00e9",
        "\0",
    ],
)
def test_what_is_no_tag_is_refused(text: str) -> None:
    assert [field for field, _ in language_problems(text)] == ["language"]
    assert not re.search(TAG.replace("$", r"\Z"), text)
