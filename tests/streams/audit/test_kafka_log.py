"""Lines as Kafka 4.2's authorizer writes them under the local stack's layout."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.vault_log import KafkaDenied
from streams.audit.kafka_log import parse
from streams.audit.vault_log import MAX_TEXT, Unreadable


def line(
    name: str = "raw.demo", result: str = "Denied", identity: str = "label.demo", resource: str = "Topic"
) -> bytes:
    said = f"Principal = User:{identity} is {result} operation = READ from host = ::1 on resource = {resource}"
    rule = "for request = FETCH with resourceRefCount = 1 based on rule DefaultDeny"
    return f"1795695053426 {said}:LITERAL:{name} {rule}".encode()


def test_a_refused_request_says_who_wanted_what_of_which():
    assert parse(line()) == KafkaDenied(1795695053426, "label.demo", "READ", "Topic", "raw.demo")


def test_the_address_of_a_link_names_its_interface():
    assert parse(line().replace(b"::1", b"fe80:0:0:0:1:2:3:4%eth0")) == parse(line())


def test_what_was_allowed_is_of_no_interest():
    assert parse(line(result="Allowed")) is None


@pytest.mark.parametrize(
    "name",
    [
        "a for request = FETCH with resourceRefCount = 1 based on rule x",
        "User:ada is Denied operation = READ",
        "a\\nb",
        "",
    ],
)
def test_a_name_that_somebody_made_up_passes_for_nobody_else(name):
    said = parse(line(name, resource="Group"))
    assert isinstance(said, KafkaDenied)
    assert (said.identity, said.name) == ("label.demo", name)


def test_a_name_is_bounded():
    said = parse(line("x" * 10_000))
    assert isinstance(said, KafkaDenied)
    assert len(said.name) == MAX_TEXT


@given(st.binary(max_size=300))
def test_any_other_line_is_told_to_be_none(data):
    assert isinstance(parse(data), Unreadable)


@given(st.integers(0, 150))
def test_a_line_that_was_cut_is_told_to_be_none(length):
    assert isinstance(parse(line()[:length]), Unreadable)
