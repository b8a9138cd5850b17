"""What a witness decides: whether a checkpoint goes on from the one it cosigned last (C2SP tlog-witness). Pure.

The checks stand in the specification's order, and each has its own answer:

1. 400 what was sent is no checkpoint;
2. 404 no key is trusted for this origin;
3. 403 no trusted key has signed it, or a line of one doesn't hold;
4. 400 the old size is larger than the new one;
5. 409 the old size is not what was cosigned last (the answer says what was);
6. 422 an empty tree with a root, a proof that doesn't hold, or the same size with another root.

A log that signed two histories has shown a *split view*. It is proven by what it signed: two roots for one size,
or a proof that the tree it shows now began with another root than the one it showed before. A proof that only
fails proves nothing, since anybody can send a genuine checkpoint with a wrong proof; it stays a doubt until the
log's own tiles say whether the tree has what was refused.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus

from streams.audit import checkpoint, note, tree
from streams.audit.checkpoint import Checkpoint
from streams.audit.note import Algorithm, BadNote, Note, Signature, Verifier
from streams.audit.tree import EMPTY_ROOT, Node, ProofFails, check_consistency
from streams.audit.witness_evidence import Evidence, Kind

Trust = Mapping[str, tuple[Verifier, ...]]
"""The keys that may sign for each origin."""


@dataclass(frozen=True, slots=True)
class Request:
    """That a checkpoint be cosigned. `old_size`: what the witness has cosigned last, as far as who asks knows;
    `proof`: from there to `checkpoint`, a note as it came. `earlier`: the root of the first `old_size` leaves in
    the log's own tiles, where these were read; it turns a proof that fails into one of a split view.
    """

    old_size: int
    proof: tuple[bytes, ...]
    checkpoint: bytes
    earlier: bytes | None = None


@dataclass(frozen=True, slots=True)
class Seen:
    """What a witness has cosigned last of a log. `note`: the log's signatures that it checked, and its own;
    `time`: when, in seconds.
    """

    point: Checkpoint
    time: int
    note: Note


@dataclass(frozen=True, slots=True)
class Cosign:
    """It may be cosigned as of `time`. `note`: with the signatures that were checked, and no others."""

    point: Checkpoint
    time: int
    note: Note

    def message(self) -> bytes:
        """What the witness has to sign."""
        return note.cosignature_message(self.note.text, self.time)

    def with_cosignature(self, verifier: Verifier, signature: bytes) -> tuple[Seen, Signature]:
        """What to remember, and the line to answer with: `signature` is the witness's over `message`."""
        line = note.cosigned(verifier, signature, self.time)
        return Seen(self.point, self.time, self.note.with_signature(line)), line


@dataclass(frozen=True, slots=True)
class Refusal:
    """It may not. `size`: what was cosigned last, with a 409. `evidence`: what is worth keeping about the log."""

    status: HTTPStatus
    why: str
    size: int | None = None
    evidence: Evidence | None = None


def trust_of(verifiers: Iterable[Verifier]) -> dict[str, tuple[Verifier, ...]]:
    """Keys by the origin that they are named for. Raises BadNote for a key that is none of a log."""
    trust: dict[str, tuple[Verifier, ...]] = {}
    for verifier in verifiers:
        if verifier.algorithm is not Algorithm.ED25519:
            raise BadNote(f"the key of {verifier.name} is a witness's, not a log's")
        known = trust.get(verifier.name, ())
        trust[verifier.name] = known if verifier in known else (*known, verifier)
    return trust


def consider(memory: Mapping[str, Seen], request: Request, trust: Trust, now: int) -> Cosign | Refusal:
    """Whether to cosign. `memory`: what was cosigned last, by origin; `now`: seconds."""
    try:
        point, whole = checkpoint.parse(request.checkpoint)
    except BadNote as error:
        return Refusal(HTTPStatus.BAD_REQUEST, f"the checkpoint is malformed: {error}")
    keys = trust.get(point.origin)
    if keys is None:
        return Refusal(HTTPStatus.NOT_FOUND, "no key of a log with this origin is trusted here")
    try:
        signed = _checked(whole, keys)
    except BadNote as error:
        return Refusal(HTTPStatus.FORBIDDEN, f"no trusted key has signed the checkpoint: {error}")
    return _continued(memory.get(point.origin), request, Cosign(point, now, signed), keys)


