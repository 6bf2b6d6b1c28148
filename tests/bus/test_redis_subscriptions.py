"""The truth about subscriptions against a model of a server: no socket, no clock."""

from __future__ import annotations

from collections import deque

from hypothesis import given
from hypothesis import strategies as st

from nexus.bus.redis.subscriptions import Subscriptions

CHANNELS = ["a", "b", "c"]

_calls = st.tuples(st.sampled_from(["want", "unwant"]), st.sampled_from(CHANNELS))
_events = st.tuples(st.sampled_from(["send", "serve", "refuse", "end unasked", "reconnect", "retry"]), st.none())


class _ScriptedRedis:
    """Answers requests in order; refuses or ends what it is told to."""

    def __init__(self) -> None:
        self.serves: set[str] = set()
        self.requests: deque[tuple[bool, str]] = deque()

    def serve(self, subscriptions: Subscriptions) -> None:
        if self.requests:
            subscribe, channel = self.requests.popleft()
            (self.serves.add if subscribe else self.serves.discard)(channel)
            subscriptions.answered(channel, held=subscribe)

    def refuse(self, subscriptions: Subscriptions) -> None:
        if self.requests:
            subscribe, channel = self.requests.popleft()
            if not subscribe:  # what it does not serve, it need not end
                self.serves.discard(channel)
            assert subscriptions.refused() == channel

    def end_unasked(self, subscriptions: Subscriptions) -> None:
        asked = {channel for _, channel in self.requests}
        for channel in sorted(self.serves - asked)[:1]:
            self.serves.discard(channel)
            subscriptions.answered(channel, held=False)


def _step(what: str, subscriptions: Subscriptions, server: _ScriptedRedis) -> _ScriptedRedis:
    match what:
        case "send":
            server.requests.extend(subscriptions.due())
        case "serve":
            server.serve(subscriptions)
        case "refuse":
            server.refuse(subscriptions)
        case "end unasked":
            server.end_unasked(subscriptions)
        case "retry":
            subscriptions.retry()
        case "reconnect":
            server = _ScriptedRedis()
            subscriptions.start_over("beat")
    return server


@given(st.lists(_calls | _events))
def test_whatever_happens_server_and_wishes_agree_in_the_end(steps: list[tuple[str, str | None]]) -> None:
    subscriptions, server, wanted = Subscriptions(), _ScriptedRedis(), {"beat"}
    subscriptions.want("beat")
    for what, channel in steps:
        if channel is None:
            server = _step(what, subscriptions, server)
        elif what == "want":
            subscriptions.want(channel)
            wanted.add(channel)
        else:
            subscriptions.unwant(channel)
            wanted.discard(channel)
        held = {name for name in CHANNELS if subscriptions.holds(name)}
        assert held <= server.serves
    subscriptions.retry()
    for _ in range(3):
        server.requests.extend(subscriptions.due())
        while server.requests:
            server.serve(subscriptions)
    assert server.serves == wanted
    assert subscriptions.due() == []


def test_on_a_new_connection_the_beat_is_asked_for_last() -> None:
    subscriptions = Subscriptions()
    for channel in ("beat", *CHANNELS):
        subscriptions.want(channel)
    subscriptions.start_over("beat")
    due = subscriptions.due()
    assert due[-1] == (True, "beat")
    assert sorted(due) == sorted((True, channel) for channel in ("beat", *CHANNELS))


def test_only_one_request_a_channel_is_under_way() -> None:
    subscriptions = Subscriptions()
    subscriptions.want("a")
    assert subscriptions.due() == [(True, "a")]
    subscriptions.unwant("a")
    subscriptions.want("a")
    assert subscriptions.due() == []
    subscriptions.unwant("a")
    assert subscriptions.due() == []
    subscriptions.answered("a", held=True)
    assert subscriptions.due() == [(False, "a")]
