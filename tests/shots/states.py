"""All states of all screens, in the order of their files."""

from __future__ import annotations

from tests.shots import (  # each adds its own
    controlling,
    covering,
    entering,
    event_hosting,
    event_texts,
    following,
    hosting,
    staging,
    staging_events,
    voting,
)
from tests.shots.stand import STATES

__all__ = [
    "SCREENS",
    "STATES",
    "controlling",
    "covering",
    "entering",
    "event_hosting",
    "event_texts",
    "following",
    "hosting",
    "staging",
    "staging_events",
    "voting",
]

SCREENS = tuple(dict.fromkeys(state.screen for state in STATES))
"""The names of the screens."""
