"""Every error Veilstream raises. A foreign exception becomes one of these at the seam where it appears.

VeilError
├── RecordError          this one record, request or order is bad; it is refused, the rest goes on
│   ├── Undecodable      bytes that are not what their schema id says
│   ├── Undecryptable    a ciphertext that does not open under the key and context it claims
│   ├── Unparseable      a payload that is no JSON, Avro or text as announced
│   └── Refused          well formed, but not allowed: stale token, unknown lease, span out of range
├── DependencyError      a part we need does not answer; nothing is lost, we wait and try again
│   ├── VaultUnavailable
│   ├── LogUnavailable
│   │   └── RecordAwaited    brokers answer, but what is named doesn't lie there yet, or no more
│   └── RegistryUnavailable
├── AccessDenied         we asked for something our identity has no right to
│   ├── LoginUsedUp      what we were handed to log in with was used, or waited too long; somebody else may have it
│   └── LoginLost        Vault no longer knows the login that was handed over; a new start gets another
├── TransactionError     a transaction did not (certainly) commit
│   ├── Abortable        it did not; abort, rewind, go on
│   ├── CommitInDoubt    unknown; discard the producer, resume from what is committed
│   └── Fenced           another process has taken over this slot; stop
├── ChainBroken          an audit chain or its signature does not hold
├── ConfigError          a file or setting is wrong (exit code 2)
└── StackError           a part of the local stack cannot run (exit code 2)

A message says what happened, where (topic, partition, offset, id) and what to do; it never holds a value.
"""

from __future__ import annotations

from enum import StrEnum


class Reason(StrEnum):
    """Why a record was quarantined, dropped or refused. Part of the audit vocabulary: add, never rename."""

    MISSING_HEADER = "missing_header"
    UNKNOWN_DATA_KEY = "unknown_data_key"
    RETIRED_DATA_KEY = "retired_data_key"
    UNDECRYPTABLE = "undecryptable"
    UNKNOWN_SCHEMA = "unknown_schema"
    UNDECODABLE = "undecodable"
    BAD_JSON = "bad_json"
    BAD_CSV = "bad_csv"
    BAD_UTF8 = "bad_utf8"
    NUL_BYTE = "nul_byte"
    TOO_LARGE = "too_large"
    TOO_DEEP = "too_deep"
    DUPLICATE_KEY = "duplicate_key"
    UNKNOWN_MEDIA_TYPE = "unknown_media_type"
    NOT_AN_OBJECT = "not_an_object"
    BAD_ROUTING = "bad_routing"
    UNKNOWN_BATCH = "unknown_batch"
    UNKNOWN_SKILL = "unknown_skill"
    NO_POLICY = "no_policy"
    NOTHING_LEFT = "nothing_left"
    DETECTION_FAILED = "detection_failed"
    VERIFICATION_FAILED = "verification_failed"
    RISK_TOO_HIGH = "risk_too_high"
    MAPPING_TOO_LARGE = "mapping_too_large"
    UNKNOWN_TASK = "unknown_task"
    UNKNOWN_LEASE = "unknown_lease"
    STALE_TOKEN = "stale_token"  # noqa: S105 - a reason, not a password
    LEASE_EXPIRED = "lease_expired"
    ALREADY_SUBMITTED = "already_submitted"
    ALREADY_DECIDED = "already_decided"
    TASK_CLOSED = "task_closed"
    IDEMPOTENCY_CONFLICT = "idempotency_conflict"
    SPAN_OUT_OF_RANGE = "span_out_of_range"
    UNKNOWN_FIELD = "unknown_field"
    UNKNOWN_LABEL = "unknown_label"
    UNKNOWN_CHOICE = "unknown_choice"
    TOO_MANY_SPANS = "too_many_spans"
    WITHDRAWN = "withdrawn"
    STALE_REVISION = "stale_revision"
    UNKNOWN_SEGMENT = "unknown_segment"
    GEOMETRY_MISMATCH = "geometry_mismatch"
    DUPLICATE = "duplicate"
    UNSIGNED = "unsigned"
    BAD_SIGNATURE = "bad_signature"
    UNKNOWN_SIGNER = "unknown_signer"
    SIGNER_NOT_ALLOWED = "signer_not_allowed"
    STALE_VERSION = "stale_version"
    TOMBSTONE_IGNORED = "tombstone_ignored"
    CONTROL_STALE = "control_stale"
    NOT_PERMITTED = "not_permitted"
    EXCLUDED = "excluded"
    BAD_REQUEST = "bad_request"
    PERSON_PAUSED = "person_paused"
    ERASED = "erased"
    NO_HINT = "no_hint"
    UNKNOWN_PLACEHOLDER = "unknown_placeholder"
    HINTS_STOPPED = "hints_stopped"
    HINTS_USED_UP = "hints_used_up"
    TOO_MANY_HINTS = "too_many_hints"
    COMMENTS_STOPPED = "comments_stopped"
    COMMENTS_USED_UP = "comments_used_up"
    TOO_MANY_COMMENTS = "too_many_comments"


class VeilError(Exception):
    """Root of all errors raised by Veilstream."""


class RecordError(VeilError):
    """One record, request or order is bad; `reason` is what the audit event and the answer say."""

    def __init__(self, reason: Reason, message: str | None = None) -> None:
        super().__init__(message or reason.value)
        self.reason = reason


class Undecodable(RecordError):
    """Bytes are not what their schema id says."""


class Undecryptable(RecordError):
    """A ciphertext does not open under the key and context it claims."""


class Unparseable(RecordError):
    """A payload is not the JSON, Avro or text it is announced as."""


class Refused(RecordError):
    """Well formed, but not allowed."""


class DependencyError(VeilError):
    """A part we need does not answer; nothing is lost, wait and try again."""


class VaultUnavailable(DependencyError):
    """Vault is sealed, unreachable or too slow."""


class LogUnavailable(DependencyError):
    """No broker answers."""


class RecordAwaited(LogUnavailable):
    """A record that is named by its place isn't there: the log may be behind."""


class RegistryUnavailable(DependencyError):
    """The schema registry does not answer."""


class AccessDenied(VeilError):
    """Our identity has no right to what we asked for; a rights file or a credential is wrong."""


class LoginUsedUp(AccessDenied):
    """What was handed over to log in with is over, or was used: somebody else may have it."""


class LoginLost(AccessDenied):
    """Vault no longer knows the login that was handed over at the start; only a new start gets another."""


class TransactionError(VeilError):
    """A transaction did not, or not certainly, commit."""


class Abortable(TransactionError):
    """The transaction did not commit: abort, rewind, go on."""


class CommitInDoubt(TransactionError):
    """Nobody can tell whether the commit happened: discard the producer, resume from what is committed."""


class Fenced(TransactionError):
    """Another process has taken over this slot: stop."""


class ChainBroken(VeilError):
    """An audit chain or the signature of its head does not hold."""


class ConfigError(VeilError):
    """A file or a setting is wrong; the message names it and what is allowed. Exit code 2."""


class StackError(VeilError):
    """A part of the local stack cannot run; one sentence says why and what to do. Exit code 2."""
