"""The edge of a project's `access`: what the file may say, checked and turned into `Access`."""

from __future__ import annotations

import datetime as dt
import re
from enum import StrEnum
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, Field

from schemas.errors import ConfigError
from topology.permissions.rules import MAX_RULES_CHARS, RulesRefused, rule_set
from topology.project_access import Access
from topology.reading import Entry
from topology.working_hours import WorkingHours

MAX_DEVICES = 32
_TIME = re.compile(r"(?:[01][0-9]|2[0-3]):[0-5][0-9]")
_ZONE = re.compile(r"[A-Za-z][A-Za-z0-9_+-]{0,31}(?:/[A-Za-z0-9_+-]{1,32}){0,2}")


class WeekDay(StrEnum):
    """In the order of ISO 8601."""

    MON = "mon"
    TUE = "tue"
    WED = "wed"
    THU = "thu"
    FRI = "fri"
    SAT = "sat"
    SUN = "sun"


def _a_time(value: str) -> str:
    if _TIME.fullmatch(value) is None:
        raise ValueError('must be a time of the day in quotes, as "08:30"')
    return value


def _a_zone(value: str) -> str:
    try:
        if _ZONE.fullmatch(value) is None:
            raise ValueError
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError("must be a time zone by its IANA name, as Europe/Berlin") from None
    return value


ClockTime = Annotated[str, AfterValidator(_a_time)]
Zone = Annotated[str, AfterValidator(_a_zone)]
Device = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:@-]{0,63}$")]


class HoursEntry(Entry):
    zone: Zone
    days: tuple[WeekDay, ...] = Field(min_length=1)
    start: ClockTime
    end: ClockTime


class AccessEntry(Entry):
    training: Literal["required", "as declared"] = "as declared"
    onboarding: Literal["required", "offered"] = "offered"
    devices: tuple[Device, ...] = Field(default=(), max_length=MAX_DEVICES)
    hours: HoursEntry | None = None
    rules: str = Field(default="", max_length=MAX_RULES_CHARS)


def to_access(entry: AccessEntry, has_onboarding: bool, source: str) -> Access:
    """The checked entry as values. Raises ConfigError."""
    onboarding = entry.onboarding == "required"
    if onboarding and not has_onboarding:
        raise ConfigError(f"{source}: access.onboarding: is required, but the project has no `onboarding` tasks")
    try:
        rule_set(entry.rules)
    except RulesRefused as refused:
        raise ConfigError(f"{source}: access.rules: {refused}") from None
    return Access(
        entry.training == "required",
        onboarding,
        frozenset(entry.devices),
        _hours(entry.hours, source) if entry.hours else None,
        entry.rules,
    )


def _hours(entry: HoursEntry, source: str) -> WorkingHours:
    if entry.start == entry.end:
        raise ConfigError(f"{source}: access.hours: ends as it starts; leave `hours` out where any time is fine")
    days = frozenset(list(WeekDay).index(day) + 1 for day in entry.days)
    return WorkingHours(
        ZoneInfo(entry.zone), days, dt.time.fromisoformat(entry.start), dt.time.fromisoformat(entry.end)
    )
