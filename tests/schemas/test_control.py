from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.control import (
    MAX_FREEZE_BYTES,
    ControlKind,
    Freezable,
    Freeze,
    FreezeReason,
    RevocationReason,
    control_message,
    freeze_body,
    lift_body,
    read_freeze,
    read_lift,
    read_revocation,
    readmitted_person,
    revocation_body,
    revoked_person,
    withdrawn_task,
)


@given(st.sets(st.sampled_from(Freezable), min_size=1), st.sampled_from(FreezeReason))
def test_a_freeze_is_read_as_it_was_written(stages, reason):
    body = freeze_body(stages, reason)
    assert read_freeze(body) == Freeze(frozenset(stage.value for stage in stages), reason.value)
    assert len(body) < MAX_FREEZE_BYTES


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{}",
        b'{"reason":"leak"}',
        b'{"reason":"resumed","stages":[]}',
        b'{"reason":"leak","stages":"redact"}',
        b'{"reason":"leak","stages":[1]}',
        b'{"reason":"Jane Doe\'s record","stages":["redact"]}',
        b'{"reason":"leak","stages":["redact"],"more":1}',
        b"[" * 100_000,
    ],
)
def test_other_bytes_are_no_freeze(body):
    assert read_freeze(body) is None


@given(st.binary(max_size=100))
def test_any_bytes_are_read_or_refused_and_never_raise(body):
    assert read_freeze(body) is None or body.startswith(b"{")


def test_no_part_of_a_control_record_can_move_into_another():
    messages = {
        control_message("a/b", 1, ControlKind.FREEZE, b"x"),
        control_message("a", 1, "b" + ControlKind.FREEZE, b"x"),
        control_message("a/b", 11, ControlKind.FREEZE, b""),
        control_message("a/b", 1, ControlKind.FREEZE, b"xx"),
    }
    assert len(messages) == 4


def test_only_a_withdrawal_of_the_project_names_a_task():
    assert withdrawn_task("withdraw/demo/t1/olga", "demo") == "t1"
    assert withdrawn_task("withdraw/other/t1/olga", "demo") is None
    assert withdrawn_task("freeze/demo/olga", "demo") is None


@pytest.mark.parametrize("reason", RevocationReason)
def test_a_revocation_is_read_as_it_was_written(reason):
    assert read_revocation(revocation_body(reason)) == reason.value


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"reason":1}', b'{"reason":"a","b":1}', b"[" * 100_000])
def test_other_bytes_are_no_revocation(body):
    assert read_revocation(body) is None


def test_only_a_revocation_of_the_project_names_whom_it_shuts_out():
    assert revoked_person("revoke/demo/ann/olga", "demo") == "ann"
    assert revoked_person("revoke/demo/ann", "demo") == "ann"
    assert revoked_person("revoke/other/ann", "demo") is None
    assert revoked_person("reinstate/demo/ann", "demo") is None


@pytest.mark.parametrize("version", [1, 7, 2**53, 2**62])
def test_a_lift_says_up_to_which_version(version):
    assert read_lift(lift_body(version)) == version


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        b"7",
        b'{"version":0}',
        b'{"version":true}',
        b'{"version":"7"}',
        b'{"version":7,"more":1}',
        b'{"version":9223372036854775807}',  # keeper's next freeze would be no Avro long any more
        b"[" * 99,
    ],
)
def test_what_is_no_lift_is_none(body):
    assert read_lift(body) is None
    assert read_lift(lift_body(7) + b" " * 100) is None


@pytest.mark.parametrize(
    ("key", "person"),
    [
        ("readmit/demo/ann-1/olga", "ann-1"),
        ("readmit/demo/ann-1", "ann-1"),
        ("readmit/other/ann-1/olga", None),
        ("withdraw/demo/ann-1/olga", None),
        ("readmit/demo", None),
        ("readmit/demo/", None),
    ],
)
def test_whom_a_key_readmits(key, person):
    assert readmitted_person(key, "demo") == person
