"""Rotating a project's keys and ending old versions, by a key administrator (vault/decisions/0003).

Each act takes password and a fresh code: the token they give may do it, and nothing else. What may end is worked
out from Vault's own account of the versions, the retention of topics, and what keeper has said on the audit, whose
signatures are checked: a version that is trimmed is lost for ever.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from deploy.acting import act
from deploy.granting import Ask, signed_in
from deploy.keys_said import Said, believed, said_by
from deploy.persons import require_role
from deploy.surroundings import Surroundings
from schemas.audit import Event, EventType
from schemas.errors import ConfigError
from schemas.resources import key_resource
from streams.audit.reader import Reader, read_events
from topology.identity import Identity
from topology.key_lives import comes_back_until, life_ms
from topology.rights import key_name, wrapping_keys
from vault.client import VaultClient
from vault.clocks import Clocks
from vault.interface import KeyVersions
from vault.retirement import Needed, needed_by_documents, needed_by_records

ADMINISTRATOR = "key-administrator"
TRIMMED_AFTER_MS = 86_400_000
"""A day under a raised minimum shows whether anybody misses a version, which is there until it is trimmed."""


@dataclass(frozen=True, slots=True)
class Standing:
    """One key: its versions, how old the latest is (ms), how old it may be, what is still needed of it, and what a
    trim would end: the minimum that has been in force for long enough (0: none).
    """

    versions: KeyVersions
    age_ms: int
    limit_ms: int
    needed: Needed
    trimmable: int

    @property
    def overdue(self) -> bool:
        """Whether it should have been rotated."""
        return self.age_ms > self.limit_ms


def keys_of(around: Surroundings, names: Sequence[str]) -> tuple[str, ...]:
    """The transit keys of these names, in whole (`view-demo`) or by kind (`view`); without a name all that can be
    rotated. Raises ConfigError.
    """
    every = wrapping_keys(around.topology.flow, around.project)
    if not names:
        return every
    return tuple(dict.fromkeys(_key(around.project, every, name) for name in names))


def _key(project: str, every: tuple[str, ...], name: str) -> str:
    if name.startswith("sign-"):
        raise ConfigError(
            f"{name} is not rotated: its public key is pinned, and what it has signed on `control` and the audit "
            "is verified for as long as those are kept. Revoke who holds it, and name a new person or role"
        )
    for found in (name, key_name(name, project), f"hmac-{project}-{name}"):
        if found in every:
            return found
    raise ConfigError(f"{project} has no key {name}; it has {', '.join(every)}")


def standings(around: Surroundings, names: Sequence[str], now: int) -> list[Standing]:
    """How each key stands at `now` (milliseconds). Raises ConfigError where the audit of keeper or replay does not
    hold.
    """
    require_role(around.topology, around.project, around.identity.signer, (ADMINISTRATOR,), "look at keys")
    said = said_of(around)
    return [_standing(around, around.vault.key_versions(key), said, now) for key in keys_of(around, names)]


def _standing(around: Surroundings, versions: KeyVersions, said: Said, now: int) -> Standing:
    flow, project = around.topology.flow, around.topology.project(around.project)
    life = life_ms(flow, project, versions.name.removesuffix(f"-{around.project}"))
    if life is None:
        needed = needed_by_documents(versions, said.sweeps.get(versions.name), now)
    else:
        alive = comes_back_until(project, said.released_at) if said.released_at else 0
        of_raw = versions.name == key_name("raw", around.project)
        needed = needed_by_records(versions, life, now, alive if of_raw else 0)
    since = said.retired.get((versions.name, versions.minimum), now)
    ripe = versions.minimum > max(1, versions.available) and now - since >= TRIMMED_AFTER_MS
    age = max(0, now - versions.created[versions.latest])
    return Standing(versions, age, flow.key_age_ms, needed, versions.minimum if ripe else 0)


def rotate(around: Surroundings, names: Sequence[str], ask: Ask) -> list[KeyVersions]:
    """Give these keys a new version each, and say so. Raises ConfigError, VaultUnavailable, and as `act`."""
    keys = _administering(around, names, "rotate keys")

    def turn(vault: VaultClient, key: str) -> Event:
        vault.rotate(key)
        made = around.vault.key_versions(key).latest
        return Event(EventType.KEY_ROTATED, key_resource(key), details={"version": str(made)})

    _each(around, keys, ask, turn)
    return [around.vault.key_versions(key) for key in keys]


def retire(around: Surroundings, names: Sequence[str], ask: Ask, now: int) -> list[Standing]:
    """Raise minimum versions as far as nothing older can exist; how keys stand after it. Raises as `rotate`, and
    ConfigError where this machine's clock and Vault's differ.
    """
    _administering(around, names, "retire versions of keys")
    due = {
        it.versions.name: it.needed.version
        for it in standings(around, names, now)
        if it.needed.version > max(1, it.versions.minimum)
    }
    _require_sure(around)

    def raise_minimum(vault: VaultClient, key: str) -> Event:
        vault.raise_minimum(key, due[key])
        return Event(EventType.KEY_RETIRED, key_resource(key), details={"minimum": str(due[key])})

    _each(around, tuple(due), ask, raise_minimum)
    return standings(around, names, now)


def trim(around: Surroundings, names: Sequence[str], ask: Ask, now: int) -> list[Standing]:
    """Destroy the versions below minimums that have been in force for a day. Raises as `retire`."""
    _administering(around, names, "trim keys")
    due = {it.versions.name: it.trimmable for it in standings(around, names, now) if it.trimmable}
    _require_sure(around)

    def trim_one(vault: VaultClient, key: str) -> Event:
        vault.trim(key, due[key])
        return Event(EventType.KEY_TRIMMED, key_resource(key), details={"minimum": str(due[key])})

    _each(around, tuple(due), ask, trim_one)
    return standings(around, names, now)


def _administering(around: Surroundings, names: Sequence[str], what: str) -> tuple[str, ...]:
    require_role(around.topology, around.project, around.identity.signer, (ADMINISTRATOR,), what)
    return keys_of(around, names)


def _require_sure(around: Surroundings) -> None:
    """Once Vault has answered. What is still needed of a key was worked out by this machine's clock."""
    clocks = Clocks(around.clock.now(), around.vault.told_time())
    if not clocks.agree:
        raise ConfigError(
            f"{clocks.why}, so no version of a key ends by it. Hold both against a third clock, set the wrong one"
            " right, and call this again"
        )


def _each(
    around: Surroundings, keys: Sequence[str], ask: Ask, action: Callable[[VaultClient, str], Event]
) -> None:
    """Do it to each key, by the token of a second factor, and say what was done, also where it was not all."""
    if not keys:
        return
    events: list[Event] = []
    with signed_in(around, ask()) as vault:
        try:
            events.extend(action(vault, key) for key in keys)
        finally:
            if events:
                act(around, [], [_by(around, event) for event in events])


def _by(around: Surroundings, event: Event) -> Event:
    return Event(event.type, event.resource, person=around.identity.signer, details=event.details)


def said_of(around: Surroundings) -> Said:
    """What the audit says of keys up to its end. Raises ConfigError where those who say it are not believed."""
    events = read_events(around.log, Reader(around.codec), [f"audit.{around.project}"])
    found, wrong = believed(events, around.topology.pins.keys)
    telling = {Identity(role, around.project).name for role in ("keeper", "replay")}
    if wrong & telling:
        raise ConfigError(
            f"the audit of {', '.join(sorted(wrong & telling))} does not hold, so it ends no version of a key; "
            f"see `veil audit reconcile --project {around.project}`"
        )
    return said_by(found)
