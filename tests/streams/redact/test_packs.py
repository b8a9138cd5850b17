"""The packs' regulations, point by point, through the whole redactor: as fields and as finds in free text.

Each row has the paragraph, a category that stands for it, a value, and what may be left of it (None: the field
is dropped). Sources: 45 CFR 164.514(b)(2)(i); Regulation (EU) 2016/679; PCI DSS v4.0.1; California Civil
Code 1798.140.
"""

from __future__ import annotations

import re

import pytest

from schemas.errors import Reason
from schemas.hidden import RawRecord
from streams.redact.detect.custom import CustomScanner
from streams.redact.detect.find import Find, Searched
from streams.redact.offline import keys_of
from streams.redact.outcome import Dropped, Redacted
from streams.redact.redactor import redact
from streams.redact.transform.zip_codes import SPARSE
from topology.policies import load_pack, parse_policy

HEAD = "name: p\nversion: 1\nowner: someone\nreview_by: 2027-06-30\n"
KEYS = keys_of(b"k" * 32)


class Marked:
    """Finds what stands in guillemets, of the type before the colon."""

    version = data_hash = "marked"
    _MARK = re.compile(r"«([A-Z_]+):([^»]+)»")

    def is_everyday(self, _word: str) -> bool:
        return True

    is_common = is_everyday

    def search(self, texts):
        found = [[Find(m.start(2), m.end(2), m[1]) for m in self._MARK.finditer(text)] for text in texts]
        return [Searched(finds, 0.0) for finds in found]


def field(pack: str, category: str, value: str, rule: str = "") -> str | None:
    """What is left of a field of this category; None when it is dropped."""
    body = f"packs: [{pack}]\nfields: {{f: {{category: {category}{rule}}}}}\n"
    outcome = redact(RawRecord({"f": value}), parse_policy(HEAD + body, "p"), Marked(), KEYS)
    if outcome == Dropped(Reason.NOTHING_LEFT):
        return None
    assert isinstance(outcome, Redacted), outcome
    return outcome.record.fields["f"]


def found(pack: str, category: str, value: str, body: str = "") -> str:
    """What is left of a find of this category in free text."""
    policy = parse_policy(f"{HEAD}packs: [{pack}]\nfields: {{t: detect}}\n{body}", "p")
    outcome = redact(RawRecord({"t": f"so «{category}:{value}» it is"}), policy, Marked(), KEYS)
    assert isinstance(outcome, Redacted), outcome
    return outcome.record.fields["t"].removeprefix(f"so «{category}:").removesuffix("» it is")


def holds(pack: str, category: str, value: str, left: str | None) -> None:
    expected = left.format(kind=category) if left is not None else None
    assert field(pack, category, value) == expected
    assert found(pack, category, value) == (expected or "")


PLACEHOLDER = "[{kind}_1]"

HIPAA = [
    ("A", "PERSON", "Anna Quackenbush", PLACEHOLDER),
    ("A", "ORGANIZATION", "Acme Corp, her employer", PLACEHOLDER),
    ("B", "ADDRESS", "17 Tumbledown Lane", PLACEHOLDER),
    ("B", "LOCATION", "Los Angeles", "California"),
    ("B", "LOCATION", "Tumbledown County", PLACEHOLDER),
    ("B", "LOCATION", "California", "California"),
    ("B", "GEO_COORDINATES", "34.05, -118.24", PLACEHOLDER),
    ("B", "COORDINATES", "34.05, -118.24", PLACEHOLDER),
    ("B", "ZIP_CODE", "94105", "941"),
    ("B", "ZIP_CODE", "94105-1234", "941"),
    ("B", "ZIP_CODE", "03601", "000"),
    ("C", "DATE_TIME", "admitted 2019-03-12", "2019"),
    ("C", "DATE_TIME", "March 12, 2019", "2019"),
    ("C", "DATE_TIME", "March 12", PLACEHOLDER),
    ("C", "DATE_OF_BIRTH", "12/03/1984", "1984"),
    ("C", "DATE_OF_BIRTH", "12/03/1930", "1937 or earlier"),
    ("C", "DATE_OF_BIRTH", "12/03/27", PLACEHOLDER),
    ("C", "YEAR", "1931", "1937 or earlier"),
    ("C", "AGE", "34", "34"),
    ("C", "AGE", "89", "89"),
    ("C", "AGE", "90", "90+"),
    ("C", "AGE", "101 years old", "90+ years old"),
    ("D", "PHONE_NUMBER", "(212) 555-0143", PLACEHOLDER),
    ("E", "FAX_NUMBER", "(212) 555-0144", PLACEHOLDER),
    ("F", "EMAIL_ADDRESS", "anna@quack.example", PLACEHOLDER),
    ("G", "US_SSN", "273-11-2517", PLACEHOLDER),
    ("H", "MEDICAL_RECORD_NUMBER", "MRN 0047712", PLACEHOLDER),
    ("I", "HEALTH_PLAN_NUMBER", "H-998-1", PLACEHOLDER),
    ("I", "US_MBI", "1EG4-TE5-MK73", PLACEHOLDER),
    ("J", "US_BANK_NUMBER", "945456787654", PLACEHOLDER),
    ("J", "CREDIT_CARD", "4485360473893059", PLACEHOLDER),
    ("J", "IBAN_CODE", "DE89370400440532013000", PLACEHOLDER),
    ("K", "US_DRIVER_LICENSE", "H12234567", PLACEHOLDER),
    ("K", "US_NPI", "1245319599", PLACEHOLDER),
    ("L", "LICENSE_PLATE", "7ABC123", PLACEHOLDER),
    ("L", "VIN", "1HGCM82633A004352", PLACEHOLDER),
    ("M", "DEVICE_ID", "SN-77-0042", PLACEHOLDER),
    ("M", "MAC_ADDRESS", "00:1B:44:11:3A:B7", PLACEHOLDER),
    ("N", "URL", "https://quack.example/anna", PLACEHOLDER),
    ("O", "IP_ADDRESS", "69.196.0.85", PLACEHOLDER),
    ("P", "BIOMETRIC", "fingerprint template 8f3a", None),
    ("Q", "PHOTO", "aGVsbG8=", None),
    ("R", "NUMBER", "7781-22", PLACEHOLDER),
    ("R", "ANY_OTHER_CODE", "trial 77-B", PLACEHOLDER),
]


