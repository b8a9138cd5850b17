"""Which audit events announce which uses of Vault: a table. Pure.

A process announces its own acts only, under its own identity, in its own project. A rule is as narrow as what both
sides show: Vault's log shows the path of a document, and of a data key the slot that made it (the first part of
its context, `<slot>/<hour>`), never the task.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType

from schemas.audit import AuditEvent, EventType
from schemas.resources import Kind
from schemas.vault_log import Operation, VaultUse
from topology.identity import PERSON, PLATFORM, Identity

SEALER = Identity("seal", PLATFORM).name
ROOT = "root"
"""Vault's name for whoever has its first token."""
ANY = 10**9
"""As `each`: one event announces as many uses as there are (a batch reads as many keys as it holds records of)."""


class By(Enum):
    """What, besides identity, operation and target, has to agree."""

    NOTHING = 0
    SLOT = 1
    """The slot whose data key it is."""
    SEGMENT = 2
    """The document's segment, `<slot>/<epoch>/<sequence>`."""


@dataclass(frozen=True, slots=True)
class Rule:
    """`kind`: of key or folder; empty for operations that have none (login, administer)."""

    role: str
    operation: Operation
    kind: str
    events: frozenset[EventType]
    by: By = By.NOTHING
    each: int = ANY


@dataclass(frozen=True, slots=True, order=True)
class Claim:
    """What has to be announced, and what an event announces: they match where they are equal."""

    identity: str
    operation: Operation
    target: str
    narrowed: str = ""


@dataclass(frozen=True, slots=True)
class Announced:
    """A claim that an event stands for, `each` times."""

    claim: Claim
    each: int


_E = EventType
_STARTED = frozenset({_E.PROCESS_STARTED})
_BATCH = frozenset({_E.BATCH_REDACTED})
_VIEWED = frozenset({_E.TASK_VIEWED, _E.HINT_SHOWN, _E.COMMENTS_VIEWED})
"""By which label says that a person is about to see what the view layer's keys open."""
_COPIED = frozenset({_E.TEXTS_EXPORTED})
"""By which copier says of a segment that its texts are about to be taken out; it reads each once."""
_OPENING = frozenset({_E.TEXTS_OPENING})
"""By which opener says of a segment that its texts are about to lie in clear; it reads each once for each time."""
_JOINED = frozenset({_E.LABEL_JOINED, _E.GOLD_SCORED, _E.RECORD_REFUSED, _E.TASK_WITHDRAWN})
_KEPT = frozenset({_E.SEGMENT_DESTROYED, _E.SEGMENT_REWRITTEN})
_REWRAPPED = frozenset({_E.KEY_REWRAPPED})
_REWRITTEN = frozenset({_E.SEGMENT_REWRITTEN, _E.KEY_REWRAPPED})
_KEYS = frozenset({_E.KEY_ROTATED, _E.KEY_RETIRED, _E.KEY_TRIMMED})
"""By which a person says that they have administered keys."""
_PUBLISHED = frozenset({_E.RECORDS_PUBLISHED, _E.GOLD_PUBLISHED})
_WARDED = frozenset({_E.PROCESS_STARTED, _E.CONTROL_APPLIED, _E.CREDENTIALS_ENDED, _E.CREDENTIALS_RESTORED})
"""By which warden says that it has ended or restored logins in Vault."""
_APPROVED = frozenset({_E.GRANT_APPROVED})
_HANDED = ("share-a", "share-b", "entry")
_LAYERS = ("view", "geometry", "values", "half-a", "half-b")
_LAYER_KEYS = ("view", "geometry", "values-a", "values-b", "quarantine")
_REWRAPS = ("view", "geometry", "values-a", "values-b", "hmac")

