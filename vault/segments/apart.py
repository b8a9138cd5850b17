"""Entries that lie apart from their document: on a topic, while Vault keeps no more than a seed for each.

What is large and written once then burdens Kafka; what has to end lies in Vault as before. An entry opens under a
key that follows from the layer's key *and* its seed. So whoever drops the seed from the document and destroys what
was there before has ended the entry, wherever copies of the record lie, and needs no right to the topic; and who
reads the topic, even with the layer's key, opens nothing without Vault.

The record is a `LayerDocument` without keys. An entry is padded before it is sealed, since how long it is would
tell who runs Kafka how much of a text is sensitive.
"""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from schemas.errors import Reason, Undecodable
from schemas.hidden import SealedBytes, SecretBytes
from vault.keys import OVERHEAD, Nonces, framed, open_sealed, seal
from vault.segments.document import Layer, LayerDocument, Place, unpack

LAYERS = (Layer.GEOMETRY, Layer.VALUES)
"""Those that can lie apart. An entry of the view layer is a key and hardly longer than a seed."""
SEED_BYTES = 16
"""128 random bits: nobody who has the layer's key guesses them."""
LEAST_BYTES = 256
"""What an entry is padded to at least: the coordinates of two placeholders, the values of four."""

_KEY = b"veilstream/entry-key/v1"
_MARK = b"\x80"


@dataclass(frozen=True, slots=True)
class Stored:
    """A record to be written: `value` is a packed `LayerDocument`."""

    topic: str
    key: bytes
    value: bytes


class SegmentTopics(Protocol):
    """The topics `geometry.P` and `values.P`. Implemented by `streams.engine.segment_topics`. Thread-safe."""

    def append(self, records: Sequence[Stored]) -> list[Place]:
        """Write them; where each lies, once all are on as many brokers as must have them.

        Raises LogUnavailable (some may lie there: nobody finds them, and they end by age), AccessDenied.
        """
        ...

    def read(self, topic: str, place: Place) -> bytes:
        """The value of the record at a place.

        Raises Refused (`unknown_segment`: its time on the topic is over, or it has been missing for a minute),
        RecordAwaited (it is missing: the log may be behind), LogUnavailable, AccessDenied.
        """
        ...


def topic_of(layer: Layer, project: str) -> str:
    """The topic that a layer's entries lie on."""
    return f"{layer.value}.{project}"


def entry_key(secret: SecretBytes, seed: bytes) -> SecretBytes:
    """The key of one entry: HMAC-SHA-256 of its seed, under what opens the layer (values: the combined key)."""
    return SecretBytes(hmac.digest(secret.data, framed(_KEY, seed), "sha256"))


def seal_apart(secret: SecretBytes, seed: bytes, content: bytes, binding: bytes, nonces: Nonces) -> SealedBytes:
    """An entry for the topic."""
    return seal(entry_key(secret, seed), padded(content), binding, nonces)


def open_apart(secret: SecretBytes, seed: bytes, sealed: SealedBytes, binding: bytes) -> bytes:
    """What was sealed. Raises Undecryptable, Undecodable."""
    return unpadded(open_sealed(entry_key(secret, seed), sealed, binding))


def padded(content: bytes) -> bytes:
    """Longer by at most an eighth, beyond `LEAST_BYTES`. Of lengths up to a mebibyte 257 are told apart.

    The padding is that of ISO/IEC 7816-4; the lengths are those of PURBs ("Padmé", Nikitin et al. 2019).
    """
    return (content + _MARK).ljust(padded_length(len(content)), b"\0")


def padded_length(length: int) -> int:
    """Of a content of that length, in bytes."""
    least = length + len(_MARK)
    exponent = least.bit_length() - 1
    free = max(0, exponent - exponent.bit_length())
    step = 1 << free
    return max(LEAST_BYTES, -(-least // step) * step)


def unpadded(content: bytes) -> bytes:
    """Raises Undecodable."""
    body, mark, zeros = content.rpartition(_MARK)
    if not mark or zeros.strip(b"\0"):
        raise Undecodable(Reason.UNDECODABLE, "an entry without its padding")
    return body


def entry_bytes(length: int) -> int:
    """How long a sealed entry is whose content has that length."""
    return padded_length(length) + OVERHEAD


def entries_at(topics: SegmentTopics, document: LayerDocument) -> dict[str, SealedBytes]:
    """The sealed entries of a document's tasks, from its place, by task id; those that were dropped, too.

    Raises as `SegmentTopics.read`; Undecodable where another record lies there.
    """
    assert document.place is not None, "its entries lie apart"
    found = unpack(topics.read(topic_of(document.layer, document.project), document.place))
    names = (document.project, document.segment_id, document.layer)
    if (found.project, found.segment_id, found.layer) != names:
        raise Undecodable(Reason.UNDECODABLE, f"where segment {document.segment_id} should lie is another record")
    return found.entries
