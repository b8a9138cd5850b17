from __future__ import annotations

import dataclasses
import hashlib
import json
from functools import cache
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from schemas.control import (
    ControlKind,
    Freezable,
    FreezeReason,
    Replay,
    control_message,
    freeze_body,
    lift_body,
    replay_body,
)
from schemas.errors import Reason
from schemas.records import ControlState
from topology.control import Applied, ControlBook, Rejected
from topology.jobs import Jobs
from topology.loading import load_topology
from topology.pins import Pins
from topology.policies import load_policy, policy_bytes

TOPOLOGY = load_topology(extra_projects=[Path(__file__).parent / "projects"])
SIGNERS = (
    "ada",
    "grace",
    "olga",
    "alice",
    "arthur",
    "label.demo",
    "keeper.demo",
    "redact.demo",
    "label.alpha",
    "contain.demo",
)
TASK = "0" * 31 + "a"


@cache
def private_key(signer: str) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(hashlib.sha256(signer.encode()).digest())


PINS = Pins({signer: private_key(signer).public_key().public_bytes_raw() for signer in SIGNERS})


def new_book() -> ControlBook:
    return ControlBook(TOPOLOGY.flow, PINS, TOPOLOGY.projects)


def signed(kind: str, project: str, target: str, signer: str, body: bytes, version: int = 1) -> ControlState:
    key = f"{kind}/{project}/{target}/{signer}"
    signature = private_key(signer).sign(control_message(key, version, kind, body))
    return ControlState(key, version, kind, body, signer, signature, 1)


def policy(number: int, signer: str, project: str = "demo", version: int = 1) -> ControlState:
    body = json.dumps({"name": project, "version": number}).encode()
    return signed("policy", project, hashlib.sha256(body).hexdigest(), signer, body, version)


def withdraw(signer: str, task: str = TASK, project: str = "demo", version: int = 1) -> ControlState:
    return signed("withdraw", project, task, signer, b"", version)


def minimum(number: int, signer: str, project: str = "demo", version: int = 1) -> ControlState:
    return signed("minimum", project, str(number), signer, b"{}", version)


def freeze(
    signer: str, *stages: Freezable, project: str = "demo", version: int = 1, body: bytes | None = None
) -> ControlState:
    key = f"freeze/{project}/{signer}"
    wanted = freeze_body(stages, FreezeReason.REHEARSAL) if body is None else body
    signature = private_key(signer).sign(control_message(key, version, "freeze", wanted))
    return ControlState(key, version, "freeze", wanted, signer, signature, 1)


def lift(signer: str, who: str, up_to: int, version: int = 1) -> ControlState:
    return signed("lift", "demo", who, signer, lift_body(up_to), version)


def apply_all(states: list[ControlState]) -> ControlBook:
    book = new_book()
    for state in states:
        book.apply(state.key, state)
    return book


def test_policy_is_in_force_when_author_and_approver_have_signed():
    book = new_book()
    first, second = policy(1, "ada"), policy(1, "grace")
    assert book.apply(first.key, first) == Applied(first.key, ControlKind.POLICY, ())
    assert book.policy_in_force("demo") is None
    concern = first.key.rpartition("/")[0]
    assert book.policy_signers("demo", concern.rpartition("/")[2]) == {"ada"}
    assert book.apply(second.key, second) == Applied(second.key, ControlKind.POLICY, (concern,))
    record = book.policy_in_force("demo")
    assert record is not None
    assert (record.version, record.body) == (1, first.body)
    assert book.policy_in_force("alpha") is None


def test_highest_fully_signed_version_is_in_force_and_older_ones_stay_available():
    states = [policy(2, "ada"), policy(2, "grace"), policy(1, "ada"), policy(1, "grace"), policy(3, "ada")]
    book = apply_all(states)
    record = book.policy_in_force("demo")
    assert record is not None
    assert record.version == 2
    older = book.policy("demo", hashlib.sha256(states[2].body).hexdigest())
    assert older is not None
    assert older.version == 1
    assert book.policy("demo", hashlib.sha256(states[4].body).hexdigest()) is None


