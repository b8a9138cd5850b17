"""What a witness remembers outlives crashes, and any damage to it is refused."""

from __future__ import annotations

import os
import shutil
import stat
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from deploy.witness import durable
from deploy.witness.cosigning import Cosigned, Refused, Witness
from deploy.witness.key import make_key, read_key
from deploy.witness.state import MAX_EVIDENCE, State, read_evidence, read_memory
from schemas.errors import ConfigError, StackError
from streams.audit.checkpoint import Checkpoint
from streams.audit.note import Verifier
from streams.audit.witness import Request, trust_of
from streams.audit.witness_evidence import Kind, origin_hash
from tests.support.tiled_logs import History, TiledLog

HONEST = History.of(30)
FORKED = HONEST.fork(9)
NAME, NOW = "witness.example/w", 1_800_000_000


def asked(log: TiledLog, history: History, old: int, size: int) -> Request:
    return Request(old, history.proof(old, size), log.checkpoint(history, size), history.root(old))


def cosign(folder: Path, log: TiledLog, old: int, size: int, now: int = NOW) -> None:
    with State(folder) as state:
        found = Witness(state, trust_of([log.verifier]), lambda: now).ask(asked(log, HONEST, old, size))
    assert isinstance(found, Cosigned)


# the key


def test_the_key_is_made_once_private_and_named(tmp_path: Path) -> None:
    made = make_key(tmp_path / "w", NAME)
    assert make_key(tmp_path / "w", NAME).verifier == made.verifier == read_key(tmp_path / "w").verifier
    assert Verifier.parse(made.verifier.text()) == made.verifier
    assert stat.S_IMODE((tmp_path / "w" / "key").stat().st_mode) == 0o600
    assert "hidden" in repr(made)
    with pytest.raises(ConfigError, match="folder of its own"):
        make_key(tmp_path / "w", "witness.example/other")
    with pytest.raises(ConfigError, match="no spaces"):
        make_key(tmp_path / "v", "two words")


