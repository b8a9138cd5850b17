"""`veil demo`: runs it, shows it, leaves `report.json` and the audit; its exit code says whether all holds."""

from __future__ import annotations

import json
import secrets
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.text import Text

from deploy.demo.canaries import Aviary
from deploy.demo.conclusion import Figures, measured, report_of, search_everywhere, temporary_folder
from deploy.demo.measuring import MemoryGauge
from deploy.demo.publishing import broken_records
from deploy.demo.records import build
from deploy.demo.report import Report
from deploy.demo.run import PROJECT, WITHDRAWN, Ground, Plan, local_ground, run
from deploy.demo.screen import Screen, showing
from deploy.demo.search import CanarySearch, Hit
from deploy.demo.summary import Example, failed, summary
from deploy.ending import terminable
from deploy.settings import DEFAULT_ROOT
from deploy.supervise.emptied import emptied, require_ours
from deploy.supervise.files import make_private_folder
from deploy.supervise.lock import LOCK
from deploy.synth.run import maker
from deploy.synth.share import Published, missing
from schemas.errors import ConfigError, DependencyError, StackError, VeilError
from schemas.files import write_atomically
from topology.policies import load_policy

OK, FAILED, REFUSED, INTERRUPTED = 0, 1, 2, 130
FOLDER, STACK, AUDIT, REPORT = "demo", "stack", "audit", "report.json"
LOG_COLUMNS = 100


def main(root: Path | None = None, as_json: bool = False) -> int:
    """Run the demo below `<root>/demo` (`.veil` unless given) and return its exit code.

    0: all holds; 1: something does not, and sentences say what; 2: a part can't run; 130: it was interrupted.
    `as_json`: the report alone on standard output, progress on standard error.
    """
    shown_root = root or Path(DEFAULT_ROOT)
    progress = _console(as_json)
    try:
        with terminable(), showing(progress) as screen:
            report, example, hits = perform(shown_root.absolute() / FOLDER, screen)
    except KeyboardInterrupt:
        progress.print("\nInterrupted; everything is stopped.")
        return INTERRUPTED
    except VeilError as error:
        progress.print(Text(f"\n✗ {error}", style="bold red"), soft_wrap=True)
        return REFUSED if isinstance(error, (ConfigError, StackError, DependencyError)) else FAILED
    if as_json:
        sys.stdout.write(json.dumps(report.as_json(), ensure_ascii=False) + "\n")
    else:
        progress.print(summary(report, example, str(shown_root / FOLDER)))
    if not report.ok:
        progress.print(failed(report))
    for hit in sorted(hits):
        progress.print(f"  {hit.where}: {hit.canary}, {hit.form}", soft_wrap=True)
    return OK if report.ok else FAILED


def _console(as_json: bool) -> Console:
    """Progress and summary. A log or a pipe gets lines of 100 columns."""
    console = Console(stderr=as_json, highlight=False, markup=False, emoji=False)
    if not console.is_terminal:
        console.width = LOG_COLUMNS
    return console


def perform(
    folder: Path, screen: Screen, ground: Callable[[Plan, Screen], Ground] = local_ground, later: int = 0
) -> tuple[Report, Example, set[Hit]]:
    """The whole of it, below `folder`; `report.json` is written there. `later`: as `Plan.later`.

    Raises as `run`, and VeilError where the report would hold a canary.
    """
    begun = time.monotonic()
    temporary = frozenset(path.name for path in temporary_folder().iterdir())
    with _measuring() as gauge:
        plan, aviary = _plan(folder, later)
        search = CanarySearch(aviary.planted)
        trace = run(plan, search, screen, ground(plan, screen))
        with screen.step("compare", "comparing with the truth, in raw coordinates") as step:
            ours, best, example = measured(plan, trace)
            step.done = f"labels agree with the truth: F1 {ours.f1:.3f}, of {best.f1:.3f} possible"
        with screen.step(
            "search", f"looking for {len(aviary.planted):,} canaries in every byte left behind"
        ) as step:
            hits = search_everywhere(plan, trace, search, temporary)
            step.done = (
                f"{len(hits)} canaries found" if hits else f"none of {len(aviary.planted):,} canaries found"
            )
    figures = Figures(time.monotonic() - begun, screen.seconds, gauge.peak_mb)
    report = report_of(plan, trace, (ours, best), aviary.planted, search, hits, figures)
    text = json.dumps(report.as_json(), indent=2, ensure_ascii=False) + "\n"
    if search.in_bytes(text.encode(), REPORT):
        raise VeilError("the report itself would hold a canary, so it was not written")
    write_atomically(folder / REPORT, text)
    return report, example, hits


def _plan(folder: Path, later: int) -> tuple[Plan, Aviary]:
    seed = secrets.randbits(32)  # canaries nobody has seen before, so that an earlier run can't be found
    aviary = Aviary(seed)
    if not folder.parent.exists():
        make_private_folder(folder.parent)
    require_ours(folder, Path(STACK) / LOCK)
    make_private_folder(folder)
    (folder / REPORT).unlink(missing_ok=True)
    inputs, broken = build(aviary, seed), broken_records(aviary)
    inputs.sort(key=lambda one: one.name != WITHDRAWN)  # it is among the first, however many come later
    policy, stack = load_policy(PROJECT), emptied(folder / STACK)
    making = maker(stack, PROJECT, policy, seed)
    gold = [making.make() for _ in range(missing(Published(len(inputs), 0), policy.gold.share_permille))]
    return Plan(stack, folder / AUDIT, policy, inputs, broken, gold, seed, later), aviary


@contextmanager
def _measuring() -> Iterator[MemoryGauge]:
    gauge = MemoryGauge()
    gauge.start()
    try:
        yield gauge
    finally:
        gauge.stop()
