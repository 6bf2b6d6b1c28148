"""Who is connected: every session of a voter or a login is ended, and nobody else's."""

from nexus.domain.identity import Identity
from nexus.ws.session_registry import SessionRegistry


class Expelled:
    """Counts how often it was ended."""

    def __init__(self) -> None:
        self.times = 0

    def expel(self) -> None:
        self.times += 1


def identity(voter: str, login: str = "") -> Identity:
    return Identity(voter, frozenset(), None, 4e9, login)


def test_all_sessions_of_a_voter_are_ended_and_nobody_elses() -> None:
    registry, one, two, three, other = SessionRegistry(), Expelled(), Expelled(), Expelled(), Expelled()
    for session in (one, two, three):
        registry.add(identity("user:1"), session)
    registry.add(identity("user:2"), other)
    registry.expel(frozenset({"user:1", "user:3"}))
    assert [session.times for session in (one, two, three, other)] == [1, 1, 1, 0]


def test_session_of_an_ended_login_is_ended_among_others_of_its_voter() -> None:
    registry, one, two = SessionRegistry(), Expelled(), Expelled()
    registry.add(identity("user:1", "a"), one)
    registry.add(identity("user:1", "b"), two)
    registry.expel(frozenset({"b"}))
    assert (one.times, two.times) == (0, 1)


def test_session_that_has_ended_is_forgotten_and_the_others_stay() -> None:
    registry, sessions = SessionRegistry(), [Expelled(), Expelled(), Expelled()]
    for session in sessions:
        registry.add(identity("user:1", "a"), session)
    registry.discard(identity("user:1", "a"), sessions[0])
    registry.discard(identity("user:1", "a"), sessions[1])
    registry.discard(identity("user:1", "a"), sessions[1])
    registry.expel(frozenset({"user:1"}))
    assert [session.times for session in sessions] == [0, 0, 1]
    registry.discard(identity("user:1", "a"), sessions[2])
    registry.discard(identity("user:9"), sessions[2])
    registry.expel(frozenset({"user:1", "a"}))
    assert sessions[2].times == 1
    assert registry._by_key == {}, "nothing is kept of a voter who has left"
