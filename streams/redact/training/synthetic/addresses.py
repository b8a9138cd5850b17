"""Postal addresses as 46 countries write them, on one line or several, whole or in pieces."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from random import Random

from streams.redact.training.synthetic.places import city, family_name, invented_place, street
from streams.redact.training.synthetic.words import chance, localities, one_of, pick, shaped, words


@dataclass(frozen=True, slots=True)
class Layout:
    """`lines` use {street} {no} {unit} {zip} {city} {state}; `streets` use {} for a name; `zips` are shapes."""

    country: str
    streets: tuple[str, ...]
    zips: tuple[str, ...]
    lines: tuple[str, ...]
    states: tuple[str, ...]
    units: tuple[str, ...]


_COMMON_ZIPS = ("#####", "#####", "#####-####", "@# #@@", "@## #@@", "@@# #@@", "@@## #@@", "@#@ #@@")


@cache
def layouts() -> tuple[Layout, ...]:
    """Read from `words/address_layouts.txt`: fields are separated by tabs, alternatives by bars."""
    rows = (line.split("\t") for line in words("address_layouts"))
    return tuple(Layout(country, *(tuple(field.split("|")) for field in fields)) for country, *fields in rows)


def address(rng: Random) -> str:
    """A whole address, its lines joined by commas or line breaks."""
    layout = _layout(rng, 0.7)
    lines = _lines(rng, layout)
    if chance(rng, 0.07):
        lines[:-1] = [special(rng)]
    if chance(rng, 0.25):
        lines.append(layout.country)
    return pick(rng, (", ", ", ", ", ", "\n", "\n ", " ", ",\n")).join(lines)


def street_address(rng: Random) -> str:
    """House number and street."""
    if chance(rng, 0.08):
        return special(rng)
    layout = _layout(rng, 0.5)
    return _filled(rng, layout, tuple(line for line in layout.lines if "{street}" in line) or layout.lines)[0]


def street_name(rng: Random) -> str:
    return _street(rng, pick(rng, layouts())) if chance(rng, 0.5) else street(rng)


def postcode(rng: Random) -> str:
    return shaped(rng, pick(rng, pick(rng, layouts()).zips if chance(rng, 0.6) else _COMMON_ZIPS))


def special(rng: Random) -> str:
    """P.O. boxes, corners, rural routes, military and named-house addresses."""
    return one_of(rng, (3, _box), (3, _corner), (1, _ship), (1, _house_with_a_name))


def _box(rng: Random) -> str:
    return shaped(rng, pick(rng, words("address_boxes"))).replace("\\n", "\n")


def _corner(rng: Random) -> str:
    start, between = pick(rng, ("corner of ", "the corner of ", "")), pick(rng, ("and", "&", "at"))
    return f"{start}{street(rng)} {between} {street(rng)}"


def _ship(rng: Random) -> str:
    return f"USNV {family_name(rng)}\nFPO {pick(rng, ('AE', 'AP', 'AA'))} {shaped(rng, '#####')}"


def _house_with_a_name(rng: Random) -> str:
    return f"{invented_place(rng)} {pick(rng, ('House', 'Lodge', 'Farm', 'Cottage', 'Barn'))}, {street(rng)}"


def _layout(rng: Random, share_of_all: float) -> Layout:
    """Any country's, or else one of the first eight, which speak English."""
    return pick(rng, layouts() if chance(rng, share_of_all) else layouts()[:8])


def _lines(rng: Random, layout: Layout) -> list[str]:
    return _filled(rng, layout, layout.lines)


def _filled(rng: Random, layout: Layout, lines: tuple[str, ...]) -> list[str]:
    needs_unit = any("{unit}" in line and "{unit}" not in line[:6] + line[-6:] for line in lines)
    has_unit = needs_unit or lines[0].endswith("-{unit}") or chance(rng, 0.6)
    parts = {
        "street": _street(rng, layout),
        "no": _house(rng),
        "unit": shaped(rng, pick(rng, layout.units)) if has_unit else "",
        "zip": shaped(rng, pick(rng, layout.zips)),
        "city": city(rng),
        "state": pick(rng, layout.states),
    }
    return [filled for line in lines if (filled := line.format(**parts).strip(" ,-/"))]


def _street(rng: Random, layout: Layout) -> str:
    pattern = pick(rng, layout.streets)
    if not pattern:
        return street(rng)
    if layout.country in _LISTED and chance(rng, 0.5):
        locale, attribute, form = _LISTED[layout.country]
        return form.format(pick(rng, localities(locale, attribute)))
    name = one_of(rng, (6, family_name), (4, invented_place))
    return "".join(str(rng.randrange(1, 10)) if letter == "#" else letter for letter in pattern.format(name))


_LISTED = {"Polska": ("pl_PL", "streets", "ul. {}"), "Danmark": ("da_DK", "street_names", "{}")}


def _house(rng: Random) -> str:
    number = str(rng.randrange(1, 130) if chance(rng, 0.6) else rng.randrange(100, 9900))
    return f"{number}{pick(rng, _ADDITIONS)}" if chance(rng, 0.07) else number


_ADDITIONS = ("a", "b", "A", "B", "-3", "/2", " bis", "½")
