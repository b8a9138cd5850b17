"""Rotate at any point of any stream, and all still opens; the minimum rises only when nothing older is needed."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from schemas.audit import EventType
from schemas.errors import Reason, Undecodable, Undecryptable, VaultUnavailable
from schemas.hidden import SecretBytes
from schemas.states import KeptRewrapping
from streams.keeper.rewrapping import CHUNK, LOOK_MS
from tests.simulation.vault import MemoryVault, VaultStore
from tests.streams.keeper.making import Crash, Rig
from vault import keyed_hash, wrapped
from vault.data_keys import KEPT_KEYS, MAX_AGE_MS, DataKeys
from vault.interface import WrappedKey
from vault.retirement import WRITERS_MS, Hold, Sweep, needed_by_documents, needed_by_records, settled
from vault.rewrapping import stored, wrapped_in
from vault.rotation import version_of
from vault.segments.document import Layer, path_of
from vault.segments.halves import GROUPS, HOUR_MS, SlotHalves
from vault.segments.opening import KEPT_DOCUMENTS, Geometries, ViewKeys
from vault.segments.sealing import SegmentSealer, TaskContents

SLOT = "redact.demo.0"
START = 1_000 * HOUR_MS
KEYS = [place.key for place in stored("demo")]
VIEW = "view-demo"


class Stream:
    """A redact that writes segments, a keeper that follows keys, and readers that come without any memory."""

    def __init__(self) -> None:
        self.store = VaultStore(auto_keys=True)
        self.vault = MemoryVault(self.store, "demo")
        self.rig = Rig(vault=self.vault, now_ms=START)
        self.store.clock = self.rig.now
        self.sequence = itertools.count()
        self.tasks: dict[str, str] = {}
        """The segment of each."""
        self.hashes = {}
        for purpose in keyed_hash.Purpose:
            keyed_hash.create(self.vault, "demo", purpose)
            self.hashes[purpose] = keyed_hash.load(self.vault, "demo", purpose).hex(b"x")
        self.data_keys = DataKeys(self.vault)
        self.sent: list[tuple[int, WrappedKey, SecretBytes]] = []
        """What lies in Kafka: since when, under which key, which opens to what."""
        self.redact()

    def redact(self) -> None:
        """A process of its own: its data keys and halves are fresh."""
        self.keys = DataKeys(self.vault)
        self.sealer = SegmentSealer(self.keys, SlotHalves(self.vault, "demo", SLOT), "demo", SLOT)

    def seal(self) -> None:
        number = next(self.sequence)
        task = f"{number:032x}"
        contents = [TaskContents(task, SecretBytes(task.encode()), b"geometry " + task.encode(), b"{}")]
        batch = self.sealer.seal(contents, lambda: f"{SLOT}/1/{number}", self.rig.now_ms)
        for segment in batch.segments:
            self.vault.create_all(segment.documents)
        self.tasks |= batch.segment_of()

    def publish(self) -> None:
        made = self.data_keys.current("raw-demo", f"producer/{self.rig.now_ms // HOUR_MS}", self.rig.now_ms)
        self.sent.append((self.rig.now_ms, WrappedKey(made.wrapped, made.context), made.secret))

    def rotate(self, key: str) -> None:
        self.vault.rotate(key)

    def keep(self, rounds: int = 1) -> None:
        for _ in range(rounds):
            self.rig.round()

    def last(self, milliseconds: int) -> None:
        self.rig.now_ms += milliseconds

    def retire(self, key: str, life_ms: int) -> int:
        """Raise the minimum of a key as far as nothing older is needed, and trim; the version."""
        versions, now = self.vault.key_versions(key), self.rig.now_ms
        if key in KEYS:
            needed = needed_by_documents(versions, self.swept(key), now)
        else:
            self.sent = [one for one in self.sent if now < one[0] + life_ms]
            needed = needed_by_records(versions, life_ms, now)
        if needed.version > versions.minimum:
            self.vault.raise_minimum(key, needed.version)
            self.vault.trim(key, needed.version)
        return needed.version

    def swept(self, key: str) -> Sweep | None:
        """What keeper has said last of this key."""
        said = [it for it in self.rig.events if it.type is EventType.KEY_REWRAPPED and it.resource == f"key/{key}"]
        ended = [it.details for it in said if "oldest" in it.details]
        return Sweep(int(ended[-1]["since"]), int(ended[-1]["oldest"])) if ended else None

    def check(self) -> None:
        """All opens, by readers that were just started."""
        views, geometries = ViewKeys(self.vault, "demo"), Geometries(self.vault, "demo")
        for task, segment in self.tasks.items():
            assert views.task_key(segment, task).data == task.encode()
            assert geometries.geometry(segment, task) == b"geometry " + task.encode()
        for group in GROUPS:
            for path in self.vault.names(f"half-{group}"):
                half = wrapped.unpack(self.vault.read(path).blob)
                (opened,) = self.vault.unwrap(f"values-{group}-demo", [half])
                assert isinstance(opened, SecretBytes), path
        for purpose, known in self.hashes.items():
            assert keyed_hash.load(self.vault, "demo", purpose).hex(b"x") == known
        for _, key, secret in self.sent:
            assert self.vault.unwrap("raw-demo", [key]) == [secret]


LIFE_MS = 5 * HOUR_MS
ONE_OF_EACH = ("raw-demo", VIEW, "values-a-demo", "hmac-demo-record")
"""Of keys in records, in layers, in halves, in one document of its own."""
MOVES = st.one_of(
    st.just(("seal",)),
    st.just(("seal",)),
    st.just(("publish",)),
    st.just(("redact",)),
    st.just(("rotate",)),
    st.just(("retire",)),
    st.tuples(st.just("keep"), st.integers(1, 3)),
    st.tuples(st.just("last"), st.sampled_from([LOOK_MS, HOUR_MS // 2, HOUR_MS, WRITERS_MS, LIFE_MS])),
)


def lived(key, moves):
    stream = Stream()
    for name, *arguments in moves:
        if name == "rotate":
            stream.rotate(key)
        elif name == "retire":
            stream.retire(key, LIFE_MS)
        else:
            getattr(stream, name)(*arguments)
        if name == "retire":
            stream.check()
    stream.check()
    return stream


@pytest.mark.parametrize("key", ONE_OF_EACH)
@given(moves=st.lists(MOVES, min_size=20, max_size=40))
@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_rotate_at_any_point_of_any_stream_and_all_still_opens(key, moves):
    lived(key, moves)


@pytest.mark.parametrize("key", ONE_OF_EACH)
@given(moves=st.lists(MOVES, min_size=20, max_size=40))
@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_once_writers_and_records_are_past_every_old_version_ends(key, moves):
    stream = lived(key, moves)
    stream.last(WRITERS_MS + LIFE_MS)
    stream.keep(6)
    assert stream.retire(key, LIFE_MS) == stream.vault.key_versions(key).latest
    stream.check()


def test_a_kept_data_key_of_before_the_rotation_goes_on_for_its_hour_and_its_documents_are_found():
    stream = Stream()
    stream.seal()
    stream.rotate(VIEW)
    stream.keep(2)
    stream.seal()  # by the data key of before
    assert versions_of(stream, VIEW) == [1, 2]
    assert stream.retire(VIEW, 0) == 1
    stream.last(WRITERS_MS)
    assert stream.retire(VIEW, 0) == 1  # keeper has not looked since
    stream.keep(2)
    assert versions_of(stream, VIEW) == [2, 2]
    assert stream.retire(VIEW, 0) == 2
    stream.check()


def versions_of(stream, key):
    place = next(it for it in stored("demo") if it.key == key)
    paths = [place.folder] if place.single else stream.vault.names(place.folder)
    return sorted(
        version_of(it.wrapped) for path in paths for it in wrapped_in(path, stream.vault.read(path).blob)
    )


@pytest.mark.parametrize("key", KEYS)
def test_each_kind_of_document_is_wrapped_anew_once_and_told(key):
    stream = Stream()
    stream.seal()
    stream.rotate(key)
    stream.keep(5)
    assert set(versions_of(stream, key)) == {2}
    (event,) = [it for it in stream.rig.events if it.type is EventType.KEY_REWRAPPED]
    assert event.resource == f"key/{key}"
    expected = {"version": "2", "documents": "1", "rewrapped": "1", "refused": "0", "oldest": "2"}
    assert {name: event.details[name] for name in expected} == expected
    in_segment = key in ("view-demo", "geometry-demo")
    assert event.parents == ((f"segment/{SLOT}/1/0",) if in_segment else ())
    stream.check()


def test_a_pass_takes_some_documents_a_call_and_goes_on_after_a_crash():
    stream = Stream()
    for _ in range(2 * CHUNK + 1):
        stream.seal()
    stream.rotate(VIEW)
    stream.keep()
    assert versions_of(stream, VIEW).count(2) == CHUNK
    stream.rig.start()
    stream.keep()
    assert versions_of(stream, VIEW).count(2) == 2 * CHUNK
    stream.rig.lose = lambda: True
    with pytest.raises(Crash):
        stream.keep()
    stream.rig.lose = lambda: False
    stream.rig.start()
    stream.keep()
    details = [it.details for it in stream.rig.events if it.type is EventType.KEY_REWRAPPED]
    assert [it["documents"] for it in details] == [str(CHUNK), str(CHUNK), "1"]
    assert [it.get("oldest") for it in details] == [None, None, "2"]
    assert stream.vault.read(path_of(Layer.VIEW, f"{SLOT}/1/0")).version == 2, "written anew once"
    stream.check()


def test_documents_that_share_a_data_key_still_do_after_it():
    stream = Stream()
    for _ in range(3):
        stream.seal()
    stream.rotate(VIEW)
    stream.keep(2)
    paths = stream.vault.names("view")
    assert len({key for path in paths for key in wrapped_in(path, stream.vault.read(path).blob)}) == 1


def test_a_wrapped_key_that_vault_refuses_holds_the_minimum_back():
    stream = Stream()
    stream.seal()
    (path,) = stream.vault.names("half-a")
    document = stream.vault.read(path)
    half = wrapped.unpack(document.blob)
    spoiled = half.wrapped[:-8] + ("AAAAAAA=" if not half.wrapped.endswith("AAAAAAA=") else "BBBBBBA=")
    stream.vault.replace(path, wrapped.pack(replace(half, wrapped=spoiled)), document.version)
    stream.rotate("values-a-demo")
    stream.last(WRITERS_MS)
    stream.keep(3)
    assert stream.swept("values-a-demo").oldest == 1
    assert stream.retire("values-a-demo", 0) == 1
    versions = stream.vault.key_versions("values-a-demo")
    needed = needed_by_documents(versions, stream.swept("values-a-demo"), stream.rig.now_ms)
    assert needed.hold is Hold.DOCUMENTS


def test_a_document_that_nobody_can_read_holds_nothing_back():
    stream = Stream()
    stream.vault.create("view/garbage", b"garbage")
    stream.rotate(VIEW)
    stream.last(WRITERS_MS)
    stream.keep(2)
    assert stream.retire(VIEW, 0) == 2


def test_a_document_that_another_program_has_written_holds_nothing_up():
    stream, path = Stream(), "view/foreign"
    stream.vault.create(path, b"foreign")
    read = stream.vault.read

    def foreign(wanted):
        if wanted == path:
            raise Undecodable(Reason.UNDECODABLE)
        return read(wanted)

    stream.vault.read = foreign
    stream.seal()
    stream.rotate(VIEW)
    stream.last(WRITERS_MS)
    stream.keep(2)
    assert stream.retire(VIEW, 0) == 2


def test_while_vault_is_away_nothing_is_said_and_the_pass_goes_on_after_it():
    stream = Stream()
    stream.seal()
    stream.rotate(VIEW)

    def away(moment, operation, _target):
        if (moment, operation) == ("before", "rewrap"):
            raise VaultUnavailable("away")

    stream.vault.hook = away
    with pytest.raises(VaultUnavailable):
        stream.keep()
    stream.vault.hook = lambda *_: None
    assert not [it for it in stream.rig.events if it.type is EventType.KEY_REWRAPPED]
    stream.keep(2)
    assert versions_of(stream, VIEW) == [2]


def test_a_key_that_nobody_has_rotated_is_left_alone():
    stream = Stream()
    stream.seal()
    stream.keep(20)
    assert not [it for it in stream.rig.events if it.type is EventType.KEY_REWRAPPED]


def test_a_rotation_during_a_pass_has_one_of_its_own():
    stream = Stream()
    for _ in range(CHUNK + 1):
        stream.seal()
    stream.rotate(VIEW)
    stream.keep()
    stream.rotate(VIEW)
    stream.keep(4)
    assert set(versions_of(stream, VIEW)) == {3}
    kept = [it for it in stream.rig.changelog if it.key == b"rewrap/view-demo"]
    assert stream.rig.keeper._codec.decode(kept[-1].value, KeptRewrapping).version == 3


def test_records_of_before_are_told_to_be_retired_and_not_unknown():
    stream = Stream()
    stream.publish()
    stream.rotate("raw-demo")
    stream.last(WRITERS_MS + LIFE_MS)
    (_, key, _secret) = stream.sent[0]
    assert stream.retire("raw-demo", LIFE_MS) == 2
    (refused,) = stream.vault.unwrap("raw-demo", [key])
    assert isinstance(refused, Undecryptable)
    assert refused.reason is not Reason.UNDECRYPTABLE


def test_a_producer_wraps_by_an_old_version_no_longer_than_writers_are_given():
    assert WRITERS_MS > MAX_AGE_MS
    stream = Stream()
    stream.publish()
    stream.rotate("raw-demo")
    stream.last(MAX_AGE_MS - 1)
    stream.publish()
    assert version_of(stream.sent[-1][1].wrapped) == 1
    stream.last(1)
    stream.publish()
    assert version_of(stream.sent[-1][1].wrapped) == 2
    versions = stream.vault.key_versions("raw-demo")
    assert settled(versions, stream.rig.now_ms) == 1
    needed = needed_by_records(versions, LIFE_MS, stream.rig.now_ms)
    assert (needed.hold, needed.version) == (Hold.WRITERS, 1)
    assert needed.until == versions.created[2] + WRITERS_MS + LIFE_MS


def test_what_people_have_taken_up_again_holds_the_minimum_back():
    stream = Stream()
    stream.rotate("raw-demo")
    stream.last(WRITERS_MS + LIFE_MS)
    versions, now = stream.vault.key_versions("raw-demo"), stream.rig.now_ms
    assert needed_by_records(versions, LIFE_MS, now).version == 2
    held = needed_by_records(versions, LIFE_MS, now, kept_alive_until=now + 1)
    assert (held.version, held.hold, held.until) == (1, Hold.RECORDS, now + 1)


def test_a_reader_that_remembers_a_document_of_before_goes_on_after_its_version_has_ended():
    stream = Stream()
    stream.seal()
    views = ViewKeys(stream.vault, "demo")
    ((task, segment),) = stream.tasks.items()
    assert views.task_key(segment, task).data == task.encode()
    stream.rotate(VIEW)
    stream.last(WRITERS_MS)
    stream.keep(2)
    assert stream.retire(VIEW, 0) == 2
    assert views.task_key(segment, task).data == task.encode()
    assert KEPT_DOCUMENTS < KEPT_KEYS, "the key of a document that is kept is kept"
