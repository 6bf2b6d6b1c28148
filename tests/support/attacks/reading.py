"""Requests for much, and answers that nobody reads."""

from __future__ import annotations

from tests.support.attacks.line import crowd, line_to
from tests.support.attacks.requests import asking, request
from tests.support.attacks.target import Target

_WINDOW_BYTES = 4096


async def pipelining(target: Target) -> None:
    """50 connections that ask for `GET /nope` over and over, without a token, and never read."""
    asks = request(target, "GET", "/nope") * 500
    await crowd(target.sockets(50), lambda: _unread(target, asks))


async def lists(target: Target) -> None:
    """300 connections that ask for `GET /polls/?page_size=100`, of 100 polls, one request after the other."""
    await crowd(target.sockets(300), lambda: _read(target))


async def long_pages(target: Target) -> None:
    """20 clients that ask for a page of 100 polls, each with 100 options of 252 emoji."""
    await crowd(target.sockets(20), lambda: _read(target))


async def unread_pages(target: Target) -> None:
    """60 clients that ask for a page of 100 polls, each with 100 options of 252 emoji, and never read."""
    await crowd(target.sockets(60), lambda: _asked_and_left(target))


def _page(target: Target) -> bytes:
    return request(target, "GET", "/polls/?page_size=100", token=target.user)


async def _unread(target: Target, asks: bytes) -> None:
    async with line_to(target, window_bytes=_WINDOW_BYTES) as line:
        line.stop_reading()
        while True:
            await line.send(asks)


async def _asked_and_left(target: Target) -> None:
    async with line_to(target, window_bytes=_WINDOW_BYTES) as line:
        line.stop_reading()
        await line.send(_page(target))
        await line.lost()


async def _read(target: Target) -> None:
    async with asking(target) as client:
        while True:
            await client.ask(_page(target))
