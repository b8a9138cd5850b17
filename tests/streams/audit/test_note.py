"""Signed notes against a published one, and against everything that is none."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from streams.audit import checkpoint, note
from streams.audit.checkpoint import Checkpoint
from streams.audit.note import Algorithm, BadNote, Verifier

PETER = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
TEXT = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
SIGNED = (
    f"{TEXT}\n— PeterNeumann "
    "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)
"""The example in the documentation of golang.org/x/mod/sumdb/note, which the format comes from."""
KEY, WITNESS = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()


def verifier(key: Ed25519PrivateKey, name: str, algorithm: Algorithm = Algorithm.ED25519) -> Verifier:
    return Verifier(name, key.public_key().public_bytes_raw(), algorithm)


OURS = verifier(KEY, "example.org/audit.demo/0")
WATCHING = verifier(WITNESS, "witness.example", Algorithm.COSIGNATURE)
POINT = Checkpoint("example.org/audit.demo/0", 7, bytes(range(32)))


def signed(text: str = POINT.text()) -> note.Note:
    return note.signed(text, OURS, KEY.sign(text.encode()))


def test_a_published_note_holds() -> None:
    found = note.parse(SIGNED.encode())
    note.check(found, Verifier.parse(PETER))
    assert (found.text, str(found), Verifier.parse(PETER).text()) == (TEXT, SIGNED, PETER)


@pytest.mark.parametrize(
    "key",
    ["", "a+b", PETER.replace("c74f", "c74e"), PETER[:-4], PETER.replace("Peter", "Pe ter"), "+00000000+AQ=="],
)
def test_what_is_no_key_is_refused(key: str) -> None:
    with pytest.raises(BadNote):
        Verifier.parse(key)


def test_no_bit_of_a_note_can_be_changed() -> None:
    peter = Verifier.parse(PETER)
    for bit in range(len(SIGNED.encode()) * 8):
        data = bytearray(SIGNED.encode())
        data[bit // 8] ^= 1 << bit % 8
        with pytest.raises(BadNote):
            note.check(note.parse(bytes(data)), peter)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n",
        TEXT,
        f"{TEXT}\n",
        SIGNED[:-1],
        SIGNED.replace("— ", "- "),
        f"{SIGNED}\n",
        f"{SIGNED}more\n",
        SIGNED.replace("problem", "pro\tblem"),
        f"{TEXT}\n— a AAAA\n",
        f"{TEXT}\n" + "— a AAAAAAAA\n" * 101,
        "a" * 70_000 + f"\n\n{SIGNED}",
    ],
)
def test_what_is_no_note_is_refused(text: str) -> None:
    with pytest.raises(BadNote):
        note.parse(text.encode())


def test_lines_by_others_are_passed_over_and_two_by_one_key_are_not() -> None:
    once = signed()
    stranger = verifier(WITNESS, "stranger")
    twice = once.with_signature(note.signed("", stranger, bytes(64)).signatures[0])
    note.check(note.parse(str(twice).encode()), OURS)
    with pytest.raises(BadNote, match="does not hold"):
        note.check(twice, stranger)
    with pytest.raises(BadNote, match="not once"):
        note.check(note.Note(once.text, once.signatures * 2), OURS)
    with pytest.raises(BadNote, match="not signed"):
        note.check(once, verifier(KEY, "another name"))


def test_a_witness_signs_what_it_has_seen_and_when() -> None:
    once, time = signed(), 1_700_000_000
    signature = WITNESS.sign(note.cosignature_message(once.text, time))
    twice = note.parse(str(once.with_signature(note.cosigned(WATCHING, signature, time))).encode())
    note.check(twice, OURS)
    assert note.check_cosignature(twice, WATCHING) == time
    wrong = once.with_signature(note.cosigned(WATCHING, signature, time + 1))
    with pytest.raises(BadNote, match="does not hold"):
        note.check_cosignature(wrong, WATCHING)
    with pytest.raises(BadNote, match="not cosigned"):
        note.check_cosignature(once, WATCHING)
    with pytest.raises(BadNote):
        note.check(twice, verifier(WITNESS, WATCHING.name))  # another algorithm is another key


def test_a_checkpoint_reads_as_it_was_written() -> None:
    found, its_note = checkpoint.parse(str(signed()).encode())
    assert found == POINT
    note.check(its_note, OURS)
    extended = signed(f"{POINT.text()}an extension\n")
    assert checkpoint.parse(str(extended).encode())[0] == POINT


@pytest.mark.parametrize(
    "text",
    [
        "origin\n7\n",
        "origin\n07\nAAAA\n",
        "origin\n-1\nAAAA\n",
        "two words\n7\n" + "A" * 43 + "=\n",
        "origin\n7\nAAAA\n",
        "origin\n7\n" + "A" * 42 + "B=\n",
        "origin\n99999999999999999999\n" + "A" * 43 + "=\n",
        "\n7\n" + "A" * 43 + "=\n",
    ],
)
def test_what_is_no_checkpoint_is_refused(text: str) -> None:
    with pytest.raises(BadNote):
        checkpoint.parse(str(signed(text)).encode())
