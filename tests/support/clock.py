"""A clock for tests of rules that take the time as a parameter."""


class ManualClock:
    """Seconds that pass only when told to: a test moves `now`."""

    def __init__(self, now: float) -> None:
        self.now = now

    def __call__(self) -> float:
        """The seconds now."""
        return self.now