@pytest.mark.parametrize(("letter", "category", "value", "left"), HIPAA)
def test_hipaa_safe_harbor_leaves_of_each_identifier_what_the_rule_allows(letter, category, value, left):
    holds("hipaa-safe-harbor", category, value, left)


def test_hipaa_has_all_eighteen_identifiers_and_each_is_tested():
    letters = [paragraph.cites[-2] for paragraph in load_pack("hipaa-safe-harbor").paragraphs]
    assert letters == list("ABCDEFGHIJKLMNOPQR")
    assert {row[0] for row in HIPAA} == set(letters)


def test_hipaa_zip_codes_of_all_sparse_areas_are_000_and_of_others_are_not():
    assert {field("hipaa-safe-harbor", "ZIP_CODE", f"{prefix}55") for prefix in SPARSE} == {"000"}
    others = {f"{number:03}" for number in range(1000)} - SPARSE - {"000"}
    assert all(field("hipaa-safe-harbor", "ZIP_CODE", f"{prefix}55") == prefix for prefix in sorted(others)[::37])


@pytest.mark.parametrize("action", ["pass", "token", "generalize, to: region"])
def test_hipaa_a_policy_cannot_choose_less_than_the_rule_asks(action):
    assert field("hipaa-safe-harbor", "PERSON", "Anna", f", action: {action}") == "[PERSON_1]"
    assert (
        found("hipaa-safe-harbor", "PERSON", "Anna", f"categories: {{PERSON: {{action: {action}}}}}\n")
        == "[PERSON_1]"
    )


@pytest.mark.parametrize("action", ["token", "surrogate"])
def test_hipaa_no_code_is_derived_from_a_date_or_place(action):
    assert field("hipaa-safe-harbor", "DATE_OF_BIRTH", "1925-05-12", f", action: {action}") == "1937 or earlier"
    asked = f"- {{when: {{near: so}}, categories: {{DATE_OF_BIRTH: {action}}}}}\n"
    body = f"categories: {{DATE_OF_BIRTH: pass}}\nconditions:\n{asked}"
    assert found("hipaa-safe-harbor", "DATE_OF_BIRTH", "1925-05-12", body) == "1937 or earlier"
    assert field("hipaa-safe-harbor", "ZIP_CODE", "94105", ", action: token") == "941"


def test_hipaa_years_alone_are_searched_for_since_they_may_tell_of_an_age():
    assert (
        parse_policy(f"{HEAD}packs: [hipaa-safe-harbor]\nfields: {{t: detect}}\n", "p").detection.years == "hide"
    )


def test_hipaa_a_policy_may_choose_more():
    assert field("hipaa-safe-harbor", "DATE_TIME", "2019-03-12", ", action: mask") == "*****"


