"""Evidence holds as it was put aside, and whatever is done to it is found."""

from __future__ import annotations

import json
from functools import cache
from random import Random

import pytest

from schemas.alerts import Alert, Severity
from schemas.audit import Event, EventType
from schemas.control import ControlKind, control_message
from schemas.metrics import Metric
from schemas.records import ControlState
from schemas.resources import incident_resource
from streams.audit.chain import Pins
from streams.audit.evidence import (
    CLOSING,
    CLOSING_SIGNATURE,
    CONTROL,
    LESSONS,
    MANIFEST,
    MANIFEST_SIGNATURE,
    Gathered,
    Ordered,
    closing_file,
    digest,
    evidence,
    manifest_file,
    message,
)
from streams.audit.evidence_check import Evidence, digests, verify_evidence
from streams.audit.export import Exporter
from streams.audit.exported import exported_events
from streams.audit.findings import FindingKind
from streams.audit.incidents import incidents
from streams.engine.chain import Chain
from streams.engine.processor import Slot
from tests.streams.audit.generate import PROJECT, World, cut_amid_a_transaction, random_world, role_key
from tests.streams.audit.memory_audit import PINS, PREFIXES, MemoryAudit, MemoryStore

ID = "2026-11-26-00c0ffee"
KEYS: Pins = {**PINS, **{who: role_key(who).public_key().public_bytes_raw() for who in ("olga", "grace")}}
KEY = f"freeze/{PROJECT}/olga"


class Audit(MemoryAudit):
    """As another one, with the keys of persons pinned."""

    def export(self, store, checkpoints=None):
        exporter = Exporter(store, self.topics(), KEYS, self.read, self.firsts, lambda _: PREFIXES)
        return exporter.extend(checkpoints or self.checkpoints())


def person_says(world: World, *events: Event) -> None:
    """As `deploy.acting` has it: a slot used once, certified by the person's own key."""
    writer = world.writer("person.olga.x")
    writer.chain = Chain(Slot(writer.name, 1, "person.olga", PROJECT), None, "olga", role_key("olga").sign)
    writer.commit(writer.chain.started({}), *events)


@cache
def written(seed: int, amid: bool) -> Audit:
    """A random log with an incident in it; keys of processes are never the same twice."""
    world = random_world(seed, batches=2)
    opened = Event(
        EventType.INCIDENT_OPENED,
        incident_resource(ID),
        person="olga",
        details={"playbook": "exposed-data", "since": str(world.time)},
    )
    person_says(world, Event(EventType.FREEZE_ORDERED, f"control/{KEY}", person="olga"), opened)
    if amid:
        cut_amid_a_transaction(world)
    return Audit().take(world.placed())


def put_aside(seed: int = 1, *, amid: bool = False) -> MemoryStore:
    """Evidence of the incident in that log; `amid`: which ends amid a transaction."""
    audit = MemoryStore()
    assert written(seed, amid).export(audit).findings == ()
    events = list(exported_events(audit, KEYS))
    (incident,) = incidents(events)
    signature = role_key("olga").sign(control_message(KEY, 7, ControlKind.FREEZE, b"{}"))
    orders = [
        Ordered(0, 3, ControlState(KEY, 7, ControlKind.FREEZE, b"{}", "olga", signature, 7)),
        Ordered(0, 5, None, "tombstone_ignored"),
        Ordered(0, 6, ControlState("freeze/Jane Doe", 8, "Jane", b"Doe", "Jane Doe", b"", 8), "unsigned"),
    ]
    alerts = [Alert("4e", "reports", Severity.CRITICAL, "person/ann", 1, at) for at in (1, incident.since)]
    metrics = [Metric(PROJECT, "", "", since, since + 60_000, {"views": 12}) for since in (0, incident.since)]
    gathered = Gathered(incident, events, alerts, metrics, orders, {"release": "1"}, "# What to do\n")
    store = MemoryStore({f"audit/{name}": data for name, data in audit.files.items()} | dict(evidence(gathered)))
    store.put(MANIFEST, manifest_file(incident, PROJECT, "olga", digests(store)))
    store.put(MANIFEST_SIGNATURE, signed("olga", store.files[MANIFEST]))
    return store


def signed(who: str, data: bytes) -> bytes:
    return role_key(who).sign(message(data)).hex().encode() + b"\n"


def checked(store: MemoryStore, pins: Pins | None = KEYS) -> Evidence:
    audit = {name.removeprefix("audit/"): data for name, data in store.files.items() if name.startswith("audit/")}
    return verify_evidence(store, MemoryStore(audit), pins)


@pytest.mark.parametrize("pins", [KEYS, None])
def test_it_holds_as_it_was_put_aside(pins):
    found = checked(put_aside(), pins)
    assert found.findings == ()
    assert (found.incident, found.project, found.person, found.closed) == (ID, PROJECT, "olga", False)


def test_one_that_ends_amid_a_transaction_holds_and_says_so():
    store = put_aside(amid=True)
    audit = {name.removeprefix("audit/"): data for name, data in store.files.items() if name.startswith("audit/")}
    found = verify_evidence(store, MemoryStore(audit), KEYS, 2**50)
    assert (found.findings, [it.kind for it in found.audit.awaited]) == ((), [FindingKind.UNSEALED])
    assert [it.kind for it in checked(store).findings] == [FindingKind.UNSEALED]  # as if nothing could come


def test_the_same_log_gives_the_same_bytes():
    assert put_aside().files == put_aside().files


