"""Names of months and weekdays of the languages in Latin script: `python -m streams.redact.detect.calendar_table`.

Written to `data/calendar/` from CLDR, by way of babel, which a detector does not need to start.
"""

from __future__ import annotations

from pathlib import Path

from streams.redact.detect.shadow import fold

LANGUAGES = "en de fr es it pt nl sv da nb nn fi is pl cs sk sl hr hu ro tr et lv lt ca"
# Weekdays stand alone, so languages whose names for them are words or names elsewhere stay out (tr "sali").
WEEKDAY_LANGUAGES = "en de fr es it pt nl sv da nb pl fi"


def months() -> list[str]:
    """Full names, folded and in lower case, sorted; those of more than one word are left out."""
    return _names(LANGUAGES, "months", "wide")


def short_months() -> list[str]:
    """Abbreviations that are no full name in another language."""
    return sorted(set(_names(LANGUAGES, "months", "abbreviated")) - set(months()))


def weekdays() -> list[str]:
    return _names(WEEKDAY_LANGUAGES, "days", "wide")


def write(folder: Path) -> None:
    """Write the three lists."""
    for name, words in (("months", months()), ("short_months", short_months()), ("weekdays", weekdays())):
        (folder / f"{name}.txt").write_text("\n".join(words) + "\n", "utf-8")


def _names(languages: str, what: str, width: str) -> list[str]:
    from babel import Locale  # noqa: PLC0415 - a development dependency

    found = set()
    for language in languages.split():
        for use in ("format", "stand-alone"):
            found |= set(getattr(Locale.parse(language), what)[use][width].values())
    folded = {fold(name).lower().rstrip(".") for name in found}
    return sorted(name for name in folded if name.replace("-", "").isalpha() and len(name) > 2)  # noqa: PLR2004


if __name__ == "__main__":
    write(Path(__file__).parent / "data" / "calendar")
