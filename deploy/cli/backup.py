"""`veil backup` and `veil restore`."""

# ruff: noqa: PLC0415 - a command imports what it needs when it is called: `--help` answers at once
from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from deploy.cli.command import flag
from deploy.cli.exits import Exit
from deploy.cli.options import AsJson, Root
from deploy.cli.output import BAD, GOOD, QUIET, WAITING, Output, PlainTable
from deploy.ending import terminable
from deploy.settings import DEFAULT_ROOT

if TYPE_CHECKING:
    from rich.console import RenderableType

    from deploy.backup.restoring import Restored
    from deploy.backup.taking import Made

OPEN_AGAIN = "What was withdrawn, erased or revoked after that is open again: --control-from knows of it."

Secrets = Annotated[
    Path | None,
    typer.Option(
        "--secrets",
        metavar="DIR",
        help="Where vault-seal-key and vault-root-token of that vault lie; what is not there is asked for. Else"
        " ROOT/secrets.",
    ),
]


def backup(
    folder: Annotated[
        Path, typer.Argument(metavar="FOLDER", help="A new folder for the backup.", show_default=False)
    ],
    to: Annotated[
        list[str] | None,
        typer.Option("--to", metavar="RECIPIENT", help="age1…, or an SSH public key; may be given again."),
    ] = None,
    no_verify: Annotated[bool, flag("--no-verify", text="Don't restore it to see whether it holds.")] = False,
    secrets: Secrets = None,
    root: Root = Path(DEFAULT_ROOT),
    as_json: AsJson = False,
) -> None:
    """Back up mappings, orders, index, audit and topology of a running stack, encrypted, and restore it to see.

    Taken in an order in which nothing is missing, without stopping anything. Nothing of it touches a disk before
    it is encrypted. Exit code 1 where the restored stack shows that something is missing, or open again.

    [dim]Example:[/] [cyan]veil backup /backups/2026-11-27 --to age1…[/]
    """
    from deploy.backup.age import AgeEnvelope
    from deploy.backup.taking import take

    out, recipients = Output(as_json), to or []
    AgeEnvelope(recipients)  # before anything is done
    with terminable(), out.steps("backing up") as report:
        if no_verify:
            made, restored = take(root, folder, AgeEnvelope(recipients), report), None
        else:  # that starts parts: what is needed for it is in no container of ours
            from deploy.backup.secrets import read_secrets
            from deploy.backup.verifying import take_and_verify

            own = read_secrets(secrets or root / "secrets", _asked)
            made, restored = take_and_verify(root, folder, recipients, own, report)
    content = _made(made) | ({} if restored is None else _restored(restored))
    words: list[RenderableType] = [
        Text.assemble(("✓ ", GOOD), f"{made.manifest.size:,} bytes in {len(made.manifest.parts)} parts → {folder}")
    ]
    if restored is None:
        words.append(Text("  Not verified: veil restore … --verify does it.", style=WAITING))
    out.result(content, *words, *([] if restored is None else _words(restored)))
    _end(restored)