GDPR = [
    ("Article 4(1), an identifier such as a name", "PERSON", "Anna Quackenbush", PLACEHOLDER),
    ("Article 4(1), an identification number; Article 87", "PL_PESEL", "44051401359", PLACEHOLDER),
    ("Article 4(1), an identification number; Article 87", "IBAN_CODE", "DE89370400440532013000", PLACEHOLDER),
    ("Article 4(1), location data", "ADDRESS", "17 Tumbledown Lane", PLACEHOLDER),
    (
        "Article 4(1), location data, as far as a place alone points at somebody",
        "LOCATION",
        "Los Angeles",
        PLACEHOLDER,
    ),
    ("Article 4(1), an online identifier; recital 30", "IP_ADDRESS", "69.196.0.85", PLACEHOLDER),
    ("Article 4(1), an online identifier; recital 30", "EMAIL_ADDRESS", "a@quack.example", PLACEHOLDER),
    ("Article 4(1), factors specific to a person's identity", "DATE_OF_BIRTH", "1984-03-12", PLACEHOLDER),
    ("Article 4(1), factors specific to a person's economic or social identity", "TITLE", "nurse", PLACEHOLDER),
    ("Article 9(1), origin, opinions, beliefs and membership", "ETHNICITY", "Sami", "*****"),
    ("Article 9(1), origin, opinions, beliefs and membership", "POLITICAL_OPINION", "green", "*****"),
    ("Article 9(1), origin, opinions, beliefs and membership", "RELIGION", "Quaker", "*****"),
    ("Article 9(1), origin, opinions, beliefs and membership", "TRADE_UNION", "member of TU 7", "*****"),
    ("Article 9(1), genetic and biometric data", "GENETIC", "BRCA1 c.68_69del", None),
    ("Article 9(1), genetic and biometric data", "BIOMETRIC", "iris 8f3a", None),
    ("Article 9(1), health, sex life and sexual orientation", "HEALTH", "diabetes", "*****"),
    ("Article 9(1), health, sex life and sexual orientation", "SEX_LIFE", "private", "*****"),
    ("Article 9(1), health, sex life and sexual orientation", "SEXUAL_ORIENTATION", "gay", "*****"),
    ("Article 10", "CRIMINAL_RECORD", "fined 2019", "*****"),
]


@pytest.mark.parametrize(("cites", "category", "value", "left"), GDPR)
def test_gdpr_hides_each_kind_of_personal_data(cites, category, value, left):
    holds("gdpr", category, value, left)


def test_gdpr_every_paragraph_is_tested():
    assert {row[0] for row in GDPR} == {paragraph.cites for paragraph in load_pack("gdpr").paragraphs}


def test_gdpr_article_4_5_pseudonyms_are_allowed_where_key_and_mapping_are_kept_apart():
    token = field("gdpr", "PERSON", "Anna", ", action: token, scope: project")
    assert re.fullmatch(r"\[PERSON:\w{16}\]", token)
    assert field("gdpr", "PERSON", "Anna", ", action: pass") == "[PERSON_1]"


@pytest.mark.parametrize("category", ["HEALTH", "RELIGION", "ETHNICITY"])
def test_gdpr_article_9_nothing_less_than_a_mask_is_allowed(category):
    for action in ("pass", "token", "placeholder", "surrogate"):
        assert field("gdpr", category, "something", f", action: {action}") == "*****"


PCI = [
    ("3.4.1", "CREDIT_CARD", "4485 3604 7389 3059", "448536******3059"),
    ("3.4.1", "CREDIT_CARD", "378282246310005", "378282******0005"),
    ("3.4.1", "CREDIT_CARD", "448536047389", "*****"),
    ("3.3.1.1", "TRACK_DATA", "%B4485360473893059^DOE/JOHN^29011010000000000?", None),
    ("3.3.1.2", "CARD_VERIFICATION", "123", None),
    ("3.3.1.3", "PIN", "4711", None),
    ("account data, cardholder name", "PERSON", "Anna Quackenbush", PLACEHOLDER),
    ("account data, expiration date and service code", "CARD_EXPIRY", "01/29", PLACEHOLDER),
]


@pytest.mark.parametrize(("cites", "category", "value", "left"), PCI)
def test_pci_dss_masks_card_numbers_and_never_shows_authentication_data(cites, category, value, left):
    holds("pci-dss", category, value, left)


def test_pci_dss_every_paragraph_is_tested():
    assert {row[0] for row in PCI} == {paragraph.cites for paragraph in load_pack("pci-dss").paragraphs}