def test_a_policy_that_another_projects_people_agree_to_is_not_signed_here():
    theirs, ours = policy(1, "ada"), policy(1, "ada").body
    same = hashlib.sha256(ours).hexdigest()
    here = signed("policy", "alpha", same, "alice", ours)
    book = apply_all([theirs, policy(1, "grace"), here])
    assert book.policy("demo", same) is not None
    assert book.policy("alpha", same) is None
    assert book.policy("nobody", same) is None


def test_a_real_policy_passes():
    body = policy_bytes(load_policy("demo"))
    wanted = load_policy("demo").hash
    book = apply_all([signed("policy", "demo", wanted, signer, body) for signer in ("ada", "grace")])
    record = book.policy_in_force("demo")
    assert record is not None
    assert record.hash == wanted


def test_two_signatures_by_one_person_who_is_author_and_approver_never_suffice():
    project = TOPOLOGY.projects["demo"]
    persons = dataclasses.replace(project.persons, authors=("ada",), approvers=("ada", "grace"))
    book = ControlBook(TOPOLOGY.flow, PINS, {"demo": dataclasses.replace(project, persons=persons)})
    for version in (1, 2, 3):
        state = policy(1, "ada", version=version)
        assert isinstance(book.apply(state.key, state), Applied)
    assert book.policy_in_force("demo") is None
    state = policy(1, "grace")
    book.apply(state.key, state)
    assert book.policy_in_force("demo") is not None


@pytest.mark.parametrize("signer", ["label.demo", "keeper.demo", "olga"])
def test_withdrawal_holds_from_the_first_allowed_signature(signer):
    book = new_book()
    state = withdraw(signer)
    assert book.apply(state.key, state) == Applied(state.key, ControlKind.WITHDRAW, (f"withdraw/demo/{TASK}",))
    assert book.withdrawn("demo") == {TASK}
    assert book.is_withdrawn("demo", TASK)
    assert not book.is_withdrawn("alpha", TASK)
    assert book.apply(state.key, state) == Applied(state.key, ControlKind.WITHDRAW, ())


def test_whoever_withdraws_what_is_withdrawn_already_is_answered_too():
    book = apply_all([withdraw("olga")])
    for again in (withdraw("contain.demo"), withdraw("olga", version=2)):
        expected = Applied(again.key, ControlKind.WITHDRAW, (f"withdraw/demo/{TASK}",))
        assert book.apply(again.key, again) == expected
    assert book.withdrawn("demo") == {TASK}


