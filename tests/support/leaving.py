"""Accounts that are deleted, by themselves or by an administrator."""

from argon2 import PasswordHasher

from nexus.access.refresh_tokens import new_refresh
from nexus.store import accounts, sessions
from nexus.store.accounts import User
from nexus.store.database import Database
from nexus.voting.recount import Recount
from tests.support.rest import Person, Rest, refused

PASSWORD = "correct horse battery"
NAME = "Annegret Unmistakable"
DIGEST = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1).hash(PASSWORD)


async def made(rest: Rest, name: str = NAME, *, admin: bool = False) -> tuple[User, Person]:
    """An account with an address, and a login of it."""
    database = rest.services.database
    email = f"{name.split(maxsplit=1)[0].lower()}@unmistakable.example"
    user = await accounts.add(database, name, email, DIGEST, admin=admin)
    login = await sessions.begin(database, user, new_refresh()[1], 3600)
    return user, Person(user.subject, rest.services.tokens.access(user.subject, user.roles, login=login.id), name)


async def leave(rest: Rest, who: Person, to: str | None = None, password: str = PASSWORD) -> tuple[int, str]:
    query = "" if to is None else f"?to={to}"
    answer = await rest("DELETE", f"/auth/me/{query}", who, json={"password": password})
    return refused(answer) if answer.status_code >= 400 else (answer.status_code, "")


async def verified(database: Database) -> list[str]:
    found = await Recount(database, None, lambda line: None).run(repair=False)
    return [*found.mendable, *found.lasting]
