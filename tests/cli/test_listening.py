"""The socket that is listened on."""

from __future__ import annotations

import socket

import pytest

from nexus.cli.serving import UNREAD_MS, _bound


@pytest.mark.skipif(not hasattr(socket, "TCP_USER_TIMEOUT"), reason="this system has no such bound")
def test_connections_whose_peer_takes_nothing_are_cut_by_the_kernel() -> None:
    with _bound("127.0.0.1", 0) as listening:
        listening.listen()
        with socket.create_connection(listening.getsockname()), listening.accept()[0] as accepted:
            assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == UNREAD_MS