RULES: tuple[Rule, ...] = (
    *(Rule(role, Operation.DATAKEY, "raw", _PUBLISHED) for role in ("producer", "synth")),
    *(Rule(role, Operation.DECRYPT, "hmac", _PUBLISHED) for role in ("producer", "synth")),
    Rule("redact", Operation.DECRYPT, "hmac", _STARTED),
    Rule("redact", Operation.DECRYPT, "raw", _BATCH),
    Rule("redact", Operation.DECRYPT, "quarantine", _BATCH),
    Rule("redact", Operation.DECRYPT, "comments", frozenset({_E.COMMENT_REDACTED, _E.RECORD_REFUSED})),
    *(Rule("redact", Operation.DATAKEY, kind, _BATCH) for kind in _LAYER_KEYS),
    *(Rule("redact", Operation.ENCRYPT, kind, _BATCH) for kind in _LAYER_KEYS),
    *(Rule("redact", Operation.WRITE, folder, _BATCH) for folder in _LAYERS),
    Rule("label", Operation.READ, "view", _VIEWED, By.SEGMENT, each=1),
    Rule("label", Operation.DECRYPT, "view", _VIEWED, By.SLOT, each=1),
    Rule("label", Operation.DATAKEY, "finds", frozenset({_E.TASK_REPORTED})),
    Rule("label", Operation.DATAKEY, "comments", frozenset({_E.COMMENTS_VIEWED, _E.COMMENT_WRITTEN})),
    Rule("copier", Operation.READ, "view", _COPIED, By.SEGMENT, each=1),
    Rule("copier", Operation.DECRYPT, "view", _COPIED, By.SLOT, each=1),
    Rule("opener", Operation.READ, "view", _OPENING, By.SEGMENT, each=1),
    Rule("opener", Operation.DECRYPT, "view", _OPENING, By.SLOT, each=1),
    Rule("join", Operation.READ, "geometry", _JOINED),
    Rule("join", Operation.DECRYPT, "geometry", _JOINED),
    *(Rule("keeper", Operation.READ, folder, _KEPT | _REWRAPPED) for folder in _LAYERS),
    *(Rule("keeper", Operation.DELETE, folder, _KEPT) for folder in _LAYERS),
    *(
        Rule("keeper", Operation.REWRITE, layer, _REWRITTEN, By.SEGMENT)
        for layer in ("view", "geometry", "values")
    ),
    *(Rule("keeper", Operation.REWRITE, folder, _REWRAPPED) for folder in ("half-a", "half-b", "hmac")),
    *(Rule("keeper", Operation.REWRAP, kind, _REWRAPPED) for kind in _REWRAPS),
    Rule(PERSON, Operation.DECRYPT, "finds", frozenset({_E.FIND_OPENED})),
    Rule(PERSON, Operation.DECRYPT, "hmac", frozenset({_E.ERASURE_ORDERED, _E.SUBJECT_REPORTED}), each=1),
    *(Rule(PERSON, Operation.DECRYPT, f"values-{group}", _APPROVED, each=1) for group in "ab"),
    *(Rule(PERSON, Operation.READ, f"half-{group}", _APPROVED, each=1) for group in "ab"),
    *(Rule(PERSON, Operation.WRITE, f"share-{group}", _APPROVED, each=1) for group in "ab"),
    *(Rule(PERSON, Operation.READ, folder, frozenset({_E.REVEAL_ASKED})) for folder in _HANDED),
    Rule("reveal", Operation.READ, "values", frozenset({_E.GRANT_LOCATED, _E.VALUE_REVEALED})),
    Rule("reveal", Operation.WRITE, "entry", frozenset({_E.VALUE_REVEALED}), each=1),
    *(Rule("reveal", Operation.DELETE, folder, frozenset({_E.GRANT_ENDED})) for folder in _HANDED),
)
"""Beside these a process announces its login by `process.started`, and its signatures: see `announced`."""


