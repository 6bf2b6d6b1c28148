"""Whose pages may show pages of this service in a frame (docs/contract.md, "Pages")."""

from __future__ import annotations

import re

from nexus.access.public_address import PORTS, read_netloc

_FORM = re.compile(r"(https?)://(\*\.)?([^/*]+)/?", re.IGNORECASE)


def read_embedders(text: str) -> tuple[str, ...]:
    """The origins in `text`, comma-separated, as a Content Security Policy names them (CSP Level 3, section 2.3.1): in
    lower case, without a default port, each once. `https://*.example.org` stands for all names below `example.org`.

    Raises ValueError, naming the first that is wrong.
    """
    return tuple(dict.fromkeys(_source(part) for part in map(str.strip, text.split(",")) if part))


def _source(text: str) -> str:
    if text in ("*", "https://*", "http://*"):
        raise ValueError("must name origins: with * any page could put a poll under buttons of its own.")
    wrong = f"must hold origins such as https://courses.example.org; {text[:80]!r} is not one"
    if not text.isascii():
        raise ValueError(f"{wrong}: an international name is written in its xn-- form.")
    found = _FORM.fullmatch(text)
    netloc = read_netloc(found[3]) if found else None
    if found is None or netloc is None or netloc.host.endswith("."):
        raise ValueError(f"{wrong}.")
    if netloc.host.startswith("["):
        raise ValueError(f"{wrong}: browsers take no IPv6 address here.")
    scheme, below = found[1].lower(), found[2] or ""
    if below and "." not in netloc.host:
        raise ValueError(f"{wrong}: *. stands before a name with a dot.")
    port = "" if netloc.port in (None, PORTS[scheme]) else f":{netloc.port}"
    return f"{scheme}://{below}{netloc.host}{port}"
