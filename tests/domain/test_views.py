"""What leaves Nexus of a poll: counts only where they may be seen, and hidden ones null, never 0."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from uuid import UUID

import msgspec
import pytest

from nexus.domain.ballot import CastVote
from nexus.domain.poll import Status, Visibility, percentage
from nexus.domain.views import ballot_views, poll_view, results_view, stamp, totals_view
from tests.support.rooms import NOON, poll_at

POLL = poll_at(10)


def shown(view: msgspec.Struct) -> dict[str, Any]:
    sent: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(view))
    return sent


def test_poll_and_results_have_the_contracts_fields_and_no_others() -> None:
    assert " ".join(shown(poll_view(POLL, Visibility.FULL))) == (
        "id code question description category created_by event position is_public status opens_at expires_at "
        "closed_at max_choices votes_per_user allow_change allow_guests anonymous results chart option_order language "
        "options epoch version corrected_at created_at updated_at"
    )
    assert " ".join(shown(results_view(POLL, Visibility.FULL, NOON))) == (
        "poll question status epoch version visibility final voters total_votes options expires_at server_now"
    )


@pytest.mark.parametrize("sees", Visibility)
def test_counts_are_numbers_or_null_and_turnout_is_always_shown(sees: Visibility) -> None:
    full = sees is Visibility.FULL
    counts = [9, 0] if full else [None, None]
    assert [one["votes_count"] for one in shown(poll_view(POLL, sees))["options"]] == counts
    results, totals = shown(results_view(POLL, sees, NOON)), shown(totals_view(POLL.totals(), sees, NOON))
    for view in (results, totals):
        assert [one["votes_count"] for one in view["options"]] == counts
        assert (view["visibility"], view["voters"], view["total_votes"]) == (sees, 9, 9)
    assert [one["percentage"] for one in results["options"]] == ([100.0, 0.0] if full else [None, None])
    assert [one["option_text"] for one in results["options"]] == ["Yes", "No"]


@pytest.mark.parametrize(
    ("count", "ballots", "share"),
    [
        (0, 0, 0.0),
        (0, 7, 0.0),
        (7, 7, 100.0),
        (2, 3, 66.67),
        (1, 3, 33.33),
        (1, 800, 0.13),  # 0.125: round() gives 0.12
        (3, 800, 0.38),  # 0.375
        (5, 800, 0.63),  # 0.625: round() gives 0.62
        (23, 160, 14.38),  # 14.375
        (201, 20_000, 1.01),  # 1.005, which a float holds as a little less
        (1, 20_000, 0.01),  # 0.005
        (1, 20_001, 0.0),  # a little less than that
        (19_999, 20_000, 100.0),  # 99.995
        (2_147_483_646, 2_147_483_647, 100.0),
    ],
)
def test_percentage_has_two_decimals_and_rounds_halves_up(count: int, ballots: int, share: float) -> None:
    assert percentage(count, ballots) == share


def test_percentage_is_of_ballots_and_zero_without_any() -> None:
    some = poll_at(ballots=9, options=tuple(msgspec.structs.replace(one, votes_count=5) for one in POLL.options))
    assert [one.percentage for one in results_view(some, Visibility.FULL, NOON).options] == [55.56, 55.56]
    assert [one.percentage for one in results_view(poll_at(1), Visibility.FULL, NOON).options] == [0.0, 0.0]


@pytest.mark.parametrize("status", Status)
def test_final_is_said_of_the_closed_alone(status: Status) -> None:
    poll = poll_at(status=status)
    final = status is Status.CLOSED
    assert results_view(poll, Visibility.TURNOUT, NOON).final is final
    assert totals_view(poll.totals(), Visibility.FULL, NOON).final is final


@pytest.mark.parametrize(
    ("time", "text"),
    [
        (datetime(2026, 11, 22, 19, tzinfo=UTC), "2026-11-22T19:00:00Z"),
        (datetime(2026, 11, 22, 20, 30, tzinfo=timezone(timedelta(hours=1))), "2026-11-22T19:30:00Z"),
        (datetime(2026, 11, 22, 19, 0, 0, 120, tzinfo=UTC), "2026-11-22T19:00:00.000120Z"),
    ],
)
def test_times_are_in_utc_and_end_in_z(time: datetime, text: str) -> None:
    assert stamp(time) == text
    assert shown(poll_view(poll_at(expires_at=time), Visibility.FULL))["expires_at"] == text
    assert shown(results_view(poll_at(expires_at=time), Visibility.FULL, time))["server_now"] == text


def test_totals_name_their_type_and_place() -> None:
    totals = shown(totals_view(poll_at(4, epoch=3).totals(), Visibility.FULL, NOON))
    assert totals["type"] == "totals"
    assert (totals["poll"], totals["epoch"], totals["version"]) == (7, 3, 4)


def test_own_ballots_are_shown_with_op_options_and_time() -> None:
    op = UUID("0190A1B2-C3D4-7E5F-8A9B-0123456789AB")
    (view,) = ballot_views((CastVote(op, (13, 12), NOON),))
    assert shown(view) == {"op": str(op), "options": [13, 12], "cast_at": "2026-11-22T12:00:00Z"}