def test_no_key_is_made_where_none_was_asked_for(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no witness's state"):
        State(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_lost_key_is_not_replaced(folder: Path, log: TiledLog) -> None:
    cosign(folder, log, 0, 5)
    (folder / "key").unlink()
    with pytest.raises(ConfigError, match="its key is gone"):
        make_key(folder, NAME)


def test_no_bit_of_the_key_can_change_unseen(folder: Path) -> None:
    path = folder / "key"
    good = path.read_bytes()
    for bit in range(len(good) * 8):
        wrong = bytearray(good)
        wrong[bit // 8] ^= 1 << bit % 8
        path.write_bytes(wrong)
        with pytest.raises(ConfigError, match="damaged"):
            read_key(folder)


def test_any_key_reads_as_it_was_written(tmp_path: Path) -> None:
    """Base64 may hold plus signs, which also part the line."""
    for number in range(100):
        state = tmp_path / str(number)
        assert make_key(state, NAME).verifier == read_key(state).verifier


# one process


def test_a_second_process_on_the_same_state_is_refused(folder: Path) -> None:
    with State(folder), pytest.raises(StackError, match="in use by another"), State(folder):
        pass
    with State(folder):
        pass


# damage


@pytest.fixture
def used(folder: Path, log: TiledLog) -> Path:
    cosign(folder, log, 0, 5)
    return folder


def broken(folder: Path, match: str) -> None:
    with pytest.raises(ConfigError, match=match), State(folder):
        pass
    with pytest.raises(ConfigError):  # and it stays so
        State(folder).__enter__()


def test_a_damaged_memory_is_refused(used: Path, log: TiledLog) -> None:
    path = used / "seen" / origin_hash(log.origin)
    good = path.read_bytes()
    for wrong in (b"", good[:40], good.replace(b"\n5\n", b"\n4\n"), good + b"\n", bytes(200)):
        path.write_bytes(wrong)
        broken(used, "could cosign another history")


def test_a_lost_memory_is_refused(used: Path, log: TiledLog) -> None:
    (used / "seen" / origin_hash(log.origin)).unlink()
    broken(used, "is missing, though")


def test_a_lost_folder_of_memories_is_refused(used: Path) -> None:
    shutil.rmtree(used / "seen")
    broken(used, "is missing, though")


@pytest.mark.parametrize(
    "wrong", [None, b"\xff\n", b"log.example/audit 5 1", b"log.example/audit\n", b"log.example/audit 5 x\n", b"\n"]
)
def test_a_damaged_list_of_logs_is_refused(used: Path, wrong: bytes | None) -> None:
    path = used / "origins"
    path.unlink() if wrong is None else path.write_bytes(wrong)
    broken(used, "could cosign another history")


def test_a_memory_under_another_log_s_name_is_refused(used: Path, log: TiledLog) -> None:
    path = used / "seen" / origin_hash(log.origin)
    path.rename(path.with_name(origin_hash("another")))
    broken(used, "about another log")


def test_a_memory_signed_by_another_witness_is_refused(used: Path, tmp_path: Path, log: TiledLog) -> None:
    other = tmp_path / "other"
    make_key(other, NAME)
    cosign(other, log, 0, 3)
    name = origin_hash(log.origin)
    shutil.copy(other / "seen" / name, used / "seen" / name)
    broken(used, "has not cosigned it")


@pytest.mark.parametrize(("size", "later"), [(8, 0), (5, 1), (8, 1)])
def test_an_older_memory_that_was_put_back_alone_is_refused(
    used: Path, log: TiledLog, size: int, later: int
) -> None:
    path = used / "seen" / origin_hash(log.origin)
    older = path.read_bytes()
    cosign(used, log, 5, size, NOW + later)
    path.write_bytes(older)
    broken(used, "older than")


def test_a_crash_between_memory_and_list_loses_neither(used: Path, log: TiledLog) -> None:
    path = used / "origins"
    for before, size, listed in ((5, 8, b""), (8, 9, path.read_bytes())):
        path.write_bytes(listed)
        assert read_memory(used, read_key(used).verifier)[log.origin].point.size == before
        cosign(used, log, before, size)
        assert path.read_text() == f"{log.origin} {size} {NOW}\n"


def test_a_list_that_could_not_be_written_leaves_no_memory_older_than_the_disk_s(
    folder: Path, log, monkeypatch
) -> None:
    write = durable.write_atomically

    def full(path: Path, content: bytes) -> None:
        if path.name == "origins":
            raise Crash
        write(path, content)

    with State(folder) as state:
        witness = Witness(state, trust_of([log.verifier]), lambda: NOW)
        with monkeypatch.context() as patch:
            patch.setattr(durable, "write_atomically", full)
            with pytest.raises(Crash):
                witness.ask(asked(log, HONEST, 0, 20))
        refused = witness.ask(asked(log, FORKED, 0, 12))
        assert isinstance(refused, Refused)
        assert refused.refusal.size == 20


# crashes


class Crash(OSError):
    pass


ORDERS = st.lists(
    st.tuples(st.sampled_from([HONEST, FORKED]), st.integers(1, 30), st.integers(0, 8), st.booleans()),
    min_size=1,
    max_size=8,
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(orders=ORDERS)
def test_a_crash_at_any_step_of_any_write_gets_no_second_history_cosigned(
    orders: list[tuple[History, int, int, bool]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """`crash`: at which write or sync it ends, 8 for none; `restart`: whether a new process goes on then."""
    folder, log = tmp_path_factory.mktemp("state") / "w", TiledLog()
    make_key(folder, NAME)
    left: list[Checkpoint] = []
    known = 0
    state = State(folder)
    state.__enter__()
    for history, size, crash, restart in orders:
        witness = Witness(state, trust_of([log.verifier]), lambda: NOW)
        last = witness.last(log.origin)
        known = last.point.size if last else 0
        request = asked(log, history, min(known, size), size)
        with pytest.MonkeyPatch.context() as patch:
            crash_at(patch, crash)
            try:
                found = witness.ask(request)
            except Crash:
                found = None
        if isinstance(found, Cosigned):
            left.append(found.seen.point)
        if restart:
            state.__exit__(None, None, None)
            state = State(folder)
            state.__enter__()
    state.__exit__(None, None, None)
    assert any(all(it.root == side.root(it.size) for it in left) for side in (HONEST, FORKED))
    assert [it.size for it in left] == sorted(it.size for it in left)


def crash_at(patch: pytest.MonkeyPatch, step: int) -> None:
    """The `step`-th write or sync fails, before it is done (even) or after it (odd)."""
    done = 0

    def failing(real):
        def call(*args):
            nonlocal done
            done += 1
            if done - 1 == step // 2:
                if step % 2:
                    real(*args)
                raise Crash
            return real(*args)

        return call

    patch.setattr(durable, "write_atomically", failing(durable.write_atomically))
    patch.setattr(durable, "sync_folder", failing(durable.sync_folder))


def test_what_was_remembered_but_not_answered_is_cosigned_when_asked_again(folder: Path, log: TiledLog) -> None:
    cosign(folder, log, 0, 5)  # and the answer is lost on its way
    with State(folder) as state:
        witness = Witness(state, trust_of([log.verifier]), lambda: NOW)
        conflict = witness.ask(asked(log, HONEST, 0, 5))
        assert isinstance(conflict, Refused)
        assert conflict.refusal.size == 5
        assert isinstance(witness.ask(asked(log, HONEST, 5, 5)), Cosigned)


def test_the_memory_is_on_the_disk_before_the_answer(folder: Path, log: TiledLog, monkeypatch) -> None:
    order: list[str] = []
    write, sync = durable.write_atomically, durable.sync_folder
    monkeypatch.setattr(
        durable, "write_atomically", lambda path, data: (order.append(path.name), write(path, data))
    )
    monkeypatch.setattr(durable, "sync_folder", lambda path: (order.append(f"sync {path.name}"), sync(path)))
    cosign(folder, log, 0, 5)
    assert order == [origin_hash(log.origin), "sync seen", "origins", f"sync {folder.name}"]


# evidence


def test_a_split_view_is_kept_once_and_a_doubt_ends_with_the_cosignature(witness: Witness, log, folder) -> None:
    assert isinstance(witness.ask(asked(log, HONEST, 0, 12)), Cosigned)
    split = witness.ask(asked(log, FORKED, 12, 20))
    again = witness.ask(asked(log, FORKED, 12, 20))
    assert isinstance(split, Refused)
    assert isinstance(again, Refused)
    assert split.is_split
    assert split.kept == again.kept
    doubt = witness.ask(Request(12, (bytes(32),), log.checkpoint(HONEST, 20)))
    assert isinstance(doubt, Refused)
    assert not doubt.is_split
    assert [it.kind for _, it in read_evidence(folder)] == [Kind.HISTORY, Kind.UNPROVEN]
    assert isinstance(witness.ask(asked(log, HONEST, 12, 20)), Cosigned)
    assert [(path, it.holds([log.verifier])) for path, it in read_evidence(folder)] == [(split.kept, True)]


def test_evidence_is_bounded_the_oldest_doubt_gives_way_and_a_damaged_file_is_told(witness, log, folder) -> None:
    assert isinstance(witness.ask(asked(log, HONEST, 0, 12)), Cosigned)
    kept = []
    for number in range(MAX_EVIDENCE + 3):
        found = witness.ask(Request(12, (), log.checkpoint(HONEST, 13, f"{number}\n")))
        assert isinstance(found, Refused)
        assert found.kept is not None
        os.utime(found.kept, (number, number))
        kept.append(found.kept)
    (folder / "evidence" / "doubt-gone.json").symlink_to("nothing")  # as if it went while others were read
    assert {path for path, _ in read_evidence(folder)} == set(kept[3:])
    split = witness.ask(asked(log, FORKED, 12, 12))  # what is proven has its own room
    assert isinstance(split, Refused)
    assert split.kept is not None
    split.kept.write_bytes(b"{}")
    with pytest.raises(ConfigError, match="damaged"):
        read_evidence(folder)
