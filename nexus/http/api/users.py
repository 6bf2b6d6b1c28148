"""Accounts as administrators manage them (docs/contract.md, "Accounts of others")."""

from __future__ import annotations

from functools import partial
from typing import Annotated

import msgspec
from msgspec import UNSET, UnsetType
from starlette.requests import Request

from nexus.access.public_address import public_of
from nexus.access.refresh_tokens import new_refresh
from nexus.domain.text import LONGEST_NAME, text_problems, text_rule
from nexus.domain.views import Id, Number, Stamp, stamp
from nexus.errors import AccountDisabled, Forbidden, Invalid, LastAdmin, TooMany, UsernameTaken, UserNotFound
from nexus.http.api.accounts import LONGEST_EMAIL, Email, Username, account_problems
from nexus.http.api.lists import Paged
from nexus.http.api.searches import in_turn
from nexus.http.dependencies import RestCall, RestServices
from nexus.http.framework.call import Nothing, Reply, TypedRequest, call
from nexus.store import account_changes, account_lists, accounts, departures, invitations
from nexus.store.account_lists import Entry, Ordering, SoughtAccounts, State
from nexus.store.invitations import Invited


class UserQuery(Paged, kw_only=True):
    """Which accounts to list; `search` is a part of the name or the address, or words of them."""

    search: Annotated[str, text_rule(LONGEST_EMAIL, shortest=0)] = ""
    status: State | None = None
    admin: bool | None = None
    ordering: Ordering = "username"

    def sought(self) -> SoughtAccounts:
        """As the store takes it. Raises `Invalid` for a search that cannot be one."""
        problems = text_problems("search", self.search, LONGEST_EMAIL, shortest=0)
        if problems:
            raise Invalid(errors=tuple(problems))
        return SoughtAccounts(search=self.search.strip(), state=self.status, admin=self.admin, ordering=self.ordering)


class NewUser(msgspec.Struct, forbid_unknown_fields=True):
    """An account for somebody who chooses the password."""

    username: Username
    email: Email | None = None
    admin: bool = False


class UserPatch(msgspec.Struct, forbid_unknown_fields=True):
    """A change of an account: only the fields that are named change."""

    disabled: bool | UnsetType = UNSET
    admin: bool | UnsetType = UNSET


class Heir(msgspec.Struct):
    """The username of the account that gets the polls; without one they are deleted."""

    to: Annotated[str, text_rule(LONGEST_NAME)] | None = None


class UserView(msgspec.Struct, frozen=True):
    """An account, as administrators see it. `invited_until` is the end of a link that can still set its password."""

    id: Id
    sub: str
    username: str
    email: str | None
    status: State
    admin: bool
    disabled: bool
    has_password: bool
    invited_until: Stamp | None
    polls: Number
    created_at: Stamp


class UserPage(msgspec.Struct, frozen=True):
    """A page of accounts."""

    count: Number
    next: str | None
    previous: str | None
    results: list[UserView]


class InvitationLink(msgspec.Struct, frozen=True):
    """The link that sets the password of an account, once, until `expires_at`; it is shown only here. Its token is in
    the fragment, which no server or log sees."""

    user: UserView
    url: str
    expires_at: Stamp


async def list_users(request: TypedRequest[Nothing, UserQuery], services: RestServices) -> Reply[UserPage]:
    """List the accounts."""
    request.by.require_admin()
    query, sought = request.query, request.query.sought()
    read = partial(account_lists.page, services.database, sought, limit=query.limit, offset=query.offset)
    count, found = await in_turn(request, services, read, is_search=bool(sought.search))
    following, previous = query.links(request.raw, count)
    return Reply(UserPage(count, following, previous, [_view(entry) for entry in found]))


async def invite(request: TypedRequest[NewUser, Nothing], services: RestServices) -> Reply[InvitationLink]:
    """Create an account without a password, and the link with which its owner chooses one."""
    request.by.require_admin()
    name, email = request.body.username.strip(), (request.body.email or "").strip() or None
    problems = account_problems(name, email)
    if problems:
        raise Invalid(errors=tuple(problems))
    token, digest = new_refresh()
    invited = await invitations.invite(
        services.database,
        name,
        email,
        digest,
        services.lifetimes.invitation_s,
        admin=request.body.admin,
        by=request.by.voter,
    )
    return Reply(_link(request.raw, invited, token), 201)


async def renew_invitation(request: TypedRequest[Nothing, Nothing], services: RestServices) -> Reply[InvitationLink]:
    """Create a new link that sets the password of an account. Earlier links end; its password and logins hold until the
    link is used."""
    user = _named(request)
    token, digest = new_refresh()
    ttl_s = services.lifetimes.invitation_s
    invited = await invitations.renew(services.database, user, digest, ttl_s, by=request.by.voter)
    return Reply(_link(request.raw, invited, token), 201)