@pytest.mark.parametrize(
    ("text", "category"),
    [
        ("cvv 123", "CARD_VERIFICATION"),
        ("CVC2: 1234", "CARD_VERIFICATION"),
        ("the security code is 123", "CARD_VERIFICATION"),
        ("card security number 123", "CARD_VERIFICATION"),
        ("my PIN is 4711", "PIN"),
        ("pin code: 471100", "PIN"),
        ("pin block 0412AC89ABCDEF67", "PIN"),
        ("%B4485360473893059^DOE/JOHN^29011010000000000?", "TRACK_DATA"),
        (";4485360473893059=29011010000000000?", "TRACK_DATA"),
    ],
)
def test_pci_dss_authentication_data_is_found_in_free_text(text, category):
    policy = parse_policy(f"{HEAD}packs: [pci-dss]\nfields: {{t: detect}}\n", "p")
    finds = CustomScanner(policy.detection).find(text)
    assert category in {find.entity_type for find in finds}
    assert policy.action_for(category) == "drop"


@pytest.mark.parametrize("text", ["social security number 273-11-2517", "pin it on 2019-03-12", "a pint 4711"])
def test_pci_dss_other_numbers_are_not_taken_for_authentication_data(text):
    policy = parse_policy(f"{HEAD}packs: [pci-dss]\nfields: {{t: detect}}\n", "p")
    assert CustomScanner(policy.detection).find(text) == []


def test_pci_dss_whole_numbers_pass_under_no_policy():
    for action in ("pass", "{action: generalize, to: range, step: 1000000000}"):
        left = found("pci-dss", "CREDIT_CARD", "4485360473893059", f"categories: {{CREDIT_CARD: {action}}}\n")
        assert "360473" not in left
    assert field("pci-dss", "CREDIT_CARD", "4485360473893059", ", action: mask") == "*****"


CCPA = [
    ("1798.140(v)(1)(A)", "PERSON", "Anna Quackenbush", PLACEHOLDER),
    ("1798.140(v)(1)(A)", "ADDRESS", "17 Tumbledown Lane", PLACEHOLDER),
    ("1798.140(v)(1)(A)", "IP_ADDRESS", "69.196.0.85", PLACEHOLDER),
    ("1798.140(v)(1)(B), by 1798.80(e)", "PHONE_NUMBER", "(212) 555-0143", PLACEHOLDER),
    ("1798.140(v)(1)(B), by 1798.80(e)", "INSURANCE_NUMBER", "POL-77", PLACEHOLDER),
    ("1798.140(v)(1)(C)", "AGE", "34", PLACEHOLDER),
    ("1798.140(v)(1)(D)", "PURCHASE_HISTORY", "three lamps", "*****"),
    ("1798.140(v)(1)(E)", "BIOMETRIC", "gait 8f3a", None),
    ("1798.140(v)(1)(F)", "BROWSING_HISTORY", "looked at lamps", "*****"),
    ("1798.140(v)(1)(G)", "LOCATION", "Los Angeles", PLACEHOLDER),
    ("1798.140(v)(1)(H)", "AUDIO", "aGVsbG8=", None),
    ("1798.140(v)(1)(I)", "TITLE", "nurse", PLACEHOLDER),
    ("1798.140(v)(1)(J)", "EDUCATION", "failed algebra", "*****"),
    ("1798.140(v)(1)(K)", "INFERENCE", "likely to move", "*****"),
    ("1798.140(v)(1)(L)", "SENSITIVE", "whatever it is", "*****"),
    ("1798.140(ae)(1)(A)", "US_SSN", "273-11-2517", PLACEHOLDER),
    ("1798.140(ae)(1)(A)", "US_PASSPORT", "912803456", PLACEHOLDER),
    ("1798.140(ae)(1)(B)", "PASSWORD", "hunter2", None),
    ("1798.140(ae)(1)(B)", "US_BANK_NUMBER", "945456787654", PLACEHOLDER),
    ("1798.140(ae)(1)(C)", "GEO_COORDINATES", "34.05, -118.24", PLACEHOLDER),
    ("1798.140(ae)(1)(D)", "IMMIGRATION_STATUS", "visa pending", "*****"),
    ("1798.140(ae)(1)(E)", "PRIVATE_MESSAGE", "see you at nine", None),
    ("1798.140(ae)(1)(F)", "GENETIC", "BRCA1", None),
    ("1798.140(ae)(1)(G)", "NEURAL", "EEG 8f3a", None),
    ("1798.140(ae)(2)", "HEALTH", "diabetes", "*****"),
]


@pytest.mark.parametrize(("cites", "category", "value", "left"), CCPA)
def test_ccpa_hides_each_kind_of_personal_information(cites, category, value, left):
    holds("ccpa", category, value, left)


def test_ccpa_every_paragraph_is_tested():
    assert {row[0] for row in CCPA} == {paragraph.cites for paragraph in load_pack("ccpa").paragraphs}
