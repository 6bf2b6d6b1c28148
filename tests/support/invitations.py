"""Invitations as an administrator makes them, and as people use them."""

from tests.support.rest import Person, Rest, refused
from tests.support.values import Json

PASSWORD = "correct horse battery"
WRONG = (401, "invalid_credentials")
NEW = "staple of the horses"


async def invited(rest: Rest, by: Person, name: str = "eve", **fields: object) -> Json:
    answer = await rest("POST", "/users/", by, json={"username": name, **fields})
    assert answer.status_code == 201, answer.text
    found: Json = answer.json()
    return found


def token_of(link: Json) -> str:
    """The token of a link, which must be in its fragment."""
    before, _, token = link["url"].partition("/host#/invitation/")
    assert before == "http://nexus.test" and len(token) >= 43 and "/" not in token
    return str(token)


async def accepted(rest: Rest, token: str, password: str = NEW) -> tuple[int, str]:
    answer = await rest("POST", "/auth/invitation/", json={"token": token, "password": password})
    return refused(answer) if answer.status_code >= 400 else (answer.status_code, answer.json()["access"])


async def logged_in(rest: Rest, name: str, password: str) -> tuple[int, str]:
    answer = await rest("POST", "/auth/token/", json={"username": name, "password": password})
    return refused(answer) if answer.status_code >= 400 else (answer.status_code, answer.json()["access"])
