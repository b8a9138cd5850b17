from __future__ import annotations

import pytest

JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U"


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ("AKIAIOSFODNN7EXAMPLE", "API_KEY"),
        ("ghp_16C7e42F292c6912E7710c838347Ae178B4a", "API_KEY"),
        (JWT, "API_KEY"),
        ("550e8400-e29b-41d4-a716-446655440000", "UUID"),
        ("d41d8cd98f00b204e9800998ecf8427e", "HASH"),
        ("1HGCM82633A004352", "VEHICLE_ID"),
        ("490154203237518", "DEVICE_ID"),
        ("52.520008, 13.404954", "COORDINATES"),
        ("HZQ-360", "LICENSE_PLATE"),
        ("ab12cd34ef", "UNUSUAL"),
    ],
)
def test_keys_and_numbers_of_things_are_found_whole(found, value, kind):
    assert (value, kind) in found(f"it is {value} here")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("password: hunter", "hunter"),
        ("the password is Winter2024!", "Winter2024!"),
        ("CVV: 123", "123"),
        ("PIN 4711", "4711"),
        ("case no. 12-345", "12-345"),
        ("member id: A77", "A77"),
    ],
)
def test_what_a_label_names_is_found(found, text, value):
    assert value in {one for one, _ in found(text)}


@pytest.mark.parametrize(
    "text",
    ["the password is wrong", "a file of 12 pages", "ISO 216 paper", "USD 500 only", "order 15 boxes", "AD 1066"],
)
def test_words_after_a_label_stay(found, text):
    assert not {kind for _, kind in found(text)} & {"PASSWORD", "PIN", "ID", "LICENSE_PLATE"}
