"""A line that is logged at most once a minute, however often its cause occurs."""

from __future__ import annotations

import logging
import time

EVERY_S = 60.0
"""Between two lines of one throttle."""


class LogThrottle:
    """Logs a line at most once every `EVERY_S`, and says how many were left out."""

    def __init__(self, logger: logging.Logger, text: str, level: int = logging.WARNING) -> None:
        self._logger = logger
        self._text = text
        self._level = level
        self._said_at = float("-inf")
        self._unsaid = 0

    def __call__(self, what: object) -> None:
        """Log `what`, or count it as left out."""
        now = time.monotonic()
        if now - self._said_at < EVERY_S:
            self._unsaid += 1
            return
        self._logger.log(self._level, "%s: %.200s (%d more since the last such line)", self._text, what, self._unsaid)
        self._said_at, self._unsaid = now, 0
