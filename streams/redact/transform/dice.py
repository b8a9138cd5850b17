"""What a surrogate is drawn with: numbers and Faker, both from one seed."""

from __future__ import annotations

from functools import cache
from random import Random

from faker import Faker

from streams.redact.transform.fakers import faker_of

_LOCALES = {
    "ar": "ar_SA",
    "bg": "bg_BG",
    "cs": "cs_CZ",
    "da": "da_DK",
    "de": "de_DE",
    "el": "el_GR",
    "en": "en_US",
    "es": "es_ES",
    "fa": "fa_IR",
    "fi": "fi_FI",
    "fr": "fr_FR",
    "he": "he_IL",
    "hi": "hi_IN",
    "hr": "hr_HR",
    "hu": "hu_HU",
    "id": "id_ID",
    "it": "it_IT",
    "ja": "ja_JP",
    "ko": "ko_KR",
    "lt": "lt_LT",
    "nb": "no_NO",
    "nl": "nl_NL",
    "no": "no_NO",
    "pl": "pl_PL",
    "pt": "pt_PT",
    "ro": "ro_RO",
    "ru": "ru_RU",
    "sk": "sk_SK",
    "sl": "sl_SI",
    "sv": "sv_SE",
    "th": "th_TH",
    "tr": "tr_TR",
    "uk": "uk_UA",
    "vi": "vi_VN",
    "zh": "zh_CN",
}


class Dice:
    """Draws for one value. `shift` is the same for all values of a record, so that intervals stay."""

    __slots__ = ("_seed", "language", "random", "shift")

    def __init__(self, seed: int, record: int, language: str) -> None:
        self._seed = seed
        self.random = Random(seed)  # noqa: S311 - the seed is a keyed hash, the rest only spreads it
        self.shift = record
        self.language = language

    def fake(self, language: str | None = None) -> Faker:
        """Faker in `language`, else the policy's, seeded."""
        fake = _faker(_LOCALES.get(language or self.language, "en_US"))
        fake.seed_instance(self._seed)
        return fake

    def other(self, choices: str, but: str) -> str:
        """One of `choices` that is not `but`."""
        return self.random.choice([choice for choice in choices if choice != but])


@cache
def _faker(locale: str) -> Faker:
    return faker_of(locale, use_weighting=False)
