"""Dates, years, ages and clock times as people and machines write them; the forms are in `words/dates*.txt`."""

from __future__ import annotations

from random import Random

from streams.redact.training.synthetic.words import chance, pick, words

_MONTHS = ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
           "November", "December")  # fmt: skip
_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_SHORT_DAYS = ("Mon", "Tue", "Tues", "Wed", "Thu", "Thurs", "Fri", "Sat", "Sun")
_HOURS = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")


def date(rng: Random) -> str:
    return _written(rng, "dates_foreign" if chance(rng, 0.04) else "dates")


def birth_date(rng: Random) -> str:
    return _written(rng, "dates_birth", (1930, 2012))


def day(rng: Random) -> str:
    """A date without its year."""
    return _written(rng, "dates_yearless")


def month_year(rng: Random) -> str:
    return _written(rng, "dates_month")


def time_stamp(rng: Random) -> str:
    return _written(rng, "dates_stamp", (1995, 2029))


def clock(rng: Random) -> str:
    return _written(rng, "clocks")


def year(rng: Random) -> str:
    return str(rng.randrange(1700, 2000) if chance(rng, 0.35) else rng.randrange(1950, 2031))


def decade(rng: Random) -> str:
    return f"{rng.randrange(180, 203)}0s"


def weekday(rng: Random) -> str:
    return pick(rng, _WEEKDAYS if chance(rng, 0.85) else _SHORT_DAYS)


def month(rng: Random) -> str:
    return pick(rng, _MONTHS)


def age(rng: Random) -> str:
    return str(
        pick(rng, (rng.randrange(1, 20), rng.randrange(18, 80), rng.randrange(18, 80), rng.randrange(70, 106)))
    )


def _written(rng: Random, forms: str, years: tuple[int, int] = (1900, 2031)) -> str:
    d, m, y, day_name = rng.randrange(1, 29), rng.randrange(1, 13), rng.randrange(*years), pick(rng, _WEEKDAYS)
    hour, minute, second, month_name = rng.randrange(24), rng.randrange(60), rng.randrange(60), _MONTHS[m - 1]
    return pick(rng, words(forms)).format(
        d=d, dd=f"{d:02}", m=m, mm=f"{m:02}", y=y, yy=f"{y % 100:02}", th=_ordinal_ending(d),
        month=month_name, mon=month_name[:3], mon3=month_name[:3], day=day_name, day3=day_name[:3],
        h=hour % 12 or 12, h1=hour % 10, hh=f"{hour:02}", mi=f"{minute:02}", hm=f"{hour:02}:{minute:02}",
        time=f"{hour:02}:{minute:02}:{second:02}", word=pick(rng, _HOURS), ampm=pick(rng, ("AM", "PM")),
        ampm_small=pick(rng, ("am", "pm")),
    )  # fmt: skip


def _ordinal_ending(number: int) -> str:
    """The days of a month only."""
    return {1: "st", 21: "st", 31: "st", 2: "nd", 22: "nd", 3: "rd", 23: "rd"}.get(number, "th")
