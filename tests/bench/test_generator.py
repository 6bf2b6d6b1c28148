"""The load generator: what it reads, and what it counts."""

from __future__ import annotations

from array import array

import pytest

from bench.generator import frames
from bench.generator.casting import Once
from bench.generator.crowd import Casts, Crowd, Stamps
from bench.generator.dialect import Kind
from bench.generator.nexus_dialect import FollowerDialect, HotPoll, HttpDialect, SocketDialect
from bench.scenarios.mixed import delays

POLL = HotPoll(7, [12, 13])


def served(payload: bytes, first: int = frames.TEXT) -> bytes:
    """A frame of a server."""
    size = len(payload)
    head = bytes([first, size]) if size < 126 else bytes([first, 126]) + size.to_bytes(2, "big")
    return head + payload


@pytest.mark.parametrize("cut", [0, 1, 2, 3, 5, 130, 140])
def test_frames_are_read_whole_however_they_arrive(cut: int) -> None:
    data = served(b"a") + served(b"b" * 130) + served(b"", frames.PING)
    first, rest = frames.split(data[:cut])
    second, rest = frames.split(rest + data[cut:])
    assert first + second == [(frames.TEXT, b"a"), (frames.TEXT, b"b" * 130), (frames.PING, b"")]
    assert rest == b""


def test_a_frame_of_a_client_is_masked() -> None:
    assert frames.frame(b"hi") == b"\x81\x82\0\0\0\0hi"
    assert frames.frame(b"x" * 300)[:8] == b"\x81\xfe\x01\x2c\0\0\0\0"


def test_totals_and_acks_are_understood_with_their_versions() -> None:
    dialect = SocketDialect("host", [POLL], ["token"])
    assert dialect.hear(b'{"type":"totals","poll":7,"epoch":1,"version":43,"status":"open"}')[:2] == (Kind.TOTALS, 43)
    assert dialect.hear(b'{"type":"ack","op":"x","poll":7,"epoch":1,"version":9,"stands":true}')[:2] == (Kind.ACK, 9)
    assert dialect.hear(b'{"type":"joined"}').kind is Kind.ENTERED
    assert dialect.hear(b'{"type":"retry","op":"x"}').kind is Kind.REFUSED


def test_no_two_votes_share_an_op_and_choices_take_turns() -> None:
    dialect = SocketDialect("host", [POLL], ["token"])
    votes = [dialect.vote(0, turn) for turn in range(4)]
    assert len({vote[30:70] for vote in votes}) == 4
    assert [b"[12]" in vote for vote in votes] == [True, False, True, False]


def test_followers_vote_in_each_poll_of_their_event_whose_versions_are_one_order() -> None:
    dialect = FollowerDialect("host", 4, [POLL, HotPoll(9, [15, 16])], ["token"])
    assert b'{"type":"join","event":4}' in dialect.greeting(0)
    assert b'"poll":7,"options":[12]' in dialect.vote(0, 0)
    assert b'"poll":9,"options":[16]' in dialect.vote(0, 1)
    shown = b'{"type":"shown","event":{"id":4,"polls":[{"id":9}],"shown":9,"revision":17,"created_at":""}}'
    assert dialect.hear(shown)[:2] == (Kind.SHOWN, 17)
    assert dialect.hear(b'{"type":"entered","event":{}}').kind is Kind.ENTERED
    frame = b'{"type":"totals","poll":%d,"epoch":1,"version":%d,"x":1}'
    totals = [dialect.hear(frame % place) for place in ((7, 99), (9, 1))]
    ack = dialect.hear(b'{"type":"ack","op":"x","poll":9,"status":"recorded","epoch":1,"version":2,"stands":true}')
    assert totals[0].version < totals[1].version < ack.version


def test_everybody_votes_once_and_not_before_being_ready() -> None:
    class Listening(Crowd):
        """Clients that need no server; each is ready two turns after the first one was asked."""

        def __init__(self) -> None:
            super().__init__(1, SocketDialect("host", [POLL], []))
            self.voted: list[int] = []
            self.turns = 0

        def cast(self, client: int, due: float | None = None) -> None:
            assert self.turns >= 2
            self.voted.append(client)

        def turn(self, within_s: float) -> None:
            self.turns += 1

    crowd = Listening()
    Once(crowd, 20, lambda _: crowd.turns >= 2).run(0.01)
    assert sorted(crowd.voted) == list(range(20))
    crowd.close()


def test_answers_over_http_are_read_whole() -> None:
    dialect = HttpDialect("host", [POLL], ["token"])
    answer = b'HTTP/1.1 201 Created\r\ncontent-length: 28\r\n\r\n{"epoch":1,"version":5,"x":1}'[:-1]
    whole, rest = dialect.split(answer + answer[:30])
    assert [dialect.hear(payload)[:2] for _, payload in whole] == [(Kind.ACK, 5)]
    assert rest == answer[:30]
    assert dialect.hear(b"HTTP/1.1 409 Conflict\r\n\r\n").kind is Kind.REFUSED


def test_a_vote_has_reached_a_screen_with_the_first_totals_of_its_version() -> None:
    casts, stamps = Casts(), Stamps()
    casts.cast, casts.acked, casts.versions = array("d", [1.0, 2.0]), array("d", [1.1, 2.1]), array("q", [5, 6])
    for client, version, at in ((0, 4, 1.2), (1, 6, 2.5), (0, 5, 3.0), (1, 6, 9.0)):
        stamps.clients.append(client)
        stamps.versions.append(version)
        stamps.times.append(at)
    found, missing = delays(casts, stamps, viewers=2)
    assert found.tolist() == [0.5, 1.5, 2.0]
    assert missing == 1  # the second vote never reached the first screen
