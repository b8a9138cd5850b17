from __future__ import annotations

import pytest

from schemas.control import ControlKind
from topology.control_key import ControlKey, parse_key, policy_version

TASK = "0" * 31 + "a"


@pytest.mark.parametrize(
    ("text", "key", "concern"),
    [
        (
            f"withdraw/demo/{TASK}/label.demo",
            ControlKey(ControlKind.WITHDRAW, "demo", TASK, "label.demo"),
            f"withdraw/demo/{TASK}",
        ),
        ("minimum/demo/12/ada", ControlKey(ControlKind.MINIMUM, "demo", "12", "ada"), "minimum/demo/12"),
        (
            "minimum/demo/1000000/ada",
            ControlKey(ControlKind.MINIMUM, "demo", "1000000", "ada"),
            "minimum/demo/1000000",
        ),
        ("freeze/demo/olga", ControlKey(ControlKind.FREEZE, "demo", "", "olga"), "freeze/demo"),
        (
            "lift/demo/keeper.demo/olga",
            ControlKey(ControlKind.LIFT, "demo", "keeper.demo", "olga"),
            "lift/demo/keeper.demo",
        ),
        ("lift/demo/olga/grace", ControlKey(ControlKind.LIFT, "demo", "olga", "grace"), "lift/demo/olga"),
        (
            "readmit/demo/ann-1/olga",
            ControlKey(ControlKind.READMIT, "demo", "ann-1", "olga"),
            "readmit/demo/ann-1",
        ),
        ("revoke/demo/ann-1/olga", ControlKey(ControlKind.REVOKE, "demo", "ann-1", "olga"), "revoke/demo/ann-1"),
        (
            "reinstate/demo/ann-1/olga",
            ControlKey(ControlKind.REINSTATE, "demo", "ann-1", "olga"),
            "reinstate/demo/ann-1",
        ),
        (
            f"grant/demo/{'e' * 64}/rita",
            ControlKey(ControlKind.GRANT, "demo", "e" * 64, "rita"),
            f"grant/demo/{'e' * 64}",
        ),
        ("reredact/demo/olga", ControlKey(ControlKind.REREDACT, "demo", "", "olga"), "reredact/demo"),
    ],
)
def test_keys_are_taken_apart_and_put_together(text, key, concern):
    assert parse_key(text) == key
    assert (str(key), key.concern) == (text, concern)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "withdraw",
        f"withdraw/demo/{TASK}",
        f"withdraw/demo/{TASK}/olga/more",
        f"withdraw/demo/{TASK[:-1]}/olga",
        f"melt/demo/{TASK}/olga",
        "freeze/demo/x/olga",
        "freeze/demo/",
        "freeze//olga",
        "minimum/demo/0/ada",
        "minimum/demo/01/ada",
        "minimum/demo/1000001/ada",
        "minimum/demo/9999999/ada",
        "minimum/demo/ada",
        "lift/demo/a.b.c/grace",
        "lift/demo/keeper.demo",
        "readmit/demo/label.demo/olga",
        "revoke/demo/label.demo/olga",
        "revoke/ann/olga",
        "reinstate/demo/olga",
        "reredact/demo/1/olga",
    ],
)
def test_what_is_no_key_of_control_is_none(text):
    assert parse_key(text) is None


@pytest.mark.parametrize(
    ("body", "version"),
    [
        (b'{"version":1}', 1),
        (b'{"version":1000000}', 1_000_000),
        (b'{"version":1000001}', None),
        (b'{"version":0}', None),
        (b'{"version":true}', None),
        (b'{"version":"1"}', None),
        (b'{"version":1.5}', None),
        (b'{"version":' + b"9" * 5000 + b"}", None),
        (b"[" * 100_000, None),
        (b"[]", None),
        (b"\xff", None),
    ],
)
def test_a_body_gives_a_version_that_a_policy_may_have_or_none(body, version):
    assert policy_version(body) == version
