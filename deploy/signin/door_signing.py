"""Signing at the door of the local provider: what is to be signed, a password, a code, back with the signature.

`GET /sign` shows it, `POST /sign` takes it. The person's own token signs, once, with their own key, and is
revoked; who sent them here gets the signature and never what they typed. What is shown is exactly what is signed.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from schemas.control import ControlKind, control_message_of, lift_body
from schemas.quarantine_release import (
    QuarantineRelease,
    ReleaseReason,
    read_release,
    read_release_target,
    release_body,
)

PATH = "/sign"
NAMES = ("client_id", "request", "key", "version", "kind", "digest", "up_to", "policy", "reason")
"""`up_to` is asked for with the end of freezes alone: up to which of them; `policy` and `reason` with a release
from quarantine alone: under which version, and why.
"""
_FORMS = {
    "client_id": re.compile(r"[A-Za-z0-9._-]{1,128}"),
    "request": re.compile(r"[0-9a-f]{32}"),
    "version": re.compile(r"[0-9]{1,16}"),
    "kind": re.compile(r"policy|job|lift|release"),
    "digest": re.compile(r"[0-9a-f]{64}"),
    "up_to": re.compile(r"[1-9][0-9]{0,15}"),
    "policy": re.compile(r"[1-9][0-9]{0,6}"),
    "reason": re.compile("|".join(ReleaseReason)),
}
_KEY = re.compile(
    r"(?P<kind>policy|job|lift|release)/(?P<project>[a-z][a-z0-9-]{0,39})/(?P<target>[a-z0-9][a-z0-9.-]{0,80})"
    r"/(?P<person>[a-z][a-z0-9-]{0,39})"
)
_WORDS = {"policy": "Redaction policy of {project}", "job": "Labeling job of {project}"}
LIFT, RELEASE = ControlKind.LIFT.value, ControlKind.RELEASE.value
_SAID = {LIFT: {"up_to"}, RELEASE: {"policy", "reason"}}
"""What is asked for with one kind alone."""
_ALWAYS = set(NAMES) - {name for names in _SAID.values() for name in names}
_RETURN = "/signed"


@dataclass(frozen=True, slots=True)
class ToSign:
    """One signature that is asked for. `origin`: of whoever asks."""

    origin: str
    fields: Mapping[str, str]
    person: str
    project: str
    target: str

    @property
    def message(self) -> bytes:
        """What is signed."""
        given = self.fields
        return control_message_of(given["key"], int(given["version"]), given["kind"], given["digest"])

    @property
    def words(self) -> str:
        """What it is, for whom to sign."""
        return f"{self._what()}, SHA-256 {self.fields['digest']}"

    def _what(self) -> str:
        match self.fields["kind"]:
            case "lift":
                up_to = self.fields["up_to"]
                return f"The freezes of {self.project} by {self.target} up to version {up_to} are over"
            case "release":
                return _released(self.project, _order(self.fields, self.target))
            case kind:
                return _WORDS[kind].format(project=self.project)

    @property
    def query(self) -> str:
        """As it came, for the form."""
        return urlencode(self.fields)

    def back(self, signature: str) -> str:
        """Where the browser goes with it."""
        return f"{self.origin}{_RETURN}?{urlencode({'request': self.fields['request'], 'signature': signature})}"


def to_sign(found: Mapping[str, str], origins: Mapping[str, str]) -> ToSign | None:
    """What a request asks for; None for one that is not whole, contradicts itself, or is of nobody we know.

    `origins`: of pages whose people may sign, by client id.
    """
    names = _ALWAYS | _SAID.get(found.get("kind", ""), set())
    if set(found) != names or any(_FORMS[name].fullmatch(found[name]) is None for name in names - {"key"}):
        return None
    key, origin = _KEY.fullmatch(found["key"]), origins.get(found["client_id"])
    if key is None or origin is None or key["kind"] != found["kind"] or not _agrees(found, key["target"]):
        return None
    return ToSign(origin, dict(found), key["person"], key["project"], key["target"])


def _agrees(found: Mapping[str, str], target: str) -> bool:
    """Whether the digest is that of what is shown."""
    if found["kind"] == LIFT:
        return hashlib.sha256(lift_body(int(found["up_to"]))).hexdigest() == found["digest"]
    if found["kind"] == RELEASE:
        order = _order(found, target)
        return order is not None and hashlib.sha256(release_body(order)).hexdigest() == found["digest"]
    return target == found["digest"]


def _order(found: Mapping[str, str], target: str) -> QuarantineRelease | None:
    place = read_release_target(target)
    if place is None:
        return None
    order = QuarantineRelease(*place, int(found["policy"]), ReleaseReason(found["reason"]))
    return read_release(target, release_body(order))


def _released(project: str, order: QuarantineRelease | None) -> str:
    assert order is not None, "checked by `to_sign`"
    record = f"{order.partition}/{order.offset}, revision {order.revision}"
    spite = "in spite of its risk, " if order.in_spite else ""
    why = f"{spite}under policy version {order.policy}, because: {order.reason.value}"
    return f"The release of raw.{project}/{record}, from quarantine, {why}"