def announced(event: AuditEvent, project: str) -> Iterator[Announced]:
    """What an event on `audit.<project>` announces."""
    identity = event.process
    role, _, place = identity.partition(".")
    if not at_home(identity, project):
        return  # a process acts in its own project; persons in all of theirs
    if event.type is EventType.PROCESS_STARTED:
        yield Announced(Claim(identity, Operation.LOGIN, ""), ANY)
    yield from _signatures(event, Identity(role, place))
    if (own := _OF_ROLES.get(role)) is not None:
        yield from own(event, identity)
    for rule in RULES:
        if rule.role == role and event.type in rule.events:
            for narrowed in _narrowed(event, rule.by):
                yield Announced(Claim(identity, rule.operation, _target(rule, project), narrowed), rule.each)


def at_home(identity: str, project: str) -> bool:
    """Whether an identity's own events stand on `audit.<project>`."""
    role, _, place = identity.partition(".")
    return place == project or role == PERSON


def checkpointed() -> Announced:
    """What a record on `checkpoints` announces: its one signature. Kafka lets only the sealer write there."""
    return Announced(_sealers(), 1)


def _by_label(event: AuditEvent, _identity: str) -> Iterator[Announced]:
    """Who signs in, and who has signed a token just before: a view or hint names the app or operator whose token
    asked for it (`app triage-ui`). No event of theirs says so: apps write none.
    """
    if event.type is EventType.SESSION_STARTED and event.person:
        yield Announced(Claim(f"{PERSON}.{event.person}", Operation.LOGIN, ""), ANY)
    kind, _, issuer = event.details.get("client", "").partition(" ")
    if event.type in _VIEWED and kind in {"app", "operator"} and issuer:
        signer = Identity(PERSON, issuer)
        yield Announced(Claim(signer.name, Operation.LOGIN, ""), ANY)
        yield Announced(Claim(signer.name, Operation.SIGN, signer.sign_key), ANY)


def _by_console(event: AuditEvent, _identity: str) -> Iterator[Announced]:
    """Who signs in there, and who has signed at the provider's door what the console then carried to `control`."""
    if not event.person or event.type not in _CONSOLES:
        return
    person = Identity(PERSON, event.person)
    yield Announced(Claim(person.name, Operation.LOGIN, ""), ANY)
    if event.type is not EventType.CONSOLE_ENTERED:
        yield Announced(Claim(person.name, Operation.SIGN, person.sign_key), ANY)


_CONSOLES = frozenset(
    {_E.CONSOLE_ENTERED, _E.POLICY_PUBLISHED, _E.JOB_SIGNED, _E.LIFT_CARRIED, _E.RELEASE_CARRIED}
)


def _by_provisioner(event: AuditEvent, identity: str) -> Iterator[Announced]:
    if event.type is EventType.TOPOLOGY_APPLIED:
        for administrator in (identity, ROOT):
            yield Announced(Claim(administrator, Operation.ADMINISTER, ""), ANY)
            yield Announced(Claim(administrator, Operation.DATAKEY, "hmac"), ANY)
            yield Announced(Claim(administrator, Operation.WRITE, "hmac"), ANY)


def _by_starter(event: AuditEvent, identity: str) -> Iterator[Announced]:
    """It has had a login made, and whom it handed that, logs in before it says anything itself, if it ever does: a
    label that stands by works when another has ended. Its own login an administrator has had made.
    """
    if event.type is EventType.LOGIN_HANDED:
        whom = event.details.get("identity", "")
        yield Announced(Claim(whom, Operation.LOGIN, ""), ANY)
        for maker in (ROOT,) if whom == identity else (identity,):
            yield Announced(Claim(maker, Operation.ADMINISTER, ""), ANY)


def _by_warden(event: AuditEvent, identity: str) -> Iterator[Announced]:
    """It ends and restores logins, anew at each start, and logs in itself when it first has to."""
    if event.type in _WARDED:
        yield Announced(Claim(identity, Operation.LOGIN, ""), ANY)
        yield Announced(Claim(identity, Operation.ADMINISTER, ""), ANY)


