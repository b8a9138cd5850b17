"""Wraps what is stored anew when a key was rotated, and says which is the oldest version that wraps something.

A pass looks at every document of one transit key, some a call; Vault wraps a key anew without showing it. Whatever
was done stays done: what is under the latest version already is not written again, and the place reached is kept
in `keeper-state.P`, so that a restart goes on from there. A crash between Vault and commit repeats some documents,
which are then counted as looked at only.

A key has a pass once it was rotated, and another when nobody can wrap by the version before any more
(`vault.retirement`): it is the second that lets a person raise the minimum version. A wrapped key that Vault does
not take, though its version is in use, may open tomorrow: it counts as wrapped by that version.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from schemas.audit import Event, EventType
from schemas.codec import Codec
from schemas.errors import Reason, Refused, Undecodable, Undecryptable, VaultUnavailable
from schemas.resources import key_resource, segment_resource
from schemas.states import KeptRewrapping
from streams.engine.messages import Message, Outgoing
from streams.engine.processor import Plan
from streams.engine.state import KeyedState
from vault.interface import Document, KeyVersions, StoredKeys, WrappedKey
from vault.retirement import settles_at
from vault.rewrapping import Wrapped, segment_of, stored, with_keys, wrapped_in
from vault.rotation import version_of

LOOK_MS = 30_000
"""How often keys are asked for their latest version: nine calls of a millisecond."""
CHUNK = 100
"""Documents a call: about a second, so that polling isn't starved."""
ATTEMPTS = 3
"""Only another keeper, just being fenced, can get in between read and write."""


@dataclass(frozen=True, slots=True)
class Step:
    """What one call has done in Vault: the pass as it is then, what was added to it, the segments rewritten."""

    kept: KeptRewrapping
    documents: int
    rewrapped: int
    refused: int
    segments: tuple[str, ...]


def is_due(kept: KeptRewrapping | None, versions: KeyVersions, now: int) -> bool:
    """Whether a pass has to begin."""
    if versions.latest <= max(1, versions.minimum):
        return False
    if kept is None or kept.version != versions.latest:
        return True
    return kept.since < settles_at(versions, versions.latest) <= now


