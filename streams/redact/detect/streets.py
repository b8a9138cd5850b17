"""Streets and crossings, in the languages in Latin script.

A pattern takes what belongs together; words beside it that no list knows are joined to it afterwards.
"""

from __future__ import annotations

import re

from streams.redact.detect.find import LIKELY, STRONG, WEAK
from streams.redact.detect.recognizers import Recognizer, form

_STREET = (
    "street|st|avenue|ave|av|road|rd|boulevard|blvd|lane|ln|drive|dr|court|ct|place|pl|square|sq|terrace"
    "|ter|way|parkway"
    "|pkwy|highway|hwy|circle|cir|crescent|cres|close|row|mews|alley|trail|trl|loop|plaza|walk|grove"
    "|gardens|hill|rise"
    "|quay|wharf|freeway|fwy|expressway|expy|turnpike|pike|path|run|crossing|heights|hts|ridge|view"
    "|creek|bend|point"
)
# Those that hardly ever are anything else: a name before them is enough.
_SURE = "Street|Avenue|Ave|Road|Rd|Boulevard|Blvd|Lane|Drive|Parkway|Pkwy|Highway|Hwy|Crescent|Terrace|Mews"
_BEFORE = (
    "rue|chemin|impasse|allee|quai|calle|avenida|paseo|carrer|camino|carretera|rua|travessa|praca"
    "|estrada|alameda|viale"
    "|vicolo|piazza|piazzale|strada|ulica|ul\\.|aleja|al\\.|plac|bulevardul|calea|utca|jalan|jl\\.|largo"
    "|ronda|glorieta|cesta"
    "|namesti|trida|rambla|lungomare|fondamenta|faubourg|cours|rte|route"
)
_AMBIGUOUS = (
    "via|place|corso|plaza|avenue|boulevard|square|bd|av\\.?|str\\.?|c/|r\\.|v\\.le|p\\.za|avda\\.?|blvd\\.?"
)
_SUFFIX = (
    "strasse|str\\.?|gasse|weg|platz|allee|damm|ufer|steig|gatan|vagen|vej|vegen|veien|gata|gade|straat"
    "|laan|plein|gracht"
    "|kade|dijk|singel|katu|kuja|polku|utca|ulice"
)
_SURE_SUFFIX = "strasse|gasse|gatan|vagen|straat|gracht|plein|vegen|veien"
_OF = (
    r"(?:(?:de|du|des|de la|de l'|d'|della|delle|dei|del|di|da|do|dos|das|la|las|los|le|les|l'|van|den|der"
    r"|el|san|santa) ?){0,3}"
)
_NAME = r"[A-Z\x1a][\w'.\x1a-]*+"
_NUMBER = r"\d{1,6}(?:[/-]\d{1,4})?(?: ?[a-z]\b| bis\b| ter\b)?"
_NUMBERED = r"(?:,? (?:n[or]?[.o]? ?)?\d{1,5}(?:[/-]\d{1,4})?[a-z]?\b)"
_SURELY_A_STREET = frozenset(f"{_SURE}|st|ln|dr".lower().split("|"))
_MEANS_MORE = frozenset(
    {"via", "place", "corso", "plaza", "avenue", "boulevard", "square", "bd", "av", "str", "c", "r", "v", "p"}
)
_ORDINAL = r"\d{1,3}(?:st|nd|rd|th)|(?:First|Second|Third|Fourth|Fifth|Sixth|Seventh|Eighth|Ninth|Tenth)"


