"""The few HTTP calls that a client makes, with the standard library alone, and off the event loop."""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from typing import TypeVar
from urllib.parse import urlsplit

import msgspec

from nexus.client.errors import Refused, Unreachable

T = TypeVar("T")

TIMEOUT_S = 10.0
"""How long a server may take to answer."""
RENEW_BEFORE_S = 90.0
"""A token is renewed this long before it expires: earlier than the server's warning."""
LONGEST_BYTES = 1024 * 1024
"""Of an answer; the rest is not read."""
NO_CODE = "error"
"""The code of a refusal that is no problem document: something between here and the server has answered."""


class _Problem(msgspec.Struct):
    code: str = NO_CODE
    detail: str = ""


class Guest(msgspec.Struct, frozen=True):
    """A guest of one poll or event: the token `access`, valid for `expires_in` seconds, and the `voter`.

    `poll` is the id of the poll, and `event` None; or `event` is that of the event, and `poll` that of what it shows,
    None where it shows nothing.
    """

    access: str
    expires_in: float
    voter: str
    poll: int | None
    event: int | None = None


async def guest_token(base_url: str, code: str, *, earlier: str | None = None) -> Guest:
    """Get a guest's token for one poll or event: enter it by its code, without an account.

    Parameters:
        base_url: where the server is, such as http://127.0.0.1:8000.
        code: the code of the poll or event.
        earlier: a token of a guest of the same poll or event, however old, to renew it and stay the same voter. By
            default a new guest.

    Returns:
        The guest. Its `access` is a token for `connect`, but `GuestPass` also renews it.

    Raises:
        Refused: the server refused, with code `poll_not_found`, `guests_not_allowed` or the like.
        Unreachable: the server could not be reached, or did not answer in time.
        ValueError: `base_url` is not an HTTP URL.
    """
    return await post(base_url, "/auth/guest/", {"code": code}, Guest, token=earlier)


class GuestPass:
    """A `Token` for `connect`, as a guest: enters the poll or event when first called, and renews the token in time.

    Parameters:
        base_url: where the server is, such as http://127.0.0.1:8000.
        code: the code of the poll or event.
        earlier: a token of a guest of the same poll or event, however old, to be the same voter. By default a new
            guest.
    """

    def __init__(self, base_url: str, code: str, earlier: str | None = None) -> None:
        self._base_url = base_url
        self._code = code
        self._earlier = earlier
        self._guest: Guest | None = None
        self._good_until = 0.0

    async def __call__(self) -> str:
        """Returns the newest token. Raises as `guest_token` does, but `Unreachable` for a refusal that will pass."""
        if self._guest is not None and time.monotonic() < self._good_until:
            return self._guest.access
        earlier = self._earlier if self._guest is None else self._guest.access
        try:
            self._guest = await guest_token(self._base_url, self._code, earlier=earlier)
        except Refused as error:
            if error.after_s:
                raise Unreachable(str(error)) from error
            raise
        self._good_until = time.monotonic() + good_for_s(self._guest.expires_in)
        return self._guest.access


def good_for_s(expires_in: float) -> float:
    """For how long a token that expires in so many seconds is used before it is renewed."""
    return expires_in - min(RENEW_BEFORE_S, expires_in / 2)


async def post(base_url: str, path: str, body: object, answer: type[T], *, token: str | None = None) -> T:
    """Send a POST request, and return its answer.

    Parameters:
        base_url: where the server is, such as http://127.0.0.1:8000.
        path: the path of the resource, with its slash at the end, such as /polls/.
        body: what to send, encoded as JSON.
        answer: the type of the answer, such as a `msgspec.Struct`; fields that it does not have are ignored.
        token: an access token, if the resource needs one.

    Returns:
        The answer, decoded to the type `answer`.

    Raises:
        Refused: the server answered with an error; `code` and `detail` are those of its problem document.
        Unreachable: the server could not be reached, did not answer in time, or is not Nexus.
        ValueError: `base_url` is not an HTTP URL.
    """
    data = await post_for_bytes(base_url, path, body, token=token)
    try:
        return msgspec.json.decode(data, type=answer)
    except msgspec.DecodeError as error:
        raise Unreachable(f"what answers at {base_url} is not Nexus") from error


async def post_for_bytes(base_url: str, path: str, body: object, *, token: str | None = None) -> bytes:
    """As `post`, with the answer as it came, such as b"" where there is nothing to say."""
    headers = {"Content-Type": "application/json", "Accept": "application/json"}
    if token is not None:
        headers["Authorization"] = f"Bearer {token}"
    url = _checked(base_url) + path
    request = urllib.request.Request(url, msgspec.json.encode(body), headers, method="POST")  # noqa: S310 - checked
    return await _in_thread(lambda: _send(request))


def socket_url(base_url: str) -> str:
    """Returns the URL of the WebSocket of the server at `base_url`. Raises ValueError if that is not an HTTP URL."""
    return "ws" + _checked(base_url).removeprefix("http") + "/ws"


def _checked(base_url: str) -> str:
    base = base_url.strip().rstrip("/")
    parts = urlsplit(base)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
        raise ValueError(f"{base_url!r} is not a URL like http://127.0.0.1:8000")
    return base


def _send(request: urllib.request.Request) -> bytes:
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT_S) as response:  # noqa: S310 - its scheme is checked
            data: bytes = response.read(LONGEST_BYTES)
            return data
    except urllib.error.HTTPError as error:
        with error:
            raise _refusal(error) from error
    except urllib.error.URLError as error:
        raise Unreachable(f"no server answers at {request.host}: {error.reason}") from error
    except (OSError, http.client.HTTPException) as error:
        raise Unreachable(f"the server at {request.host} broke the connection: {error!r}") from error


def _refusal(error: urllib.error.HTTPError) -> Refused:
    try:
        problem = msgspec.json.decode(error.read(LONGEST_BYTES), type=_Problem)
    except (msgspec.DecodeError, OSError, http.client.HTTPException):
        problem = _Problem()
    after = error.headers.get("Retry-After", "")
    detail = problem.detail or f"the server answered {error.code} {error.reason}"
    return Refused(problem.code, detail, float(after) if after.isdigit() else 0.0)


async def _in_thread(work: Callable[[], T]) -> T:
    """Like `asyncio.to_thread`, but nothing waits for a call that was cancelled, not even the end of the process."""
    loop = asyncio.get_running_loop()
    future: asyncio.Future[T] = loop.create_future()

    def settle(result: T | None, error: Exception | None) -> None:
        if future.done():
            return
        if error is not None:
            future.set_exception(error)
        else:
            future.set_result(result)  # type: ignore[arg-type] # None only where T is

    def run() -> None:
        result, failed = None, None
        try:
            result = work()
        except Exception as error:  # noqa: BLE001 - raised where it is awaited
            failed = error
        with contextlib.suppress(RuntimeError):  # the loop has ended, and the caller with it
            loop.call_soon_threadsafe(settle, result, failed)

    threading.Thread(target=run, name="nexus client", daemon=True).start()
    return await future
