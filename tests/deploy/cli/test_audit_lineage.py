"""What `veil audit trace` and `access` print, from logs told by hand; on a real log: tests/integration."""

from __future__ import annotations

import io
from collections.abc import Iterable

import pytest
from rich.console import Console, RenderableType

from deploy.cli.audit_lineage import access_words, lineage_words
from deploy.cli.exits import Exit
from schemas.audit import EventType
from streams.audit.access import Asked, accesses
from streams.audit.lineage.tracing import trace
from tests.streams.audit.lineage.stories import PROJECT, TASK, Story, whole


def printed(words: Iterable[RenderableType], width: int = 160) -> str:
    console = Console(file=io.StringIO(), width=width, highlight=False, markup=False)
    for word in words:
        console.print(word)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def lines(what: str, story: Story | None = None) -> list[str]:
    found = trace(story or whole(), PROJECT, what)
    assert found is not None
    return [line.strip("│├└─ ") for line in printed(lineage_words(found)).splitlines()]


def test_a_record_stands_above_what_became_of_it_and_what_governs_it_comes_first() -> None:
    begins = [line.split("  ")[0] for line in lines(f"raw.{PROJECT}/0/0")]
    assert begins == [
        f"raw.{PROJECT}/0/0",
        f"raw.{PROJECT}/0/0 ◀",
        f"batch raw.{PROJECT}/0/0 to 2",
        "under: bundle 7e7e7e7e7e7e…",
        "policy: policy demo@1",
        "signature: signed by ada",
        "signature: signed by grace",
        f"task {TASK}",
        "seen by ann",
        "label by ann",
        "webhook warehouse",
        "seen by ben",
        "label by ben",
        "seen by cleo",
        "verdict agreed",
        "joined, agreed",
        "order: close",
    ]


def test_what_steers_a_terminal_is_replaced() -> None:
    story = whole()
    story.view(TASK, 9, "\x1b[31mann\u202e")
    assert "seen by �[31mann�  2023-11-15 00:00:26  purpose annotation, rule annotate, client page" in lines(
        TASK, story
    )


def test_a_persons_accesses_begin_with_a_sentence() -> None:
    found = printed(access_words(accesses(whole()(), Asked("ann"), 100), "ann", None)).splitlines()
    assert found[0] == "ann: 2 views of 2 tasks"
    assert found[2].split() == ["when", "(UTC)", "who", "what", "of", "why", "rule", "bundle"]
    assert found[3].split() == [
        *["2023-11-15", "00:00:07", "ann", "view"],
        f"task/{TASK}",
        "annotation",
        "annotate",
        "7e" * 6,
    ]


def test_where_not_all_is_told_the_days_are() -> None:
    found = printed(access_words(accesses(whole()(), Asked(tasks=frozenset([TASK])), 1), None, TASK))
    assert "3 persons and" in found
    assert "2 older ones are in these numbers only" in found


def test_nothing_seen_is_said() -> None:
    found = printed(access_words(accesses(whole()(), Asked("ada"), 100), "ada", None))
    assert found == "ada saw nothing in that time\n"


def test_refusals_that_were_not_written_count() -> None:
    story = Story()
    story.tell("label", EventType.ACCESS_DENIED, "project/demo", person="ann", details={"suppressed": "2"})
    assert "denied × 3" in printed(access_words(accesses(story(), Asked("ann"), 9), "ann", None))


@pytest.mark.parametrize(
    "arguments",
    [("trace",), ("trace", "x", "--limit", "0"), ("access",), ("access", "ann", "--since", "yesterday")],
)
def test_wrong_usage_is_refused(run, arguments) -> None:
    assert run("audit", *arguments).code == Exit.REFUSED
