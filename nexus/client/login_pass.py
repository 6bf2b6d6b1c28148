"""A token of an account, which logs in and renews itself."""

from __future__ import annotations

import asyncio
import time

import msgspec

from nexus.client.errors import Refused, Unreachable
from nexus.client.http import good_for_s, post, post_for_bytes


class _Pair(msgspec.Struct, frozen=True):
    access: str
    refresh: str
    expires_in: float


class LoginPass:
    """A `Token` for `connect`, with an account: logs in when first called, and later renews the token in time.

    An answer to a renewal may be lost: the next call uses the same refresh token again, which the server allows until
    the new one was used (docs/contract.md, "Tokens"). A login that has ended is replaced by a new one. Several clients
    of one event loop may share a pass.

    Parameters:
        base_url: where the server is, such as http://127.0.0.1:8000.
        username: the name of the account.
        password: its password.
    """

    def __init__(self, base_url: str, username: str, password: str) -> None:
        self._base_url = base_url
        self._credentials = {"username": username, "password": password}
        self._pair: _Pair | None = None
        self._good_until = 0.0
        self._turn = asyncio.Lock()

    async def __call__(self) -> str:
        """Returns the newest token.

        Raises:
            Refused: the server refused the login, with code `invalid_credentials`.
            Unreachable: the server could not be reached, did not answer in time, or asks to come back later.
            ValueError: `base_url` is not an HTTP URL.
        """
        async with self._turn:
            if self._pair is None or time.monotonic() >= self._good_until:
                self._pair = await self._newer(self._pair)
                self._good_until = time.monotonic() + good_for_s(self._pair.expires_in)
            return self._pair.access

    async def log_out(self) -> None:
        """End the login, if there is one; the next call begins another. Raises as a call does."""
        async with self._turn:
            pair, self._pair = self._pair, None
            if pair is not None:
                if time.monotonic() >= self._good_until:
                    pair = await self._newer(pair)
                await post_for_bytes(self._base_url, "/auth/logout/", {"refresh": pair.refresh}, token=pair.access)

    async def _newer(self, pair: _Pair | None) -> _Pair:
        try:
            if pair is not None:
                return await post(self._base_url, "/auth/token/refresh/", {"refresh": pair.refresh}, _Pair)
        except Refused as error:
            if error.code != "unauthenticated":
                raise _passing(error) from error
        try:
            return await post(self._base_url, "/auth/token/", self._credentials, _Pair)
        except Refused as error:
            raise _passing(error) from error


def _passing(error: Refused) -> Refused | Unreachable:
    """The same error, as `Unreachable` where the server asks to come back later."""
    return Unreachable(str(error)) if error.after_s else error
