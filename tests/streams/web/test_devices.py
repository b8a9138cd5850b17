from __future__ import annotations

import pytest

from streams.web.devices import MAX_DEVICES, devices_of


@pytest.mark.parametrize(
    ("claim", "devices"),
    [
        ("managed", {"managed"}),
        (["managed", "desk-7.berlin"], {"managed", "desk-7.berlin"}),
        ([], set()),
        (None, set()),
        ("", set()),
        ("a b", set()),
        ("é", set()),
        ("x" * 65, set()),
        (7, set()),
        (True, set()),
        ({"managed": True}, set()),
        (["managed", 7], set()),
        (["managed", ["kiosk"]], set()),
        (["managed", "a\nb"], set()),
        ([f"d{one}" for one in range(MAX_DEVICES + 1)], set()),
    ],
)
def test_claim_names_devices_or_says_nothing(claim, devices):
    assert devices_of(claim) == devices
