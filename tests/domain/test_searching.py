"""What a search finds, by its lexemes and those of a text: written in other ways, in other scripts, with symbols."""

import random
import time

import pytest

from nexus.domain import searching
from nexus.domain.searching import clauses, lexemes

FOUND = [
    # The beginning of a word, in any case and width, several in any order.
    *(("kaf", "Kaffee oder Tee?"), ("tee kaffee", "Kaffee oder Tee?"), ("\uff2b\uff41\uff26", "Kaffee")),
    # Without accents, or spelled for keyboards that lack a letter.
    *(("arger", "Ärger"), ("aerger", "Ärger"), ("ärger", "Aerger"), ("Ärger", "A\u0308RGER"), ("naïve", "naive")),
    *(("strasse", "Straße"), ("STRAẞE", "strasse"), ("ol", "Øl"), ("oel", "Øl"), ("aland", "Åland"), ("lodz", "Łódź")),
    *(("istanbul", "İSTANBUL"), ("isik", "ışık"), ("οδος", "ΟΔΟΣ"), ("καφες", "Καφές"), ("tieng viet", "Tiếng Việt")),
    *(("dang", "Đặng"), ("елка", "Ёлка"), ("coeur", "cœur"), ("jalapeno", "jalapeño"), ("þing", "Þing")),
    *(("محمد", "مُحَمَّد"), ("احمد", "أحمد"), ("ایران", "ايران"), ("שלום", "שָׁלוֹם"), ("हिन्दी", "हिन्दी में")),
    # Scripts without spaces, and Korean with its particles: any few characters of a text.
    *(("投票", "人気投票です"), ("気投", "人気投票です"), ("票", "人気投票"), ("カフェ", "かふぇ"), ("ｶﾌｪ", "カフェ")),
    *(("กาแฟ", "ชอบกาแฟไหม"), ("투표", "온라인투표를 합니다"), ("온라인투표", "온라인 투표"), ("咖啡 茶", "茶或咖啡")),
    *(("ကော်ဖီ", "ကြိုက်တဲ့ကော်ဖီ"), ("កាហ្វេ", "ចូលចិត្តកាហ្វេ")),
    # Apostrophes and quotes of any shape.
    *(("don't", "don’t"), ("dont", "don’t"), ("don’t", "dont"), ("eau", "l’eau"), ("l'eau", "un verre d'eau")),
    *(("brien", "O'Brien"), ("rock'n'roll", "Rock ’n’ Roll"), ("“tee”", "Tee"), ("hawaii", "Hawai\u02bbi")),
    # Hyphens, one word or two.
    *((one, other) for one in ("wifi", "wi-fi", "wi fi", "Wi\u2011Fi") for other in ("Wi-Fi", "WiFi", "wi fi")),
    *(("email", "e-mail"), ("e-mail", "Email"), ("email", "e mail"), ("state of the art", "state-of-the-art")),
    *(("state-of-the-art", "state of the art"), ("میخواهم", "می\u200cخواهم"), ("می خواهم", "می\u200cخواهم")),
    # Numbers and symbols.
    *(
        ("c++", "C++ or C#?"),
        ("c#", "C++ or C#?"),
        ("c", "C++"),
        (".net", ".NET"),
        ("net", ".NET"),
        (".NET", "ASP.NET"),
    ),
    *(("5g", "5G"), ("5 g", "5G"), ("5G", "5 G"), ("50 %", "50%"), ("50%", "Mehr als 50\u00a0%"), ("%", "50%")),
    *(("node.js", "Node.js"), ("nodejs", "Node.js"), ("1000", "1,000"), ("1.000", "1'000"), ("3", "٣"), ("½", "1/2")),
    *(
        ("2026", "2026-11-28"),
        ("28.11", "28.11.2026"),
        ("r&d", "R & D"),
        ("a+b", "a + b"),
        ("€ 5", "5€"),
        ("#tag", "a #tag"),
    ),
    # Emoji, whatever their style and skin.
    *(("😀", "so 😀!"), ("👍", "👍🏽"), ("👍🏿", "👍"), ("❤", "❤️"), ("👩\u200d💻", "👩\u200d💻"), ("🇩🇪", "🇫🇷🇩🇪")),
]
NOT_FOUND = [
    *(("affee", "Kaffee"), ("tee milch", "Tee"), ("c++", "C"), ("c#", "C++"), ("net", "Internet"), (".net", "net")),
    *(
        ("ハス", "バス"),
        ("投表", "投票"),
        ("don't", "donut"),
        ("2.0", "20"),
        ("20", "2.0"),
        ("🇫🇷", "🇩🇪"),
        ("kız", "kuş"),
    ),
    *(("???", "???"), ("-", "a-b"), ("", ""), ("\u3164", "\u3164"), ("=k7m2qp", "K7M"), ("kız", "kuş")),
    ("\U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f", "\U0001f3f4"),
]