def _link(raw: Request, invited: Invited, token: str) -> InvitationLink:
    url = public_of(raw.scope).url(f"/host#/invitation/{token}")
    return InvitationLink(_view(invited.account), url, stamp(invited.expires_at))


async def read_user(request: TypedRequest[Nothing, Nothing], services: RestServices) -> Reply[UserView]:
    """Read an account."""
    return await _read(services, _named(request))


async def patch_user(request: TypedRequest[UserPatch, Nothing], services: RestServices) -> Reply[UserView]:
    """Disable or enable an account, or change its role. Its logins end where it loses anything."""
    user, body = _named(request), request.body
    await account_changes.change(
        services.database,
        user,
        by=request.by.voter,
        disabled=None if body.disabled is UNSET else body.disabled,
        admin=None if body.admin is UNSET else body.admin,
    )
    await services.gate.refresh_early()
    return await _read(services, user)


async def delete_user(request: TypedRequest[Nothing, Heir], services: RestServices) -> Reply[Nothing]:
    """Delete an account, and its polls or hand them over."""
    user = _named(request)
    heir = await heir_of(services, request.raw, request.query, user)
    await departures.delete(services.database, user, heir, by=request.by.voter)
    await services.gate.refresh_early()
    await services.estates.settle(user)
    return Reply(None, 204)


async def heir_of(services: RestServices, raw: Request, query: Heir, user: int) -> int | None:
    """The account that gets the polls of `user`, None where they are to be deleted.

    Raises `UserNotFound`, or `Invalid` where it is the same, and where the query has anything but one heir: a form's
    empty field or a misspelt name must not delete polls that were to be handed over.
    """
    given = raw.query_params.multi_items()
    if query.to is None:
        if given:
            raise Invalid(
                errors=tuple((name, "must not be empty" if name == "to" else "is unknown") for name, _ in given)
            )
        return None
    if len(given) > 1:
        raise Invalid(errors=(("to", "must be the only parameter, given once"),))
    problems = text_problems("to", query.to, LONGEST_NAME)
    if problems:
        raise Invalid(errors=tuple(problems))
    found = await accounts.by_name(services.database, query.to.strip())
    if found is None:
        raise UserNotFound(f"There is no user {query.to.strip()}.")
    if found.id == user:
        raise Invalid(errors=(("to", "must be another account"),))
    return found.id


def _named(
    request: TypedRequest[UserPatch, Nothing] | TypedRequest[Nothing, Nothing] | TypedRequest[Nothing, Heir],
) -> int:
    """The id in the path, for an administrator. Raises `UserNotFound`, `Forbidden`."""
    user = request.path_id("user", UserNotFound())
    request.by.require_admin()
    return user


async def _read(services: RestServices, user: int) -> Reply[UserView]:
    entry = await account_lists.by_id(services.database, user)
    if entry is None:
        raise UserNotFound
    return Reply(_view(entry))


def _view(entry: Entry) -> UserView:
    return UserView(
        id=entry.id,
        sub=f"user:{entry.id}",
        username=entry.username,
        email=entry.email,
        status="disabled" if entry.disabled else "active" if entry.has_password else "invited",
        admin=entry.admin,
        disabled=entry.disabled,
        has_password=entry.has_password,
        invited_until=None if entry.invited_until is None else stamp(entry.invited_until),
        polls=entry.polls,
        created_at=stamp(entry.created_at),
    )


CALLS: tuple[RestCall, ...] = (
    call("GET", "/users", list_users, body=Nothing, query=UserQuery, answer=UserPage, raises=(Forbidden, TooMany)),
    call(
        "POST",
        "/users",
        invite,
        body=NewUser,
        query=Nothing,
        answer=InvitationLink,
        statuses=(201,),
        raises=(Forbidden, UsernameTaken),
    ),
    call("GET", "/users/{user}", read_user, body=Nothing, query=Nothing, answer=UserView, raises=(Forbidden,)),
    call(
        "PATCH",
        "/users/{user}",
        patch_user,
        body=UserPatch,
        query=Nothing,
        answer=UserView,
        raises=(Forbidden, LastAdmin),
    ),
    call(
        "DELETE",
        "/users/{user}",
        delete_user,
        body=Nothing,
        query=Heir,
        answer=Nothing,
        statuses=(204,),
        raises=(Forbidden, LastAdmin, AccountDisabled),
    ),
    call(
        "POST",
        "/users/{user}/invitation",
        renew_invitation,
        body=Nothing,
        query=Nothing,
        answer=InvitationLink,
        statuses=(201,),
        raises=(Forbidden, AccountDisabled),
    ),
)
"""The calls of this file."""
