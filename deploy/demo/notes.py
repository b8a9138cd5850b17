"""What customers write: templates with their labels in them, filled with the customer's own values.

In a template `<LABEL:text>` is a labeled piece and `{name}` a value; both may be nested, value in piece.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Mapping
from dataclasses import dataclass
from random import Random

from schemas.records import LabelSpan

_PIECE = re.compile(r"<([A-Z_]+):([^>]*)>")


@dataclass(frozen=True, slots=True)
class Template:
    """A note to be filled, and its tone."""

    tone: str
    text: str


TEMPLATES = (
    Template(
        "negative",
        "Hello, this is {name}. My <PRODUCT:{product}> <COMPLAINT:arrived broken> on <DATE_MENTION:{date}>. "
        "<REQUEST:Could you> send a new one to {address}?",
    ),
    Template(
        "negative",
        "I was <COMPLAINT:charged twice> for the <PRODUCT:{product}> <DATE_MENTION:last week>. "
        "<REQUEST:Please> check, then <REQUEST:write to me at {email}>. {name}",
    ),
    Template(
        "neutral",
        "<REQUEST:I would like> to change the number of my <PRODUCT:account> to {phone}. "
        "The <PRODUCT:{product}> came <DATE_MENTION:yesterday>.",
    ),
    Template(
        "positive",
        "<REQUEST:Please> tell your team that I love the <PRODUCT:{product}>. "
        "It came <DATE_MENTION:this morning>, thank you! {name}",
    ),
    Template(
        "negative",
        "The <PRODUCT:{product}> <COMPLAINT:never arrived> and nobody answers. I am <COMPLAINT:very unhappy>. "
        "<REQUEST:Call me on {phone}> before <DATE_MENTION:{date}>.",
    ),
    Template(
        "neutral",
        "<REQUEST:How do I> pay for the <PRODUCT:{product}> from {iban}? My name is {name}, I live at {address}.",
    ),
    Template(
        "negative",
        "<COMPLAINT:Still waiting> for my money since <DATE_MENTION:{date}>. "
        "<REQUEST:Please> send it to {iban}, in the name of {name}.",
    ),
    Template(
        "neutral",
        "{name} here. <REQUEST:Can you> send the papers for my <PRODUCT:{product}> to {email}? "
        "I was born on <DATE_MENTION:{birth_date}>, as you know.",
    ),
    Template(
        "positive",
        "The new <PRODUCT:{product}> is the best I have had, ordered on <DATE_MENTION:{date}> and here "
        "<DATE_MENTION:today>. Many thanks, {lower}",
    ),
    Template(
        "negative",
        "<COMPLAINT:Terrible>. The <PRODUCT:{product}> <COMPLAINT:does not work> since <DATE_MENTION:{date}>. "
        "<REQUEST:I want> my money back on {iban}, and then <REQUEST:write to me at {email}>.",
    ),
)


def fill(template: Template, field: str, values: Mapping[str, str]) -> tuple[str, frozenset[LabelSpan]]:
    """The note, and where its labels stand in it."""
    text, spans, position = "", set(), 0
    for piece in _PIECE.finditer(template.text):
        text += template.text[position : piece.start()].format_map(values)
        label, content = piece.group(1), piece.group(2).format_map(values)
        spans.add(LabelSpan(field, len(text), len(text) + len(content), label))
        text, position = text + content, piece.end()
    return text + template.text[position:].format_map(values), frozenset(spans)


def a_date(random: Random) -> str:
    """A day of this decade, written in one of the usual ways."""
    year, month, day = random.randrange(2021, 2027), random.randrange(1, 13), random.randrange(1, 29)
    name = _MONTHS[month - 1]
    forms = (f"{day} {name} {year}", f"{year}-{month:02d}-{day:02d}", f"{name} {day}, {year}")
    return random.choice(forms)


_MONTHS = calendar.month_name[1:]