def street_forms() -> tuple[Recognizer, ...]:
    """Patterns of streets."""
    side = rf"(?:{_ORDINAL}|{_NAME})(?: (?:{_SURE}|St|Ct|Pl|Dr|Ln|Way|Court|Place))?\.?"
    return (
        form(
            "address/numbered street",
            "ADDRESS",
            rf"\b{_NUMBER},? (?:[nsew]\.? |north |south |east |west )?(?:[\w'.\x1a-]+ ){{1,4}}(?:{_STREET})\b\.?",
            STRONG,
            behind=110,
            check=_is_street,
        ),
        form(
            "address/street", "ADDRESS", rf"\b(?:{_NAME} ){{1,3}}(?:{_SURE})\b\.?", LIKELY, cased=True, behind=90
        ),
        form("address/numbered avenue", "ADDRESS", rf"\b(?:{_ORDINAL}) (?:{_SURE}|st)\b\.?", LIKELY),
        form(
            "address/rue",
            "ADDRESS",
            rf"\b(?i:{_BEFORE}) {_OF}{_NAME}(?:[ -]{_OF}{_NAME}){{0,4}}{_NUMBERED}?",
            LIKELY,
            cased=True,
            trigger=rf"\b(?i:{_BEFORE}) ",
            reach=80,
        ),
        form(
            "address/avenue of",
            "ADDRESS",
            (
                rf"\b(?i:avenue|boulevard|place|square|plaza|bd|av\.) (?:de|du|des|d')(?: ?(?:la|l'|las"
                rf"|los))? ?{_NAME}(?:[ -]{_NAME}){{0,4}}"
            ),
            LIKELY,
            cased=True,
            trigger=r"\b(?i:avenue|boulevard|place|square|plaza|bd|av\.) (?:de|du|des|d')",
            reach=80,
        ),
        form(
            "address/slashed number",
            "ADDRESS",
            rf"\b\d{{1,3}}/\d{{1,4}}[a-z]? {_NAME}(?: {_NAME}){{0,3}}",
            WEAK + 0.02,
            cased=True,
            trigger=r"\b\d{1,3}/\d{1,4}[a-z]? [A-Z\x1a]",
            reach=80,
        ),
        form(
            "address/numbered rue",
            "ADDRESS",
            rf"\b(?:\d{{1,5}},? )?(?:{_BEFORE}|{_AMBIGUOUS}) (?:[\w'.\x1a-]++ ?){{1,5}}{_NUMBERED}",
            LIKELY,
            behind=120,
            check=_is_way,
        ),
        form(
            "address/numbered rue before",
            "ADDRESS",
            (
                rf"\b\d{{1,5}}(?: ?bis| ?ter|[a-z])?,? (?:{_BEFORE}|avenue|boulevard|place|bd)"
                rf" {_OF}[\w'\x1a-]+(?: {_NAME}){{0,3}}"
            ),
            LIKELY,
            trigger=rf"\b\d{{1,5}}(?: ?bis| ?ter|[a-z])?,? (?:{_BEFORE}|avenue|boulevard|place|bd) ",
            reach=80,
        ),
        form(
            "address/compound street",
            "ADDRESS",
            (
                rf"\b(?:(?:van|von|de|der|den|ter|ten|op|zum|zur|am|an der)"
                rf" ){{0,3}}[\w\x1a-]{{2,}}(?:{_SUFFIX})\b\.?,? \d{{1,4}}(?: ?[-/] ?\d{{1,4}})?(?: ?[a-z]\b)?"
            ),
            STRONG,
        ),
        form("address/compound", "ADDRESS", rf"\b[\w\x1a-]{{3,}}(?:{_SURE_SUFFIX})\b", LIKELY),
        form(
            "address/spaced street",
            "ADDRESS",
            rf"\b{_NAME}(?:[ -]{_NAME}){{0,3}}[ -](?:Str\.|Strasse|Platz|Weg|Allee|Ring)(?: \d{{1,4}}[a-z]?\b)?",
            LIKELY,
            cased=True,
            behind=90,
        ),
        form(
            "address/crossing",
            "ADDRESS",
            (
                rf"\b(?:(?i:the )?(?i:corner of|intersection of|crossing of) )(?:{_NAME} ){{1,4}}(?:and|&"
                rf"|at) {_NAME}(?: {_NAME}){{0,3}}"
            ),
            LIKELY,
            cased=True,
            behind=140,
        ),
        form(
            "address/crossing, low",
            "ADDRESS",
            (
                r"\b(?:the )?(?:corner|intersection) of(?: [\w'.\x1a-]+){1,4} (?:and|&) [\w'.\x1a-]+(?:"
                r" (?:street|st|avenue|ave|road|rd|lane|way))?\b"
            ),
            LIKELY,
            behind=140,
        ),
        form(
            "address/two streets",
            "ADDRESS",
            rf"\b(?:{_ORDINAL})(?: (?:{_SURE}|St))?\.? (?:and|&) {side}",
            LIKELY,
            cased=True,
            check=_names_a_street,
            behind=120,
        ),
        form(
            "address/two named streets",
            "ADDRESS",
            rf"\b{_NAME}(?: (?:{_SURE}|St))?\.? (?:and|&|at) (?:(?:{_ORDINAL})|{_NAME} (?:{_SURE}|St))\b\.?",
            LIKELY,
            cased=True,
            behind=120,
        ),
    )


def _is_street(text: str) -> bool | None:
    """A name before "way" or "point" needs its capital: "3 minutes to the point" is no address."""
    words = text.rstrip(".").split()
    if words[-1].lower() in _SURELY_A_STREET:
        return None
    return None if all(word[0].isupper() or not word[0].isalpha() for word in words[1:-1]) else False


def _is_way(text: str) -> bool | None:
    """Names have capitals: "place in 1954" only has a word that is a street elsewhere."""
    first = re.search("[a-z]+", text.lower())
    sure = first is not None and first.group() not in _MEANS_MORE
    return None if sure or any(map(str.isupper, text[1:])) else False


def _names_a_street(text: str) -> bool | None:
    """Whether this is a place, like "5th and Main", or counts things, like "1st and 2nd"."""
    after = text.replace("&", "and").partition(" and ")[2]
    return None if after[:1].isupper() or " " in after else False
