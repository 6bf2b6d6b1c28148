"""HTML put together from Python, with every text escaped."""

from __future__ import annotations

from html import escape

import msgspec


class Html(str):
    """Text that is HTML already; any other text is escaped before it becomes part of a page."""

    __slots__ = ()


def element(name: str, /, *inside: str, **attributes: str) -> Html:
    """An element; `class_` stands for `class`, an underscore elsewhere for a dash; empty attributes are left out."""
    given = {key.rstrip("_").replace("_", "-"): text for key, text in attributes.items() if text}
    named = "".join(f' {key}="{escape(text)}"' for key, text in given.items())
    return Html(f"<{name}{named}>{together(*inside)}</{name}>")


def void(name: str, /, **attributes: str) -> Html:
    """An element without content and end tag."""
    return Html(element(name, **attributes).removesuffix(f"</{name}>"))


def together(*parts: str) -> Html:
    """The parts, one after the other."""
    return Html("".join(part if isinstance(part, Html) else escape(part) for part in parts))


def prose(text: str) -> Html:
    """A text whose words between backticks are code."""
    parts = text.split("`")
    return together(*(element("code", part) if n % 2 else part for n, part in enumerate(parts)))


def paragraphs(text: str) -> Html:
    """A text whose paragraphs are separated by empty lines."""
    return together(*(element("p", prose(part)) for part in text.strip().split("\n\n")))


def page(
    title: str,
    *body: str,
    head: str = "",
    class_: str = "",
    lang: str = "en",
    dir_: str = "ltr",
    icon: str = "data:,",
) -> bytes:
    """A whole page in the language `lang`, whose script has the direction `dir_`."""
    meta = together(
        void("meta", charset="utf-8"),
        void("meta", name="viewport", content="width=device-width, initial-scale=1"),
        void("link", rel="icon", href=icon),
        element("title", title),
    )
    whole = element("html", element("head", meta, head), element("body", *body, class_=class_), lang=lang, dir=dir_)
    return f"<!doctype html>\n{whole}\n".encode()


def data(name: str, value: object) -> Html:
    """A block of JSON for the page's own scripts, which never runs; `name` is its id."""
    # The one thing that could end the element is a "<" (HTML standard, section 4.12.1.3).
    told = msgspec.json.encode(value).decode().replace("<", "\\u003c")
    return element("script", Html(told), type="application/json", id=name)
