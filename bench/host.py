"""The host of an event, in a process of its own: what it notes of the time does not wait for anybody else's turn."""

from __future__ import annotations

import http.client
import json
import multiprocessing
import time
from multiprocessing.connection import Connection

from bench.server import Running

END_S = 5.0

Answered = tuple[float, float, int]
"""The monotonic seconds at which a call was sent and answered, and the revision of the event in the answer."""


class Host:
    """Moves an event on, over one connection that stays open."""

    def __init__(self, running: Running, event: int) -> None:
        processes = multiprocessing.get_context("fork")
        self._here, there = processes.Pipe()
        token = running.tokens.access("user:1", ["user"])
        self._process = processes.Process(
            target=_serve, args=(there, self._here, running.port, event, token), daemon=True
        )
        self._process.start()
        there.close()

    def ask_for_next(self) -> None:
        """Have `next` called, and wait for nothing."""
        self._here.send("next")

    def answer(self) -> Answered | None:
        """The answer, once it is there. Raises RuntimeError where the call was refused."""
        if not self._here.poll():
            return None
        answered: Answered | str = self._here.recv()
        if isinstance(answered, str):
            raise RuntimeError(answered)
        return answered

    def close(self) -> None:
        """End the process."""
        self._here.close()
        self._process.join(END_S)
        self._process.kill()


def _serve(orders: Connection, other_end: Connection, port: int, event: int, token: str) -> None:
    other_end.close()  # so that the end of the benchmark is the end of the orders
    calls = http.client.HTTPConnection("127.0.0.1", port)
    heads = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    while True:
        try:
            act = orders.recv()
        except EOFError:
            return
        asked = time.perf_counter()
        calls.request("POST", f"/events/{event}/{act}/", b"{}", heads)
        answer = calls.getresponse()
        body = answer.read()
        answered = time.perf_counter()
        if answer.status != 200:
            orders.send(f"{act}: {answer.status} {body[:200]!r}")
        else:
            orders.send((asked, answered, json.loads(body)["revision"]))
