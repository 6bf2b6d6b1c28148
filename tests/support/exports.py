"""Exports as a client reads them."""

import csv
import io

from tests.support.rest import Person, Rest
from tests.support.values import Json
from tests.support.workbooks import Cell, sheets

SHEET_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


async def exported(rest: Rest, poll: Json, who: Person, query: str = "?format=json") -> Json:
    return await rest.get(f"/polls/{poll['id']}/export/{query}", who)


async def table(rest: Rest, poll: Json, who: Person) -> list[dict[str, str]]:
    answer = await rest("GET", f"/polls/{poll['id']}/export/", who)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    return list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"), newline="")))


async def workbook(rest: Rest, poll: Json, who: Person, query: str = "") -> dict[str, list[list[Cell]]]:
    answer = await rest("GET", f"/polls/{poll['id']}/export/?format=xlsx{query}", who)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == SHEET_TYPE
    return sheets(answer.content)


async def event_workbook(rest: Rest, event: Json, who: Person) -> dict[str, list[list[Cell]]]:
    answer = await rest("GET", f"/events/{event['id']}/export/?format=xlsx", who)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == SHEET_TYPE
    return sheets(answer.content)


async def fill(rest: Rest, poll: Json, ballots: int) -> None:
    """As many ballots as it takes for an answer of many pieces."""
    async with rest.services.database.transaction() as connection:
        await connection.run(
            "INSERT INTO votes (poll_id, epoch, voter, slot, op, choices, cast_at) "
            "SELECT :poll, 1, 'user:' || n, '00000000-0000-0000-0000-000000000000', gen_random_uuid(), "
            "ARRAY[CAST(:option AS bigint)], clock_timestamp() FROM generate_series(1, :n) n",
            poll=poll["id"],
            option=poll["options"][0]["id"],
            n=ballots,
        )


def scope_of(path: str, who: Person) -> Json:
    headers = [(b"authorization", f"Bearer {who.token}".encode())]
    return {
        "type": "http",
        "method": "GET",
        "path": path,
        "root_path": "",
        "query_string": b"",
        "headers": headers,
        "scheme": "http",
        "server": ("nexus.test", 80),
        "client": ("127.0.0.1", 1),
        "http_version": "1.1",
    }
