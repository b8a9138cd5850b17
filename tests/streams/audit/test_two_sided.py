from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.alerts import Severity
from schemas.audit import AuditEvent, Decision, EventType
from schemas.vault_log import KafkaDenied, Operation, Outcome, VaultUse
from streams.audit.announcements import ROOT, RULES, announced
from streams.audit.guessing import FAST, SLOW
from streams.audit.two_sided import (
    DENIED,
    GUESSED,
    KAFKA_DENIED,
    UNANNOUNCED,
    UNREADABLE,
    WINDOW_MS,
    TwoSided,
)
from tests.streams.audit.logins import failed, told
from topology.loading import load_topology

END = 10**15
START = 1_700_000_000_000
LABEL = "label.demo"
SEGMENT = "redact.demo.0/1/7"


def event(kind: EventType, process: str, time: int, number: int = 0, parents: tuple[str, ...] = ()) -> AuditEvent:
    return AuditEvent(
        f"{process}.0", 1, number, b"", process, time, kind, "project/demo", "success", Decision.NONE,
        "", "", "", "", parents, None, None, {},
    )  # fmt: skip


def viewed(time: int, number: int, segment: str = SEGMENT) -> AuditEvent:
    return event(EventType.TASK_VIEWED, LABEL, time, number, (f"segment/{segment}",))


def hinted(time: int, number: int, segment: str = SEGMENT) -> AuditEvent:
    return event(EventType.HINT_SHOWN, LABEL, time, number, ("lease/x-1", f"segment/{segment}"))


def read(time: int, number: int, segment: str = SEGMENT) -> VaultUse:
    return VaultUse(time, LABEL, Operation.READ, "veil-demo/view", f"r{number}", Outcome.DONE, document=segment)


def decrypt(time: int, number: int, slot: str = "redact.demo.0") -> VaultUse:
    return VaultUse(
        time, LABEL, Operation.DECRYPT, "view-demo", f"d{number}", Outcome.DONE, contexts=(f"{slot}/47",)
    )


def failed_login(time: int, number: int, mount: str = "veil-people") -> VaultUse:
    return VaultUse(time, "", Operation.LOGIN, f"auth/{mount}/login", f"g{number:03d}", Outcome.FAILED)


def alerts_of(uses, events, order=None):
    """Everything at once, or one after the other in an order, judged after each as far as can be known."""
    watch = TwoSided()
    if order is None:
        for one in [*events, *uses]:
            tell(watch, one)
        return watch.judge(END, END)
    found = []
    for at, one in enumerate(order):
        tell(watch, one)
        rest = order[at + 1 :]
        marks = (mark(it for it in rest if isinstance(it, kind)) for kind in (AuditEvent, VaultUse))
        found += watch.judge(*marks)
    return [*found, *watch.judge(END, END)]


def mark(unread):
    return min((it.time for it in unread), default=END) - 1


def tell(watch, one):
    watch.announce(one, "demo") if isinstance(one, AuditEvent) else watch.use(one)


@st.composite
def histories(draw):
    """Views with their reads and decrypts, each less than a window after or before."""
    uses, events = [], []
    delay = st.integers(-WINDOW_MS, WINDOW_MS)
    for number in range(draw(st.integers(1, 8))):
        time = START + draw(st.integers(0, 20)) * 45_000
        segment = f"redact.demo.{draw(st.integers(0, 1))}/1/{draw(st.integers(0, 2))}"
        events.append(viewed(time, number, segment))
        uses.append(read(time + draw(delay), number, segment))
        uses.append(decrypt(time + draw(delay), number, segment.rsplit("/", 2)[0]))
    return uses, events


@given(histories())
def test_an_honest_history_gives_no_alert_whatever_its_delays(history):
    assert alerts_of(*history) == []


@given(histories(), st.data())
def test_the_order_of_arrival_changes_nothing(history, data):
    uses, events = history
    events = data.draw(st.lists(st.sampled_from(events), unique_by=id))  # some are missing
    order = data.draw(st.permutations([*uses, *events]))
    assert sorted(alerts_of(uses, events, order), key=str) == sorted(alerts_of(uses, events), key=str)