def finds(search: str, text: str, code: str | None = None) -> bool:
    have, asked = lexemes([text], code), clauses(search)
    return bool(asked) and all(
        any(
            any(lexeme.startswith(one.lexeme) for lexeme in have) if one.begins else one.lexeme in have
            for one in clause
        )
        for clause in asked
    )


def test_a_search_finds_what_was_written_another_way() -> None:
    assert [pair for pair in FOUND if not finds(*pair)] == []


def test_a_search_finds_nothing_else() -> None:
    assert [pair for pair in NOT_FOUND if finds(*pair)] == []


def test_every_text_finds_itself() -> None:
    for _, text in FOUND:
        assert finds(text, text), text


@pytest.mark.parametrize(
    "search", ["K7M2QP", "k7m-2qp", "k7m 2qp", "k7", "K7M2Q", "Ｋ７Ｍ２ＱＰ", "https://x.example/vote/K7M2QP?a=1"]
)
def test_a_code_is_found_as_people_enter_it(search: str) -> None:
    assert finds(search, "Tea?", "K7M2QP")
    assert not finds(search, "Tea?", "M4N7QP")


def test_a_code_stands_for_the_whole_search_and_a_word_of_its_shape_does_not() -> None:
    assert finds("ABCDE-FGHJK", "Tea?", "ABCDEFGHJK")
    assert finds("better tea", "Coffee", "BETTER")
    assert not finds("better tea", "A better coffee")


def test_the_word_that_is_being_typed_may_be_short() -> None:
    assert finds("t", "Tea or coffee?")
    assert finds("tea or", "Tea, orange?")
    assert not finds("tea o", "Tea or coffee?")
    assert finds("tea o", "Tea, o!")
    assert finds("o tea", "O, tea!")
    assert not finds("o tea", "Tea or coffee?")
    assert finds("cof te", "Tea or coffee?")


@pytest.mark.parametrize("search", ["a1 b2 w", "w0 w", "q w3 x", "tea c++ w", "x-y", "a'b w", "k7m2qp w", "投票 w"])
def test_one_letter_begins_words_only_where_it_is_alone(search: str) -> None:
    asked = [one for clause in clauses(search) for one in clause]
    assert not [one for one in asked if one.begins and one.lexeme.isascii() and len(one.lexeme) < 2]
    assert [one.begins for clause in clauses("w") for one in clause] == [True]


def test_a_long_search_is_bounded() -> None:
    words = [f"{n:x}qqq" for n in range(200)]
    asked = clauses(" ".join(words))
    assert len(asked) == searching.MOST_CLAUSES
    assert sum(any(one.begins for one in clause) for clause in asked) == searching.MOST_BEGINNINGS
    assert clauses("a " * 100) == clauses("a a")
    assert len(clauses("".join(chr(0x4E00 + n) for n in range(200)))) == searching.MOST_CLAUSES


def test_a_poll_of_the_longest_texts_has_bounded_lexemes() -> None:
    text = "".join(chr(0x4E00 + n * 7919 % 20_000) for n in range(36_000))
    assert len(lexemes([text], "K7M2QP")) == searching.MOST_LEXEMES
    (lexeme,) = lexemes(["x" * 10_000])
    assert lexeme == "x" * 40


def test_lexemes_of_any_text_need_no_quoting() -> None:
    seed = random.randrange(2**32)
    draw = random.Random(seed)
    for _ in range(3_000):
        plane = draw.choice((0x80, 0x800, 0x3000, 0x10000, 0x20000, 0x110000))
        text = "".join(chr(draw.randrange(plane)) for _ in range(12))
        if any("\ud800" <= char <= "\udfff" for char in text):
            continue
        found = [*lexemes([text]), *(one.lexeme for clause in clauses(text) for one in clause)]
        assert not any(char in "'\\\0" or char.isspace() for lexeme in found for char in lexeme), (seed, ascii(text))
        assert "" not in found, (seed, ascii(text))


def test_a_hostile_text_is_taken_apart_in_time_that_grows_with_its_length() -> None:
    for text in (
        "a-" * 5_000,
        "+" * 10_000,
        "1,2" * 3_000,
        ".a" * 5_000,
        "\u0e01" * 10_000,
        "\ufdfa" * 2_000,
        "'" * 10_000,
    ):
        began = time.process_time()
        lexemes([text])
        clauses(text[:200])
        assert time.process_time() - began < 2
