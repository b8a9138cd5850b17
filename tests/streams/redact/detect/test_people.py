from __future__ import annotations

import pytest


@pytest.mark.parametrize(
    ("text", "value", "kind"),
    [
        ("ask Mr. Trevor McDonald now", "Mr. Trevor McDonald", "PERSON"),
        ("ask mr. fowler now", "fowler", "PERSON"),
        ("Frau Müller kam", "Frau Muller", "PERSON"),
        ("dr. okonkwo said", "okonkwo", "PERSON"),
        ("a 34-year-old man", "34-year-old", "AGE"),
        ("aged 7 and more", "7", "AGE"),
        ("I'm 82.", "82", "AGE"),
        ("she is 45 years of age", "45 years of age", "AGE"),
        ("a six-year-old girl", "six-year-old", "AGE"),
        ("two Germans came", "Germans", "NRP"),
        ("an american friend", "american", "NRP"),
        ("the Ukrainian, who", "Ukrainian", "NRP"),
        ("Jane Doe\nFood cooking machine operator\nAcme", "Food cooking machine operator", "TITLE"),
        ("Jane, the Gas furnace installer, said", "Gas furnace installer", "TITLE"),
        ("she works as a dental nurse at home", "dental nurse", "TITLE"),
        ("Occupation: welder.", "welder", "TITLE"),
    ],
)
def test_what_says_something_of_a_person_is_found(found, text, value, kind):
    assert (value, kind) in found(text)


@pytest.mark.parametrize(
    "text",
    [
        "I'm 100 % sure",
        "it turned 180 degrees",
        "he is 5 minutes late",
        "polish the table, finish it",
        "the manager of the shop",
        "a thai",
        "the driver was late",
        "Thailand is far",
    ],
)
def test_everyday_speech_stays(found, text):
    assert not {kind for _, kind in found(text)} & {"AGE", "NRP", "TITLE"}
