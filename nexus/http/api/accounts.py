"""Accounts: registration, logins and their refresh tokens, and who the bearer of a token is."""

from __future__ import annotations

import re
from typing import Annotated

import msgspec

from nexus.access.limits import address_key
from nexus.access.password_policy import LONGEST, SHORTEST, check_password
from nexus.access.refresh_tokens import new_refresh, refresh_digest
from nexus.domain.alike import fold
from nexus.domain.text import LONGEST_NAME, NO_NUL, VISIBLE, Problem, says, shown_rule, text_problems, username_problems
from nexus.domain.views import Id
from nexus.errors import (
    Forbidden,
    Invalid,
    InvalidCredentials,
    RegistrationClosed,
    TooMany,
    Unauthenticated,
    UsernameTaken,
    WeakPassword,
)
from nexus.http.api.token_pair import TokenPair, token_pair
from nexus.http.dependencies import RestCall, RestServices
from nexus.http.framework.call import Nothing, Reply, TypedRequest, call
from nexus.store import accounts, sessions
from nexus.store.accounts import User

LONGEST_EMAIL = 254
"""RFC 3696, erratum 1690."""

Password = Annotated[str, says(minLength=SHORTEST, maxLength=LONGEST, pattern=NO_NUL)]
"""A password that is to be set; it is not trimmed."""

Username = Annotated[str, shown_rule(LONGEST_NAME)]
"""The name of an account."""

Email = Annotated[str, says(maxLength=LONGEST_EMAIL, pattern=r"^\s*([^@\s]+@[^@\s]+\s*)?$")]
"""An address; an empty one is none."""

_EMAIL = re.compile(r"[^@\s]+@[^@\s]+")


class Registration(msgspec.Struct, forbid_unknown_fields=True):
    """A new account."""

    username: Username
    password: Password
    email: Email | None = None


class Credentials(msgspec.Struct, forbid_unknown_fields=True):
    """A username and its password."""

    username: Annotated[str, says(minLength=1, pattern=VISIBLE)]
    password: str


class PasswordChange(msgspec.Struct, forbid_unknown_fields=True):
    """The current password of an account, and the one that replaces it."""

    old: str
    new: Password


class RefreshToken(msgspec.Struct, forbid_unknown_fields=True):
    """The refresh token of a login."""

    refresh: str


class Account(msgspec.Struct, frozen=True):
    """An account, as its owner sees it."""

    id: Id
    username: str
    roles: list[str]


class Me(msgspec.Struct, frozen=True):
    """Who the bearer of a token is; only accounts have a username."""

    sub: str
    username: str | None
    roles: list[str]


async def register(request: TypedRequest[Registration, Nothing], services: RestServices) -> Reply[Account]:
    """Create an account."""
    if not services.registration_open:
        raise RegistrationClosed
    body = request.body
    request.take(services.rates.registrations)
    name, email = body.username.strip(), (body.email or "").strip() or None
    _refuse_bad(name, email, body.password)
    digest = await services.passwords.hash(body.password)
    user = await accounts.add(services.database, name, email, digest, admin=False)
    return Reply(Account(user.id, user.username, user.roles), 201)


def _refuse_bad(name: str, email: str | None, password: str) -> None:
    problems = account_problems(name, email)
    weak = weaknesses("password", password, name)
    if problems or weak:
        raise (Invalid if problems else WeakPassword)(errors=(*problems, *weak))


def account_problems(name: str, email: str | None) -> list[Problem]:
    """What is wrong with the name and the address of a new account."""
    problems = username_problems(name)
    if email is not None and not (_EMAIL.fullmatch(email) and email.isprintable() and len(email) <= LONGEST_EMAIL):
        problems.append(("email", "must be an email address"))
    return problems


def weaknesses(field: str, password: str, name: str) -> list[Problem]:
    """What is wrong with a password that is to be set."""
    return [(field, text) for text in check_password(password, name)]


async def log_in(request: TypedRequest[Credentials, Nothing], services: RestServices) -> Reply[TokenPair]:
    """Log in."""
    body = request.body
    request.take(services.rates.logins)
    name = body.username.strip()
    problems = text_problems("username", name[:LONGEST_NAME], LONGEST_NAME)
    if problems:
        raise Invalid(errors=tuple(problems))
    user = await accounts.by_name(services.database, name) if len(name) <= LONGEST_NAME else None
    proved = await prove(services, user, name, request.address, body.password)
    return Reply(await begin_login(services, proved, body.password))


