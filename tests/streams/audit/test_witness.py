"""What a witness decides: each answer of the specification; no order of requests makes it sign a split."""

from __future__ import annotations

from http import HTTPStatus

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from streams.audit import note
from streams.audit.checkpoint import Checkpoint
from streams.audit.note import Algorithm, BadNote, Verifier
from streams.audit.tree import EMPTY_ROOT
from streams.audit.witness import Cosign, Refusal, Request, Seen, consider, recall, settled, trust_of
from streams.audit.witness_evidence import BadEvidence, Evidence, Kind
from tests.support.tiled_logs import History, TiledLog

LOG = TiledLog()
HONEST = History.of(40)
FORKED = HONEST.fork(13)
KEY = Ed25519PrivateKey.generate()
OWN = Verifier("witness.example/w", KEY.public_key().public_bytes_raw(), Algorithm.COSIGNATURE)
KEYS = [LOG.verifier]
TRUST = trust_of(KEYS)
NOW = 1_800_000_000

Memory = dict[str, Seen]


def asked(history: History, old: int, size: int, proof: tuple[bytes, ...] | None = None) -> Request:
    wanted = history.proof(old, size) if proof is None else proof
    return Request(old, wanted, LOG.checkpoint(history, size))


def after(memory: Memory, request: Request, now: int = NOW) -> Memory:
    found = consider(memory, request, TRUST, now)
    assert isinstance(found, Cosign)
    seen, line = found.with_cosignature(OWN, KEY.sign(found.message()))
    assert note.check_cosignature(seen.note, OWN) == now
    note.check(seen.note, LOG.verifier)
    assert line in seen.note.signatures
    return memory | {seen.point.origin: seen}


def refused(memory: Memory, request: Request, now: int = NOW) -> Refusal:
    found = consider(memory, request, TRUST, now)
    assert isinstance(found, Refusal)
    return found


SEEN = after({}, asked(HONEST, 0, 20))


# the answers, in the specification's order


@pytest.mark.parametrize("data", [b"", b"log.example\n", LOG.checkpoint(HONEST, 20)[:-1], b"\xff" * 90])
def test_what_is_no_checkpoint_is_malformed(data: bytes) -> None:
    assert refused(SEEN, Request(20, (), data)).status == HTTPStatus.BAD_REQUEST


def test_a_log_that_nobody_named_is_unknown() -> None:
    other = TiledLog("log.example/unknown")
    request = Request(0, (), other.checkpoint(HONEST, 3))
    assert refused({}, request).status == HTTPStatus.NOT_FOUND


def test_a_checkpoint_by_another_key_of_the_same_name_is_forbidden() -> None:
    request = Request(20, HONEST.proof(20, 30), TiledLog().checkpoint(HONEST, 30))
    assert refused(SEEN, request).status == HTTPStatus.FORBIDDEN


def test_a_line_of_a_trusted_key_that_does_not_hold_is_forbidden_even_beside_one_that_holds() -> None:
    other = TiledLog()
    whole = note.parse(LOG.checkpoint(HONEST, 20))
    wrong = note.Signature(other.origin, other.verifier.key_hash, bytes(64))
    both = str(whole.with_signature(wrong)).encode()
    found = consider({}, Request(0, (), both), trust_of([LOG.verifier, other.verifier]), NOW)
    assert isinstance(found, Refusal)
    assert found.status == HTTPStatus.FORBIDDEN
    assert isinstance(consider({}, Request(0, (), both), TRUST, NOW), Cosign)  # nobody knows that key: passed over


def test_lines_by_strangers_are_neither_cosigned_with_nor_kept() -> None:
    whole = note.parse(LOG.checkpoint(HONEST, 20))
    more = str(whole.with_signature(note.Signature("stranger", b"abcd", bytes(64)))).encode()
    found = consider({}, Request(0, (), more), TRUST, NOW)
    assert isinstance(found, Cosign)
    assert found.note == whole


def test_an_old_size_above_the_new_one_is_malformed() -> None:
    assert refused(SEEN, Request(20, (), LOG.checkpoint(HONEST, 19))).status == HTTPStatus.BAD_REQUEST


@pytest.mark.parametrize("old", [0, 1, 19, 21])
def test_another_old_size_is_a_conflict_that_says_the_known_one(old: int) -> None:
    found = refused(SEEN, asked(HONEST, old, 30))
    assert (found.status, found.size, found.evidence) == (HTTPStatus.CONFLICT, 20, None)
    assert refused({}, asked(HONEST, 5, 30)).size == 0


def test_an_empty_tree_has_the_empty_root() -> None:
    assert after({}, asked(HONEST, 0, 0))[LOG.origin].point.root == EMPTY_ROOT
    text = Checkpoint(LOG.origin, 0, bytes(32)).text()
    wrong = str(note.signed(text, LOG.verifier, LOG.key.sign(text.encode()))).encode()
    assert refused({}, Request(0, (), wrong)).status == HTTPStatus.UNPROCESSABLE_ENTITY


