"""`veil drill`: runs it, says each step with its time; the exit code says whether anything is missing."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from rich.console import Console
from rich.text import Text

from deploy.drill.run import drill

OK, FAILED = 0, 1
FOLDER = "drill"


def main(root: Path, as_json: bool = False) -> int:
    """Rehearse in `<root>/drill`. `as_json`: the report alone on standard output, steps on standard error."""
    console = Console(stderr=as_json, highlight=False, markup=False, emoji=False)

    def tell(text: str, *, good: bool = True) -> None:
        mark = ("✓", "green") if good else ("✗", "bold red")
        console.print(Text.assemble(mark, f" {text}"), soft_wrap=True)

    report = drill(root.absolute() / FOLDER, tell)
    if as_json:
        sys.stdout.write(json.dumps(report.as_json(), ensure_ascii=False) + "\n")
    elif report.ok:
        tell(f"{report.seconds:6.1f} s  all {len(report.steps)} steps went as they must")
    else:
        tell(f"missing: {', '.join(report.missing)}", good=False)
    return OK if report.ok else FAILED
