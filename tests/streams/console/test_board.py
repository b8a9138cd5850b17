"""What stays on the board where there is more than fits: the newest, in whatever order it is read."""

from __future__ import annotations

from schemas.alerts import Alert, Severity
from schemas.metrics import Metric
from streams.console.board import Board
from streams.console.plots import MINUTE_MS
from streams.console.settings import ConsoleSettings


def board(**limits: int) -> Board:
    return Board(ConsoleSettings(**limits), lambda: None)


def alert(number: int) -> Alert:
    return Alert(f"{number:03}", "pace", Severity.CRITICAL, "person/otto", 0, number)


def minute(number: int) -> Metric:
    since = number * MINUTE_MS
    return Metric("demo", "p1", "demo@1", since, since + MINUTE_MS, {"views": 10 + number})


def test_many_alerts_of_one_project_or_of_the_platform_push_out_no_other_s() -> None:
    """Else an officer would read that nothing looks wrong."""
    found = board(alerts_kept=3)
    found.alert("demo", alert(0), 1_000)
    for number in range(1, 9):
        found.alert("platform", alert(number), 1_000 + number)
    assert [it.alert_id for it in found.alerts("demo", 9)] == ["000"]
    assert [it.alert_id for it in found.alerts("platform", 9)] == ["008", "007", "006"]


def test_the_newest_alerts_stay_whichever_partition_is_read_last() -> None:
    found = board(alerts_kept=2)
    for number in (1, 3, 5, 2, 4):
        found.alert("demo", alert(number), number)
    assert [it.alert_id for it in found.alerts("demo", 9)] == ["005", "004"]


def test_an_alert_that_is_told_again_is_there_once() -> None:
    """As watch does after a restart."""
    found = board()
    for at in (1, 2):
        found.alert("demo", alert(7), at)
    assert len(found.alerts("demo", 9)) == 1


def test_the_newest_windows_stay_whichever_partition_is_read_last() -> None:
    found = board(minutes_kept=3)
    for number in (1, 3, 5, 0, 2, 4):
        found.metric(minute(number))
    drawn = found.plots("demo", MINUTE_MS, 0, 6 * MINUTE_MS, {})
    (throughput,) = [it for it in drawn["plots"] if it["id"] == "throughput"]
    (views,) = [it for it in throughput["curves"] if it["name"] == "views"]
    assert views["points"]["p1"] == ["gap", "gap", "gap", 13, 14, 15]
