"""What an annotator may be told of one placeholder: by whom asked, how often, and on record first."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.audit import Decision, EventType
from schemas.errors import Reason, Refused, VaultUnavailable
from schemas.records import FieldShape, Order, PlaceholderSpan, Task, WorkOrder
from schemas.states import HintState
from streams.label.client import Denied, LabelClient
from streams.label.commands import AskHint, Held, LeaseTask, Release, ReleaseReason
from streams.label.hints import HintTimes
from streams.label.hourly import HOUR_MS, Later
from streams.label.requests import RequestQueue
from tests.streams.label.conftest import Api, ManualClock, TinyLoop
from tests.streams.label.site import error, heard
from topology.policies.hints import Hint, Hints

TEXT = "[LOCATION_1] and [LOCATION_2], [PERSON_1], [LOCATION_3]"
SPANS = ((0, 12, "LOCATION"), (17, 29, "LOCATION"), (31, 41, "PERSON"), (43, 55, "LOCATION"))
HINTS = Hints((("LOCATION", Hint.COUNTRY),), per_task=2, per_hour=3, apps=True)
TOLD = {"[LOCATION_1]": "city in France"}
FIRST, SECOND, THIRD = "[LOCATION_1]", "[LOCATION_2]", "[LOCATION_3]"


def task(number: int, overlap: int = 1) -> Task:
    shape = FieldShape("text", len(TEXT), tuple(PlaceholderSpan(*one) for one in SPANS))
    return Task(f"{number:032x}", 1, "bundle-1", "policy-1", "redact.demo.0/1/1", overlap, 1, (shape,), b"sealed")


def shown(loop: TinyLoop) -> list[dict[str, str]]:
    return [event.details for event in loop.events if event.type is EventType.HINT_SHOWN]


def held(leased) -> Held:
    return Held(leased.lease.person, leased.lease.lease_id, leased.lease.fencing_token)


def ask(loop: TinyLoop, leased, placeholder: str = FIRST, *, by_token: bool = False):
    return loop.ask(AskHint(held(leased), placeholder, by_token))


def refusal(loop: TinyLoop, leased, placeholder: str = FIRST, **more) -> Reason:
    with pytest.raises(Refused) as refused:
        ask(loop, leased, placeholder, **more)
    return refused.value.reason


@pytest.fixture
def loop(tiny) -> TinyLoop:
    tiny.hints["policy-1"] = HINTS
    tiny.give(task(1), task(2))
    return tiny


@pytest.fixture
def leased(loop):
    return loop.ask(LeaseTask("ada"))


@pytest.fixture
def asked(api) -> Api:
    api.loop.hints["policy-1"] = HINTS
    api.content, api.told = (lambda _: {"text": TEXT}), lambda _: TOLD
    api.loop.give(task(1))
    return api


def hint(api: Api, lease, placeholder: str = FIRST, person: str = "ada"):
    body = {"fencing_token": lease["fencing_token"], "placeholder": placeholder}
    return api.call(f"/v1/leases/{lease['lease_id']}/hint", body, person)


def test_a_hint_is_told_once_it_is_on_record_and_names_no_value(asked):
    lease = asked.lease()
    assert lease["hints"] == {"LOCATION": "country"}
    answer = hint(asked, lease)
    assert answer.json() == {"placeholder": FIRST, "hint": "city in France", "left": 1}
    (event,) = [one for one in asked.loop.events if one.type is EventType.HINT_SHOWN]
    assert (event.person, event.decision, event.resource) == ("ada", Decision.ALLOW, f"task/{task(1).task_id}")
    assert event.parents == (f"lease/{lease['lease_id']}", "segment/redact.demo.0/1/1")
    assert event.details == {
        "placeholder": FIRST,
        "hint": "country",
        "again": "false",
        "asked": "1",
        "rule": "annotators",
        "client": "operator issuer",
        "job": "",
    }
    committed = b"".join(one.value for one in asked.loop.committed if one.value)
    assert b"France" not in committed
    assert "France" not in repr(asked.loop.events)


def test_a_placeholder_of_which_nothing_can_be_told_counts_all_the_same(asked):
    lease = asked.lease()
    assert hint(asked, lease, SECOND).json() == {"placeholder": SECOND, "hint": None, "left": 1}


def test_the_same_placeholder_again_is_answered_alike_audited_and_counts_once(asked):
    lease = asked.lease()
    first, again = hint(asked, lease), hint(asked, lease)
    assert first.json() == again.json()
    assert [(one["again"], one["asked"]) for one in shown(asked.loop)] == [("false", "1"), ("true", "1")]


def test_a_hint_that_vault_could_not_open_is_asked_for_again_and_counts_once(asked):
    def closed(_):
        raise VaultUnavailable("test")

    asked.told = closed
    lease = asked.lease()
    assert error(hint(asked, lease)) == (503, "vault_unavailable")
    asked.told = lambda _: TOLD
    assert hint(asked, lease).json()["left"] == 1


def test_a_hint_of_a_task_that_was_withdrawn_meanwhile_is_gone(asked):
    def withdrawn(_):
        raise Refused(Reason.WITHDRAWN)

    asked.told = withdrawn
    assert error(hint(asked, asked.lease())) == (410, "withdrawn")


def test_a_task_has_so_many_hints_for_one_person(loop, leased):
    ask(loop, leased, FIRST)
    ask(loop, leased, SECOND)
    assert refusal(loop, leased, THIRD) is Reason.HINTS_USED_UP
    assert ask(loop, leased, FIRST).again
    assert len(shown(loop)) == 3


def test_whoever_gives_a_task_back_and_gets_it_again_has_no_more_hints_of_it(loop, leased):
    ask(loop, leased, FIRST)
    loop.ask(Release(held(leased), ReleaseReason.BREAK))
    other = loop.ask(LeaseTask("ada"))
    loop.ask(Release(held(other), ReleaseReason.BREAK))
    again = loop.ask(LeaseTask("ada"))
    assert again.task == leased.task
    assert (ask(loop, again, FIRST).again, ask(loop, again, SECOND).asked) == (True, 2)


def test_others_have_hints_of_their_own(loop, leased):
    ask(loop, leased)
    other = loop.ask(LeaseTask("bob"))
    assert ask(loop, other).asked == 1


def many(loop: TinyLoop, leased) -> None:
    """Ask for all that an hour has: two of one task, one of the next."""
    ask(loop, leased, FIRST)
    ask(loop, leased, SECOND)
    loop.ask(Release(held(leased), ReleaseReason.BREAK))
    ask(loop, loop.ask(LeaseTask("ada")))


def test_an_hour_has_so_many_hints_for_one_person_and_the_next_is_told_when(loop, leased, clock):
    many(loop, leased)
    clock.ms += HOUR_MS - 90_000
    loop.hints["policy-1"] = replace(HINTS, per_task=9)
    current = loop.ask(LeaseTask("ada"))
    with pytest.raises(Later) as later:
        ask(loop, current, THIRD)
    assert later.value.wait_ms == 90_000
    clock.ms += 90_000
    assert ask(loop, loop.ask(LeaseTask("ada")), THIRD).asked


def test_a_restart_forgets_no_hint(loop, leased):
    many(loop, leased)
    loop.restart()
    current = loop.ask(LeaseTask("ada"))
    assert refusal(loop, current, SECOND) is Reason.TOO_MANY_HINTS


def test_hints_of_a_task_that_has_ended_count_within_the_hour(loop, leased):
    many(loop, leased)
    loop.give(WorkOrder(task(1).task_id, Order.CLOSE, 0, "done"))
    loop.restart()
    assert refusal(loop, loop.ask(LeaseTask("ada")), SECOND) is Reason.TOO_MANY_HINTS


def test_too_many_hints_are_429_with_a_time_and_a_client_does_not_wait(asked):
    asked.loop.hints["policy-1"] = replace(HINTS, per_hour=1)
    lease = asked.lease()
    hint(asked, lease)
    answer = hint(asked, lease, SECOND)
    assert error(answer) == (429, "too_many_hints")
    assert answer.headers["retry-after"] == str(HOUR_MS // 1000)
    with LabelClient(asked.url, "demo", asked.token, wait=pytest.fail) as client:
        again = client.lease()
        assert client.hint(again, FIRST).hint == "city in France"
        with pytest.raises(Refused) as refused:
            client.hint(again, SECOND)
    assert refused.value.reason is Reason.TOO_MANY_HINTS


@pytest.mark.parametrize(
    ("placeholder", "reason"),
    [
        ("[PERSON_1]", Reason.NO_HINT),
        ("[LOCATION_4]", Reason.UNKNOWN_PLACEHOLDER),
        ("[EMAIL_ADDRESS_1]", Reason.UNKNOWN_PLACEHOLDER),
    ],
)
def test_only_placeholders_of_the_task_have_hints_and_only_some_kinds(loop, leased, placeholder, reason):
    assert refusal(loop, leased, placeholder) is reason
    (denied,) = [event for event in loop.events if event.type is EventType.ACCESS_DENIED]
    assert (denied.reason, denied.person) == (reason, "ada")
    assert not shown(loop)


@pytest.mark.parametrize(
    "placeholder", ["LOCATION_1", "[LOCATION_0]", "[LOCATION_01]", "[Lyon_1]", "[LOCATION_1]\n", ""]
)
def test_what_is_no_placeholder_is_a_bad_request_that_goes_nowhere(asked, placeholder):
    lease = asked.lease()
    before = len(asked.loop.events)
    assert error(hint(asked, lease, placeholder)) == (400, "bad_request")
    assert len(asked.loop.events) == before


def test_without_a_policy_that_says_so_there_are_no_hints(loop, leased):
    loop.hints.clear()
    assert refusal(loop, leased) is Reason.NO_HINT


def test_an_app_is_told_nothing_unless_the_policy_says_so(asked):
    asked.loop.hints["policy-1"] = replace(HINTS, apps=False)
    lease = asked.lease()
    assert lease["hints"] == {}
    assert error(hint(asked, lease)) == (403, "not_permitted")
    assert [event.reason for event in asked.loop.events if event.type is EventType.ACCESS_DENIED] == [
        "not_permitted"
    ]
    with LabelClient(asked.url, "demo", asked.token) as client, pytest.raises(Denied):
        client.hint(client.lease(), FIRST)


@pytest.mark.parametrize("stop", [{"frozen_by": ("olga",)}, {"paused_by": "olga"}])
def test_while_the_project_is_frozen_or_paused_nobody_is_told_anything(loop, leased, stop):
    for name, value in stop.items():
        setattr(loop, name, value)
    assert refusal(loop, leased) is Reason.HINTS_STOPPED
    assert not shown(loop)


def test_a_lease_that_is_over_or_somebody_elses_tells_nothing(asked):
    lease = asked.lease()
    assert error(hint(asked, lease, person="bob")) == (403, "not_permitted")
    asked.clock.ms += 10_000_000
    assert error(hint(asked, lease)) == (409, "lease_expired")
    assert not shown(asked.loop)


def test_the_rules_have_a_say(asked):
    lease = asked.lease()
    rules = '@id("no-hints") forbid (principal, action == Action::"hint", resource);'
    asked.project = replace(asked.project, access=replace(asked.project.access, rules=rules))
    assert error(hint(asked, lease)) == (403, "not_permitted")
    heard(asked)
    denied = [event.details for event in asked.loop.events if event.type is EventType.ACCESS_DENIED]
    assert denied == [{"action": "hint", "rule": "no-hints"}]


@given(
    st.lists(st.sampled_from(["ask 1", "ask 2", "ask 3", "release", "restart", "wait"]), max_size=40),
    st.integers(1, 3),
    st.integers(1, 4),
)
def test_no_history_has_more_hints_of_a_task_or_within_an_hour(acts, per_task, per_hour):
    clock = ManualClock()
    loop = TinyLoop(clock, RequestQueue(10))
    loop.hints["policy-1"] = replace(HINTS, per_task=per_task, per_hour=per_hour)
    loop.give(*map(task, range(1, 4)))
    told: dict[str, set[str]] = {}
    times: list[int] = []
    for act in acts:
        clock.ms += HOUR_MS // 5 if act == "wait" else 1
        if act == "restart":
            loop.restart()
        leased = loop.ask(LeaseTask("ada"))
        if leased is None:
            continue
        if act == "release":
            loop.ask(Release(held(leased), ReleaseReason.BREAK))
        elif act.startswith("ask"):
            placeholder = f"[LOCATION_{act[-1]}]"
            known = told.setdefault(leased.task.task_id, set())
            recent = sum(at > clock.ms - HOUR_MS for at in times)
            if placeholder in known or (len(known) < per_task and recent < per_hour):
                assert ask(loop, leased, placeholder).again == (placeholder in known)
                times += [] if placeholder in known else [clock.ms]
                known.add(placeholder)
            else:
                used_up = len(known) >= per_task
                expected = Reason.HINTS_USED_UP if used_up else Reason.TOO_MANY_HINTS
                assert refusal(loop, leased, placeholder) is expected
    assert len(shown(loop)) >= len(times)


@given(st.lists(st.integers(0, 3 * HOUR_MS), max_size=40), st.integers(1, 5))
def test_no_hour_has_more_than_it_may(moments, per_hour):
    times, told = HintTimes(()), []
    for now in sorted(moments):
        if sum(now - HOUR_MS < at for at in told) < per_hour:
            times.check("ada", per_hour, now)
            times.note(HintState("ada", FIRST, now))
            told.append(now)
            continue
        with pytest.raises(Later) as later:
            times.check("ada", per_hour, now)
        free_at = now + later.value.wait_ms
        assert sum(free_at - HOUR_MS < at for at in told) < per_hour <= sum(free_at - HOUR_MS <= at for at in told)
