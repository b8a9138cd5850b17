from __future__ import annotations

import socket
import threading
import time
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.redact.detect.channel import MAX_MESSAGE_BYTES, Channel


@pytest.fixture
def ends():
    """A channel, and the bare socket at its other end."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield Channel(ours), theirs


@given(text=st.text(st.characters(), max_size=50))
def test_any_text_arrives_as_it_was_sent(text):
    ours, theirs = socket.socketpair()
    with ours, theirs:
        Channel(ours).send({"text": text})
        assert Channel(theirs).receive() == {"text": text}


@pytest.mark.parametrize("said", [b"5", b"[]", b"{", b"\xff", b'{"a": NaN}', b'{"a": -Infinity}', b"[" * 100_000])
def test_what_is_no_object_is_refused(ends, said):
    channel, other = ends
    other.sendall(len(said).to_bytes(4, "big") + said)
    with pytest.raises(ValueError, match=r"."):
        channel.receive()


def test_a_length_beyond_all_limits_is_refused_unread(ends):
    channel, other = ends
    other.sendall((MAX_MESSAGE_BYTES + 1).to_bytes(4, "big"))
    with pytest.raises(ValueError, match="too long"):
        channel.receive()


def test_a_message_too_long_is_not_sent(ends):
    channel, other = ends
    with pytest.raises(ValueError, match="too long"):
        channel.send({"text": "x" * MAX_MESSAGE_BYTES})
    other.setblocking(False)
    with pytest.raises(BlockingIOError):
        other.recv(1)


@pytest.mark.parametrize("said", [b"", b"\0\0", b"\0\0\0\x09{"])
def test_an_end_in_the_middle_of_a_message_is_an_end(ends, said):
    channel, other = ends
    other.sendall(said)
    other.close()
    with pytest.raises(EOFError):
        channel.receive()


def test_a_message_that_comes_in_drops_has_no_more_time_than_one(ends):
    channel, other = ends

    def drip() -> None:
        with suppress(OSError):
            other.sendall(MAX_MESSAGE_BYTES.to_bytes(4, "big"))
            while True:
                other.send(b" ")

    dripping = threading.Thread(target=drip)
    dripping.start()
    with pytest.raises(TimeoutError):
        channel.receive(time.monotonic() + 0.2)
    channel.close()
    dripping.join()


def test_nobody_who_reads_is_not_waited_for(ends):
    channel, _ = ends
    with pytest.raises(TimeoutError):
        channel.send({"text": "x" * 5_000_000}, time.monotonic() + 0.1)


def test_a_time_that_is_over_is_no_time(ends):
    channel, other = ends
    other.sendall(b"\0\0\0\x02{}")
    with pytest.raises(TimeoutError):
        channel.receive(time.monotonic())
