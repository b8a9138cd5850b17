"""Grants: asking to see one task's values, approving, denying, revoking, seeing (vault/decisions/0002).

Approving and opening take a password and a fresh code: with that token alone an approver opens their half, and
with theirs alone the requester reads what was handed over. They are asked for when all else is known to be right:
a code holds for half a minute, and the audit may take longer to read. Values are given back and written nowhere.
"""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass

from deploy.acting import act
from deploy.control_book import read_book
from deploy.control_orders import control_record
from deploy.signin.vault_login import LoginRefused, VaultLogin
from deploy.surroundings import Surroundings
from schemas.audit import AuditEvent, Event, EventType
from schemas.control import ControlKind
from schemas.errors import ConfigError, Reason, Refused, Undecodable
from schemas.grants import (
    GrantAnswer,
    GrantPurpose,
    GrantReason,
    GrantRequest,
    answer_body,
    grant_id,
    request_body,
)
from schemas.hidden import Hidden, RawValues
from schemas.resources import control_resource, task_resource
from streams.audit.reader import Reader, read_events
from topology.control import ControlBook
from topology.grants import GROUPS, REQUESTER, Grant
from topology.writers import is_by_its_writer
from vault.client import VaultClient
from vault.granted import ENTRY, SHARES, Handing, collect_shares, open_values, release_share
from vault.nodes import active_address
from vault.segments.document import KeyReference
from vault.wrapping import Unwrapping

HANDED_WITHIN_S = 20.0
"""Reveal takes a quarter of a second; a token of a second factor lives a minute."""
LOOK_S = 0.1
_EVENTS = {
    GrantAnswer.APPROVE: EventType.GRANT_APPROVED,
    GrantAnswer.DENY: EventType.GRANT_DENIED,
    GrantAnswer.REVOKE: EventType.GRANT_REVOKED,
    GrantAnswer.OPEN: EventType.REVEAL_ASKED,
}


@dataclass(frozen=True, slots=True, repr=False)
class SecondFactor(Hidden):
    """What a person types: nothing of it is kept."""

    password: str
    code: str


Ask = Callable[[], SecondFactor]
"""Asks a person for them."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What reveal has said of a grant. `halves`: where the two halves of the key lie; None: not located (yet)."""

    halves: tuple[KeyReference, KeyReference] | None = None
    failed: str = ""
    revealed: int = 0
    """When, in milliseconds; 0: it was not."""


def request(
    around: Surroundings, task_id: str, purpose: GrantPurpose, reason: GrantReason, lasting_ms: int
) -> Grant:
    """Ask to see a task's values, from now on for so long. Raises ConfigError."""
    _require(around, (REQUESTER,), "request grants")
    since = around.clock.now()
    wanted = GrantRequest(around.identity.signer, task_id, purpose, reason, since, since + lasting_ms)
    try:
        body = request_body(wanted)
    except ValueError:
        raise ConfigError(
            "a grant is for one task (32 hexadecimal digits) and lasts eight hours at most"
        ) from None
    details = {"until": str(wanted.until)}
    _say(around, grant_id(wanted), wanted, body, EventType.GRANT_REQUESTED, details)
    return find(around, grant_id(wanted))


def find(around: Surroundings, name: str) -> Grant:
    """The grant of that name, or whose name alone begins so, as `control` has it now. Raises ConfigError."""
    every = book_of(around).grants(around.project).every()
    found = [grant for grant in every if name and grant.grant_id.startswith(name)]
    if len(found) != 1:
        raise ConfigError(f"{around.project} has {len(found) or 'no'} grants {name}…; `veil grant list` shows all")
    return found[0]


def end(around: Surroundings, grant: Grant, answer: GrantAnswer) -> None:
    """Deny it, as an approver, or revoke it, as one or as who has requested it. Raises ConfigError."""
    roles = GROUPS if answer is GrantAnswer.DENY else (*GROUPS, REQUESTER)
    _require(around, roles, f"{answer.value} grants")
    if around.identity.signer not in _approvers(around) and around.identity.signer != grant.request.requester:
        raise ConfigError(f"the grant is {grant.request.requester}'s; others than approvers revoke their own only")
    _say(around, grant.grant_id, grant.request, answer_body(answer), _EVENTS[answer], {})


