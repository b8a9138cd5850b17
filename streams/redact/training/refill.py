"""New texts from annotated ones: other values in the same places, other case, typing errors, other spacing."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from importlib import resources
from random import Random

from streams.redact.training.corpus import Example, Span
from streams.redact.transform.fakers import faker_of

Pools = dict[str, list[str]]
_LOCALES = (
    "en_US", "en_GB", "en_IN", "de_DE", "fr_FR", "es_ES", "es_MX", "it_IT", "nl_NL", "pt_BR", "pl_PL", "sv_SE",
    "no_NO", "da_DK", "fi_FI", "cs_CZ", "ro_RO", "hu_HU", "tr_TR", "hr_HR", "id_ID", "vi_VN", "ga_IE", "sk_SK",
    "sl_SI",
)  # fmt: skip
_PER_LOCALE = 60
_APART = re.compile(r"(\w)([.,!?;:)])(?=\s|$)|([(])(\w)")
_TOGETHER = re.compile(r" ([.,!?;:)])")


def pools(examples: Iterable[Example], seed: int) -> Pools:
    """Values by class: of the examples themselves, of the invented identities and of Faker's locales."""
    values: dict[str, list[str]] = defaultdict(list)
    for one in examples:
        for start, end, kind in one.spans:
            values[kind].append(one.text[start:end])
    _add_identities(values)
    _add_faker(values, seed)
    return dict(values)


def _add_identities(values: dict[str, list[str]]) -> None:
    text = resources.files("streams.redact.training").joinpath("data", "identities_a.jsonl").read_text("utf-8")
    for line in text.splitlines():
        one = json.loads(line)
        values["PERSON"] += [one["GivenName"], one["Surname"], f"{one['GivenName']} {one['Surname']}"]
        values["LOCATION"] += [one["City"], one["CountryFull"]]
        values["ORGANIZATION"].append(one["Company"])
        values["ADDRESS"] += [one["StreetAddress"], f"{one['StreetAddress']}, {one['City']} {one['ZipCode']}"]
        values["TITLE"].append(one["Occupation"])
        values["OTHER"] += [one["EmailAddress"], one["Domain"]]


def _add_faker(values: dict[str, list[str]], seed: int) -> None:
    for locale in _LOCALES:
        fake = faker_of(locale)
        fake.seed_instance(seed)
        for _ in range(_PER_LOCALE):
            given, family = fake.first_name(), fake.last_name()
            values["PERSON"] += [given, family, f"{given} {family}"]
            values["LOCATION"] += [fake.city(), fake.country() if locale.startswith("en") else fake.city()]
            values["ORGANIZATION"].append(fake.company())
            values["ADDRESS"] += [fake.street_address(), fake.address().replace("\n", ", ")]
            values["TITLE"].append(fake.job())


Change = Callable[[str, Random], str]


def rebuild(example: Example, random: Random, value_of: Callable[[str, str], str], between: Change) -> Example:
    """The text put together anew: each value by `value_of(class, value)`, what lies between by `between`."""
    pieces: list[str] = []
    spans: list[Span] = []
    position = length = 0
    for start, end, kind in example.spans:
        gap = between(example.text[position:start], random)
        value = value_of(kind, example.text[start:end])
        spans.append((length + len(gap), length + len(gap) + len(value), kind))
        pieces += [gap, value]
        length += len(gap) + len(value)
        position = end
    pieces.append(between(example.text[position:], random))
    return Example("".join(pieces), tuple(spans), example.family)


def refilled(example: Example, values: Pools, random: Random, share: float) -> Example:
    """Other values of the same class and about the same number of words in `share` of the places."""

    def value_of(kind: str, value: str) -> str:
        if kind not in values or random.random() > share:
            return value
        words = len(value.split())
        for _ in range(8):
            other = random.choice(values[kind])
            if abs(len(other.split()) - words) <= (words > 2):  # noqa: PLR2004 - longer ones may differ by one
                break
        return other if not value.islower() else other.lower()

    return rebuild(example, random, value_of, lambda gap, _: gap)


def noisy(example: Example, random: Random) -> Example:
    """Case, spacing and typing as people and programs mangle them; most texts stay as they are."""
    spacing = random.choice((_as_is, _as_is, _apart, _together, _bare))
    changed = rebuild(example, random, lambda _, value: value, spacing)
    if random.random() < 0.08:  # noqa: PLR2004
        changed = rebuild(changed, random, lambda _, value: _typo(value, random), _as_is)
    case = random.choices((str, str.lower, str.upper, str.title), (70, 15, 10, 5))[0]
    return recased(changed, case)


def recased(example: Example, case: Callable[[str], str]) -> Example:
    """The text in other case; unchanged where that would move offsets, as with `ß`."""
    text = case(example.text)
    return Example(text, example.spans, example.family) if len(text) == len(example.text) else example


def _as_is(gap: str, _: Random) -> str:
    return gap


def _apart(gap: str, _: Random) -> str:
    """Signs apart from words, as in corpora that were cut into tokens."""
    text = _APART.sub(lambda match: " ".join(group for group in match.groups() if group), gap)
    return f" {text}" if text[:1] in {".", ",", "!", "?", ";", ":", ")"} else text


def _together(gap: str, _: Random) -> str:
    """Signs joined to words again."""
    return _TOGETHER.sub(r"\1", gap).replace(" 's", "'s").replace(" n't", "n't").replace("( ", "(")


def _bare(gap: str, random: Random) -> str:
    """Commas and full stops forgotten."""
    return "".join(char for char in gap if char not in ".," or random.random() < 0.3)  # noqa: PLR2004


def _typo(value: str, random: Random) -> str:
    """Two neighbouring letters exchanged, or one doubled or lost."""
    if len(value) < 5:  # noqa: PLR2004 - too little would be left
        return value
    at = random.randrange(1, len(value) - 2)
    return random.choice(
        (
            value[:at] + value[at + 1] + value[at] + value[at + 2 :],
            value[:at] + value[at] + value[at:],
            value[:at] + value[at + 1 :],
        )
    )


def copies(
    examples: Sequence[Example], values: Pools, random: Random, counts: Mapping[str, int], share: float
) -> list[Example]:
    """The examples, and changed copies of each: as many as `counts` says for its family."""
    changed = [
        noisy(refilled(one, values, random, share), random) for one in examples for _ in range(counts[one.family])
    ]
    return [*examples, *changed]
