from __future__ import annotations

import pytest


@pytest.mark.parametrize(
    "value",
    [
        "P.O. Box 1234",
        "PO Box 99",
        "Postfach 10 20 30",
        "Boîte postale 45",
        "Apartado de Correos 567",
        "Caixa Postal 8877",
        "Postbus 1234",
        "Apt. 4B",
        "Suite 1200",
        "Unit 7",
        "PSC 3",
        "APO AE 09021",
        "CA 94107",
        "94107-1234",
        "K1A 0B1",
        "SW1A 1AA",
        "1012 AB",
        "D-10115 Berlin",
        "75001 Paris",
        "00-950 Warszawa",
        "3610-345 Lisboa",
    ],
)
def test_units_boxes_and_postcodes_are_hidden_whole(covers, value):
    assert covers(f"send it to {value}, please", value)


@pytest.mark.parametrize(
    "text", ["in 2001 UK sales fell", "three boxes on the 2nd floor", "a flat tyre", "level of detail"]
)
def test_words_and_years_stay(found, text):
    assert "ADDRESS" not in {kind for _, kind in found(text)}