REFUSED = {
    "tombstone": (withdraw("olga").key, None, Reason.TOMBSTONE_IGNORED),
    "author withdraws": (withdraw("ada").key, withdraw("ada"), Reason.SIGNER_NOT_ALLOWED),
    "redact withdraws": (withdraw("redact.demo").key, withdraw("redact.demo"), Reason.SIGNER_NOT_ALLOWED),
    "label of another project": (withdraw("label.alpha").key, withdraw("label.alpha"), Reason.SIGNER_NOT_ALLOWED),
    "author of another project": (policy(1, "alice").key, policy(1, "alice"), Reason.SIGNER_NOT_ALLOWED),
    "operator signs policy": (policy(1, "olga").key, policy(1, "olga"), Reason.SIGNER_NOT_ALLOWED),
    "nobody's signer": (withdraw("eve").key, withdraw("eve"), Reason.UNKNOWN_SIGNER),
    "unsigned": (withdraw("olga").key, dataclasses.replace(withdraw("olga"), signature=b""), Reason.UNSIGNED),
    "short signature": (
        withdraw("olga").key,
        dataclasses.replace(withdraw("olga"), signature=withdraw("olga").signature[:63]),
        Reason.BAD_SIGNATURE,
    ),
    "version changed": (
        withdraw("olga").key,
        dataclasses.replace(withdraw("olga"), version=2),
        Reason.BAD_SIGNATURE,
    ),
    "version zero": (withdraw("olga").key, withdraw("olga", version=0), Reason.STALE_VERSION),
    "under another key": (withdraw("olga", "b" * 32).key, withdraw("olga"), Reason.BAD_REQUEST),
    "another's signature": (
        withdraw("olga").key,
        dataclasses.replace(withdraw("olga"), signer="keeper.demo"),
        Reason.BAD_REQUEST,
    ),
    "unknown kind": ("melt/demo/olga", dataclasses.replace(withdraw("olga"), kind="melt"), Reason.BAD_REQUEST),
    "author freezes": (freeze("ada", *Freezable).key, freeze("ada", *Freezable), Reason.SIGNER_NOT_ALLOWED),
    "redact freezes": (
        freeze("redact.demo", *Freezable).key,
        freeze("redact.demo", *Freezable),
        Reason.SIGNER_NOT_ALLOWED,
    ),
    "operator of another project freezes": (
        freeze("olga", *Freezable, project="alpha").key,
        freeze("olga", *Freezable, project="alpha"),
        Reason.SIGNER_NOT_ALLOWED,
    ),
    "freeze without a body": (freeze("olga", body=b"").key, freeze("olga", body=b""), Reason.BAD_REQUEST),
    "freeze that names no stage": (
        freeze("olga", body=b'{"reason":"leak","stages":["a b"]}').key,
        freeze("olga", body=b'{"reason":"leak","stages":["a b"]}'),
        Reason.BAD_REQUEST,
    ),
    "author lifts": (lift("ada", "olga", 1).key, lift("ada", "olga", 1), Reason.SIGNER_NOT_ALLOWED),
    "keeper lifts": (
        lift("keeper.demo", "keeper.demo", 1).key,
        lift("keeper.demo", "keeper.demo", 1),
        Reason.SIGNER_NOT_ALLOWED,
    ),
    "lift without a version": (
        lift("olga", "grace", 1).key,
        signed("lift", "demo", "grace", "olga", b"{}"),
        Reason.BAD_REQUEST,
    ),
    "operator signs a minimum": (minimum(1, "olga").key, minimum(1, "olga"), Reason.SIGNER_NOT_ALLOWED),
    "minimum of zero": (minimum(0, "ada").key, minimum(0, "ada"), Reason.BAD_REQUEST),
    "unknown project": (
        withdraw("olga", project="gone").key,
        withdraw("olga", project="gone"),
        Reason.BAD_REQUEST,
    ),
    "body is not the hash": (
        f"policy/demo/{'0' * 64}/ada",
        signed("policy", "demo", "0" * 64, "ada", b'{"version": 1}'),
        Reason.BAD_REQUEST,
    ),
    "no task id": (withdraw("olga", "x").key, withdraw("olga", "x"), Reason.BAD_REQUEST),
}


@pytest.mark.parametrize(("key", "state", "reason"), REFUSED.values(), ids=REFUSED.keys())
def test_refused_with_its_reason_and_nothing_changes(key, state, reason):
    book = apply_all([policy(1, "ada"), policy(1, "grace")])
    assert book.apply(key, state) == Rejected(key, reason)
    assert book.withdrawn("demo") == set()
    assert book.freezes("demo") == {}
    assert book.minimum("demo") == 0
    record = book.policy_in_force("demo")
    assert record is not None
    assert record.version == 1


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{}", b'{"version": true}', b'{"version": 0}', b'{"version": "1"}', b"[" * 100_000]
)
def test_policy_whose_body_names_no_version_is_refused(body):
    state = signed("policy", "demo", hashlib.sha256(body).hexdigest(), "ada", body)
    assert new_book().apply(state.key, state) == Rejected(state.key, Reason.BAD_REQUEST)


def test_lower_version_is_refused_and_a_repeat_changes_nothing():
    book = new_book()
    newer, older = withdraw("olga", version=5), withdraw("olga", version=4)
    assert book.next_version(newer.key) == 1
    book.apply(newer.key, newer)
    assert book.next_version(newer.key) == 6
    assert book.apply(older.key, older) == Rejected(older.key, Reason.STALE_VERSION)
    assert book.apply(newer.key, newer) == Applied(newer.key, ControlKind.WITHDRAW, ())


def test_same_version_with_another_body_is_refused():
    book = new_book()
    state = withdraw("olga")
    book.apply(state.key, state)
    other = signed("withdraw", "demo", TASK, "olga", b"other")
    assert book.apply(other.key, other) == Rejected(other.key, Reason.STALE_VERSION)


# Minimum versions (rule 6)


