"""The versions of a subject of the schema registry, the newest first."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import quote

import httpx

from schemas.errors import StackError
from schemas.registry_calls import NOT_FOUND, UNKNOWN_ID, RegistryCalls, answered, part

MAX_VERSIONS = 200
"""So many are looked through: at 2–10 ms each, two seconds at most. None of ours has had ten."""


@dataclass(frozen=True, slots=True)
class Version:
    """`version`: counted from 1; `number`: the id of its schema; `text`: its schema, as the registry prints it."""

    version: int
    number: int
    text: str


def versions_at(subject: str) -> str:
    """Where a subject's versions are."""
    return f"/subjects/{quote(subject, safe='')}/versions"


def newest_first(calls: RegistryCalls, subject: str) -> Iterator[Version]:
    """One request for the newest, which it mostly is; then one more and one for each. None for no such subject.

    Raises RegistryUnavailable, and StackError where somebody goes on beyond MAX_VERSIONS.
    """
    place = versions_at(subject)
    latest = calls.call("GET", f"{place}/latest")
    if latest.status_code in UNKNOWN_ID:
        return
    newest = _version(latest)
    yield newest
    older = sorted((number for number in _numbers(calls, place) if number < newest.version), reverse=True)
    for number in older[: MAX_VERSIONS - 1]:
        found = calls.call("GET", f"{place}/{number}")
        if found.status_code not in UNKNOWN_ID:
            yield _version(found)
    if len(older) >= MAX_VERSIONS:
        raise StackError(f"{subject} has more than {MAX_VERSIONS} versions; older ones are not looked through")


def _numbers(calls: RegistryCalls, place: str) -> list[int]:
    answer = calls.call("GET", place)
    if answer.status_code == NOT_FOUND:
        return []
    found = answered(answer, list)
    return [part({"version": it}, "version", int) for it in found]


def _version(answer: httpx.Response) -> Version:
    found = answered(answer, dict)
    return Version(part(found, "version", int), part(found, "id", int), part(found, "schema", str))