def restore(
    backup: Annotated[Path, typer.Argument(metavar="BACKUP", help="Folder of a backup.", show_default=False)],
    identity: Annotated[
        list[Path] | None,
        typer.Option(
            "--identity", "-i", metavar="FILE", help="age identities, or an SSH key; may be given again."
        ),
    ] = None,
    verify: Annotated[bool, flag("--verify", text="Into a stack of its own, which is removed again.")] = False,
    into: Annotated[
        Path | None, typer.Option("--into", metavar="DIR", help="Into a new root, for `veil up --root DIR`.")
    ] = None,
    control_from: Annotated[
        Path | None,
        typer.Option(
            "--control-from",
            metavar="PLACE",
            help="A later backup, or the root of the stack if it runs: what was ordered and destroyed since.",
        ),
    ] = None,
    pins: Annotated[
        Path | None,
        typer.Option("--pins", metavar="FILE", help="Keys you trust (pins.json). Else ROOT/topology/pins.json."),
    ] = None,
    secrets: Secrets = None,
    root: Root = Path(DEFAULT_ROOT),
    as_json: AsJson = False,
) -> None:
    """Restore a backup into a fresh local stack, take out again what ended since, and prove that it holds.

    Its signature and hashes are verified before anything is decrypted. Exit code 1 where something is missing, or
    open again.

    [dim]Example:[/] [cyan]veil restore /backups/2026-11-27 --verify --identity key.txt[/]
    """
    from deploy.backup.age import AgeOpener
    from deploy.backup.restoring import Wanted
    from deploy.backup.restoring import restore as restore_into
    from deploy.backup.secrets import read_secrets
    from deploy.backup.verifying import verify as verify_it
    from deploy.provision.parts import pins_path
    from topology.pins import load_pins

    if verify == (into is not None):
        raise typer.BadParameter("give --verify, or --into DIR", param_hint="--verify")
    if not identity:
        raise typer.BadParameter("give the key that opens it", param_hint="--identity")
    trusted = pins or pins_path(root)
    if not trusted.is_file():
        raise typer.BadParameter(f"{trusted} is no file; whose backup it is must be known", param_hint="--pins")
    own = read_secrets(secrets or root / "secrets", _asked)
    wanted = Wanted(backup, AgeOpener.from_files(identity), load_pins(trusted), own, control_from)
    out = Output(as_json)
    with terminable(), out.steps("restoring") as report:
        if into is None:
            restored = verify_it(wanted, root, report)
            _say(root, restored, out)
        else:
            restored = restore_into(wanted, into, report, to_go_on=True)
    content = _restored(restored) | ({} if into is None else {"log_name": restored.log_name})
    out.result(content, *_words(restored), *_next(restored, into, control_from))
    _end(restored)


def _say(root: Path, restored: Restored, out: Output) -> None:
    """On the audit of the stack of `root`, where one runs: a backup is verified on other machines, too."""
    from deploy.backup.verifying import say_verified
    from schemas.errors import VeilError

    try:
        say_verified(root, restored)
    except VeilError:
        out.note(Text(f"  Not on the audit: no stack runs in {root}.", style=QUIET))


def _asked(what: str) -> str:
    return str(typer.prompt(what, hide_input=True, err=True))


def _made(made: Made) -> dict[str, object]:
    manifest = made.manifest
    return {
        "folder": str(made.folder),
        "manifest": made.digest,
        "bytes": manifest.size,
        "parts": {name: {"items": one.items, "bytes": one.size} for name, one in manifest.parts.items()},
    }


def _restored(restored: Restored) -> dict[str, object]:
    from deploy.backup import checks

    return {
        "holds": restored.holds,
        "manifest": restored.digest,
        "records": restored.records,
        "ended": restored.ended,
        "younger": restored.younger,
        "seconds": round(restored.seconds, 1),
        "checks": checks.as_json(restored.checks),
    }


def _words(restored: Restored) -> Iterator[RenderableType]:
    table = PlainTable("checked", "", "found")
    for check in restored.checks:
        mark = Text("✓", style=GOOD) if check.holds else Text("✗", style=BAD)
        table.add_row(check.name, mark, check.found)
    yield table
    yield from (Text(f"  {line}", style=BAD) for check in restored.checks for line in check.failures)
    yield from (Text(f"  {line}", style=WAITING) for check in restored.checks for line in check.notes)
    when = datetime.fromtimestamp(restored.manifest.made_at / 1000, UTC)
    if restored.younger:
        yield Text(f"  {restored.younger:,} tasks came while it was taken and are not in it.", style=WAITING)
    if restored.holds:
        words = f"Nothing is lost, nothing is open again, as of {when:%Y-%m-%d %H:%M:%S} UTC"
        yield Text.assemble(("✓ ", GOOD), words, (f"  {restored.seconds:.0f} s", QUIET))
    else:
        yield Text("✗ This backup does not hold.", style=BAD)


def _next(restored: Restored, into: Path | None, control_from: Path | None) -> Iterator[RenderableType]:
    if into is not None and restored.holds:
        if control_from is None:
            yield Text(f"  {OPEN_AGAIN}", style=WAITING)
        yield Text(f"  VEIL_LOG_NAME={restored.log_name} veil up --root {into}", style=QUIET)
        yield Text(
            "  From now on always under this name: logs, exports and witness states of the old one end here.",
            style=WAITING,
        )
        yield Text(
            "  Then register producers' Avro schemas again, which no backup has: veil topology register FILE"
        )


def _end(restored: Restored | None) -> None:
    if restored is not None and not restored.holds:
        raise typer.Exit(Exit.FAILED)
