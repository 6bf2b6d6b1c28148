"""The peers of the benchmarks: what their clients understand, and how they are installed. None is started here."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.generator import frames
from bench.generator.dialect import Dialect, Kind
from bench.peers.dialects import JsonDialect, SocketIoDialect
from bench.peers.installed import NodePeer

WS = NodePeer("ws", "ws.js", JsonDialect)


def said(frame: bytes) -> bytes:
    """The one text in a client's frame."""
    [(opcode, payload)], rest = frames.split(frame[:1] + bytes([frame[1] & 0x7F]) + frame[6:])
    assert (opcode, rest) == (frames.TEXT, b"")
    return payload


@pytest.mark.parametrize("space", [b"", b" "])
def test_json_is_understood_with_and_without_spaces(space: bytes) -> None:
    dialect, colon, comma = JsonDialect(1), b":" + space, b"," + space
    totals = b'{"type":"totals","poll":1,"version":43,"options":[{"id":1,"votes":2}]}'
    messages = [totals, b'{"type":"ack","op":3,"version":44}', b'{"type":"joined","poll":1,"version":43}']
    heard = [dialect.hear(one.replace(b",", comma).replace(b":", colon))[:2] for one in messages]
    assert heard == [(Kind.TOTALS, 43), (Kind.ACK, 44), (Kind.ENTERED, 0)]


def test_socket_io_is_understood() -> None:
    dialect = SocketIoDialect(1)
    assert dialect.hear(b'42["totals",{"poll":1,"version":43,"options":[]}]')[:2] == (Kind.TOTALS, 43)
    assert dialect.hear(b'4312[{"version":44}]')[:2] == (Kind.ACK, 44)
    assert dialect.hear(b'430[{"poll":1,"version":43,"options":[],"choice":1}]').kind is Kind.ENTERED
    assert dialect.hear(b'44{"message":"no"}').kind is Kind.REFUSED
    assert dialect.hear(b'0{"sid":"x","upgrades":[]}')[:] == (Kind.OTHER, 0, b"")


def test_socket_io_joins_once_connected_and_answers_pings() -> None:
    dialect = SocketIoDialect(1)
    assert said(dialect.greeting(7)) == b'40{"voter":"user:7"}'
    assert said(dialect.hear(b'40{"sid":"x"}').reply) == b'420["join",1]'
    assert said(dialect.hear(b"2").reply) == b"3"


@pytest.mark.parametrize("dialect", [JsonDialect(1), SocketIoDialect(1)])
def test_each_vote_changes_the_choice(dialect: Dialect) -> None:
    votes = [said(dialect.vote(0, turn)) for turn in range(3)]
    assert [b'"option":1' in vote for vote in votes] == [True, False, True]
    assert len(set(votes)) == 3


def test_without_node_a_peer_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(RuntimeError, match="no Node"):
        WS.install(tmp_path)


def test_what_failed_is_installed_again_and_what_is_there_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    programs = tmp_path / "bin"
    programs.mkdir()
    for name in ("npm", "node"):
        (programs / name).write_text("#!/bin/sh\n[ -e ../wanted ] && : >packages\n")
        (programs / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(programs))
    with pytest.raises(RuntimeError, match=r"`npm install --no-audit` failed, see .*install\.log"):
        WS.install(tmp_path)
    (tmp_path / "wanted").touch()
    WS.install(tmp_path)
    assert (tmp_path / "node" / "packages").exists()
    (tmp_path / "wanted").unlink()
    WS.install(tmp_path)
