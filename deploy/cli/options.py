"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from deploy.cli.command import flag
from deploy.settings import PROJECT_VARIABLE, ROOT_VARIABLE

AsJson = Annotated[bool, flag("--json", text="Print JSON on standard output, and nothing else there.")]
Root = Annotated[
    Path,
    typer.Option("--root", envvar=ROOT_VARIABLE, metavar="DIR", help="Folder of data, keys and logs."),
]
Project = Annotated[
    str, typer.Option("--project", "-p", envvar=PROJECT_VARIABLE, metavar="P", help="The project to act on.")
]
Signers = Annotated[
    list[str] | None,
    typer.Option("--as", metavar="PERSON", help="A person who signs; may be given again. None: only look."),
]
As = Annotated[str, typer.Option("--as", metavar="PERSON", help="Who you are; the order is signed in this name.")]