def test_what_was_before_it_is_left_out_and_of_what_was_refused_only_the_place_is_told():
    files = put_aside().files
    assert len(files["alerts.jsonl"].splitlines()) == len(files["metrics.jsonl"].splitlines()) == 1
    order, *refused = map(json.loads, files[CONTROL].splitlines())
    assert (order["key"], order["body_sha256"]) == (KEY, digest(b"{}"))
    assert refused == [
        {"partition": 0, "offset": 5, "refused": "tombstone_ignored"},
        {"partition": 0, "offset": 6, "refused": "unsigned"},
    ]
    told = [json.loads(line)["type"] for line in files["timeline.jsonl"].splitlines()]
    assert told[-2:] == ["freeze.ordered", "incident.opened"]


def test_any_changed_byte_and_any_file_more_or_less_is_found():
    store, random = put_aside(), Random(7)
    for name, data in sorted(store.files.items()):
        changed = MemoryStore(store.files)
        at = random.randrange(len(data) or 1)
        changed.files[name] = data[:at] + bytes([(data[at] if data else 0) ^ 1]) + data[at + 1 :]
        # the last byte of a signature is a line feed, which means nothing
        assert not checked(changed).holds or (name == MANIFEST_SIGNATURE and at == len(data) - 1), name
        less = MemoryStore({other: kept for other, kept in store.files.items() if other != name})
        assert not checked(less).holds, name
    for stranger in ("more.txt", "audit/more.txt", LESSONS):
        assert not checked(MemoryStore({**store.files, stranger: b"x"})).holds


def test_who_changes_a_file_and_the_manifest_with_it_lacks_the_key():
    store = put_aside()
    store.files["alerts.jsonl"] = b""
    manifest = json.loads(store.files[MANIFEST])
    manifest["files"]["alerts.jsonl"] = digest(b"")
    store.files[MANIFEST] = json.dumps(manifest).encode()
    (found,) = checked(store).findings
    assert found.where == MANIFEST_SIGNATURE
    store.files[MANIFEST_SIGNATURE] = signed("grace", store.files[MANIFEST])
    assert not checked(store).holds


@pytest.mark.parametrize("name", ["incident.json", "timeline.jsonl", CONTROL])
def test_what_its_own_signer_says_beside_the_audit_must_follow_from_it(name):
    store = put_aside()
    store.files[name] = store.files[name].replace(b"olga", b"ella")
    manifest = json.loads(store.files[MANIFEST])
    manifest["files"][name] = digest(store.files[name])
    store.files[MANIFEST] = json.dumps(manifest).encode()
    store.files[MANIFEST_SIGNATURE] = signed("olga", store.files[MANIFEST])
    (found,) = checked(store).findings
    assert found.where.startswith(name)


def test_an_export_that_holds_less_than_the_incident_is_found():
    store = put_aside()
    other = put_aside(2)
    for name in [name for name in store.files if name.startswith("audit/")]:
        del store.files[name]
    store.files |= {name: data for name, data in other.files.items() if name.startswith("audit/")}
    assert not checked(store).holds


def close(store: MemoryStore, who: str = "grace", lessons: bytes = b"Look sooner.\n") -> MemoryStore:
    manifest = digest(store.files[MANIFEST])
    store.put(LESSONS, lessons)
    store.put(CLOSING, closing_file(ID, who, manifest, lessons, "demo@2"))
    store.put(CLOSING_SIGNATURE, signed(who, store.files[CLOSING]))
    return store


def test_a_closing_is_signed_by_who_closed_it_and_is_about_this_evidence_and_these_lessons():
    store = close(put_aside())
    found = checked(store)
    assert (found.holds, found.closed) == (True, True)
    assert not checked(MemoryStore({**store.files, LESSONS: b"Nothing.\n"})).holds
    assert not checked(MemoryStore({**store.files, CLOSING_SIGNATURE: signed("olga", store.files[CLOSING])})).holds
    foreign = close(put_aside(2)).files
    closing = {name: foreign[name] for name in (LESSONS, CLOSING, CLOSING_SIGNATURE)}
    assert not checked(MemoryStore(put_aside().files | closing)).holds


@pytest.mark.parametrize(
    "data", [b"", b"[]", b"{", b"[" * 100_000, b"\xff", b'{"format": "veilstream-incident/1"}']
)
def test_whatever_lies_there_is_a_finding_and_no_exception(data):
    for name in (MANIFEST, MANIFEST_SIGNATURE, CONTROL, "audit/index.json", "audit/pins.json"):
        assert not checked(MemoryStore({**put_aside().files, name: data}), None).holds
    names = '{"format": "veilstream-incident/1", "files": {"../x": "0", "a\\u0000b": "0", "": "0"}}'
    assert not checked(MemoryStore({**put_aside().files, MANIFEST: names.encode()})).holds
    assert not checked(MemoryStore()).holds


def test_an_order_that_its_signer_did_not_sign_is_found():
    store = put_aside()
    store.files[CONTROL] = store.files[CONTROL].replace(b'"version": 7', b'"version": 8')
    assert any(one.where == f"{CONTROL}#1" for one in checked(store).findings)


def test_pins_of_ones_own_show_evidence_of_somebody_elses_making():
    assert checked(put_aside(), None).holds
    other = {**KEYS, "olga": role_key("eve").public_key().public_bytes_raw()}
    assert not checked(put_aside(), other).holds