@pytest.mark.parametrize(
    ("memory", "request_"),
    [
        ({}, asked(HONEST, 0, 5, (bytes(32),))),
        (SEEN, asked(HONEST, 20, 20, (bytes(32),))),
        (SEEN, asked(HONEST, 20, 30, ())),
        (SEEN, asked(HONEST, 20, 30, HONEST.proof(20, 31))),
        (SEEN, asked(HONEST, 20, 30, (*HONEST.proof(20, 30), bytes(32)))),
        (SEEN, asked(FORKED, 20, 30)),
        (SEEN, asked(FORKED, 20, 20)),
    ],
)
def test_a_proof_that_does_not_hold_is_unprocessable(memory: Memory, request_: Request) -> None:
    assert refused(memory, request_).status == HTTPStatus.UNPROCESSABLE_ENTITY


def test_the_same_again_is_cosigned_again_and_never_with_an_earlier_time() -> None:
    again = asked(HONEST, 20, 20)
    assert after(SEEN, again, NOW + 5)[LOG.origin].time == NOW + 5
    assert refused(SEEN, again, NOW - 1).status == HTTPStatus.SERVICE_UNAVAILABLE


def test_extensions_are_cosigned_as_they_stand() -> None:
    request = Request(20, (), LOG.checkpoint(HONEST, 20, "an extension\n"))
    assert "an extension\n" in after(SEEN, request)[LOG.origin].note.text


def test_each_of_several_keys_of_a_log_will_do_and_a_witness_s_is_none() -> None:
    old = TiledLog()
    trust = trust_of([old.verifier, LOG.verifier, LOG.verifier])
    assert len(trust[LOG.origin]) == 2
    assert isinstance(consider({}, asked(HONEST, 0, 20), trust, NOW), Cosign)
    with pytest.raises(BadNote):
        trust_of([OWN])


# split views


@pytest.mark.parametrize("old", [0, 7, 20])
def test_two_roots_for_one_size_prove_a_split_view_whatever_else_was_asked(old: int) -> None:
    found = refused(SEEN, asked(FORKED, old, 20))
    assert found.evidence is not None
    assert (found.evidence.kind, found.evidence.holds(KEYS)) == (Kind.SAME_SIZE, True)
    assert found.status == (HTTPStatus.UNPROCESSABLE_ENTITY if old == 20 else HTTPStatus.CONFLICT)


@pytest.mark.parametrize("size", [14, 16, 20, 32])
def test_another_beginning_in_the_log_s_own_tiles_proves_a_split_view(size: int) -> None:
    seen = after({}, asked(HONEST, 0, size))
    request = asked(FORKED, size, 40)
    assert (doubt := refused(seen, request).evidence) is not None
    assert (doubt.kind, doubt.holds(KEYS)) == (Kind.UNPROVEN, False)
    told = Request(size, request.proof, request.checkpoint, FORKED.root(size))
    assert (proven := refused(seen, told).evidence) is not None
    assert (proven.kind, proven.holds(KEYS), proven.origin) == (Kind.HISTORY, True, LOG.origin)


@pytest.mark.parametrize("earlier", [bytes(32), HONEST.root(20)])
def test_nobody_makes_an_honest_log_look_split(earlier: bytes) -> None:
    """Its checkpoint with a wrong proof, and with wrong tiles."""
    request = Request(20, FORKED.proof(20, 30), LOG.checkpoint(HONEST, 30), earlier)
    assert (found := refused(SEEN, request).evidence) is not None
    assert (found.kind, found.is_split, found.holds(KEYS)) == (Kind.UNPROVEN, False, False)


def evidence() -> Evidence:
    request = Request(20, FORKED.proof(20, 30), LOG.checkpoint(FORKED, 30), FORKED.root(20))
    found = refused(SEEN, request).evidence
    assert found is not None
    return found


def test_evidence_reads_as_it_was_written_and_convinces_without_the_witness() -> None:
    found = evidence()
    assert Evidence.parse(found.as_bytes()) == found
    assert found.holds(KEYS)
    assert found.name.startswith("split-")


@pytest.mark.parametrize("data", [b"", b"[]", b"{}", b"\xff", evidence().as_bytes().replace(b"history", b"other")])
def test_what_is_no_evidence_is_refused(data: bytes) -> None:
    with pytest.raises(BadEvidence):
        Evidence.parse(data)


def test_made_up_evidence_does_not_hold() -> None:
    real, stranger = evidence(), TiledLog()
    forged = note.parse(stranger.checkpoint(FORKED, 20))
    seen = note.parse(LOG.checkpoint(HONEST, 20))
    assert not Evidence(Kind.SAME_SIZE, (LOG.verifier,), seen, forged).holds(KEYS)
    assert not Evidence(Kind.SAME_SIZE, (LOG.verifier,), seen, seen).holds(KEYS)
    assert not Evidence(Kind.HISTORY, real.keys, real.seen, real.shown, real.proof, HONEST.root(20)).holds(KEYS)
    assert not Evidence(Kind.HISTORY, real.keys, real.seen, real.shown, real.proof[:-1], real.earlier).holds(KEYS)
    assert not Evidence(Kind.HISTORY, real.keys, real.seen, real.shown, real.proof).holds(KEYS)