class Rewrapping:
    """Of one project. Not thread-safe."""

    def __init__(self, project: str, codec: Codec, vault: StoredKeys) -> None:
        self._vault = vault
        self._places = {place.key: place for place in stored(project)}
        self._kept = KeyedState(f"keeper-state.{project}", KeptRewrapping, codec, "rewrap/")
        self._looked_at: int | None = None
        self._listed: tuple[KeptRewrapping, list[str]] | None = None
        """The documents of the pass under way, as they were when it, or this process, began."""
        self._fresh: dict[WrappedKey, WrappedKey | Undecryptable] = {}
        """What Vault has wrapped anew in this pass: a data key has many documents, and stays one."""

    def apply(self, message: Message) -> bool:
        """Take over one changelog record; False where it is another state's."""
        return self._kept.apply(message)

    def changes(self) -> list[Outgoing]:
        """Changes since the last call, as records for the changelog."""
        return self._kept.changes()

    def step(self, now: int, *, may_begin: bool) -> Step | None:
        """Go on with the pass under way, or begin one that is due, where `now` is sure: `vault.retirement` reckons
        with when a pass began. In Vault alone: nothing is remembered of it until `say`. Raises as Vault does.
        """
        kept = next((it for _, it in self._kept.items() if not it.done), None)
        if kept is None and may_begin:
            kept = self._begun(now)
        return None if kept is None else self._chunk(kept, self._places[kept.key])

    def say(self, step: Step | None, plan: Plan) -> None:
        """Remember what was done, and tell it."""
        if step is None:
            return
        kept = step.kept
        self._kept.put(kept.key, kept)
        details = {
            "version": str(kept.version),
            "documents": str(step.documents),
            "rewrapped": str(step.rewrapped),
            "refused": str(step.refused),
        }
        if kept.done:
            details |= {"oldest": str(kept.oldest), "since": str(kept.since)}
        parents = tuple(map(segment_resource, step.segments))
        plan.events.append(
            Event(EventType.KEY_REWRAPPED, key_resource(kept.key), parents=parents, details=details)
        )

    def _begun(self, now: int) -> KeptRewrapping | None:
        if self._looked_at is not None and 0 <= now - self._looked_at < LOOK_MS:
            return None
        for key in self._places:
            versions = self._vault.key_versions(key)
            if is_due(self._kept.get(key), versions, now):
                self._fresh = {}
                return KeptRewrapping(key, versions.latest, now, "", versions.latest, 0, 0, 0, done=False)
        self._looked_at = now
        return None

    def _chunk(self, kept: KeptRewrapping, place: Wrapped) -> Step:
        paths = self._rest(kept, place)
        taken = paths[:CHUNK]
        found = [(it, keys) for path in taken if (it := self._read(path)) and (keys := _keys_in(it)) is not None]
        self._wrap_anew(kept, {key for _, keys in found for key in keys})
        fresh = {old: new for old, new in self._fresh.items() if isinstance(new, WrappedKey)}
        rewritten = [document.path for document, _ in found if self._rewrite(document, fresh)]
        left = [version for _, keys in found for key in keys if (version := self._version(key))]
        refused = sum(any(self._is_refused(key) for key in keys) for _, keys in found)
        after = replace(
            kept,
            cursor=taken[-1] if taken else kept.cursor,
            oldest=min([kept.oldest, *left]),
            documents=kept.documents + len(found),
            rewrapped=kept.rewrapped + len(rewritten),
            refused=kept.refused + refused,
            done=len(paths) <= CHUNK,
        )
        segments = tuple(segment for path in rewritten if (segment := segment_of(path)) is not None)
        return Step(after, len(found), len(rewritten), refused, segments)

    def _read(self, path: str) -> Document | None:
        """None where there is no such document any more, or none that we have written."""
        try:
            return self._vault.read(path)
        except Undecodable:
            return None

    def _rest(self, kept: KeptRewrapping, place: Wrapped) -> list[str]:
        """The documents that are left. One that came after the list was made is for the next pass."""
        if self._listed is None or (self._listed[0].key, self._listed[0].since) != (kept.key, kept.since):
            paths = [place.folder] if place.single else self._vault.names(place.folder)
            self._listed = (kept, sorted(paths))
        return [path for path in self._listed[1] if path > kept.cursor]

    def _wrap_anew(self, kept: KeptRewrapping, keys: set[WrappedKey]) -> None:
        old = [key for key in keys if key not in self._fresh and 0 < version_of(key.wrapped) < kept.version]
        old.sort(key=lambda key: (key.context, key.wrapped))
        if old:
            self._fresh |= dict(zip(old, self._vault.rewrap(kept.key, old), strict=True))

    def _rewrite(self, document: Document | None, fresh: Mapping[WrappedKey, WrappedKey]) -> bool:
        """Whether the document was written anew."""
        for _ in range(ATTEMPTS):
            if document is None or (blob := with_keys(document.path, document.blob, fresh)) is document.blob:
                return False
            try:
                self._vault.replace(document.path, blob, document.version)
            except Refused:
                document = self._read(document.path)
            else:
                return True
        raise VaultUnavailable("a document changes under our hands; trying again later")

    def _version(self, key: WrappedKey) -> int:
        """By which version a key is wrapped now; 0 where nobody can ever open it."""
        now = self._fresh.get(key, key)
        if isinstance(now, Undecryptable):
            return 0 if now.reason is Reason.RETIRED_DATA_KEY else version_of(key.wrapped)
        return version_of(now.wrapped)

    def _is_refused(self, key: WrappedKey) -> bool:
        return isinstance(self._fresh.get(key), Undecryptable)


def _keys_in(document: Document) -> tuple[WrappedKey, ...] | None:
    """None for a document that nobody can read."""
    try:
        return wrapped_in(document.path, document.blob)
    except Undecodable:
        return None
