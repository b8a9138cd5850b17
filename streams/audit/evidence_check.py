"""Verifies the evidence of an incident offline: files, signatures, the audit in it, and what follows from that.

Whatever lies there is untrusted: every way it can be wrong is a finding, none an exception.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from schemas.control import control_message_of
from streams.audit.chain import Pins
from streams.audit.evidence import (
    BESIDE,
    CLOSING,
    CLOSING_SIGNATURE,
    CONTROL,
    FORMAT,
    INCIDENT,
    LESSONS,
    MANIFEST,
    MANIFEST_SIGNATURE,
    TIMELINE,
    digest,
    incident_file,
    message,
    timeline_file,
)
from streams.audit.exported import exported_events
from streams.audit.findings import Finding, FindingKind
from streams.audit.incidents import incidents
from streams.audit.index import PINS, BadIndex, read_pins
from streams.audit.store import Store
from streams.audit.verify import Trust, Verification, verify_export

Content = Mapping[str, object]
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._/-]{0,199}")
"""Of every file that there can be."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What was found. `person`: whose signature is on it; `closed`: whether it was closed, and signed so."""

    findings: tuple[Finding, ...]
    incident: str
    project: str
    person: str
    files: int
    closed: bool
    audit: Verification

    @property
    def holds(self) -> bool:
        """Nothing was found wrong."""
        return not self.findings


def verify_evidence(store: Store, audit: Store, pins: Pins | None = None, now: int | None = None) -> Evidence:
    """All that is wrong with it. `store`: the whole of it, `audit`: the part below `audit/`; `pins`: public keys
    by signer from a source of one's own, without them those in the evidence count; `now`: as for `verify_export`.
    """
    return _Check(store, audit, pins, now).verified()


@dataclass(slots=True)
class _Check:
    store: Store
    audit: Store
    own: Pins | None
    now: int | None
    found: list[Finding] = field(default_factory=list)

    def verified(self) -> Evidence:
        pins = self._pins()
        said = self._signed(MANIFEST, MANIFEST_SIGNATURE, pins)
        files = self._check_files(said)
        verification = verify_export(self.audit, Trust(self.own), now=self.now)
        self.found += verification.findings
        incident = str(said.get("incident", ""))
        if verification.holds:
            self._check_derived(incident, pins)
        self._check_orders(pins)
        closed = self._check_closing(incident, pins)
        project, person = str(said.get("project", "")), str(said.get("person", ""))
        return Evidence(tuple(self.found), incident, project, person, files, closed, verification)

    def _pins(self) -> Pins:
        if self.own is not None:
            return self.own
        try:
            return read_pins(self.audit.get(PINS) or b"")
        except BadIndex:
            return {}  # the audit's own check says so

    def _signed(self, name: str, signature: str, pins: Pins) -> Content:
        """A file's content, whose signature by the person it names is checked."""
        data = self.store.get(name) or b""
        content = _read(data)
        if content.get("format") != FORMAT:
            self._find(name, "missing, or not one that this version has written")
        elif not is_signed(pins.get(str(content.get("person"))), self.store.get(signature) or b"", message(data)):
            self._find(signature, "not the signature of the person whom it names")
        return content

    def _check_files(self, said: Content) -> int:
        named = said.get("files")
        digests = named if isinstance(named, dict) else {}
        for name, wanted in sorted(digests.items()):
            data = self.store.get(name) if _is_plain(name) else None
            if data is None or digest(data) != wanted:
                self._find(name, "missing, or not the file that the manifest names")
        for name in sorted(self.store.names()):
            if name not in digests and name not in BESIDE:
                self._find(name, "the manifest doesn't name this file")
        return len(digests)

    def _check_derived(self, incident_id: str, pins: Pins) -> None:
        """What is said beside the audit must be what follows from it."""
        events = list(exported_events(self.audit, pins))
        known = next((one for one in incidents(events) if one.incident_id == incident_id), None)
        if known is None:
            self._find(INCIDENT, "the audit knows no such incident")
            return
        if self.store.get(INCIDENT) != incident_file(known):
            self._find(INCIDENT, "not what the audit says of the incident")
        if self.store.get(TIMELINE) != timeline_file(events, known.since):
            self._find(TIMELINE, "not what follows from the audit")

    def _check_orders(self, pins: Pins) -> None:
        for number, line in enumerate((self.store.get(CONTROL) or b"").splitlines(), 1):
            order = _read(line)
            if "refused" in order:
                continue
            try:
                said = [str(order[name]) for name in ("key", "kind", "body_sha256", "signature")]
                signed = control_message_of(said[0], int(str(order["version"])), said[1], said[2])
                key = pins.get(said[0].rpartition("/")[2])
                holds = is_signed(key, said[3].encode(), signed)
            except (KeyError, ValueError):
                holds = False
            if not holds:
                self._find(f"{CONTROL}#{number}", "not signed by the signer whom its key names")

    def _check_closing(self, incident_id: str, pins: Pins) -> bool:
        if self.store.get(CLOSING) is None:
            for name in (LESSONS, CLOSING_SIGNATURE):
                if self.store.get(name) is not None:
                    self._find(name, "there is no closing that speaks of it")
            return False
        said = self._signed(CLOSING, CLOSING_SIGNATURE, pins)
        same = said.get("incident"), said.get("manifest"), said.get("lessons")
        if same != (incident_id, *(digest(self.store.get(name) or b"") for name in (MANIFEST, LESSONS))):
            self._find(CLOSING, "speaks of another incident, other evidence or other lessons")
        return True

    def _find(self, where: str, text: str) -> None:
        self.found.append(Finding(FindingKind.EVIDENCE, where, text))


def digests(store: Store) -> Mapping[str, str]:
    """The SHA-256 of each file there is, as the manifest has it."""
    return {name: digest(store.get(name) or b"") for name in sorted(store.names()) if name not in BESIDE}


def _is_plain(name: str) -> bool:
    return _NAME.fullmatch(name) is not None and ".." not in name.split("/")


def _read(data: bytes) -> Content:
    try:
        content = json.loads(data)
    except (ValueError, RecursionError):
        return {}
    return content if isinstance(content, dict) else {}


def is_signed(key: bytes | None, signature: bytes, signed: bytes) -> bool:
    """Whether it is the Ed25519 signature, in hex, by this public key; by None nothing is."""
    try:
        Ed25519PublicKey.from_public_bytes(key or b"").verify(bytes.fromhex(signature.decode().strip()), signed)
    except (InvalidSignature, ValueError):
        return False
    return True
