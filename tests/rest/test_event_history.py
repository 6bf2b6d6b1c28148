"""The history of an event, and what `nexus verify` proves of events."""

from nexus.store.database import Database
from nexus.voting.recount import Recount
from tests.support.events import event_of, new_poll
from tests.support.rest import Rest


async def test_history_is_that_of_the_event_and_of_all_polls_it_has_had(rest: Rest) -> None:
    ann = await rest.user()
    event, other = await event_of(rest, ann, "Show", new_poll("0?"), new_poll("1?")), await rest.poll(ann)
    path, (first, second) = f"/events/{event['id']}/", [one["id"] for one in event["polls"]]
    await rest("POST", f"{path}next/", ann)
    guest = await rest.guest(event)
    await rest.vote(guest, await rest.get(f"/polls/{first}/", ann))
    await rest("POST", f"/polls/{other['id']}/close/", ann)
    await rest("DELETE", f"/polls/{second}/", ann)
    told = await rest.get(f"{path}audit/", ann)
    logged = [
        (one["action"], one["target_type"], one["target_id"]) for one in told["results"] if one["action"] != "vote"
    ]
    assert logged == [
        ("delete", "poll", second),
        ("show", "event", event["id"]),
        ("open", "poll", first),
        ("create", "poll", second),
        ("create", "poll", first),
        ("create", "event", event["id"]),
    ]
    assert told["count"] == 7
    votes = await rest.get(f"{path}audit/?action=vote", ann)
    assert [(one["user"], one["target_id"]) for one in votes["results"]] == [(guest.voter, first)]
    assert (await rest.get(f"{path}audit/?user={guest.voter}&target_id={second}", ann))["count"] == 0
    assert (await rest.get(f"{path}audit/?page_size=2&page=2", ann))["count"] == 7


async def test_verify_misses_a_deletion_that_no_row_of_the_history_tells(rest: Rest, database: Database) -> None:
    ann = await rest.user()
    event = await event_of(rest, ann, "Show", new_poll("0?"), new_poll("1?"))
    for _ in range(2):
        await rest("POST", f"/events/{event['id']}/next/", ann)
    found = await Recount(database, None, lambda told: None).run(repair=False)
    assert (found.mendable, found.lasting) == ([], [])
    async with database.transaction() as connection:
        await connection.raw.execute(
            "UPDATE events SET shown = NULL, last_shown = NULL; DELETE FROM polls; DELETE FROM events"
        )
    found = await Recount(database, None, lambda told: None).run(repair=False)
    assert any("event 1 is gone, but the audit log has no row" in one for one in found.lasting), found.lasting