@given(st.integers(1, 8), st.data())
def test_each_announcement_removed_gives_exactly_its_alerts(count, data):
    apart = 3 * WINDOW_MS
    gone = data.draw(st.integers(0, count - 1))
    times = [START + number * apart for number in range(count)]
    events = [viewed(time, number) for number, time in enumerate(times) if number != gone]
    uses = [make(time, number) for number, time in enumerate(times) for make in (read, decrypt)]
    found = alerts_of(uses, events)
    assert {(it.details["request"], it.severity) for it in found} == {
        (f"r{gone}", Severity.WARNING),
        (f"d{gone}", Severity.CRITICAL),
    }
    assert {it.rule for it in found} == {UNANNOUNCED}


def test_a_hint_explains_the_reading_of_its_segment_as_a_view_does():
    assert alerts_of([read(START, 1), decrypt(START, 1)], [hinted(START - 10, 1)]) == []
    (alert,) = alerts_of([read(START, 1)], [hinted(START - 10, 1, segment="redact.demo.0/1/8")])
    assert alert.rule == UNANNOUNCED


def test_one_view_explains_one_decrypt_only():
    found = alerts_of([decrypt(START, 1), decrypt(START + 1, 2)], [viewed(START, 1)])
    assert [it.details["request"] for it in found] == ["d2"]


@pytest.mark.parametrize("foreign", ["redact.other.0", "redact.demo.1", "?", ""])
def test_a_decrypt_of_another_slots_key_is_not_announced_by_a_view(foreign):
    assert len(alerts_of([decrypt(START, 1, foreign)], [viewed(START, 1)])) == 1


@pytest.mark.parametrize("target", ["raw-demo", "view-other", "geometry-demo"])
def test_an_event_announces_no_use_of_another_key(target):
    assert len(alerts_of([replace(decrypt(START, 1), target=target)], [viewed(START, 1)])) == 1


def test_nobody_announces_for_another_identity():
    stranger = replace(decrypt(START, 1), identity="join.demo")
    assert len(alerts_of([stranger], [viewed(START, 1)])) == 1


def test_a_project_announces_nothing_for_another():
    assert [it for it in announced(viewed(START, 1), "other") if it.claim.operation is Operation.DECRYPT] == []


def test_a_use_outside_the_window_is_not_announced():
    assert alerts_of([decrypt(START + WINDOW_MS, 1)], [viewed(START, 1)]) == []
    assert len(alerts_of([decrypt(START + WINDOW_MS + 1, 1)], [viewed(START, 1)])) == 1


def test_nothing_is_judged_before_both_sides_were_read_past_it():
    watch = TwoSided()
    watch.use(decrypt(START, 1))
    assert watch.judge(START + WINDOW_MS - 1, END) == []
    assert watch.judge(END, START - 1) == []
    assert len(watch.uses) == 1
    assert len(watch.judge(START + WINDOW_MS, START)) == 1
    assert watch.uses == []


def test_a_minute_of_the_same_gives_one_alert():
    minute = START - START % 60_000
    assert len(alerts_of([decrypt(minute + number, number) for number in range(50)], [])) == 1


def test_a_denied_request_is_an_alert_unless_it_was_refused_on_the_audit_too():
    denied = replace(decrypt(START, 1), outcome=Outcome.DENIED)
    assert [it.rule for it in alerts_of([denied], [viewed(START, 1)])] == [DENIED]
    assert alerts_of([denied], [event(EventType.ACCESS_DENIED, LABEL, START)]) == []


@pytest.mark.parametrize(("operation", "told"), [(Operation.DECRYPT, 1), (Operation.SIGN, 0)])
def test_what_failed_gave_nothing_but_a_batch_of_decrypts_may_have_opened_the_others(operation, told):
    failed = replace(decrypt(START, 1), operation=operation, outcome=Outcome.FAILED)
    assert len(alerts_of([failed], [])) == told