def _by_person(event: AuditEvent, identity: str) -> Iterator[Announced]:
    """Who has rotated keys, or ended versions of them."""
    if event.type in _KEYS:
        yield Announced(Claim(identity, Operation.ADMINISTER, ""), ANY)


def _by_backup(event: AuditEvent, identity: str) -> Iterator[Announced]:
    if event.type is EventType.BACKUP_BEGUN:
        yield Announced(Claim(identity, Operation.SNAPSHOT, ""), 1)


_OF_ROLES: Mapping[str, Callable[[AuditEvent, str], Iterator[Announced]]] = MappingProxyType(
    {
        "label": _by_label,
        "console": _by_console,
        "provisioner": _by_provisioner,
        "warden": _by_warden,
        PERSON: _by_person,
        "starter": _by_starter,
        "backup": _by_backup,
    }
)


def _signatures(event: AuditEvent, identity: Identity) -> Iterator[Announced]:
    """Whoever signs an order commits an event with it, and every chain begins with a signature. The sealer signs
    all the time: of it a start announces one, and each checkpoint its own.
    """
    if identity.name != SEALER:
        yield Announced(Claim(identity.name, Operation.SIGN, identity.sign_key), ANY)
    elif event.type is EventType.PROCESS_STARTED:
        yield Announced(_sealers(), 1)


def _sealers() -> Claim:
    return Claim(SEALER, Operation.SIGN, f"sign-{SEALER}")


def claims(use: VaultUse) -> tuple[Claim, ...]:
    """What has to be announced for a use to be explained: all of it."""
    role = use.identity.partition(".")[0]
    if use.operation in {Operation.LOGIN, Operation.ADMINISTER, Operation.SNAPSHOT}:
        return (Claim(use.identity, use.operation, ""),)
    if use.target.startswith("hmac-") or use.target.endswith("/hmac"):
        return (Claim(use.identity, use.operation, _hmac_target(use, role)),)
    rule = next((it for it in RULES if it.role == role and _covers(it, use)), None)
    plain = Claim(use.identity, use.operation, use.target)
    if rule is None or rule.by is By.NOTHING:
        return (plain,)
    if rule.by is By.SEGMENT:
        return (Claim(use.identity, use.operation, use.target, use.document),)
    slots = dict.fromkeys(context.rpartition("/")[0] for context in use.contexts) or {"": None}
    return tuple(Claim(use.identity, use.operation, use.target, slot or "?") for slot in slots)


def _covers(rule: Rule, use: VaultUse) -> bool:
    on_folder = use.target.startswith("veil-")
    kind = use.target.rpartition("/")[2] if on_folder else use.target
    return rule.operation is use.operation and (
        kind == rule.kind if on_folder else kind.startswith(f"{rule.kind}-")
    )


def _hmac_target(use: VaultUse, role: str) -> str:
    """Provisioning makes those of all projects; a process may open its own project's only, a person those of
    theirs.
    """
    if role in {"provisioner", ROOT}:
        return "hmac"
    if role == PERSON:
        return use.target.rpartition("-")[0] + "-"
    own = f"hmac-{use.identity.partition('.')[2]}-"
    return own if use.target.startswith(own) else use.target


def _target(rule: Rule, project: str) -> str:
    if rule.operation in {Operation.READ, Operation.WRITE, Operation.REWRITE, Operation.DELETE}:
        return f"veil-{project}/{rule.kind}"
    return f"{rule.kind}-{project}" + ("-" if rule.kind == "hmac" else "")


def _narrowed(event: AuditEvent, by: By) -> Iterator[str]:
    if by is By.NOTHING:
        yield ""
        return
    for segment in {it for it in (event.resource, *event.parents) if it.startswith(f"{Kind.SEGMENT}/")}:
        name = segment.partition("/")[2]
        yield name if by is By.SEGMENT else name.rsplit("/", 2)[0]