def settled(doubt: Evidence, seen: Seen, keys: Sequence[Verifier], node: Node) -> Evidence | None:
    """What a doubt comes to, now that `seen` is cosigned: nothing, where its tree has what was refused; a proven
    split view, where it has something else. It stays where that is larger than the tree, or where `node` (which is
    not believed) doesn't give this tree's nodes. `keys`: those trusted for the log.
    """
    shown, _ = checkpoint.parse(str(doubt.shown).encode())
    point, refused = seen.point, doubt.shown
    known = (*doubt.keys, *(it for it in keys if it not in doubt.keys))  # it may have been signed by an older one
    if shown.size == point.size:
        return None if shown.root == point.root else Evidence(Kind.SAME_SIZE, known, seen.note, refused)
    if shown.size > point.size:
        return doubt
    earlier = tree.root_of(node, 0, shown.size)
    proof = tuple(tree.consistency_proof(node, shown.size, point.size))
    try:
        check_consistency(shown.size, earlier, point.size, point.root, proof)
    except ProofFails:
        return doubt
    return None if earlier == shown.root else Evidence(Kind.HISTORY, known, seen.note, refused, proof, earlier)


def recall(data: bytes, verifier: Verifier) -> Seen:
    """What a witness wrote down when it cosigned. Its own signature shows any damage. Raises BadNote."""
    point, whole = checkpoint.parse(data)
    return Seen(point, note.check_cosignature(whole, verifier), whole)


def _checked(whole: Note, keys: tuple[Verifier, ...]) -> Note:
    """The note with the trusted keys' lines alone; each has to hold, and one must be there."""
    names = {(it.name, it.key_hash) for it in keys}
    found = tuple(it for it in whole.signatures if (it.name, it.key_hash) in names)
    if not found:
        raise BadNote("there is no line of one")
    for key in keys:
        if any((it.name, it.key_hash) == (key.name, key.key_hash) for it in found):
            note.check(whole, key)
    return Note(whole.text, found)


def _continued(seen: Seen | None, request: Request, shown: Cosign, keys: tuple[Verifier, ...]) -> Cosign | Refusal:
    point = shown.point
    size, root = (seen.point.size, seen.point.root) if seen else (0, EMPTY_ROOT)
    split = Evidence(Kind.SAME_SIZE, keys, seen.note, shown.note) if seen and _two_roots(seen, point) else None
    if request.old_size > point.size:
        return Refusal(HTTPStatus.BAD_REQUEST, "the old size is larger than the checkpoint's", evidence=split)
    if request.old_size != size:
        return Refusal(HTTPStatus.CONFLICT, f"the checkpoint cosigned last has size {size}", size, split)
    if point.size == 0 and point.root != EMPTY_ROOT:
        return Refusal(HTTPStatus.UNPROCESSABLE_ENTITY, "an empty tree has another root")
    try:
        check_consistency(size, root, point.size, point.root, request.proof)
    except ProofFails as error:
        doubt = split or (_doubt(seen, request, shown, keys) if seen and 0 < size < point.size else None)
        return Refusal(HTTPStatus.UNPROCESSABLE_ENTITY, f"the proof doesn't hold: {error}", evidence=doubt)
    if seen and shown.time < seen.time:
        # "largest tree as of this time" would be untrue of one of the two
        return Refusal(HTTPStatus.SERVICE_UNAVAILABLE, "the witness's clock is behind its last cosignature")
    return shown


def _two_roots(seen: Seen, point: Checkpoint) -> bool:
    return seen.point.size == point.size and seen.point.root != point.root


def _doubt(seen: Seen, request: Request, shown: Cosign, keys: tuple[Verifier, ...]) -> Evidence:
    """What to keep of a proof that fails: a proven split view where the log's own tiles say another beginning."""
    other = request.earlier
    found = Evidence(Kind.HISTORY, keys, seen.note, shown.note, request.proof, other)
    if other is not None and found.holds(keys):
        return found
    return Evidence(Kind.UNPROVEN, keys, seen.note, shown.note, request.proof)
