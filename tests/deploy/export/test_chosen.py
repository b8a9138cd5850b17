from __future__ import annotations

import pytest

from deploy.export.chosen import Choice, announcements, choose
from deploy.export.ordering import order_in_force
from deploy.export.sanitized import open_all
from schemas.audit import EventType
from schemas.codec import Codec, FixedIds
from schemas.control import (
    ControlKind,
    Freezable,
    FreezeReason,
    RevocationReason,
    control_message,
    freeze_body,
    revocation_body,
)
from schemas.errors import ConfigError, Reason, Refused
from schemas.export_order import ExportForm, ExportOrder, order_id
from schemas.records import ControlState, FieldShape, SegmentEntry, SegmentIndex, Task, Verdict, VerdictStatus
from streams.engine.messages import Message
from tests.topology.test_control import apply_all, private_key
from tests.topology.test_export_orders import signed

CODEC = Codec(FixedIds())
FIELDS = (FieldShape("note", 3),)


def task(number: int, segment: str = "s/1/1") -> Task:
    return Task(f"{number:032x}", 1, "b", "p", segment, 1, 0, FIELDS, b"sealed")


def verdict(number: int, segment: str = "s/1/1", revision: int = 1) -> Verdict:
    status = VerdictStatus.AGREED
    return Verdict(f"{number:032x}", revision, "b", "p", segment, status, "majority", 1.0, (), (), (), FIELDS, 5)


def messages(*values: object) -> list[Message]:
    """Keyed as on their topics; what is no record under a key of its own."""
    coded = [
        (b"k", it) if isinstance(it, bytes | None) else (it.task_id.encode(), CODEC.encode(it)) for it in values
    ]
    return [Message("t", 0, at, key, value) for at, (key, value) in enumerate(coded)]


def index(*entries: tuple[int, bytes]) -> SegmentIndex:
    named = tuple(SegmentEntry(f"{number:032x}", (subject,)) for number, subject in entries)
    return SegmentIndex("s/1/1", "s", 1, 1, "b", 1, 2, named)


def chosen(**changed: object) -> Choice:
    given = {
        "tasks": messages(task(2, "s/1/2"), task(1), task(3), None, b"junk"),
        "verdicts": messages(verdict(1), verdict(2, "s/1/2"), verdict(3), verdict(9)),
        "segments": [index((1, b"ann"), (3, b"ben"))],
        "withdrawn": (),
        "erased": (),
    }
    return choose(CODEC, **(given | changed))


def names(choice: Choice) -> list[int]:
    return [int(it.task_id, 16) for it in choice.chosen]


def test_decided_tasks_are_chosen_segment_by_segment_and_what_has_ended_is_counted():
    found = chosen()
    assert (names(found), found.ended, found.unreadable) == ([1, 3, 2], 1, 1)


def test_what_is_withdrawn_and_whoever_is_erased_is_left_out_even_before_keeper_has_done_it():
    assert names(chosen(withdrawn=[f"{2:032x}"])) == [1, 3]
    assert names(chosen(erased=[b"ann"])) == [3, 2]


def test_a_verdict_on_another_revision_or_segment_says_nothing_of_a_text():
    found = chosen(verdicts=messages(verdict(1, revision=2), verdict(2, "s/1/9"), verdict(3)))
    assert (names(found), found.ended) == ([3], 2)


def test_each_segment_is_announced_with_its_tasks():
    first, second = announcements(chosen().chosen, "export/p/ab", "olga", "jsonl")
    assert (first.type, first.resource, first.person) == (EventType.TEXTS_EXPORTED, "segment/s/1/1", "olga")
    assert first.parents == ("control/export/p/ab", f"task/{1:032x}", f"task/{3:032x}")
    assert (second.resource, second.details["texts"]) == ("segment/s/1/2", "1")


def test_a_segment_that_is_gone_is_read_once_and_a_text_of_another_shape_is_left_out():
    asked = []

    def opening(one: Task) -> dict[str, str]:
        asked.append(one.segment_id)
        if one.segment_id == "s/1/1":
            raise Refused(Reason.UNKNOWN_SEGMENT, "gone")
        return {"note": "abc" if int(one.task_id, 16) == 2 else "other"}

    two = chosen(
        tasks=messages(task(1), task(3), task(2, "s/1/2"), task(4, "s/1/2")),
        verdicts=messages(verdict(1), verdict(3), verdict(2, "s/1/2"), verdict(4, "s/1/2")),
    )
    assert dict(open_all(opening, two.chosen)) == {f"{2:032x}": {"note": "abc"}}
    assert asked == ["s/1/1", "s/1/2", "s/1/2"]


ORDER = ExportOrder("olga", ExportForm.SPACY, 1_000, 2_000)
BOTH = [signed("olga", ORDER), signed("grace", ORDER)]


def said(kind: ControlKind, key: str, body: bytes, signer: str) -> ControlState:
    whole = f"{key}/{signer}"
    return ControlState(
        whole, 1, kind, body, signer, private_key(signer).sign(control_message(whole, 1, kind, body)), 1
    )


def asked_for(*more: ControlState, now: int = 1_500, person: str = "olga", form: str = "spacy") -> str:
    return order_in_force(apply_all([*BOTH, *more]), "demo", person, ExportForm(form), now)


def test_an_order_lets_whom_it_names_take_out_its_form_in_its_time():
    assert asked_for() == order_id(ORDER)
    for changed in ({"now": 999}, {"now": 2_000}, {"person": "oskar"}, {"form": "jsonl"}):
        with pytest.raises(ConfigError, match="no order lets"):
            asked_for(**changed)
    with pytest.raises(ConfigError, match="waits for a second signature"):
        order_in_force(apply_all(BOTH[:1]), "demo", "olga", ExportForm.SPACY, 1_500)


def test_while_label_is_frozen_nothing_is_taken_out():
    body = freeze_body([Freezable.LABEL], FreezeReason.INCIDENT)
    with pytest.raises(ConfigError, match="while label is frozen"):
        asked_for(said(ControlKind.FREEZE, "freeze/demo", body, "grace"))
    redact = freeze_body([Freezable.REDACT], FreezeReason.INCIDENT)
    assert asked_for(said(ControlKind.FREEZE, "freeze/demo", redact, "grace"))


@pytest.mark.parametrize(("who", "other"), [("olga", "grace"), ("grace", "olga")])
def test_who_is_revoked_takes_nothing_out_and_has_signed_nothing(who, other):
    body = revocation_body(RevocationReason.LEFT)
    with pytest.raises(ConfigError, match=r"is revoked|no order lets"):
        asked_for(said(ControlKind.REVOKE, f"revoke/demo/{who}", body, other))