def approve(around: Surroundings, grant: Grant, ask: Ask) -> None:
    """Sign it, and hand over what the half of the approver's group gives for this one task.

    May be repeated after a failure. Raises ConfigError, VaultUnavailable, and as `act`.
    """
    group = _group(around)
    _require_open(grant, around.clock.now())
    seen = said_of(around, grant)
    if seen.failed:
        raise ConfigError(f"grant {grant.grant_id[:12]}: its values can't be had: {seen.failed}")
    if seen.halves is None:
        raise ConfigError(f"grant {grant.grant_id[:12]}: reveal has not taken it up; does it run?")
    half = seen.halves["ab".index(group)]
    handing = Handing(around.project, grant.grant_id, grant.request)
    with signed_in(around, ask()) as vault:
        answer = GrantAnswer.APPROVE
        _say(around, grant.grant_id, grant.request, answer_body(answer), _EVENTS[answer], {"group": group})
        try:
            release_share(vault, handing, group, half, around.clock.now())
        except Refused as refused:
            raise ConfigError(f"group {group}'s share was not handed over: {refused}") from None


def see(around: Surroundings, grant: Grant, ask: Ask) -> RawValues:
    """Have it opened, and the task's values by placeholder: once, since what was handed over unwraps once. May be
    repeated where it failed before that.

    Raises ConfigError, VaultUnavailable, Undecryptable, and as `act`.
    """
    if around.identity.signer != grant.request.requester:
        raise ConfigError(f"the grant is {grant.request.requester}'s, and nobody else's to open")
    _require_open(grant, around.clock.now())
    if not grant.approved_fully:
        raise ConfigError(f"grant {grant.grant_id[:12]} still waits for {' and '.join(waiting_for(grant))}")
    revealed_before = said_of(around, grant).revealed
    handing = Handing(around.project, grant.grant_id, grant.request)
    with signed_in(around, ask()) as vault:
        _await(around, vault, handing, SHARES, "an approver's share is not there; they may approve again")
        answer = GrantAnswer.OPEN
        _say(around, grant.grant_id, grant.request, answer_body(answer), _EVENTS[answer], {})
        _await(around, vault, handing, (ENTRY,), "reveal has handed nothing over; does it run?")
        place = around.endpoints.vault
        try:
            with closing(Unwrapping(place.url, place.ca_file)) as unwrap:
                return _values(open_values(vault, unwrap, handing, collect_shares(vault, unwrap, handing)))
        except Refused as refused:
            if revealed_before:
                raise ConfigError(f"grant {handing.grant_id[:12]} was opened before; request another") from None
            raise ConfigError(f"nothing was opened: {refused}; somebody has to look into it") from None


def waiting_for(grant: Grant) -> tuple[str, ...]:
    """Whose approval is missing."""
    return tuple(f"group {group}" for group, by in zip("ab", grant.approved, strict=True) if not by)


def _values(opened: bytes) -> RawValues:
    try:
        found = json.loads(opened)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise Undecodable(Reason.UNDECODABLE, "these are no values by placeholder")
    return RawValues({str(name): str(value) for name, value in found.items()})


def printable(value: str) -> str:
    """A value as a terminal may show it: who wrote the record could have put orders to terminals into it."""
    return "".join(letter if letter.isprintable() else repr(letter)[1:-1] for letter in value)


def _await(
    around: Surroundings, vault: VaultClient, handing: Handing, folders: Iterable[str], otherwise: str
) -> None:
    until = around.clock.monotonic() + (HANDED_WITHIN_S if ENTRY in folders else 0)
    while any(vault.read(handing.path(folder)) is None for folder in folders):
        if around.clock.monotonic() >= until:
            raise ConfigError(otherwise)
        around.clock.wait(LOOK_S)


