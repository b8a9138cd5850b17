"""From which version on a transit key is still needed: below it nothing can exist any more. Pure; milliseconds.

A process may wrap by a version for as long as it keeps a data key, so until `WRITERS_MS` after the next version
was made. What is stored is then wrapped anew by keeper, which says what it found when it came to the end; what
lies in Kafka's records can't be, and is needed as long as they last. Times are Vault's (when a version was made),
keeper's and the caller's: the margin in `WRITERS_MS` is for their clocks too.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from vault.data_keys import MAX_AGE_MS
from vault.interface import KeyVersions

MARGIN_MS = 600_000
"""Ten minutes: a batch on its way, a record in a producer's queue (five), and clocks that differ."""
WRITERS_MS = MAX_AGE_MS + MARGIN_MS


@dataclass(frozen=True, slots=True)
class Sweep:
    """What keeper has said at the end of a pass begun at `since`: no document is wrapped by less than `oldest`."""

    since: int
    oldest: int


class Hold(StrEnum):
    """What keeps a key's minimum version where it is."""

    NOTHING = "nothing"
    WRITERS = "processes may have data keys of it"
    RECORDS = "records in Kafka are sealed by it"
    SWEEP = "keeper has not looked at all documents since"
    DOCUMENTS = "a document is wrapped by it"


@dataclass(frozen=True, slots=True)
class Needed:
    """The lowest version that is still needed, and what holds it there; until when, where a clock says; else 0."""

    version: int
    hold: Hold
    until: int = 0


def settles_at(versions: KeyVersions, version: int) -> int:
    """From when on nobody wraps by less than this version; 0 for the lowest there is."""
    return versions.created[version] + WRITERS_MS if version > max(1, versions.minimum) else 0


def settled(versions: KeyVersions, at: int) -> int:
    """The highest version of which nobody wraps by less at that time."""
    known = [it for it in versions.created if it > versions.minimum and settles_at(versions, it) <= at]
    return max([max(1, versions.minimum), *known])


def needed_by_documents(versions: KeyVersions, sweep: Sweep | None, now: int) -> Needed:
    """Of a key whose wrapped keys are all in documents."""
    lowest = max(1, versions.minimum)
    if versions.latest <= lowest:
        return Needed(lowest, Hold.NOTHING)
    found = min(sweep.oldest, settled(versions, sweep.since)) if sweep is not None else lowest
    version = max(lowest, found)
    if version >= versions.latest:
        return Needed(versions.latest, Hold.NOTHING)
    until = settles_at(versions, version + 1)
    if now < until:
        return Needed(version, Hold.WRITERS, until)
    seen = sweep is not None and sweep.since >= until
    return Needed(version, Hold.DOCUMENTS if seen else Hold.SWEEP)


def needed_by_records(versions: KeyVersions, life_ms: int, now: int, kept_alive_until: int = 0) -> Needed:
    """Of a key whose wrapped keys are in Kafka's records, none of which lasts longer than `life_ms`, but for those
    that people have taken up again, which may last until `kept_alive_until`.
    """
    lowest = max(1, versions.minimum)
    version = settled(versions, now - life_ms) if now >= kept_alive_until else lowest
    if version >= versions.latest:
        return Needed(versions.latest, Hold.NOTHING)
    ends = settles_at(versions, version + 1)
    if now < ends:
        return Needed(version, Hold.WRITERS, ends + life_ms)
    return Needed(version, Hold.RECORDS, max(ends + life_ms, kept_alive_until))
