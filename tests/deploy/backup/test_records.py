from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploy.backup.records import BLOCK_BYTES, packed, packed_files, unpacked, unpacked_files
from schemas.errors import ConfigError
from streams.engine.messages import Message

BYTES = st.none() | st.binary(max_size=60)
MESSAGES = st.builds(
    Message,
    st.just("control"),
    st.integers(0, 9),
    st.integers(0, 2**62),
    BYTES,
    BYTES,
    st.dictionaries(st.text(max_size=9), st.binary(max_size=9), max_size=3),
    st.integers(-1, 2**62),
)


@given(st.lists(MESSAGES, max_size=8))
def test_records_come_back_as_they_were(messages):
    assert list(unpacked("control", io.BytesIO(b"".join(packed(messages))))) == messages


def test_large_topic_leaves_in_blocks():
    large = (Message("control", 0, number, b"k", number.to_bytes(4, "big") * 250) for number in range(1000))
    blocks = list(packed(large))
    assert len(blocks) > 5
    assert max(map(len, blocks)) < 3 * BLOCK_BYTES


@given(st.dictionaries(st.text(max_size=20), st.binary(max_size=40), max_size=4))
def test_files_come_back_as_they_were(files):
    assert unpacked_files(io.BytesIO(b"".join(packed_files(files)))) == files


@pytest.mark.parametrize("data", [b"", b"Obj\x01", b"nothing of the kind"])
def test_what_is_no_such_stream_is_told_so(data):
    with pytest.raises(ConfigError, match="not what its name says"):
        list(unpacked("control", io.BytesIO(data)))
