"""The frames of a client, against websockets' parser as the judge: same messages, same close code, however the bytes
are cut."""

import asyncio
import os
from dataclasses import dataclass, field
from itertools import pairwise

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from websockets.frames import Frame as JudgedFrame
from websockets.frames import Opcode
from websockets.protocol import State
from websockets.server import ServerProtocol

from nexus.ws.direct_line import DirectLine
from nexus.ws.exchange import Exchange
from nexus.ws.line import Bounds
from nexus.ws.parser import (
    BINARY,
    CLOSE,
    CONT,
    PING,
    PONG,
    TEXT,
    BadFrame,
    close_frame,
    read_close,
    read_frame,
    short_text,
)
from tests.support.line_app import masked

MOST = 300
EXAMPLES = 20_000 if os.environ.get("NEXUS_SOAK") else 200


@dataclass
class Heard:
    """What came out of one stream of bytes: texts, pongs, and the code of the end, None where it is still open."""

    texts: list[bytes] = field(default_factory=list)
    pongs: list[bytes] = field(default_factory=list)
    code: int | None = None


class Transport(asyncio.Transport):
    """Keeps what is written."""

    def __init__(self) -> None:
        self.written: list[bytes] = []

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.written.append(bytes(data))

    def can_write_eof(self) -> bool:
        return True

    def write_eof(self) -> None:
        pass

    def close(self) -> None:
        pass


class Listening:
    """Keeps what it hears."""

    def __init__(self, heard: Heard) -> None:
        self.heard = heard

    def feed(self, text: str) -> None:
        self.heard.texts.append(text.encode())

    def drained(self) -> None: ...

    def alarm(self) -> None: ...

    def shut_down(self) -> None: ...

    def ended(self, code: int) -> None:
        self.heard.code = code


async def ours(pieces: list[bytes]) -> Heard:
    """What our line makes of the pieces."""
    heard, transport = Heard(), Transport()
    bounds = Bounds(controls=10_000, fragments=10_000)
    line = DirectLine(Exchange(bounds, set(), MOST, None, None), transport)
    line.open()
    line.attach(Listening(heard))
    for piece in pieces:
        line.data_received(piece)
    await asyncio.sleep(0)
    heard.pongs = [data[2:] for data in transport.written if data[0] & 0x0F == PONG]
    return heard


def judged(pieces: list[bytes]) -> Heard:
    """What websockets makes of them, and what Nexus asks for beyond: text alone, in UTF-8."""
    heard, judge = Heard(), ServerProtocol(state=State.OPEN, max_size=MOST)
    message: list[bytes] = []
    for piece in pieces:
        judge.receive_data(piece)
        for frame in judge.events_received():
            if heard.code is None and isinstance(frame, JudgedFrame):
                _judge_frame(heard, frame, message)
        judge.data_to_send()
    if heard.code is None and judge.close_sent is not None:
        heard.code = judge.close_sent.code
    return heard


def _judge_frame(heard: Heard, frame: JudgedFrame, message: list[bytes]) -> None:
    data = bytes(frame.data)
    if frame.opcode is Opcode.PING:
        heard.pongs.append(data)
    elif frame.opcode is Opcode.BINARY:
        heard.code = 4500
    elif frame.opcode is Opcode.CLOSE:
        heard.code = int.from_bytes(data[:2]) if data else 1005
    elif frame.opcode in (Opcode.TEXT, Opcode.CONT):
        message.append(data)
        if frame.fin:
            whole = b"".join(message)
            message.clear()
            try:
                whole.decode()
            except UnicodeDecodeError:
                heard.code = 1007
            else:
                heard.texts.append(whole)


payloads = st.one_of(
    st.binary(max_size=MOST + 1),
    st.text(max_size=60).map(str.encode),
    st.sampled_from([b"", b"x" * 125, b"x" * 126, b"x" * MOST, "ü".encode()]),
)
closings = st.builds(
    lambda code, reason: code.to_bytes(2) + reason,
    st.one_of(st.integers(0, 0xFFFF), st.integers(998, 1017), st.sampled_from([2999, 3000, 4999, 5000])),
    st.binary(max_size=20),
)


@st.composite
def client_frames(draw: st.DrawFn) -> bytes:
    """A frame that is right, or wrong in one way."""
    opcode = draw(st.sampled_from([TEXT, TEXT, TEXT, CONT, CONT, PING, PONG, CLOSE, BINARY]))
    payload = draw(closings if opcode == CLOSE else payloads)
    if opcode & 8:
        payload = payload[: draw(st.sampled_from([125, 125, 126]))]
    frame = bytearray(masked(payload, opcode, fin=draw(st.sampled_from([True, True, False]))))
    if draw(st.integers(0, 30)) == 0:
        frame[0] ^= draw(st.integers(1, 0x7F))
    if draw(st.integers(0, 60)) == 0:
        frame[1] ^= 0x80
    return bytes(_mask(frame, draw(st.binary(min_size=4, max_size=4))))


def _mask(frame: bytearray, mask: bytes) -> bytearray:
    if not frame[1] & 0x80:
        return frame
    at = {126: 4, 127: 10}.get(frame[1] & 0x7F, 2)
    frame[at : at + 4] = mask
    for n in range(at + 4, len(frame)):
        frame[n] ^= mask[(n - at) % 4]
    return frame


