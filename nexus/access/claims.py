"""What the claims of a token mean, once its signature has been checked: pure rules, no keys and no clock."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Annotated, TypeVar

import msgspec
from msgspec import Meta

from nexus.domain.definition import ID_MAX
from nexus.domain.identity import Identity

OWN_ISSUER = "nexus"
"""`iss` and `aud` of the tokens made here; no external issuer may use this name."""

# The roles that an external issuer may grant. A screen sees hidden counts, so only our own tokens may make one.
_EXTERNAL_ROLES = frozenset({"admin", "host"})
# The roles that see hidden counts, whoever they are.
_SCREENS = frozenset({"screen", "presenter"})
# How far apart the clocks of two machines may be where a token says from when it is valid.
_SKEW_S = 60.0
# The end of the year 9999, the last that a date can hold.
_LAST_SECOND = 253402300799

_UUID = "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_SUBJECT = re.compile(rf"user:[1-9][0-9]{{0,18}}|guest:{_UUID}|ext:.{{1,251}}")

_Id = Annotated[int, Meta(ge=1, le=ID_MAX)]
_Role = Annotated[str, Meta(min_length=1, max_length=64)]


@dataclass(frozen=True, slots=True)
class TrustedIssuer:
    """An external issuer of tokens; `roles_claim` is "" where its roles are ignored."""

    jwks_url: str
    issuer: str
    audience: str
    roles_claim: str


class _Claims(msgspec.Struct):
    sub: str
    exp: float
    iat: float = 0
    nbf: float = 0


class _OwnClaims(_Claims):
    roles: Annotated[list[_Role], Meta(max_length=32)] = []
    polls: Annotated[list[_Id], Meta(max_length=100)] | None = None
    events: Annotated[list[_Id], Meta(max_length=1)] | None = None
    sid: Annotated[str, Meta(max_length=64)] = ""
    delegated: bool = False


ClaimsT = TypeVar("ClaimsT", bound=_Claims)
T = TypeVar("T", str, int)


def own_identity(claims: Mapping[str, object], now: float) -> Identity:
    """The identity that our own claims describe, expired or not at `now`, Unix seconds.

    Raises ValueError, in words for people, for a wrong shape, a wrong subject (`is_subject`), a screen or
    presenter that is bound to no poll or event, and times that make no sense.
    """
    own = _shaped(claims, _OwnClaims)
    _check(own, own.sub, now)
    if not _SCREENS.isdisjoint(own.roles) and not (own.polls or own.events):
        raise ValueError("A screen's or presenter's token must be bound to a poll, because it shows hidden counts.")
    polls, events = _bound(own.polls), _bound(own.events)
    return Identity(own.sub, _shared(tuple(own.roles)), polls, own.exp, own.sid, events, own.delegated)


def _bound(ids: list[int] | None) -> frozenset[int] | None:
    return None if ids is None else _shared(tuple(ids))


@lru_cache(maxsize=256)
def _shared(values: tuple[T, ...]) -> frozenset[T]:
    """One set for everybody of the same roles, or bound to the same polls: an audience is thousands of them."""
    return frozenset(values)


def external_identity(claims: Mapping[str, object], roles_claim: str, now: float) -> Identity:
    """The identity that an external issuer's claims describe, `ext:<sub>`, expired or not at `now`, Unix seconds.

    `roles_claim` names a list of strings, or one string with spaces; "" grants no roles. Only the roles `admin` and
    `host` count. Raises ValueError as `own_identity` does.
    """
    external = _shaped(claims, _Claims)
    voter = f"ext:{external.sub}"
    _check(external, voter, now)
    roles = _roles(claims.get(roles_claim)) if roles_claim else frozenset[str]()
    return Identity(voter=voter, roles=roles, polls=None, expires_at=external.exp)


def is_subject(voter: str) -> bool:
    """Whether this is `user:<id>`, `guest:<uuid>` or `ext:<name>`: printable, in at most 255 characters."""
    if not _SUBJECT.fullmatch(voter) or not voter.isprintable():
        return False
    return not voter.startswith("user:") or int(voter[5:]) <= ID_MAX


def _shaped(claims: Mapping[str, object], shape: type[ClaimsT]) -> ClaimsT:
    try:
        return msgspec.convert(claims, shape)
    except msgspec.ValidationError as error:
        raise ValueError(str(error)) from error


def _check(claims: _Claims, voter: str, now: float) -> None:
    if not is_subject(voter):
        raise ValueError("A subject is user:<id>, guest:<uuid> or ext:<name>, in at most 255 characters.")
    # Written so that a NaN, which JSON in Python lets through, passes no comparison.
    if not 0 <= claims.exp <= _LAST_SECOND:
        raise ValueError("A token must end before the year 10000.")
    if not (claims.iat <= now + _SKEW_S and claims.nbf <= now + _SKEW_S):
        raise ValueError("The token is not valid yet.")


def _roles(value: object) -> frozenset[str]:
    words = value.split() if isinstance(value, str) else value if isinstance(value, list) else ()
    return _EXTERNAL_ROLES.intersection(word for word in words if isinstance(word, str))
