from __future__ import annotations

import pytest


@pytest.mark.parametrize(
    "value",
    [
        "1600 Pennsylvania Avenue",
        "22b baker street",
        "Abbey Road",
        "5th Avenue",
        "12 Rue de la Paix",
        "rue de Rivoli 4",
        "Calle de Alcala 45",
        "Via Garibaldi 23",
        "Hauptstraße 5",
        "Berliner Straße 12a",
        "Kungsgatan 12",
        "Vesterbrogade 3A",
        "Prinsengracht 263",
        "van der Dussenstraat 12",
        "ul. Marszalkowska 10",
        "Avenida Paulista 1578",
        "corner of Fifth Avenue and Main Street",
        "5th and Main",
        "Broadway and 42nd",
    ],
)
def test_streets_and_crossings_are_hidden_whole(covers, value):
    assert covers(f"it is at {value}, you know", value)


@pytest.mark.parametrize(
    "text",
    [
        "on the way to the point",
        "it took second place in 1954",
        "3 minutes walk away",
        "the 1st and 2nd box",
        "during 12 days",
        "bring 5 boxes",
        "via email",
        "we place 4 orders",
    ],
)
def test_words_that_are_streets_elsewhere_stay(found, text):
    assert "ADDRESS" not in {kind for _, kind in found(text)}