def too_big_for_the_judge(frames: list[bytes]) -> bool:
    """Whether a control frame is longer than what a message in fragments leaves of the bound: the judge counts both."""
    open_size: int | None = None
    for frame in frames:
        size = frame[1] & 0x7F if frame[1] & 0x7F < 126 else int.from_bytes(frame[2:4])
        if frame[0] & 0x08:
            if open_size is not None and size > MOST - open_size:
                return True
        elif not frame[0] & 0x80:
            open_size = (open_size or 0) + size
        else:
            open_size = None
    return False


def cut_at(stream: bytes, cuts: list[int]) -> list[bytes]:
    """The stream in pieces."""
    marks = sorted({cut % (len(stream) + 1) for cut in cuts} | {0, len(stream)})
    return [stream[a:b] for a, b in pairwise(marks)]


@settings(max_examples=EXAMPLES, deadline=None)
@given(st.lists(client_frames(), max_size=12), st.lists(st.integers(0, 10_000), max_size=12))
@example([masked(b"one", fin=False), masked(b"", PING), masked(b"two", CONT), masked(b"", CLOSE)], [1, 2, 3, 9, 15])
@example([masked(b"one", fin=False), masked(b"two")], [9])
@example([masked(b"one", fin=False), masked(b"", CLOSE)], [])
@example([masked(masked(b"one"))], [6])
@example([masked(b"x" * MOST), masked(b"x" * (MOST + 1))], [])
def test_any_stream_is_read_as_websockets_reads_it(frames: list[bytes], cuts: list[int]) -> None:
    if too_big_for_the_judge(frames):
        return
    pieces = cut_at(b"".join(frames), cuts)
    found, expected = asyncio.run(ours(pieces)), judged(pieces)
    if found.code == 1002 and expected.code == 1009:  # wrong in both ways: we look at the other first
        expected.code = 1002
    assert found == expected


@settings(max_examples=EXAMPLES, deadline=None)
@given(st.binary(max_size=200), st.lists(st.integers(0, 200), max_size=6))
def test_no_bytes_do_more_than_end_the_line(stream: bytes, cuts: list[int]) -> None:
    heard = asyncio.run(ours(cut_at(stream, cuts)))
    assert heard.code in {None, 1002, 1005, 1007, 1009, 4500} or 1000 <= (heard.code or 0) <= 4999


@pytest.mark.parametrize(
    "frame",
    [
        b"\x81\xfe\x00\x7d" + bytes(4 + 125),
        b"\x81\xff" + (300).to_bytes(8) + bytes(4 + 300),
        b"\x89\xfe\x00\x05" + bytes(4 + 5),
    ],
)
def test_length_is_written_as_short_as_possible(frame: bytes) -> None:
    with pytest.raises(BadFrame) as bad:
        read_frame(frame, 0, 16_384, in_message=False)
    assert bad.value.code == 1002


class Seconds:
    """Stands for a loop whose clock is set by hand."""

    now = 0.0

    def time(self) -> float:
        return self.now

    def call_soon(self, call: object) -> None: ...


async def test_control_frames_are_counted_by_the_second() -> None:
    exchange, clock = Exchange(Bounds(controls=2), set(), MOST, None, None), Seconds()
    exchange.loop = clock  # type: ignore[assignment]
    line = DirectLine(exchange, Transport())
    line.open()
    for clock.now in (1.0, 2.0, 3.0):
        line.data_received(masked(b"", PING) * 2)
    assert line.is_open
    line.data_received(masked(b"", PING))
    assert not line.is_open


def test_what_does_not_fit_is_refused_before_it_has_arrived() -> None:
    with pytest.raises(BadFrame) as bad:
        read_frame(masked(b"x" * 301)[:4], 0, 300, in_message=False)
    assert bad.value.code == 1009
    with pytest.raises(BadFrame) as bad:
        read_frame(masked(b"", CONT)[:2], 0, 300, in_message=False)
    assert bad.value.code == 1002
    assert read_frame(masked(b"x" * 300)[:-1], 0, 300, in_message=False) is None


def test_quick_reading_leaves_whatever_is_not_one_whole_short_text() -> None:
    whole = masked(b"x" * 125)
    assert short_text(whole) == b"x" * 125
    longer = masked(b"x" * 300)
    for size in range(len(longer)):  # one of them has as many bytes as its second one seems to say
        assert short_text(longer[:size]) is None
    for other in (whole[:-1], whole + b"x", masked(b"x", fin=False), masked(b"x", PING), b"\x81\x01xxxxx"):
        assert short_text(other) is None


def test_codes_of_close_frames_are_those_that_may_be_sent() -> None:
    free = [*range(1000, 1004), *range(1007, 1015), *range(3000, 5000)]
    for code in range(1 << 16):
        try:
            assert read_close(code.to_bytes(2)) == code
        except BadFrame:
            assert code not in free
        else:
            assert code in free


def test_close_frame_holds_as_much_of_its_reason_as_fits() -> None:
    frame = close_frame(4501, "ü" * 200)
    assert len(frame) <= 2 + 125
    assert read_close(frame[2:]) == 4501
    assert frame[4:].decode() == "ü" * 61
