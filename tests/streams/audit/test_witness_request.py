"""The protocol's bytes, with the examples of C2SP tlog-witness and tlog-cosignature."""

from __future__ import annotations

import base64

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from streams.audit import checkpoint, note
from streams.audit.note import Algorithm, BadNote, Verifier
from streams.audit.tree import MAX_SIZE
from streams.audit.witness import Request
from streams.audit.witness_request import (
    MAX_BYTES,
    BadRequest,
    body_of,
    cosignature_in,
    parse,
    parse_size,
    size_body,
)

POINT = """\
example.com/behind-the-sofa
20852163
CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=

"""
EXAMPLE = f"""\
old 20852014
PlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=
jrJZDmY8Y7SyJE0MWLpLozkIVMSMZcD5kvuKxPC3swk=
5+pKlUdi2LeF/BcMHBn+Ku6yhPGNCswZZD1X/6QgPd8=
/6WVhPs2CwSsb5rYBH5cjHV/wSmA79abXAwhXw3Kj/0=

{POINT}\
— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=
— example.com/behind-the-sofa opLqBQsREYCgu6xQkYQwJr9fo45a62DN9EdmHXnZdXNqlcVGlCum2Wks+49/V6267UEjw6QUXTS5Rovnzv++qbSzm9Q=
"""  # noqa: E501 - the specification's lines
ANSWER = """\
— witness.example/w1 CMp+6LWBU0anHGH5aNDTJkH/gj79sG+T6+iP2ThYN5krrDJbR1HDnucjL39QsZTSvVjyQLrdk3DXDqI5G2HgLatVs0pWh6Up69HVOw==
— witness.example/w1 I7rEps0pvK2UqkS2gSpVUDhrhVtQV9lgF6pRrWAvjJHjyWpW7VcE3SiOlVlbQNt64vWhO+DlkL0+UfzuOBMh9ChdMkP1vi/lCAsmlw==
— witness.example/w2 AWui8Sk55XjYLOijihBjhqEH6nS1ndDymE0a+6idX7pLcnoB+dhnz0854aLZgrrKbYKA7nC3HNJhm/kWl7oJlqU3rXXvpysAdyP3wQ==
"""  # noqa: E501
COSIGNED = f"""\
{POINT}\
— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=
— witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==
"""  # noqa: E501


def test_the_specification_s_request_reads_and_writes_the_same() -> None:
    found = parse(EXAMPLE.encode())
    assert (found.old_size, len(found.proof)) == (20_852_014, 4)
    point, whole = checkpoint.parse(found.checkpoint)
    assert (point.origin, point.size, len(whole.signatures)) == ("example.com/behind-the-sofa", 20_852_163, 2)
    assert body_of(found) == EXAMPLE.encode()


def test_the_specification_s_answer_is_lines_of_a_note() -> None:
    answered = note.parse(POINT.encode() + ANSWER.encode())
    assert [it.name for it in answered.signatures] == ["witness.example/w1"] * 2 + ["witness.example/w2"]
    assert "".join(it.line() for it in answered.signatures) == ANSWER


def test_the_specification_s_cosignature_carries_the_time_and_message_it_says() -> None:
    point, whole = checkpoint.parse(COSIGNED.encode())
    line = whole.signatures[1]
    time = int.from_bytes(line.data[:8], "big")
    assert (time, len(line.data)) == (1_679_315_147, 8 + 64)
    message = note.cosignature_message(whole.text, time)
    assert message.decode() == f"cosignature/v1\ntime 1679315147\n{point.text()}"


HASH = base64.b64encode(bytes(32))


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"old 1",
        b"old 1\n",
        b"old 01\n\nx",
        b"old -1\n\nx",
        b"old +1\n\nx",
        b"old  1\n\nx",
        b"Old 1\n\nx",
        b"old 1\r\n\r\nx",
        "old \N{ARABIC-INDIC DIGIT ONE}\n\nx".encode(),
        b"old %d\n\nx" % (MAX_SIZE + 1),
        b"old 9999999999999999999999\n\nx",
        b"old 1\n" + HASH,
        b"old 1\n" + HASH[:-1] + b"\n\nx",
        b"old 1\n" + HASH + b" \n\nx",
        b"old 1\n" + HASH[:-2] + b"B=\n\nx",
        b"old 1\n" + base64.b64encode(bytes(31)) + b"\n\nx",
        b"old 1\n" + (HASH + b"\n") * 64 + b"\nx",
        b"\xff\xfe\n\nx",
    ],
)
def test_what_is_no_request_is_refused(body: bytes) -> None:
    with pytest.raises(BadRequest):
        parse(body)


@given(st.integers(0, MAX_SIZE), st.lists(st.binary(min_size=32, max_size=32), max_size=63), st.binary())
def test_a_request_reads_as_it_was_written(old: int, proof: list[bytes], data: bytes) -> None:
    request = Request(old, tuple(proof), data)
    assert parse(body_of(request)) == request


def test_the_largest_request_is_within_the_bound() -> None:
    assert len(body_of(Request(MAX_SIZE, (bytes(32),) * 63, bytes(note.MAX_BYTES)))) <= MAX_BYTES


@given(st.binary(max_size=200))
def test_any_bytes_are_a_request_or_none(body: bytes) -> None:
    try:
        parse(body)
    except BadRequest:
        return
    assert body.startswith(b"old ")


@pytest.mark.parametrize("body", [b"", b"5", b"05\n", b"5\n\n", b"-5\n", b"x\n", b"9" * 30 + b"\n"])
def test_what_is_no_size_is_refused(body: bytes) -> None:
    with pytest.raises(BadRequest):
        parse_size(body)
    assert parse_size(size_body(5)) == 5


def test_an_answer_is_believed_for_the_witness_s_own_line_alone() -> None:
    key = Ed25519PrivateKey.generate()
    own = Verifier("witness.example/w", key.public_key().public_bytes_raw(), Algorithm.COSIGNATURE)
    asked = note.parse(COSIGNED.encode())
    line = note.cosigned(own, key.sign(note.cosignature_message(asked.text, 7)), 7)
    assert cosignature_in(f"{ANSWER}{line.line()}".encode(), asked, own) == line
    wrong = note.cosigned(own, bytes(64), 7)
    for body in ("", ANSWER, wrong.line(), line.line() * 2, line.line()[:-1], f"more\n\n{line.line()}"):
        with pytest.raises(BadNote):
            cosignature_in(body.encode(), asked, own)