def test_a_minimum_holds_when_author_and_approver_have_signed_it():
    book = apply_all([policy(1, "ada"), policy(1, "grace"), policy(2, "ada"), policy(2, "grace")])
    first, second = minimum(2, "ada"), minimum(2, "grace")
    assert book.apply(first.key, first) == Applied(first.key, ControlKind.MINIMUM, ())
    assert (book.minimum("demo"), book.minimum_signers("demo", 2)) == (0, {"ada"})
    assert book.apply(second.key, second) == Applied(second.key, ControlKind.MINIMUM, ("minimum/demo/2",))
    assert (book.minimum("demo"), book.minimum("alpha")) == (2, 0)
    record = book.policy_in_force("demo")
    assert record is not None
    assert record.version == 2


def test_a_policy_below_the_minimum_never_comes_back_into_force_and_stays_available_by_hash():
    """Not even where nothing else is there: whoever hides the newer records from a stage gains no older policy."""
    old = [policy(1, "ada"), policy(1, "grace")]
    book = apply_all([*old, minimum(2, "ada"), minimum(2, "grace")])
    assert book.policy_in_force("demo") is None
    for signer in ("ada", "grace"):
        again = policy(1, signer, version=9)
        assert book.apply(again.key, again) == Applied(again.key, ControlKind.POLICY, ())
    assert book.policy_in_force("demo") is None
    assert book.policy("demo", hashlib.sha256(old[0].body).hexdigest()) is not None


def test_the_highest_minimum_holds_and_a_lower_one_takes_nothing_back():
    book = apply_all([minimum(number, signer) for number in (3, 2) for signer in ("ada", "grace")])
    assert book.minimum("demo") == 3


def test_contain_alone_rules_out_what_is_in_force_and_not_what_people_publish_next():
    signed_by_two = [policy(number, who) for number in (1, 2) for who in ("ada", "grace")]
    book, order = apply_all(signed_by_two), minimum(3, "contain.demo")
    assert book.apply(order.key, order) == Applied(order.key, ControlKind.MINIMUM, ("minimum/demo/3",))
    assert (book.minimum("demo"), book.policy_in_force("demo")) == (3, None)
    for signer in ("ada", "grace"):
        state = policy(3, signer)
        book.apply(state.key, state)
    record = book.policy_in_force("demo")
    assert record is not None
    assert record.version == 3


def test_contain_is_answered_on_a_minimum_that_people_have_given_already():
    two = [policy(2, "ada"), policy(2, "grace"), minimum(3, "ada"), minimum(3, "grace")]
    book, order = apply_all(two), minimum(3, "contain.demo")
    assert book.apply(order.key, order) == Applied(order.key, ControlKind.MINIMUM, ("minimum/demo/3",))
    assert book.apply(order.key, order) == Applied(order.key, ControlKind.MINIMUM, ())


def test_a_minimum_by_contain_far_above_what_is_signed_counts_for_nothing():
    signed_by_two = [policy(number, who) for number in (1, 2) for who in ("ada", "grace")]
    far = minimum(5, "contain.demo")
    for order in ([*signed_by_two, far], [far, *signed_by_two]):
        book = apply_all(order)
        record = book.policy_in_force("demo")
        assert record is not None
        assert (book.minimum("demo"), record.version) == (0, 2)


@pytest.mark.parametrize("signer", ["keeper.demo", "label.demo"])
def test_no_other_process_gives_a_minimum(signer):
    state = minimum(1, signer)
    assert new_book().apply(state.key, state) == Rejected(state.key, Reason.SIGNER_NOT_ALLOWED)


def test_signatures_on_different_minimums_do_not_add_up():
    assert apply_all([minimum(2, "ada"), minimum(3, "grace")]).minimum("demo") == 0


# History


def test_history_tells_who_signed_what_and_when():
    book = apply_all([policy(2, "ada"), policy(1, "ada"), policy(1, "grace")])
    (first, second) = book.policy_history("demo")
    assert (first.record.version, first.signed_at, first.fully_signed) == (1, {"ada": 1, "grace": 1}, True)
    assert (second.record.version, second.signed_at, second.fully_signed) == (2, {"ada": 1}, False)


VALID = [
    *(policy(number, signer) for number in (1, 2, 3) for signer in ("ada", "grace")),
    *(policy(1, signer, "alpha") for signer in ("alice", "arthur")),
    withdraw("olga"),
    withdraw("label.demo", version=3),
    withdraw("keeper.demo", "c" * 32),
    *(minimum(2, signer) for signer in ("ada", "grace")),
    minimum(3, "ada"),
    minimum(4, "contain.demo"),
    minimum(9, "contain.demo"),
    freeze("olga", *Freezable),
    freeze("olga", Freezable.LABEL, version=2),
    lift("grace", "olga", 1),
    lift("olga", "olga", 1),
    freeze("grace", Freezable.LABEL, version=7),
]


