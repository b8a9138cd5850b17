from __future__ import annotations

import errno
import io

import pyrage
import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploy.backup.age import AgeEnvelope, AgeOpener, opened, passing_pair
from schemas.errors import ConfigError, VaultUnavailable

IDENTITY = pyrage.x25519.Identity.generate()
ENVELOPE = AgeEnvelope([str(IDENTITY.to_public())])
OPENER = AgeOpener([IDENTITY])
CHUNK = 64 * 1024


def sealed(*chunks: bytes, envelope: AgeEnvelope = ENVELOPE) -> bytes:
    sink = io.BytesIO()
    envelope.seal(chunks, sink)
    return sink.getvalue()


def in_clear(data: bytes, opener: AgeOpener = OPENER) -> bytes:
    with opened(opener, io.BytesIO(data)) as clear:
        return clear.read()


@given(st.lists(st.binary(max_size=200), max_size=5))
def test_what_is_sealed_opens_to_the_same_bytes(chunks):
    assert in_clear(sealed(*chunks)) == b"".join(chunks)


@pytest.mark.parametrize("size", [CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK])
def test_sizes_about_the_chunks_of_age_open_too(size):
    assert in_clear(sealed(b"x" * size)) == b"x" * size


def test_each_of_several_recipients_opens_it_and_nobody_else():
    other, stranger = pyrage.x25519.Identity.generate(), pyrage.x25519.Identity.generate()
    data = sealed(b"for both", envelope=AgeEnvelope([str(IDENTITY.to_public()), str(other.to_public())]))
    assert {in_clear(data), in_clear(data, AgeOpener([other]))} == {b"for both"}
    with pytest.raises(ConfigError, match="none of the keys given opens this backup"):
        in_clear(data, AgeOpener([stranger]))


def test_key_that_is_in_memory_alone_opens_what_is_sealed_to_it_too():
    recipient, opener = passing_pair()
    envelope = AgeEnvelope([str(IDENTITY.to_public())], (recipient,))
    assert in_clear(sealed(b"x", envelope=envelope), opener) == b"x"
    assert envelope.recipients == (str(IDENTITY.to_public()),)


@pytest.mark.parametrize("cut", [1, 100, CHUNK, CHUNK + 40])
def test_what_was_cut_anywhere_does_not_end_as_if_it_were_whole(cut):
    data = sealed(b"x" * 3 * CHUNK)
    with pytest.raises(ConfigError, match="cut or changed"):
        in_clear(data[:-cut])


def test_what_is_no_age_file_opens_by_nothing():
    with pytest.raises(ConfigError):
        in_clear(b"something else")


def test_who_stops_reading_is_not_waited_for():
    data = sealed(b"x" * 50 * CHUNK)
    with opened(OPENER, io.BytesIO(data)) as clear:
        assert clear.read(10) == b"x" * 10


def test_source_that_breaks_off_is_told_as_what_it_is():
    def chunks():
        yield b"x"
        raise VaultUnavailable("Vault broke off")

    with pytest.raises(VaultUnavailable, match="broke off"):
        ENVELOPE.seal(chunks(), io.BytesIO())


@pytest.mark.parametrize("failure", [OSError(errno.ENOSPC, "full"), KeyboardInterrupt()])
def test_whatever_ends_it_while_it_reads_or_writes_is_told_as_what_it_is(failure):
    class Failing(io.BytesIO):
        def write(self, _data):
            raise failure

    def chunks():
        yield b"x"
        raise failure

    with pytest.raises(type(failure)):
        ENVELOPE.seal(chunks(), io.BytesIO())
    with pytest.raises(type(failure)):
        ENVELOPE.seal([b"x"], Failing())


@pytest.mark.parametrize(
    "recipient", ["age1x", "", "ssh-ed25519 AAAA", pytest.param(str(IDENTITY), id="its own secret key")]
)
def test_what_is_no_recipient_is_refused_and_not_repeated(recipient):
    with pytest.raises(ConfigError, match="--to: is no age recipient") as refused:
        AgeEnvelope([recipient])
    assert not recipient or recipient not in str(refused.value)


def test_nobody_to_encrypt_to_is_refused():
    with pytest.raises(ConfigError, match="give --to"):
        AgeEnvelope([])


def test_identities_are_read_as_age_keygen_writes_them(tmp_path):
    path = tmp_path / "key.txt"
    path.write_text(f"# created: today\n# public key: {IDENTITY.to_public()}\n{IDENTITY}\n")
    assert in_clear(sealed(b"x"), AgeOpener.from_files([path])) == b"x"


def test_file_that_holds_no_identity_is_named_and_not_repeated(tmp_path):
    path = tmp_path / "key.txt"
    path.write_text("AGE-SECRET-KEY-1WRONG\n")
    with pytest.raises(ConfigError, match=r"key.txt: holds no age identity") as refused:
        AgeOpener.from_files([path])
    assert "WRONG" not in str(refused.value)
    assert "SECRET" not in repr(OPENER)
