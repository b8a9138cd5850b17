import re
from random import Random

import pytest

from streams.redact.training.synthetic.checksums import iban_check, luhn, verhoeff
from streams.redact.training.synthetic.identifiers import NATIONAL, card, iban
from streams.redact.training.synthetic.moments import date
from streams.redact.training.synthetic.people import invented_name, person, read_identities
from streams.redact.training.synthetic.pools import Pools
from streams.redact.training.synthetic.romanised import romanised
from streams.redact.training.synthetic.slots import SLOTS


@pytest.fixture
def random() -> Random:
    return Random(11)


def test_luhn_of_a_published_example():
    assert luhn("7992739871") == "3"


def test_iban_of_a_published_example():
    assert iban_check("GB", "WEST12345698765432") == "82"


def test_verhoeff_of_a_published_example():
    assert verhoeff("236") == "3"


def test_most_cards_and_ibans_pass_their_checks_and_some_do_not(random):
    numbers = [re.sub(r"\W", "", card(random)) for _ in range(400)]
    valid = sum(luhn(number[:-1]) == number[-1] for number in numbers)
    assert 340 < valid < 400
    accounts = [iban(random).replace(" ", "") for _ in range(400)]
    assert 340 < sum(iban_check(text[:2], text[4:]) == text[2:4] for text in accounts) < 400


@pytest.mark.parametrize("kind", sorted(NATIONAL))
def test_identifiers_hold_digits_and_nothing_left_of_their_shape(kind, random):
    values = [NATIONAL[kind](random) for _ in range(20)]
    assert all(re.search(r"\d", value) and not re.search(r"[#@*^?~|]", value) for value in values)


@pytest.mark.parametrize("slot", sorted(name for name, kind in SLOTS.items() if kind.cast is None))
def test_every_slot_has_values_none_of_them_blank(slot, random):
    make = SLOTS[slot].make
    assert make
    assert all(make(random).strip() for _ in range(50))


def test_every_form_of_every_cast_is_filled():
    pools = Pools(2, ())
    for name, kind in SLOTS.items():
        if kind.cast:
            assert all(forms[name].strip() for forms in pools.cast(kind.cast)[:500])


def test_values_do_not_depend_on_which_slot_is_asked_first():
    one, other = Pools(4, ()), Pools(4, ())
    first = one.values("CITY"), one.values("TEAM")
    assert (other.values("TEAM"), other.values("CITY")) == first[::-1]


def test_a_person_has_one_name_in_all_forms(random):
    for _ in range(200):
        forms = person(random, (("Marie", "Hamanová"),))
        assert forms["LASTFIRST"].startswith(f"{forms['LAST']}, {forms['FIRST']}")
        assert forms["SHORTFORM"].startswith(forms["FIRST"][0])
        assert forms["HANDLE"].startswith("@")
        assert re.fullmatch(r"\S+@\S+\.\w+", forms["EMAIL"])


def test_dates_are_written_in_many_forms(random):
    shapes = {re.sub(r"\w", "x", date(random)) for _ in range(500)}
    assert len(shapes) > 30


def test_invented_names_start_with_a_capital(random):
    assert all(invented_name(random, "family_endings")[0].isupper() for _ in range(100))


def test_cyrillic_and_greek_names_become_latin():
    assert romanised("Щербакова") == "Shcherbakova"
    assert romanised("Παπαδόπουλος") == "Papadopulos"


def test_without_a_file_there_are_no_identities():
    assert read_identities(None) == ()