def book_of(around: Surroundings) -> ControlBook:
    """What `control` says up to its end now."""
    return read_book(around.topology, around.log, around.codec)


def said_of(around: Surroundings, grant: Grant) -> Seen:
    """What reveal has said of it on the audit."""
    events = read_events(around.log, Reader(around.codec), [f"audit.{around.project}"])
    return by_grant(events).get(grant.grant_id, Seen())


def by_grant(events: Iterable[AuditEvent]) -> dict[str, Seen]:
    """What reveal has said of each grant, by its name."""
    found: dict[str, Seen] = {}
    for event in events:
        if event.type not in (EventType.GRANT_LOCATED, EventType.VALUE_REVEALED) or not is_by_its_writer(event):
            continue
        name, details = event.details.get("grant", ""), event.details
        known = found.get(name, Seen())
        if event.type is EventType.VALUE_REVEALED:
            found[name] = Seen(known.halves, known.failed, event.time)
        elif event.outcome != "success":
            found[name] = Seen(None, event.reason, known.revealed)
        else:
            halves = [
                KeyReference("", details.get("context", ""), details.get(f"half_{group}", "")) for group in "ab"
            ]
            found[name] = Seen((halves[0], halves[1]), "", known.revealed)
    return found


@contextmanager
def signed_in(around: Surroundings, factor: SecondFactor) -> Iterator[VaultClient]:
    """Vault under the token that the person's password and code give; it is ended after it. Raises ConfigError."""
    place = around.endpoints.vault
    url = active_address(place.url, place.ca_file)
    token = asyncio.run(_token(url, str(place.ca_file), around.identity.signer, factor))
    with VaultClient.from_token(place.url, place.ca_file, token, around.project) as vault:
        try:
            yield vault
        finally:
            vault.end_login()


async def _token(url: str, ca_file: str, person: str, factor: SecondFactor) -> str:
    login = VaultLogin(url, ssl.create_default_context(cafile=ca_file))
    try:
        return await login.token(person, factor.password, factor.code)
    except LoginRefused:
        raise ConfigError(
            f"Vault lets nobody in as {person} by this password and code; a code is good once"
        ) from None
    finally:
        await login.close()


def _require(around: Surroundings, roles: tuple[str, ...], what: str) -> None:
    persons, person = around.topology.project(around.project).persons, around.identity.signer
    if not any(person in persons.holding(role) for role in roles):
        allowed = "; ".join(f"{role}s: {', '.join(persons.holding(role)) or 'none'}" for role in roles)
        raise ConfigError(f"{person} may not {what} in {around.project}; {allowed}")


def _approvers(around: Surroundings) -> frozenset[str]:
    persons = around.topology.project(around.project).persons
    return persons.holders(GROUPS[0]) | persons.holders(GROUPS[1])


def _group(around: Surroundings) -> str:
    """`a` or `b`. Raises ConfigError for somebody in neither."""
    _require(around, GROUPS, "approve grants")
    persons = around.topology.project(around.project).persons
    return "a" if around.identity.signer in persons.grantors_a else "b"


def _require_open(grant: Grant, now: int) -> None:
    name = grant.grant_id[:12]
    if grant.ended_by:
        raise ConfigError(f"grant {name} was denied or revoked by {', '.join(sorted(grant.ended_by))}")
    if not grant.in_time(now):
        raise ConfigError(f"grant {name} is over, or has not begun by this machine's clock; request another")


def _say(
    around: Surroundings, name: str, about: GrantRequest, body: bytes, kind: EventType, details: dict[str, str]
) -> None:
    """Put it on `control`, and the event that says so on the audit, in one transaction."""
    key = f"{ControlKind.GRANT}/{around.project}/{name}/{around.identity.signer}"
    event = Event(
        kind,
        control_resource(key),
        person=around.identity.signer,
        purpose=about.purpose.value,
        reason=about.reason.value,
        parents=(task_resource(about.task_id),),
        details={"grant": name, **details},
    )
    lowest = book_of(around).next_version(key)
    act(around, [control_record(around, key, ControlKind.GRANT, body, lowest)], [event])