def in_force(book: ControlBook) -> object:
    hashes = {hashlib.sha256(state.body).hexdigest() for state in VALID}
    return (
        [book.policy_in_force(project) for project in ("demo", "alpha", "beta")],
        [book.policy(project, each) for project in ("demo", "alpha") for each in sorted(hashes)],
        [book.withdrawn(project) for project in ("demo", "alpha")],
        [book.minimum(project) for project in ("demo", "alpha")],
        [book.freezes(project) for project in ("demo", "alpha")],
    )


@given(st.permutations(VALID), st.lists(st.sampled_from(VALID), max_size=10))
def test_what_holds_does_not_depend_on_order_or_repetition(order, repeated):
    assert in_force(apply_all([*order, *repeated])) == in_force(apply_all(VALID))


@given(st.lists(st.sampled_from(VALID), unique_by=lambda state: state.key), st.randoms(use_true_random=False))
def test_a_truncated_log_never_puts_in_force_what_is_not_fully_signed(part, random):
    random.shuffle(part)
    book = apply_all(part)
    for project, author, approver in (("demo", "ada", "grace"), ("alpha", "alice", "arthur")):
        record = book.policy_in_force(project)
        if record is not None:
            keys = {state.key for state in part}
            assert {f"policy/{project}/{record.hash}/{signer}" for signer in (author, approver)} <= keys


@given(
    st.sampled_from(VALID),
    st.integers(0, 511),
    st.sampled_from(["signature", "body", "version", "key", "kind", "signer"]),
)
def test_a_changed_record_counts_for_nothing(state, bit, part):
    book = new_book()
    before = in_force(book)
    changed = flip(state, part, bit)
    assert isinstance(book.apply(changed.key, changed), Rejected)
    assert in_force(book) == before


def flip(state: ControlState, part: str, bit: int) -> ControlState:
    value = getattr(state, part)
    if part == "version":
        return dataclasses.replace(state, version=value + 1 + bit)
    data = bytearray(value if isinstance(value, bytes) else value.encode())
    if not data:
        data = bytearray(b"\0")
    data[bit // 8 % len(data)] ^= 1 << (bit % 7)
    changed = bytes(data) if isinstance(value, bytes) else data.decode()
    return dataclasses.replace(state, **{part: changed})


@given(st.lists(st.tuples(st.sampled_from(VALID), st.sampled_from(SIGNERS)), max_size=20))
def test_signatures_by_anybody_else_never_put_anything_in_force(pairs):
    """Whoever signs in another's name, with the own key: nothing follows."""
    book = new_book()
    before = in_force(book)
    for state, thief in pairs:
        if thief == state.signer:
            continue
        message = control_message(state.key, state.version, state.kind, state.body)
        forged = dataclasses.replace(state, signature=private_key(thief).sign(message))
        assert isinstance(book.apply(forged.key, forged), Rejected)
    assert in_force(book) == before


def replay(signer: str, order: Replay, version: int = 1, body: bytes | None = None) -> ControlState:
    key, wanted = f"replay/demo/{signer}", replay_body(order) if body is None else body
    signature = private_key(signer).sign(control_message(key, version, "replay", wanted))
    return ControlState(key, version, "replay", wanted, signer, signature, 1)


def test_a_replay_is_the_latest_of_an_operator_and_carries_its_version():
    book, order = new_book(), Replay(5, "warehouse", "msg_" + "0" * 32)
    for version in (3, 7):
        state = replay("olga", order, version)
        assert book.apply(state.key, state) == Applied(state.key, ControlKind.REPLAY, ("replay/demo",))
    assert book.replays("demo") == {"olga": dataclasses.replace(order, version=7)}
    late = replay("olga", order, 4)
    assert book.apply(late.key, late) == Rejected(late.key, Reason.STALE_VERSION)


@pytest.mark.parametrize("signer", ["ada", "grace", "label.demo"])
def test_nobody_but_an_operator_orders_a_replay(signer):
    state = replay(signer, Replay(0))
    assert new_book().apply(state.key, state) == Rejected(state.key, Reason.SIGNER_NOT_ALLOWED)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{}",
        b'{"endpoint":"","message":"","since":-1}',
        b'{"endpoint":"","message":"","since":true}',
        b'{"endpoint":"","message":"","since":0,"more":1}',
        b'{"endpoint":"A b","message":"","since":0}',
        b'{"endpoint":"","message":"msg_1","since":0}',
        b'{"endpoint":"","message":"","since":0}' + b" " * 300,
    ],
)
def test_a_replay_that_says_something_else_counts_for_nothing(body):
    state = replay("olga", Replay(0), body=body)
    assert new_book().apply(state.key, state) == Rejected(state.key, Reason.BAD_REQUEST)


