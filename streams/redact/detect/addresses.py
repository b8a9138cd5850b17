"""Where in a building, a post box or a town: units, boxes and postcodes, in the languages in Latin script."""

from __future__ import annotations

from streams.redact.detect.find import LIKELY, STRONG, WEAK
from streams.redact.detect.recognizers import Recognizer, form, labelled

_NAME = r"[A-Z\x1a][\w'.\x1a-]*+"
_UNIT = (
    r"\b(?:apt|apartment|apto?|studio|suite|ste|unit|flat|room|rm|lot|bldg|building|floor|fl|level"
    r"|wohnung|whg|piso|porta|puerta"
    r"|depto|interior|scala|interno|bureau|appartement|appt|lgh|etage|byt|mieszkanie|m\.)\b\.?"
    r" ?#?(?:[a-z]?-?\d{1,6}[a-z]?|[a-z])\b"
)
_BOX = (
    r"\b(?:p\.? ?o\.?,? ?box|post ?office box|post box|postfach|postbus|postboks|postbox|boite postale"
    r"|b\.?p\.?|case postale"
    r"|apartado(?: postal| de correos)?|casilla(?: de correo)?|casella postale|caixa postal|skrytka(?:"
    r" pocztowa)?|postilokero"
    r"|pl|po box|locked bag|private bag|gpo box|psc|rural route|rr|unit|box)\b[ .:#]{0,3}(?:no\.?"
    r" ?)?\d[\d -]{0,9}\b"
)
_MILITARY = r"\b(?:apo|fpo|dpo),? (?:aa|ae|ap)(?:,? \d{5}(?:-\d{4})?)?\b"
_STATE = (
    "AL|AK|AZ|AR|CA|CO|CT|DE|FL|GA|HI|ID|IL|IN|IA|KS|KY|LA|ME|MD|MA|MI|MN|MS|MO|MT|NE|NV|NH|NJ|NM|NY|NC"
    "|ND|OH|OK|OR|PA|RI"
    "|SC|SD|TN|TX|UT|VT|VA|WA|WV|WI|WY|DC|PR|GU|VI|AS"
)
_COUNTRY = "A|B|CH|CZ|D|DK|E|EE|ES|F|FI|FIN|FL|GR|H|HR|HU|I|IT|L|LI|LT|LU|LV|MC|N|NL|NO|P|PL|PT|RO|S|SE|SI|SK"
_BRITISH = r"[A-Z]{1,2}\d[A-Z\d]? ?\d[ABD-HJLNP-UW-Z]{2}"
_CITY = rf"{_NAME}(?:[ -](?:{_NAME}|am|an der|de|sur|upon|on|la|del)){{0,3}}"


def address_forms() -> tuple[Recognizer, ...]:
    """Patterns of addresses beyond the street."""
    return (
        form("address/unit", "ADDRESS", _UNIT, LIKELY, check=_has_digit),
        form(
            "address/unit letter",
            "ADDRESS",
            r"\b(?:Apt|Suite|Ste|Unit|Flat|Bldg|Building)\b\.? #?[A-Z]\b",
            LIKELY,
            cased=True,
        ),
        form("address/box", "ADDRESS", _BOX, STRONG),
        form("address/military", "ADDRESS", _MILITARY, STRONG),
        form(
            "address/state and zip",
            "ADDRESS",
            rf"\b(?:{_STATE}),? \d{{5}}(?:-\d{{4}})?\b|\b(?:NSW|VIC|QLD|TAS|ACT|NT|SA|WA),? \d{{4}}\b",
            STRONG,
            cased=True,
        ),
        form("address/zip+4", "ADDRESS", r"\b\d{5}-\d{4}\b", LIKELY),
        form(
            "address/canada",
            "ADDRESS",
            r"\b[abceghj-nprstvxy]\d[abceghj-nprstv-z][ -]?\d[abceghj-nprstv-z]\d\b",
            STRONG,
        ),
        form(
            "address/netherlands",
            "ADDRESS",
            r"\b[1-9]\d{3} ?(?:[A-RT-Z][A-Z]|S[BCE-RT-Z])\b",
            WEAK + 0.02,
            cased=True,
            check=_is_no_year,
        ),
        form(
            "address/ireland",
            "ADDRESS",
            r"\b(?:[ac-fhknprtv-y]\d[\dw]) ?[0-9ac-fhknprtv-y]{4}\b",
            LIKELY,
            check=_has_digit,
        ),
        form("address/britain", "ADDRESS", rf"\b(?i:{_BRITISH})\b", LIKELY),
        form(
            "address/country and code",
            "ADDRESS",
            rf"\b(?:{_COUNTRY})[- ]\d{{4,6}}\b(?: {_CITY})?",
            LIKELY,
            cased=True,
            behind=90,
        ),
        form("address/code and city", "ADDRESS", rf"\b\d{{5}},? {_CITY}", LIKELY, cased=True, behind=90),
        form(
            "address/city and code",
            "ADDRESS",
            rf"\b{_CITY},? \d{{5}}\b",
            WEAK + 0.02,
            cased=True,
            trigger=r"\b[A-Z\x1a][\w'-]+,? \d{5}\b",
            behind=70,
        ),
        form(
            "address/city and british code",
            "ADDRESS",
            rf"\b{_CITY},? (?:{_BRITISH})\b",
            LIKELY,
            cased=True,
            trigger=rf"\b[A-Z\x1a][\w'-]+,? (?:{_BRITISH})\b",
            behind=70,
        ),
        form(
            "address/hyphened code",
            "ADDRESS",
            rf"\b(?:\d{{2}}-\d{{3}}|\d{{3}}-\d{{4}}|\d{{4}}-\d{{3}}|\d{{5}}-\d{{3}}) {_CITY}",
            LIKELY,
            cased=True,
            behind=90,
        ),
        form("address/spaced code", "ADDRESS", rf"\b\d{{3}} \d{{2}} {_CITY}", LIKELY, cased=True, behind=90),
        labelled(
            "address/labelled code",
            "ADDRESS",
            (
                r"\b(?:zip(?: ?code)?|post(?:al)? ?code|plz|codigo postal|code postal|cap|cep|pin ?code)(?:"
                r" is)?[ :]{1,2}"
            ),
            r"[a-z]{0,3}[ -]?\d[a-z0-9-]{1,6}(?: [a-z0-9]{3})?\b",
            LIKELY,
        ),
    )


def _has_digit(text: str) -> bool | None:
    return None if any(map(str.isdigit, text)) else False


def _is_no_year(text: str) -> bool | None:
    return False if 1500 <= int(text[:4]) < 2100 else None  # noqa: PLR2004 - bare years are a matter of their own
