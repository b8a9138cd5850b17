from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.redact.detect.national_checks import NATIONAL_CHECKS
from streams.redact.detect.national_ids import national_id_forms

# Examples that authorities and handbooks print.
PUBLISHED = [
    ("AE_EMIRATES_ID", "784-1979-1234567-1", None),
    ("AR_CUIT", "20-12345678-6", True),
    ("AT_SOCIAL_SECURITY", "1237 010180", True),
    ("BE_NATIONAL_NUMBER", "85.07.30-033.28", True),
    ("BG_EGN", "6101057509", True),
    ("BR_CNPJ", "11.222.333/0001-81", True),
    ("BR_CPF", "529.982.247-25", True),
    ("CA_SIN", "130 692 544", True),
    ("CH_AHV", "756.9217.0769.85", True),
    ("CL_RUT", "12.345.678-5", True),
    ("CN_RESIDENT_ID", "11010519491231002X", True),
    ("CZ_BIRTH_NUMBER", "736028/5163", True),
    ("DE_HEALTH_INSURANCE", "A123456780", True),
    ("DE_ID_CARD", "L01X00T44", True),
    ("DE_LANR", "123456601", True),
    ("DE_SOCIAL_SECURITY", "15070649C103", True),
    ("DE_TAX_ID", "86095742719", True),
    ("DK_CPR", "211062-5629", True),
    ("EE_ISIKUKOOD", "37605030299", True),
    ("FI_BUSINESS_ID", "2077474-0", True),
    ("FR_NIR", "2 55 08 14 168 025 38", True),
    ("FR_SIRET", "732 829 320 00074", True),
    ("GR_AFM", "094259216", True),
    ("HK_ID", "A123456(3)", True),
    ("HR_OIB", "69435151530", True),
    ("IE_PPS", "1234567T", True),
    ("IL_ID", "039337423", True),
    ("IS_KENNITALA", "120174-3399", True),
    ("JP_MY_NUMBER", "123456789018", True),
    ("MX_CURP", "HEGG560427MVZRRL04", True),
    ("NL_BSN", "111222333", True),
    ("NZ_IRD", "49-091-850", True),
    ("NZ_IRD", "136-410-132", True),
    ("PL_NIP", "123-456-32-18", True),
    ("PT_NIF", "501 442 600", True),
    ("RU_INN", "7707083893", True),
    ("RU_INN", "500100732259", True),
    ("RU_SNILS", "112-233-445 95", True),
    ("SE_PERSONNUMMER", "880320-0016", True),
    ("SI_EMSO", "0101006500006", True),
    ("TR_NATIONAL_ID", "17291716060", True),
    ("TW_ID", "A123456789", True),
    ("ZA_ID_NUMBER", "7503305044089", True),
]


@pytest.mark.parametrize(("kind", "value", "valid"), PUBLISHED)
def test_published_example_has_its_check_digit_and_is_found(found, kind, value, valid):
    if valid:
        assert NATIONAL_CHECKS[kind](value) is True
        assert (value.rstrip(")"), kind) in {(text.rstrip(")"), one) for text, one in found(f"it is {value} here")}


def test_every_check_belongs_to_a_row_and_every_row_is_reached():
    rows = national_id_forms()
    assert {one.entity_type for one in rows if one.check} == set(NATIONAL_CHECKS)
    assert len({one.name for one in rows}) == len(rows)


@pytest.mark.parametrize("recognizer", [one for one in national_id_forms() if one.check], ids=lambda one: one.name)
def test_no_match_of_a_pattern_makes_its_check_raise(recognizer):
    @given(st.from_regex(recognizer.pattern, fullmatch=True))
    def answers(value: str) -> None:
        if value.isascii():
            assert recognizer.check(value.strip()) in {True, False, None}

    answers()