@pytest.mark.parametrize("name", [LOG.origin, "log.example/other"])
def test_evidence_proves_nothing_by_the_keys_it_brings_along(name: str) -> None:
    """Whoever makes one up has a key for it, under any name."""
    stranger = TiledLog(name)
    points = [Checkpoint(LOG.origin, 5, bytes([it]) * 32).text() for it in (0, 1)]
    notes = [note.signed(it, stranger.verifier, stranger.key.sign(it.encode())) for it in points]
    forged = Evidence(Kind.SAME_SIZE, (stranger.verifier,), *notes)
    assert not forged.holds(KEYS)
    assert not forged.holds([])
    assert forged.holds([*KEYS, stranger.verifier]) is (name == LOG.origin)


# doubts


def doubt(history: History, size: int) -> Evidence:
    """Fed after twenty entries, with a proof that says nothing."""
    found = refused(SEEN, asked(history, 20, size, ())).evidence
    assert found is not None
    assert found.kind is Kind.UNPROVEN
    return found


@pytest.mark.parametrize("size", [21, 24, 32, 36])
@pytest.mark.parametrize("now", [36, 40])
def test_a_doubt_ends_where_the_log_s_tree_has_what_was_refused(size: int, now: int) -> None:
    seen = after(SEEN, asked(HONEST, 20, now))[LOG.origin]
    assert settled(doubt(HONEST, size), seen, KEYS, HONEST.node) is None


@pytest.mark.parametrize(
    ("size", "kind"), [(21, Kind.HISTORY), (24, Kind.HISTORY), (32, Kind.HISTORY), (36, Kind.SAME_SIZE)]
)
def test_a_doubt_becomes_a_split_view_where_the_log_s_tree_has_something_else(size: int, kind: Kind) -> None:
    kept = doubt(FORKED, size)
    seen = after(SEEN, asked(HONEST, 20, 36))[LOG.origin]
    found = settled(kept, seen, KEYS, HONEST.node)
    assert found is not None
    assert (found.kind, found.shown, found.holds(KEYS)) == (kind, kept.shown, True)
    assert Evidence.parse(found.as_bytes()) == found


def test_a_doubt_about_more_than_the_log_has_or_by_nodes_of_another_tree_stays() -> None:
    seen = after(SEEN, asked(HONEST, 20, 30))[LOG.origin]
    for kept, nodes in ((doubt(HONEST, 31), HONEST), (doubt(FORKED, 24), FORKED), (doubt(HONEST, 24), FORKED)):
        assert settled(kept, seen, KEYS, nodes.node) is kept


# memory


def test_what_was_cosigned_is_recalled_and_no_bit_of_it_can_change() -> None:
    seen = SEEN[LOG.origin]
    data = str(seen.note).encode()
    assert recall(data, OWN) == seen
    own_line = data.rindex(b"\xe2\x80\x94")  # before it stands the log's own line, which needs the log's key
    body = data.index(b"\n\n") + 2
    for bit in [*range(body * 8), *range(own_line * 8, len(data) * 8)]:
        wrong = bytearray(data)
        wrong[bit // 8] ^= 1 << bit % 8
        with pytest.raises(BadNote):
            recall(bytes(wrong), OWN)


# any order of requests

STEPS = st.lists(
    st.tuples(st.sampled_from([HONEST, FORKED]), st.integers(0, 40), st.integers(0, 40), st.sampled_from("ahb")),
    max_size=25,
)


@given(STEPS)
def test_no_order_of_requests_gets_both_sides_of_a_split_cosigned(
    steps: list[tuple[History, int, int, str]],
) -> None:
    """`a`: as the witness says; `h`: with a made-up old size; `b`: with the other history's proof."""
    memory: Memory = {}
    cosigned: list[Checkpoint] = []
    for history, size, made_up, way in steps:
        known = memory[LOG.origin].point.size if memory else 0
        old = made_up if way == "h" else known
        other = FORKED if history is HONEST else HONEST
        proof = (other if way == "b" else history).proof(min(old, size), size)
        found = consider(memory, asked(history, old, size, proof), TRUST, NOW)
        if isinstance(found, Cosign):
            seen, _ = found.with_cosignature(OWN, KEY.sign(found.message()))
            memory = {LOG.origin: recall(str(seen.note).encode(), OWN)}  # a restart changes nothing
            cosigned.append(seen.point)
    assert cosigned == sorted(cosigned, key=lambda it: it.size)
    sides = [all(it.root == side.root(it.size) for it in cosigned) for side in (HONEST, FORKED)]
    assert any(sides)


@given(st.lists(st.integers(0, 40), min_size=1, max_size=20).map(sorted))
def test_an_honest_history_is_always_cosigned(sizes: list[int]) -> None:
    memory: Memory = {}
    for size in sizes:
        known = memory[LOG.origin].point.size if memory else 0
        memory = after(memory, asked(HONEST, known, size))
        assert memory[LOG.origin].point.size == size
