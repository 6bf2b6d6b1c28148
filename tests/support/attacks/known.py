"""Every attack by its name."""

from __future__ import annotations

from collections.abc import Callable, Coroutine

from tests.support.attacks import bodies, entering, floods, malformed, reading, silence
from tests.support.attacks.target import Target

Attack = Callable[[Target], Coroutine[object, object, None]]
"""Attacks until it is cancelled; its docstring says with what, in full strength."""

_ALL = (
    floods.small_pings,
    floods.long_pings,
    floods.fast_pings,
    floods.joins,
    malformed.deep_arrays,
    malformed.deep_votes,
    malformed.empty_fragments,
    malformed.announced_giants,
    malformed.giant_frames,
    malformed.invalid_utf8,
    silence.stopped_readers,
    silence.silent_peers,
    silence.slow_handshakes,
    bodies.chunk_extensions,
    bodies.slow_bodies,
    bodies.deep_bodies,
    reading.pipelining,
    reading.lists,
    reading.long_pages,
    reading.unread_pages,
    entering.bad_tokens,
    entering.ballot_stuffing,
)
ATTACKS = {one.__name__.replace("_", "-"): one for one in _ALL}
"""By names such as `small-pings`."""


def load_of(name: str) -> str:
    """What an attack is, in a sentence without its full stop."""
    return " ".join((ATTACKS[name].__doc__ or "").split()).removesuffix(".")
