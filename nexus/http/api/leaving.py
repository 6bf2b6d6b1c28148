"""How somebody deletes their own account (docs/contract.md, "Deleting an account")."""

from __future__ import annotations

import msgspec

from nexus.errors import AccountDisabled, Forbidden, InvalidCredentials, LastAdmin, TooMany, UserNotFound
from nexus.http.api.accounts import prove
from nexus.http.api.users import Heir, heir_of
from nexus.http.dependencies import RestCall, RestServices
from nexus.http.framework.call import Nothing, Reply, TypedRequest, call
from nexus.store import accounts, departures


class Farewell(msgspec.Struct, forbid_unknown_fields=True):
    """The password of the account that is to be deleted."""

    password: str


async def leave(request: TypedRequest[Farewell, Heir], services: RestServices) -> Reply[Nothing]:
    """Delete your own account, and its polls or hand them over."""
    by = request.by
    if by.user_id is None or by.is_bound:
        raise Forbidden("Only accounts can be deleted.")
    user = await accounts.by_id(services.database, by.user_id)
    name = user.username if user else by.voter
    proved = await prove(services, user, name, request.address, request.body.password)
    heir = await heir_of(services, request.raw, request.query, proved.id)
    await departures.delete(services.database, proved.id, heir, by=proved.subject, proved=proved)
    await services.gate.refresh_early()
    await services.estates.settle(proved.id)
    return Reply(None, 204)


CALLS: tuple[RestCall, ...] = (
    call(
        "DELETE",
        "/auth/me",
        leave,
        body=Farewell,
        query=Heir,
        answer=Nothing,
        statuses=(204,),
        raises=(InvalidCredentials, Forbidden, UserNotFound, LastAdmin, AccountDisabled, TooMany),
    ),
)
"""The calls of this file."""
