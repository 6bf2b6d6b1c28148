"""Brands: the name, logo, colour and stage of an operator and of a host, and what pages show of the two."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from nexus.domain.alike import is_visible
from nexus.domain.colour import Accents, accents, is_colour
from nexus.domain.joiners import without_needed
from nexus.domain.text import Problem, says, text_problems, text_rule, unseen_problems

SITE = "site"
"""The owner of the operator's brand; a host's is the host's subject."""
NAME_MAX = 60
"""Characters of a name: as much as stands in one line above a question."""

Stage = Literal["auto", "light", "dark"]
"""The colours of a stage: the system's, or one of the two whatever the system has."""
BrandName = Annotated[str, text_rule(NAME_MAX, shortest=0)]
Accent = Annotated[str, says(pattern="^#[0-9a-fA-F]{6}$")]


class LogoPlace(msgspec.Struct, frozen=True):
    """Where a logo is, below the root of the service, and its size in pixels."""

    url: str
    width: int
    height: int


class Logo(msgspec.Struct, frozen=True):
    """A logo: a PNG, named by a digest of its bytes."""

    digest: str
    png: bytes
    width: int
    height: int

    @property
    def place(self) -> LogoPlace:
        """Where pages find it."""
        return logo_place(self.digest, self.width, self.height)


class Brand(msgspec.Struct, frozen=True):
    """What an operator or a host has set; all of it may be left as it is."""

    name: str = ""
    accent: str | None = None
    stage: Stage = "auto"
    logo: LogoPlace | None = None


class Look(msgspec.Struct, frozen=True):
    """A brand as it is shown; `light` and `dark` replace the accent of pages, whose own stays where they are null."""

    name: str = ""
    accent: str | None = None
    stage: Stage = "auto"
    logo: LogoPlace | None = None
    light: Accents | None = None
    dark: Accents | None = None


NO_LOOK = Look()
"""That of a page where nothing is set."""


def logo_place(digest: str, width: int, height: int) -> LogoPlace:
    """Where a logo is served."""
    return LogoPlace(f"logos/{digest}.png", width, height)


def shown_name(name: str) -> str:
    """A brand's name as it is kept: trimmed, and "" where nobody could see anything of it."""
    return name.strip() if is_visible(name) else ""


def brand_problems(name: str, accent: str | None) -> list[Problem]:
    """What is wrong with a brand that somebody sets; `accent` in lower case."""
    problems = text_problems("name", name, NAME_MAX, shortest=0)
    if not problems:
        problems += unseen_problems("name", without_needed(shown_name(name)))
    if accent is not None and not is_colour(accent):
        problems.append(("accent", "must be a colour as #rrggbb"))
    return problems


def look(site: Brand, host: Brand | None = None) -> Look:
    """What a page shows: the host's brand where there is one, else the operator's.

    Name and logo go together: a host's name never stands beside the logo of somebody else.
    """
    host = host or Brand()
    shown = host if host.name or host.logo else site
    accent = host.accent or site.accent
    stage = site.stage if host.stage == "auto" else host.stage
    pair = accents(accent) if accent else None
    return Look(shown.name, accent, stage, shown.logo, pair.light if pair else None, pair.dark if pair else None)