async def prove(services: RestServices, user: User | None, name: str, address: str, password: str) -> User:
    """The user, whose password it is. Raises `TooMany`, or `InvalidCredentials`, as slowly for an unknown name."""
    # Cut, so that a key's size is bounded. The name counts whether or not an account has it, and each way to write it.
    key = f"{fold(name[:LONGEST_NAME])}|{address_key(address)}"
    failures = services.rates.wrong_passwords
    wait = failures.take(key)  # before the hash, which takes time: attempts at the same time count too
    if wait:
        raise TooMany("Too many wrong passwords.", after_s=wait)
    with failures.counting(key, InvalidCredentials):
        is_right = await services.passwords.verify(user.password_hash if user else None, password)
        if user is None or not is_right or user.disabled:
            raise InvalidCredentials
    return user


async def begin_login(services: RestServices, user: User, password: str) -> TokenPair:
    """Begin a login of the account whose password was proved or set. Raises `InvalidCredentials` where the account has
    changed since."""
    if user.password_hash is not None and services.passwords.needs_rehash(user.password_hash):
        user = await accounts.rehash(services.database, user, await services.passwords.hash(password))
    refresh, kept = new_refresh()
    return token_pair(
        services, await sessions.begin(services.database, user, kept, services.lifetimes.refresh_s), refresh
    )


async def refresh(request: TypedRequest[RefreshToken, Nothing], services: RestServices) -> Reply[TokenPair]:
    """Exchange a refresh token for a new pair. A spent one may be used again while no successor of it was used; from
    then on a use of it ends the whole login."""
    fresh, kept = new_refresh()
    spent = refresh_digest(request.body.refresh)
    login = await sessions.rotate(services.database, spent, kept, services.lifetimes.refresh_s)
    if login is None:
        # One text for every reason: the holder of a stolen token learns nothing of what became of it.
        raise Unauthenticated("The refresh token is not valid.")
    return Reply(token_pair(services, login, fresh))


async def log_out(request: TypedRequest[RefreshToken, Nothing], services: RestServices) -> Reply[Nothing]:
    """End the login of a refresh token; nothing happens if the token is unknown or another account's."""
    await sessions.end(services.database, refresh_digest(request.body.refresh), request.by.voter)
    return Reply(None, 204)


async def change_password(request: TypedRequest[PasswordChange, Nothing], services: RestServices) -> Reply[Nothing]:
    """Set a new password; every other login of the account ends."""
    by, body = request.by, request.body
    if by.user_id is None or by.is_bound:
        raise Forbidden("Only accounts have passwords.")
    user = await accounts.by_id(services.database, by.user_id)
    name = user.username if user else by.voter
    weak = weaknesses("new", body.new, name)
    if weak:
        raise WeakPassword(errors=tuple(weak))
    proved = await prove(services, user, name, request.address, body.old)
    digest = await services.passwords.hash(body.new)
    await accounts.change_password(services.database, proved, digest, keep=by.login)
    return Reply(None, 204)


async def me(request: TypedRequest[Nothing, Nothing], services: RestServices) -> Reply[Me]:
    """Read who the bearer of the token is."""
    by = request.by
    user = None if by.user_id is None else await accounts.by_id(services.database, by.user_id)
    return Reply(Me(by.voter, user.username if user else None, sorted(by.roles)))


CALLS: tuple[RestCall, ...] = (
    call(
        "POST",
        "/auth/register",
        register,
        body=Registration,
        query=Nothing,
        answer=Account,
        statuses=(201,),
        raises=(RegistrationClosed, UsernameTaken, WeakPassword, TooMany),
        public=True,
    ),
    call(
        "POST",
        "/auth/token",
        log_in,
        body=Credentials,
        query=Nothing,
        answer=TokenPair,
        raises=(InvalidCredentials, TooMany),
        public=True,
    ),
    call(
        "POST",
        "/auth/token/refresh",
        refresh,
        body=RefreshToken,
        query=Nothing,
        answer=TokenPair,
        raises=(Unauthenticated,),
        public=True,
    ),
    call("POST", "/auth/logout", log_out, body=RefreshToken, query=Nothing, answer=Nothing, statuses=(204,)),
    call(
        "POST",
        "/auth/password",
        change_password,
        body=PasswordChange,
        query=Nothing,
        answer=Nothing,
        statuses=(204,),
        raises=(InvalidCredentials, WeakPassword, Forbidden, TooMany),
    ),
    call("GET", "/auth/me", me, body=Nothing, query=Nothing, answer=Me),
)
"""The calls of this file."""