# -- labeling jobs

JOBS = dataclasses.replace(TOPOLOGY.project("demo"), jobs=Jobs(("ada",), ("olga",), ("grace",)))


def job_book(demo=JOBS) -> ControlBook:
    return ControlBook(TOPOLOGY.flow, PINS, {**TOPOLOGY.projects, "demo": demo})


def job(number: int, signer: str, project: str = "demo", text: str = "") -> ControlState:
    body = json.dumps({"guidelines": text, "version": number}).encode()
    return signed("job", project, hashlib.sha256(body).hexdigest(), signer, body)


def job_in_force(*states: ControlState, demo=JOBS) -> int | None:
    book = job_book(demo)
    for state in states:
        book.apply(state.key, state)
    found = book.job_in_force("demo")
    return found.version if found else None


def test_job_is_in_force_when_who_creates_and_who_approves_have_signed():
    assert job_in_force(job(1, "ada")) is None
    assert job_in_force(job(1, "ada"), job(1, "grace")) == 1
    assert job_in_force(job(1, "grace"), job(1, "ada")) == 1


def test_later_versions_are_for_who_may_change():
    first = (job(1, "ada"), job(1, "grace"))
    assert job_in_force(*first, job(2, "ada"), job(2, "grace")) == 1
    assert job_in_force(*first, job(2, "olga"), job(2, "grace")) == 2
    assert job_in_force(job(1, "olga"), job(1, "grace")) is None


def test_signatures_on_different_jobs_of_a_version_do_not_add_up():
    assert job_in_force(job(1, "ada", text="a"), job(1, "grace", text="b")) is None


def test_project_that_names_nobody_has_no_job_in_force():
    assert job_in_force(job(1, "ada"), job(1, "grace"), demo=TOPOLOGY.project("demo")) is None


@pytest.mark.parametrize("signer", ["label.demo", "alice"])
def test_who_has_no_role_for_it_signs_no_job(signer):
    state = job(1, signer)
    assert job_book().apply(state.key, state) == Rejected(state.key, Reason.SIGNER_NOT_ALLOWED)


def test_job_under_another_hash_or_without_a_version_is_refused():
    state = signed("job", "demo", "0" * 64, "ada", b'{"version": 1}')
    assert job_book().apply(state.key, state) == Rejected(state.key, Reason.BAD_REQUEST)
    body = b'{"guidelines": ""}'
    state = signed("job", "demo", hashlib.sha256(body).hexdigest(), "ada", body)
    assert job_book().apply(state.key, state) == Rejected(state.key, Reason.BAD_REQUEST)


@given(st.permutations([job(n, who) for n in (1, 2) for who in ("ada", "grace", "olga")]))
def test_job_in_force_does_not_depend_on_the_order_of_records(states):
    assert job_in_force(*states) == 2


def readmit(signer: str, person: str = "ann-1", version: int = 1) -> ControlState:
    return signed("readmit", "demo", person, signer, b"{}", version)


def test_a_readmission_counts_by_its_version_and_only_from_an_operator():
    book = apply_all([readmit("olga", version=5), readmit("ada", version=9), readmit("grace", version=9)])
    assert (book.readmitted("demo", "ann-1"), book.readmitted("demo", "ann-2")) == (5, 0)
    again = readmit("olga", version=6)
    result = book.apply(again.key, again)
    assert isinstance(result, Applied)
    assert (result.changed, book.readmitted("demo", "ann-1")) == (("readmit/demo/ann-1",), 6)
