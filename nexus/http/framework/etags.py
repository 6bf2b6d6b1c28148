"""Entity tags (RFC 9110, section 8.8.3): whether what a client has is still current."""

from __future__ import annotations


def holds(if_none_match: str, tag: str) -> bool:
    """Whether the header `If-None-Match` names `tag`, by the weak comparison of section 13.1.2."""
    given = [one.strip().removeprefix("W/") for one in if_none_match.split(",")]
    return "*" in given or tag.removeprefix("W/") in given
