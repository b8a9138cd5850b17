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

PATH = "/sign"
NAMES = ("client_id", "request", "key", "version", "kind", "digest", "up_to")
"""`up_to` is asked for with the end of freezes alone: up to which of them."""
_FORMS = {
    "client_id": re.compile(r"[A-Za-z0-9._-]{1,128}"),
    "request": re.compile(r"[0-9a-f]{32}"),
    "version": re.compile(r"[0-9]{1,16}"),
    "kind": re.compile(r"policy|job|lift"),
    "digest": re.compile(r"[0-9a-f]{64}"),
    "up_to": re.compile(r"[1-9][0-9]{0,15}"),
}
_KEY = re.compile(
    r"(?P<kind>policy|job|lift)/(?P<project>[a-z][a-z0-9-]{0,39})/(?P<target>[a-z0-9][a-z0-9.-]{0,80})"
    r"/(?P<person>[a-z][a-z0-9-]{0,39})"
)
_WORDS = {"policy": "Redaction policy of {project}", "job": "Labeling job of {project}"}
LIFT = ControlKind.LIFT.value
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
        up_to = self.fields.get("up_to")
        over = f"The freezes of {self.project} by {self.target} up to version {up_to} are over"
        what = over if up_to else _WORDS[self.fields["kind"]].format(project=self.project)
        return f"{what}, SHA-256 {self.fields['digest']}"

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
    names = set(NAMES) if found.get("kind") == LIFT else set(NAMES) - {"up_to"}
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
    return target == found["digest"]
