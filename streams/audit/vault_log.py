"""What a line of Vault's own audit log says somebody has done with a key, a document, or their login. Pure.

OpenBao and HashiCorp Vault write the same form; only fields that both have are read. Each request has two lines.
The one of type `response` is taken: who logs in is named in it alone, and it says how the request ended. Vault
writes it before it answers, so nobody was given what has no such line.

Fields are taken by name; nothing else of a line goes on. Not taken: values, ciphertexts, plaintexts, tokens (Vault
hashes them, and they stay behind even where it doesn't), addresses, the text of errors, and the name that somebody
gave who was not let in.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from schemas.vault_log import Operation, Outcome, VaultUse

MAX_CONTEXTS = 256
"""Of one request: a batch has 249 items (`vault.transit`)."""
MAX_TEXT = 256
"""Characters of a name that is taken over: of an identity, a key, a path, a context."""
PERMISSION_DENIED = "permission denied"
"""How the error of a denied request ends, in both products."""
CUT = "…"


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A line that is none of an audit log. Why, in a sentence that quotes nothing."""

    reason: str


def parse(line: bytes) -> VaultUse | Unreadable | None:
    """What a line says; None where it is of no interest. Never raises."""
    try:
        entry = json.loads(line)
        if entry["type"] == "request":
            return None
        if entry["type"] != "response":
            return Unreadable("its type is neither request nor response")
        return _use(entry, entry["request"])
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return Unreadable("it is no JSON object with the fields of an audit entry")


def _use(entry: Mapping[str, Any], request: Mapping[str, Any]) -> VaultUse | None:
    outcome = _outcome(entry.get("error"))
    operation, target, document = _act(name_of(request["path"]), request["operation"])
    if operation is Operation.OTHER and outcome is not Outcome.DENIED:
        return None
    login = operation is Operation.LOGIN
    if login and outcome is Outcome.DONE and _refused(entry.get("response") or {}):
        outcome = Outcome.FAILED
    if login and outcome is not Outcome.DONE:  # what was given for a name may be a password, typed a line too high
        target = "/".join(target.strip("/").split("/")[:3])
    return VaultUse(
        time=_milliseconds(entry["time"]),
        identity=_identity(entry.get("auth") or {}, target if login else ""),
        operation=operation,
        target=target,
        request_id=name_of(request["id"]),
        outcome=outcome,
        document=document,
        contexts=_contexts(request.get("data") or {}),
    )


def _act(path: str, operation: str) -> tuple[Operation, str, str]:  # noqa: PLR0911 - one a kind of path
    """Operation, target and document of a request. Mounts are named as `topology.access` names them."""
    parts = path.strip("/").split("/")
    match parts:
        case ["transit", "decrypt" | "encrypt" | "sign" | "rewrap" as verb, key]:
            return Operation(verb), key, ""
        case ["transit", "datakey", _, key]:
            return Operation.DATAKEY, key, ""
        case ["auth", _, "login", *_]:
            return Operation.LOGIN, path, ""
        case [mount, part, folder, *rest] if mount.startswith("veil-") and rest:
            return _on_document(part, operation, folder), f"{mount}/{folder}", "/".join(rest)
        case ["sys", "storage", "raft", "snapshot"] if operation == "read":
            return Operation.SNAPSHOT, "storage", ""
        case ["sys" | "transit" | "auth" | "identity", *_] if _administers(parts, operation):
            return Operation.ADMINISTER, "/".join(parts[:3]), ""
    return Operation.OTHER, parts[0] if parts[0] in _KNOWN else "elsewhere", ""


_WRITES = frozenset({"create", "update", "patch", "delete"})
_KNOWN = frozenset({"sys", "auth", "transit", "identity"})
"""First parts of paths; any other is whatever a stranger made up."""
_WHO = frozenset({"entity", "entity-alias", "group", "group-alias"})
"""Who may log in as whom. What else is below `identity` serves sign-ins."""
_PLAIN = (["auth", "token"], ["sys", "mfa"], ["sys", "wrapping"])
"""What everyone does with their own token."""


def _administers(parts: list[str], operation: str) -> bool:
    if operation not in _WRITES or parts[:2] in _PLAIN:
        return False
    return parts[0] != "identity" or (len(parts) > 1 and parts[1] in _WHO)


def _on_document(part: str, operation: str, folder: str) -> Operation:
    if folder == "hmac" and operation == "read":
        return Operation.OTHER  # a wrapped key, of no use without the decrypt that is matched
    known = {
        ("data", "read"): Operation.READ,
        ("data", "create"): Operation.WRITE,
        ("data", "update"): Operation.REWRITE,
        ("destroy", "update"): Operation.REWRITE,
        ("delete", "update"): Operation.DELETE,
    }
    if operation == "delete":
        return Operation.DELETE
    return known.get((part, operation), Operation.OTHER)


def _identity(auth: Mapping[str, Any], login_path: str) -> str:
    """An AppRole by its name: all of them have the same display name. A pod by its role, a person by the name they
    log in with.
    """
    metadata = auth.get("metadata") or {}
    if role := metadata.get("role_name"):
        return name_of(role)
    if metadata.get("service_account_uid"):  # of a pod; any other method's `role` may be whatever somebody typed
        return name_of(metadata.get("role") or "")
    if person := metadata.get("username"):
        return name_of(f"person.{person}")
    _, _, name = login_path.partition("/login/")
    return name_of(f"person.{name}" if name else auth.get("display_name") or "")


def _outcome(error: object) -> Outcome:
    if not error:
        return Outcome.DONE
    return Outcome.DENIED if str(error).strip().endswith(PERMISSION_DENIED) else Outcome.FAILED


def _refused(response: Mapping[str, Any]) -> bool:
    """Whether a login without an error has let nobody in: a wrong AppRole secret is answered with one (400) that
    stands, hashed, within the response alone.
    """
    return "auth" not in response and "error" in (response.get("data") or {})


def _contexts(data: Mapping[str, Any]) -> tuple[str, ...]:
    items = [data, *(data.get("batch_input") or ())][: MAX_CONTEXTS + 1]
    return tuple(dict.fromkeys(_decoded(items)))


def _decoded(items: list[Mapping[str, Any]]) -> Iterator[str]:
    for item in items:
        if context := item.get("context"):
            try:
                yield name_of(base64.b64decode(context, validate=True).decode("utf-8"))
            except (binascii.Error, ValueError):
                yield ""  # no context of ours: it will match nothing


def _milliseconds(time: str) -> int:
    """RFC 3339 with up to nine decimals."""
    return int(datetime.fromisoformat(time).timestamp() * 1000)


def name_of(value: object) -> str:
    """A name, printable and bounded: a path is whatever a stranger asks for. Raises TypeError for no text."""
    if not isinstance(value, str):
        raise TypeError
    shown = "".join(letter if letter.isprintable() else CUT for letter in value[: MAX_TEXT + 1])
    return shown if len(shown) <= MAX_TEXT else shown[: MAX_TEXT - 1] + CUT
