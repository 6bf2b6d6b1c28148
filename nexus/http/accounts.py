"""Accounts: registration, logins and their refresh tokens, and who the bearer of a token is."""

from __future__ import annotations

import re

import msgspec

from nexus.definition import LONGEST_NAME, Problem, text_problems, username_problems
from nexus.errors import Invalid, TooMany, Unauthenticated
from nexus.http.call import Asked, Call, Nothing, Reply, call
from nexus.http.parts import Parts
from nexus.limits import address_key
from nexus.passwords import check_password
from nexus.store import accounts
from nexus.store.accounts import Rotation, User
from nexus.tokens import new_refresh, refresh_digest

LONGEST_EMAIL = 254
"""RFC 3696, erratum 1690."""

_EMAIL = re.compile(r"[^@\s]+@[^@\s]+")


class Registration(msgspec.Struct, forbid_unknown_fields=True):
    """A new account."""

    username: str
    password: str
    email: str | None = None


class Login(msgspec.Struct, forbid_unknown_fields=True):
    """A name and its password."""

    username: str
    password: str


class RefreshToken(msgspec.Struct, forbid_unknown_fields=True):
    """The refresh token of a session."""

    refresh: str


class Account(msgspec.Struct, frozen=True):
    """An account, as its owner sees it."""

    id: int
    username: str
    roles: list[str]


class TokenPair(msgspec.Struct, frozen=True):
    """An access token, and the refresh token that the next pair costs; `expires_in` is the access token's, in s."""

    access: str
    refresh: str
    token_type: str
    expires_in: int


class Me(msgspec.Struct, frozen=True):
    """Whom a token proves; only accounts have a username."""

    sub: str
    username: str | None
    roles: list[str]


async def register(asked: Asked[Registration, Nothing]) -> Reply[Account]:
    """Make an account."""
    parts, body = asked.parts, asked.body
    asked.take(parts.rates.registrations)
    name, email = body.username.strip(), (body.email or "").strip() or None
    _refuse_bad(name, email, body.password)
    digest = await parts.passwords.hash(body.password)
    user = await accounts.add(parts.database, name, email, digest, admin=False)
    return Reply(Account(user.id, user.username, user.roles), 201)


def _refuse_bad(name: str, email: str | None, password: str) -> None:
    problems = username_problems(name)
    if email is not None and not (_EMAIL.fullmatch(email) and email.isprintable() and len(email) <= LONGEST_EMAIL):
        problems.append(("email", "must be an email address"))
    weak: list[Problem] = [("password", text) for text in check_password(password, name)]
    if problems or weak:
        raise Invalid(code="" if problems else "weak_password", errors=(*problems, *weak))


async def log_in(asked: Asked[Login, Nothing]) -> Reply[TokenPair]:
    """Begin a session."""
    parts, body = asked.parts, asked.body
    asked.take(parts.rates.logins)
    name = body.username.strip()
    problems = text_problems("username", name[:LONGEST_NAME], LONGEST_NAME)
    if problems:
        raise Invalid(errors=tuple(problems))
    # Cut, so that a key's size is bounded. The name counts whether or not it is anybody's.
    key = f"{name[:LONGEST_NAME].casefold()}|{address_key(asked.address)}"
    wait = parts.rates.wrong_passwords.wait(key)
    if wait:
        raise TooMany("Too many wrong passwords.", after_s=wait)
    user = await accounts.by_name(parts.database, name) if len(name) <= LONGEST_NAME else None
    right = await parts.passwords.verify(user.password_hash if user else None, body.password)
    if user is None or not right or user.disabled:
        parts.rates.wrong_passwords.take(key)
        raise Unauthenticated("The username or the password is wrong.", code="invalid_credentials")
    return Reply(await _begin_session(parts, user, body.password))


async def _begin_session(parts: Parts, user: User, password: str) -> TokenPair:
    if parts.passwords.needs_rehash(user.password_hash):
        digest = await parts.passwords.hash(password)
        await accounts.set_password_hash(parts.database, user.id, digest)
    refresh, kept = new_refresh()
    await accounts.begin_session(parts.database, user.id, kept, parts.lifetimes.refresh_s)
    return _pair(parts, user, refresh)


def _pair(parts: Parts, user: User, refresh: str) -> TokenPair:
    ttl_s = parts.lifetimes.access_s
    return TokenPair(parts.tokens.access(user.subject, user.roles, ttl_s), refresh, "Bearer", ttl_s)


async def refresh(asked: Asked[RefreshToken, Nothing]) -> Reply[TokenPair]:
    """Spend a refresh token for a new pair; one that was spent before ends the whole session."""
    parts = asked.parts
    fresh, kept = new_refresh()
    spent = refresh_digest(asked.body.refresh)
    rotation, user = await accounts.rotate(parts.database, spent, kept, parts.lifetimes.refresh_s)
    if rotation is not Rotation.RENEWED or user is None:
        # One text for all: who holds a stolen token learns nothing of what became of it.
        raise Unauthenticated("The refresh token is not valid.")
    return Reply(_pair(parts, user, fresh))


async def log_out(asked: Asked[RefreshToken, Nothing]) -> Reply[Nothing]:
    """End the session of a refresh token; one that is not known is no session."""
    await accounts.end_session(asked.parts.database, refresh_digest(asked.body.refresh))
    return Reply(None, 204)


async def me(asked: Asked[Nothing, Nothing]) -> Reply[Me]:
    """Whom the token proves."""
    by = asked.by
    user = None if by.user_id is None else await accounts.by_id(asked.parts.database, by.user_id)
    return Reply(Me(by.voter, user.username if user else None, sorted(by.roles)))


CALLS: tuple[Call, ...] = (
    call(
        "POST",
        "/auth/register",
        register,
        body=Registration,
        query=Nothing,
        answer=Account,
        statuses=(201,),
        public=True,
    ),
    call("POST", "/auth/token", log_in, body=Login, query=Nothing, answer=TokenPair, public=True),
    call("POST", "/auth/token/refresh", refresh, body=RefreshToken, query=Nothing, answer=TokenPair, public=True),
    call("POST", "/auth/logout", log_out, body=RefreshToken, query=Nothing, answer=Nothing, statuses=(204,)),
    call("GET", "/auth/me", me, body=Nothing, query=Nothing, answer=Me),
)
"""The calls of this file."""
