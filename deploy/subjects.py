"""Whom somebody asks about: given as records name them, hashed and forgotten.

The key of the hash opens by password and a fresh code alone, to those who may erase, and for nothing else
(topology/decisions/0012).
"""

from __future__ import annotations

from dataclasses import dataclass

from deploy.granting import Ask, signed_in
from deploy.surroundings import Surroundings
from schemas.errors import ConfigError
from schemas.hidden import Hidden
from vault import keyed_hash
from vault.keyed_hash import Purpose

ERASERS = ("operator", "approver")
"""Who may. An erasure takes one of each, who sign the same hash, two different persons, as `flow.yaml` says."""
MAX_SUBJECT_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True, repr=False)
class Subject(Hidden):
    """A person whom records speak of, exactly as they name them."""

    text: str


def require_subject(subject: Subject) -> None:
    """Raises ConfigError for a text that no record could have there."""
    if not 0 < len(subject.text.encode()) <= MAX_SUBJECT_BYTES:
        raise ConfigError(f"a subject is a text of 1 to {MAX_SUBJECT_BYTES:,} bytes, as records have it")


def hashed(around: Surroundings, subject: Subject, ask: Ask) -> str:
    """The keyed hash (hexadecimal) under which the project knows them, by the person's password and code.

    Raises ConfigError where these let nobody in, VaultUnavailable.
    """
    with signed_in(around, ask()) as vault:
        found = keyed_hash.load(vault, around.project, Purpose.SUBJECT)
    return found.hex(subject.text.encode())
