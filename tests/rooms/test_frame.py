import pytest
from websockets.frames import Frame as Reference
from websockets.frames import Opcode

from nexus.rooms.frame import Frame


@pytest.mark.parametrize("length", [0, 1, 125, 126, 65_535, 65_536, 100_000])
def test_frame_is_what_websockets_would_send(length: int) -> None:
    text = b"x" * length
    assert Frame(text).wire == Reference(Opcode.TEXT, text).serialize(mask=False)


def test_frame_is_encoded_once() -> None:
    frame = Frame(b"{}")
    assert frame.wire is frame.wire
