"""Whose names there are: for each culture its given and family names, how they are put together, and how often."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Literal

from streams.redact.training.synthetic.romanised import romanised
from streams.redact.training.synthetic.words import family_names, given_names, words

Order = Literal["western", "double", "eastern", "patronymic", "joined"]


@dataclass(frozen=True, slots=True)
class Culture:
    """`weight` is relative; `native` says that the names are not in Latin letters."""

    name: str
    weight: int
    order: Order
    given: tuple[str, ...]
    family: tuple[str, ...]
    native: bool = False


# English-language texts hold English names first, so these weigh about a third of all.
_FAKER_LATIN: tuple[tuple[str, int, Order], ...] = (
    ("en_US", 22, "western"), ("en_GB", 12, "western"), ("en_IE", 5, "western"), ("en_NZ", 4, "western"),
    ("en_IN", 6, "western"), ("en_PK", 3, "western"), ("en_NG", 1, "western"), ("en_KE", 2, "western"),
    ("de_DE", 5, "western"), ("de_AT", 2, "western"), ("de_CH", 2, "western"), ("fr_FR", 5, "western"),
    ("fr_BE", 1, "western"), ("es_ES", 4, "double"), ("es_MX", 3, "double"), ("es_AR", 1, "double"),
    ("es_CA", 1, "double"), ("es_CO", 1, "double"), ("it_IT", 4, "western"), ("pt_BR", 3, "double"),
    ("pt_PT", 1, "double"), ("nl_NL", 3, "western"), ("nl_BE", 2, "western"), ("da_DK", 2, "western"),
    ("no_NO", 2, "western"), ("sv_SE", 2, "western"), ("fi_FI", 2, "western"), ("et_EE", 1, "western"),
    ("lv_LV", 1, "western"), ("lt_LT", 1, "western"), ("cs_CZ", 2, "western"), ("sk_SK", 2, "western"),
    ("sl_SI", 1, "western"), ("hr_HR", 2, "western"), ("hu_HU", 2, "eastern"), ("ro_RO", 1, "western"),
    ("tr_TR", 2, "western"), ("az_AZ", 1, "western"), ("uz_UZ", 1, "western"), ("ga_IE", 1, "western"),
    ("id_ID", 1, "western"), ("tw_GH", 1, "western"), ("yo_NG", 1, "western"), ("ig_NG", 1, "western"),
    ("ha_NG", 1, "western"), ("zu_ZA", 1, "western"), ("sw", 1, "western"), ("vi_VN", 1, "eastern"),
)  # fmt: skip
_FAKER_ROMANISED: tuple[tuple[str, int, Order], ...] = (
    ("ru_RU", 3, "patronymic"), ("uk_UA", 2, "western"), ("bg_BG", 1, "western"), ("el_GR", 2, "western"),
)  # fmt: skip
_FAKER_NATIVE: tuple[tuple[str, Order], ...] = (
    ("ru_RU", "patronymic"), ("uk_UA", "western"), ("el_GR", "western"), ("ar_AA", "western"),
    ("he_IL", "western"), ("ja_JP", "joined"), ("zh_CN", "joined"), ("zh_TW", "joined"), ("ko_KR", "joined"),
    ("hi_IN", "western"), ("th_TH", "western"), ("ka_GE", "western"), ("hy_AM", "western"), ("fa_IR", "western"),
    ("bn_BD", "western"),
)  # fmt: skip
_OWN: tuple[tuple[str, int, Order], ...] = (
    ("chinese", 5, "eastern"), ("korean", 3, "eastern"), ("arabic", 5, "western"), ("persian", 1, "western"),
    ("hebrew", 2, "western"), ("thai", 1, "western"), ("indonesian", 1, "western"), ("polynesian", 1, "western"),
    ("african", 3, "western"),
)  # fmt: skip


@cache
def cultures() -> tuple[Culture, ...]:
    """All in Latin letters."""
    faker = (
        Culture(locale, weight, order, given_names(locale), family_names(locale))
        for locale, weight, order in _FAKER_LATIN
    )
    own = (
        Culture(name, weight, order, words(f"given_{name}"), words(f"family_{name}"))
        for name, weight, order in _OWN
    )
    return (*faker, *own, *_romanised(), *_special())


@cache
def native_cultures() -> tuple[Culture, ...]:
    """All in other letters."""
    return tuple(
        Culture(locale, 1, order, given_names(locale), family_names(locale), native=True)
        for locale, order in _FAKER_NATIVE
    )


def _romanised() -> Iterable[Culture]:
    for locale, weight, order in _FAKER_ROMANISED:
        given, family = given_names(locale), family_names(locale)
        yield Culture(locale, weight, order, tuple(map(romanised, given)), tuple(map(romanised, family)))


def _special() -> Iterable[Culture]:
    """Without a list in Faker: Icelanders are named after a parent, Polish and Japanese names are made by rule."""
    icelandic = given_names("is_IS")
    fathers = tuple(f"{name.rstrip('aiu')}s{ending}" for name in icelandic[::7] for ending in ("son", "dóttir"))
    yield Culture("is_IS", 2, "western", icelandic, fathers)
    yield Culture("pl_PL", 3, "western", given_names("pl_PL"), words("family_polish"))
    from faker.providers.person.ja_JP import Provider  # noqa: PLC0415 - its lists are named unlike others

    given = tuple(str(name) for name in Provider.first_romanized_names)
    yield Culture("ja_romanised", 4, "eastern", given, tuple(str(name) for name in Provider.last_romanized_names))