@given(st.permutations(range(2 * FAST)))
def test_so_many_logins_that_fail_in_a_minute_are_one_alert_in_whatever_order_they_come(order):
    minute = START - START % 60_000
    tried = [failed_login(minute + number, number) for number in range(2 * FAST)]
    (told,) = alerts_of(tried, [], [tried[at] for at in order])
    assert (told.rule, told.subject) == (GUESSED, "vault/unknown/login/auth/veil-people/login")
    assert (told.since, told.at) == (minute, minute + FAST - 1)


def test_fewer_or_at_two_places_or_in_two_minutes_are_none():
    minute = START - START % 60_000
    few = [failed_login(minute + number, number) for number in range(FAST - 1)]
    elsewhere = [failed_login(minute + number, number, "approle") for number in range(FAST - 1)]
    later = [replace(it, time=it.time + 60_000) for it in few]
    assert alerts_of([*few, *elsewhere, *later], []) == []


@pytest.mark.parametrize(("minutes", "told"), [(59, [0]), (60, []), (24 * 60, [])])
def test_few_a_minute_for_an_hour_are_one_alert_since_the_first_of_them(minutes, told):
    """So many that there would be just enough in an hour, spread over some minutes more or less."""
    minute = START - START % 60_000
    tried = [failed_login(minute + number * minutes * 60_000 // (SLOW - 1), number) for number in range(SLOW)]
    found = alerts_of(tried, [])
    assert [it.since - minute for it in found] == told
    assert {it.rule for it in found} <= {GUESSED}


def test_what_goes_on_is_told_once_an_hour():
    minute = START - START % 60_000
    tried = [failed_login(minute + number * 30_000, number) for number in range(5 * 120)]
    told = [it.at for it in alerts_of(tried, [])]
    assert len(told) == 5
    assert all(later - earlier > 59 * 60_000 for earlier, later in pairwise(told))


def test_so_many_in_each_minute_are_told_once_an_hour_too():
    minute = START - START % 60_000
    tried = [failed_login(minute + n // FAST * 60_000 + n % FAST, n) for n in range(FAST * 120)]
    assert [(it.at - minute) // 60_000 for it in alerts_of(tried, [])] == [0, 60]


def test_what_was_told_as_too_many_in_a_minute_is_not_told_again_as_too_many_in_its_hour():
    minute = START - START % 60_000
    tried = [failed_login(minute + number * 500, number) for number in range(2 * SLOW)]
    assert [it.at - minute for it in alerts_of(tried, [])] == [(FAST - 1) * 500]


@pytest.mark.parametrize("people", [12, 100])
def test_of_people_who_mistype_nothing_is_told(people):
    assert told(failed(people, seed=1)) == 0


def test_what_was_announced_and_never_done_is_no_alert():
    assert alerts_of([], [viewed(START, 1)]) == []


def test_a_login_and_the_first_signature_are_announced_by_the_start():
    login = VaultUse(START, LABEL, Operation.LOGIN, "auth/approle/login", "l", Outcome.DONE)
    signature = VaultUse(START, LABEL, Operation.SIGN, "sign-label.demo", "s", Outcome.DONE)
    assert alerts_of([login, signature], [event(EventType.PROCESS_STARTED, LABEL, START + 1)]) == []
    assert len(alerts_of([login, replace(signature, target="sign-ada")], [viewed(START, 1)])) == 2


def test_a_view_announces_the_token_of_the_app_or_operator_that_asked_for_it():
    login = VaultUse(START, "person.triage", Operation.LOGIN, "auth/approle/login", "l", Outcome.DONE)
    signed = VaultUse(START + 1, "person.triage", Operation.SIGN, "sign-triage", "s", Outcome.DONE)
    for client, unexplained in (
        ("app triage", 0),
        ("operator triage", 0),
        ("browser triage", 2),
        ("app other", 2),
    ):
        view = replace(viewed(START + 9_000, 1), details={"client": client})
        assert len(alerts_of([login, signed], [view])) == unexplained
    by_join = replace(view, process="join.demo", details={"client": "app triage"})
    assert len(alerts_of([login, signed], [by_join])) == 2


def signature(number: int) -> VaultUse:
    name = "seal.platform"
    return VaultUse(START + number, name, Operation.SIGN, f"sign-{name}", f"s{number}", Outcome.DONE)


def test_of_the_sealers_signatures_a_start_and_each_checkpoint_announces_one():
    sides = TwoSided()
    sides.announce(event(EventType.PROCESS_STARTED, "seal.platform", START), "platform")
    sides.announce(event(EventType.PROCESS_STOPPED, "seal.platform", START), "platform")
    sides.checkpoint(START + 1)
    for number in range(3):
        sides.use(signature(number))
    assert [it.details["request"] for it in sides.judge(END, END)] == ["s2"]


def test_an_event_on_another_projects_audit_announces_nothing():
    assert list(announced(event(EventType.PROCESS_STARTED, "seal.platform", START), "demo")) == []
    assert list(announced(viewed(START, 1), "platform")) == []


def test_what_an_administrator_does_is_announced_by_the_topology_that_was_applied():
    acts = [
        VaultUse(START, "root", Operation.ADMINISTER, "transit/keys/view-demo", "a", Outcome.DONE),
        VaultUse(START, "root", Operation.DATAKEY, "hmac-demo-record", "b", Outcome.DONE),
        VaultUse(START, "root", Operation.WRITE, "veil-demo/hmac", "c", Outcome.DONE, document="record"),
    ]
    sides = TwoSided()
    sides.announce(event(EventType.TOPOLOGY_APPLIED, "provisioner.platform", START + 9), "platform")
    for act in acts:
        sides.use(act)
    assert sides.judge(END, END) == []
    assert len(alerts_of(acts, [])) == 3


def test_copier_reads_the_document_of_a_segment_once_for_each_time_it_has_said_so():
    read = VaultUse(
        START, "copier.demo", Operation.READ, "veil-demo/view", "a", Outcome.DONE, document="redact.demo.0/1/7"
    )
    said = replace(event(EventType.TEXTS_EXPORTED, "copier.demo", START - 9), resource="segment/redact.demo.0/1/7")
    assert alerts_of([read], [said]) == []
    assert len(alerts_of([read, replace(read, request_id="b")], [said])) == 1
    for other in (replace(said, process="label.demo"), replace(said, resource="segment/redact.demo.0/1/8")):
        assert len(alerts_of([read], [other])) == 1


def test_who_erases_opens_the_key_of_subjects_hashes_once_for_each_order_of_their_own():
    use = VaultUse(START, "person.olga", Operation.DECRYPT, "hmac-demo-subject", "a", Outcome.DONE)
    ordered = replace(event(EventType.ERASURE_ORDERED, "person.olga", START + 9), person="olga")
    assert alerts_of([use], [ordered]) == []
    others = replace(ordered, process="person.grace", person="grace")
    elsewhere = replace(use, target="hmac-alpha-subject")
    for uses, events in (
        ([use], []),
        ([use], [others]),
        ([elsewhere], [ordered]),
        ([use, replace(use, request_id="b")], [ordered]),
    ):
        assert [it.rule for it in alerts_of(uses, events)] == [UNANNOUNCED]


def test_what_warden_does_to_logins_is_announced_by_what_it_says_of_them():
    login = VaultUse(START, "warden.platform", Operation.LOGIN, "auth/approle/login", "l", Outcome.DONE)
    act = replace(login, operation=Operation.ADMINISTER, target="identity/entity/name")
    for kind in (EventType.PROCESS_STARTED, EventType.CREDENTIALS_ENDED, EventType.CREDENTIALS_RESTORED):
        sides = TwoSided()
        sides.announce(event(kind, "warden.platform", START + 9), "platform")
        for use in (login, act, replace(act, identity="label.demo")):
            sides.use(use)
        assert [it.details["identity"] for it in sides.judge(END, END)] == ["label.demo"]


def test_one_snapshot_is_announced_by_a_backup_that_begins_and_any_other_is_told():
    taken = VaultUse(START, "backup.platform", Operation.SNAPSHOT, "storage", "s", Outcome.DONE)
    sides = TwoSided()
    sides.announce(event(EventType.BACKUP_BEGUN, "backup.platform", START - 9), "platform")
    for use in (taken, replace(taken, request_id="t"), replace(taken, identity="root", request_id="u")):
        sides.use(use)
    assert [it.details["identity"] for it in sides.judge(END, END)] == ["backup.platform", "root"]


def test_a_refusal_of_kafka_is_told_once_a_minute():
    sides, minute = TwoSided(), START - START % 60_000
    times = (minute, minute + 1, minute + 60_000)
    told = [it for time in times for it in sides.denied(KafkaDenied(time, LABEL, "READ", "Topic", "raw.demo"))]
    assert [(it.rule, it.at) for it in told] == [(KAFKA_DENIED, minute), (KAFKA_DENIED, minute + 60_000)]
    assert told[0].subject == "kafka/label.demo/read/topic/raw.demo"


def test_a_line_that_nobody_could_read_is_told():
    lost = VaultUse(START, "", Operation.OTHER, "vault/gone", "x", Outcome.UNREADABLE)
    assert [(it.rule, it.subject) for it in alerts_of([lost], [])] == [
        (UNREADABLE, "vault/unknown/other/vault/gone")
    ]


def test_every_right_to_a_key_in_the_flow_has_a_rule_that_announces_it():
    ruled = {(rule.role, rule.operation.value, rule.kind) for rule in RULES}
    persons = {"author", "approver", "operator"}
    for role in load_topology().flow.roles.values():
        name = "person" if role.name in persons else role.name
        for operation in ("decrypt", "datakey", "encrypt"):
            for kind in getattr(role.vault, operation):
                assert (name, operation, kind) in ruled


def test_memory_is_given_back():
    watch = TwoSided()
    for number in range(100):
        watch.announce(viewed(START + number, number), "demo")
    watch.use(failed_login(START, 1))
    watch.judge(END, END)
    watch.announce(viewed(START, 1), "demo")
    watch.judge(END, END)
    heard = (watch.heard.expected, watch.heard.lines)
    kept = (
        watch.uses,
        watch.covered,
        watch.left,
        watch.raised,
        watch.guessing.minutes,
        watch.guessing.told,
        *heard,
    )
    assert [it for it in kept if it] == []


ABEL, REVEAL = "person.abel", "reveal.demo"
APPROVAL = event(EventType.GRANT_APPROVED, ABEL, START)


def half_opened(number: int, who: str = ABEL) -> VaultUse:
    return VaultUse(START, who, Operation.DECRYPT, "values-a-demo", f"h{number}", Outcome.DONE)


def test_an_approval_announces_one_opening_of_a_half_and_no_more_nor_anybody_elses():
    assert alerts_of([half_opened(1)], [APPROVAL]) == []
    (told,) = alerts_of([half_opened(1), half_opened(2)], [APPROVAL])
    assert (told.rule, told.severity) == (UNANNOUNCED, Severity.CRITICAL)
    assert [one.rule for one in alerts_of([half_opened(1, "person.berta")], [APPROVAL])] == [UNANNOUNCED]


def test_reveal_hands_an_entry_over_once_for_each_value_revealed():
    handed = [
        VaultUse(START, REVEAL, Operation.WRITE, "veil-demo/entry", f"e{number}", Outcome.DONE)
        for number in range(2)
    ]
    revealed = event(EventType.VALUE_REVEALED, REVEAL, START)
    assert alerts_of(handed[:1], [revealed]) == []
    assert [one.rule for one in alerts_of(handed, [revealed])] == [UNANNOUNCED]
    assert [one.rule for one in alerts_of(handed[:1], [event(EventType.GRANT_LOCATED, REVEAL, START)])] == [
        UNANNOUNCED
    ]


KEEPER = "keeper.demo"


def rewrapped(time: int, *segments: str) -> AuditEvent:
    return event(EventType.KEY_REWRAPPED, KEEPER, time, 1, tuple(f"segment/{it}" for it in segments))


def by_keeper(operation: Operation, target: str, document: str = "") -> VaultUse:
    return VaultUse(START, KEEPER, operation, target, f"k{operation}{target}", Outcome.DONE, document=document)


@pytest.mark.parametrize(
    "use",
    [
        *(by_keeper(Operation.REWRAP, key) for key in ("view-demo", "values-a-demo", "hmac-demo-token")),
        by_keeper(Operation.READ, "veil-demo/geometry", SEGMENT),
        by_keeper(Operation.READ, "veil-demo/half-a", "redact.demo.0/47/ab"),
        by_keeper(Operation.REWRITE, "veil-demo/view", SEGMENT),
        by_keeper(Operation.REWRITE, "veil-demo/half-b", "redact.demo.0/47/ab"),
        by_keeper(Operation.REWRITE, "veil-demo/hmac", "token"),
    ],
)
def test_what_keeper_wraps_anew_is_announced_by_its_event_and_by_nothing_else(use):
    assert alerts_of([use], [rewrapped(START, SEGMENT)]) == []
    assert [it.rule for it in alerts_of([use], [])] == [UNANNOUNCED]
    assert [it.rule for it in alerts_of([use], [rewrapped(START + 2 * WINDOW_MS, SEGMENT)])] == [UNANNOUNCED]


def test_a_rewritten_layer_of_a_segment_that_no_event_names_is_told():
    use = by_keeper(Operation.REWRITE, "veil-demo/view", "redact.demo.0/1/8")
    assert [it.rule for it in alerts_of([use], [rewrapped(START, SEGMENT)])] == [UNANNOUNCED]


@pytest.mark.parametrize("kind", [EventType.KEY_ROTATED, EventType.KEY_RETIRED, EventType.KEY_TRIMMED])
def test_who_administers_keys_says_so(kind):
    use = VaultUse(START, "person.kay", Operation.ADMINISTER, "transit/keys/view-demo", "a", Outcome.DONE)
    assert alerts_of([use], [event(kind, "person.kay", START)]) == []
    assert [it.rule for it in alerts_of([use], [event(kind, "person.ada", START)])] == [UNANNOUNCED]
    assert [it.rule for it in alerts_of([use], [event(EventType.FIND_OPENED, "person.kay", START)])] == [
        UNANNOUNCED
    ]


def test_what_the_starter_does_and_whom_it_lets_log_in_is_announced_by_what_it_says_of_them():
    made = VaultUse(START, "starter.platform", Operation.ADMINISTER, "auth/approle/role", "a", Outcome.DONE)
    login = VaultUse(START, LABEL, Operation.LOGIN, "auth/approle/login", "b", Outcome.DONE)
    said = event(EventType.LOGIN_HANDED, "starter.platform", START + 9)
    sides = TwoSided()
    sides.announce(replace(said, details={"identity": LABEL}), "platform")
    for use in (made, login, replace(login, identity="join.demo"), replace(made, identity=ROOT)):
        sides.use(use)
    assert sorted(it.details["identity"] for it in sides.judge(END, END)) == ["join.demo", ROOT]


def test_an_administrator_is_explained_by_the_starters_own_login_alone():
    made = VaultUse(START, ROOT, Operation.ADMINISTER, "auth/approle/role", "a", Outcome.DONE)
    said = event(EventType.LOGIN_HANDED, "starter.platform", START + 9)
    sides = TwoSided()
    sides.announce(replace(said, details={"identity": "starter.platform"}), "platform")
    for use in (made, replace(made, identity="starter.platform")):
        sides.use(use)
    assert [it.details["identity"] for it in sides.judge(END, END)] == ["starter.platform"]
