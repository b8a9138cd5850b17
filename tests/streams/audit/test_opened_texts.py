"""What the audit says of texts in clear: an honest opener's, a careless one's, a forgotten one's."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from schemas.audit import AuditEvent, Decision, EventType
from streams.audit.findings import FindingKind
from streams.audit.opened_texts import GRACE_MS, OpenedTexts

OPENER, KEEPER = "opener.demo", "keeper.demo"
SEGMENT = "segment/redact.demo.0/1/1"
OPENING = (OPENER, EventType.TEXTS_OPENING, SEGMENT, ("task/a", "task/b"))
OPENED = (OPENER, EventType.TEXTS_OPENED, SEGMENT, ("task/a", "task/b"))
RETRACTED = (OPENER, EventType.TEXTS_RETRACTED, SEGMENT, ("task/a",))
DESTROYED = (KEEPER, EventType.SEGMENT_DESTROYED, SEGMENT, ())
WITHDRAWN = (KEEPER, EventType.TASK_WITHDRAWN, "task/a", (SEGMENT,))
Said = tuple[str, EventType, str, tuple[str, ...]]


def event(said: Said, time: int, outcome: str = "success", reason: str = "") -> AuditEvent:
    process, kind, resource, parents = said
    rest = (resource, outcome, Decision.NONE, "", "", reason, "", parents, None, None, {})
    return AuditEvent(f"{process}.0", 1, time, b"", process, time, kind, *rest)


def texts(told: Iterable[Said], last: int = 100) -> OpenedTexts:
    found = OpenedTexts("demo")
    for number, said in enumerate(told):
        found.add(event(said, number))
    found.add(event((KEEPER, EventType.PROCESS_STARTED, "slot/keeper.demo.0", ()), last))
    return found


def kinds(found: OpenedTexts) -> list[FindingKind]:
    return [it.kind for it in found.findings()]


def test_what_is_opened_and_not_taken_back_lies_in_clear():
    found = texts([OPENING, OPENED, RETRACTED])
    assert (found.lying, kinds(found)) == (1, [])


def test_what_could_not_be_opened_does_not():
    found = OpenedTexts("demo")
    found.add(event(OPENING, 1))
    found.add(event(OPENED, 2, "refused", "withdrawn"))
    assert (found.lying, kinds(found)) == (0, [])


@pytest.mark.parametrize(
    ("told", "kind"),
    [
        ([OPENED], FindingKind.NOT_ANNOUNCED),
        ([OPENING, OPENED, OPENED], FindingKind.NOT_ANNOUNCED),
        ([OPENING, OPENED, OPENING, OPENED], FindingKind.OPENED_TWICE),
        ([OPENING, RETRACTED], FindingKind.NOT_OPENED),
        ([OPENING, OPENED, RETRACTED, RETRACTED], FindingKind.NOT_OPENED),
    ],
)
def test_a_careless_opener_is_found_out(told, kind):
    assert kind in kinds(texts(told))


@pytest.mark.parametrize("end", [DESTROYED, WITHDRAWN])
@pytest.mark.parametrize("before", [False, True])
def test_a_text_that_outlives_its_mapping_is_found_after_an_hour(end, before):
    """In whatever order the two slots are read."""
    told = [end, OPENING, OPENED] if before else [OPENING, OPENED, end]
    at = told.index(end)
    assert kinds(texts(told, at + GRACE_MS - 1)) == []
    late = texts(told, at + GRACE_MS)
    assert set(kinds(late)) == {FindingKind.STILL_OPEN}
    assert "task/a" in {it.where for it in late.findings()}
    assert kinds(texts([*told, (*OPENED[:1], EventType.TEXTS_RETRACTED, *OPENED[2:])], at + GRACE_MS)) == []


def test_where_nothing_happens_any_more_the_clock_of_who_asks_counts():
    found = texts([OPENING, OPENED, DESTROYED])
    assert found.findings(GRACE_MS) == []
    assert {it.kind for it in found.findings(GRACE_MS + 100)} == {FindingKind.STILL_OPEN}


def test_where_opener_begins_with_nothing_nothing_lies_there():
    """After a restore the audit is there, and not the topic."""
    nothing = (OPENER, EventType.TEXTS_RETRACTED, "project/demo", ())
    found = texts([OPENING, OPENED, DESTROYED, nothing], GRACE_MS + 10)
    assert (found.lying, kinds(found)) == (0, [])


def test_nobody_elses_word_counts():
    found = texts([("label.demo", *OPENED[1:]), ("opener.other", *OPENED[1:])])
    assert (found.lying, kinds(found)) == (0, [])
