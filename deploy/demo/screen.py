"""Live progress: on a terminal a picture that moves, elsewhere one clean line for each step."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Protocol, Self

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.padding import Padding
from rich.progress_bar import ProgressBar
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

GOOD, BAD, QUIET, NAME, ACCENT = "green", "bold red", "dim", "bold", "cyan"
LINE_EVERY_S = 5.0
"""Without a terminal: how often a count may be told."""
STATIONS = ("raw", "tasks", "labels", "verdicts", "joined")
STAGES = ("redact", "annotators", "decide", "join")


class Screen(Protocol):
    """Where the demo says how far it is."""

    seconds: dict[str, float]
    """How long each step took, by its key."""

    def step(self, key: str, doing: str) -> Step:
        """A step: a context manager in which `done` may be told."""
        ...

    def note(self, text: str) -> None:
        """Something small within the current step."""
        ...

    def passing(self, text: str) -> None:
        """Something that is only of interest while it lasts; a log doesn't get it."""
        ...

    def finished(self, step: Step) -> None:
        """A step has ended."""
        ...

    def counts(self, now: Callable[[str], int], of: int) -> None:
        """Records at each station of the pipeline; `of` is how many are to be joined in the end."""
        ...


@dataclass(slots=True)
class Step:
    """One step, while it is worked on and afterwards."""

    screen: Screen
    key: str
    doing: str
    begun: float
    ended: float | None = None
    failed: bool = False
    done: str = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self.ended = time.monotonic()
        self.screen.seconds[self.key] = round(self.ended - self.begun, 2)
        self.failed = kind is not None
        self.screen.finished(self)

    @property
    def seconds(self) -> float:
        return (self.ended or time.monotonic()) - self.begun


@dataclass(slots=True)
class Lines:
    """Progress as lines, for logs and pipes."""

    console: Console
    seconds: dict[str, float] = field(default_factory=dict)
    begun: float = field(default_factory=time.monotonic)
    _told: float = 0.0

    def step(self, key: str, doing: str) -> Step:
        self._print(f"… {doing}")
        return Step(self, key, doing, time.monotonic())

    def note(self, text: str) -> None:
        self._print(f"    {text}")

    def passing(self, text: str) -> None:
        """Lines stay, so they are for what stays true."""

    def counts(self, now: Callable[[str], int], of: int) -> None:
        if time.monotonic() - self._told >= LINE_EVERY_S:
            self._told = time.monotonic()
            self._print("    " + "  ".join(f"{name} {now(name):,}" for name in STATIONS) + f"  of {of:,}")

    def finished(self, step: Step) -> None:
        said = f"✗ {step.doing}" if step.failed else f"✓ {step.done or step.doing}"
        self._print(f"{said} ({step.seconds:.1f} s)")

    def _print(self, text: str) -> None:
        self.console.print(f"{time.monotonic() - self.begun:6.1f} s  {text}", soft_wrap=True)


class Picture:
    """Progress as a picture that is redrawn; `__rich__` is what it shows now."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._begun = time.monotonic()
        self._steps: list[Step] = []
        self._note = ""
        self._now: dict[str, int] = {}
        self._of = 0
        self._spinner = Spinner("dots", style=ACCENT)

    def step(self, key: str, doing: str) -> Step:
        self._note = ""
        self._steps.append(Step(self, key, doing, time.monotonic()))
        return self._steps[-1]

    def note(self, text: str) -> None:
        self._note = text

    passing = note

    def finished(self, step: Step) -> None:
        """Nothing to do: the picture looks at the steps whenever it is drawn."""

    def counts(self, now: Callable[[str], int], of: int) -> None:
        self._now = {name: now(name) for name in STATIONS}
        self._of = of

    def __rich__(self) -> RenderableType:
        parts: list[RenderableType] = [self._steps_table()]
        if self._now:
            parts += [Text(), self._pipeline(), self._bar()]
        return Padding(Group(*parts), (1, 2, 0, 2))

    def _steps_table(self) -> Table:
        table = Table.grid(padding=(0, 1), expand=True)
        table.add_column(width=1)
        table.add_column(ratio=1)
        table.add_column(justify="right", width=8, style=QUIET)
        for step in self._steps:
            running = step.ended is None
            ended = Text("✗", style=BAD) if step.failed else Text("✓", style=GOOD)
            mark: RenderableType = self._spinner if running else ended
            said = Text(step.doing if running else step.done or step.doing)
            if running and self._note:
                said.append(f"  {self._note}", style=QUIET)
            table.add_row(mark, said, f"{step.seconds:.1f} s")
        return table

    def _pipeline(self) -> Table:
        table = Table.grid(padding=(0, 1))
        names, numbers = [], []
        for station, stage in zip(STATIONS, (*STAGES, ""), strict=True):
            names += [Text(station, style=NAME), Text(f"─ {stage} →" if stage else "", style=QUIET)]
            numbers += [Text(f"{self._now[station]:,}", style=ACCENT), Text()]
        for _ in names:
            table.add_column(no_wrap=True)
        table.add_row(*names)
        table.add_row(*numbers)
        return table

    def _bar(self) -> Table:
        bar = Table.grid(padding=(0, 1))
        share = Text(f"{self._now['joined']:,} of {self._of:,} joined", style=QUIET)
        bar.add_row(ProgressBar(total=max(1, self._of), completed=self._now["joined"], width=46), share)
        return bar


@contextmanager
def showing(console: Console) -> Iterator[Screen]:
    """The screen that suits the console."""
    if not console.is_terminal:
        yield Lines(console)
        return
    picture = Picture()
    with Live(picture, console=console, refresh_per_second=8):
        yield picture
