"""`veil audit witness`."""

# ruff: noqa: PLC0415 - a command imports what it needs when it is called: `--help` answers at once
from __future__ import annotations

import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import RenderableType
from rich.text import Text

from deploy.cli.command import Command, Commands, flag
from deploy.cli.exits import Exit
from deploy.cli.options import AsJson
from deploy.cli.output import BAD, GOOD, QUIET, WAITING, Output, PlainTable

if TYPE_CHECKING:
    from deploy.witness.cosigning import Refused, Witness
    from streams.audit.note import Verifier
    from streams.audit.witness import Seen, Trust
    from streams.audit.witness_evidence import Evidence

app = typer.Typer(
    cls=Commands, help="Cosign logs that keep to one history, on another machine.", no_args_is_help=True
)
DEFAULT_LISTEN = "127.0.0.1:7380"
State = Annotated[
    Path,
    typer.Option("--state", metavar="DIR", help="Folder of the witness's key and memory.", show_default=False),
]
Trusted = Annotated[
    list[str],
    typer.Option(
        "--trust",
        metavar="VKEY",
        help="Public key of a log (name+hash+base64), or a file with one a line; may be given again.",
        show_default=False,
    ),
]
Authority = Annotated[Path | None, typer.Option("--ca", metavar="FILE", help="CA of the server asked (PEM).")]


@app.command(cls=Command)
def key(
    state: State,
    name: Annotated[
        str | None,
        typer.Option("--name", metavar="NAME", help="Make a new witness of this name, if there is none."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Print a witness's public key, which those who verify need. With [cyan]--name[/], make it first.

    The key is made once and never replaced: another one is another witness, with a folder of its own.

    [dim]Example:[/] [cyan]veil audit witness key --state /var/lib/witness --name witness.example.org/audit[/]
    """
    from deploy.witness.key import make_key, read_key

    found = (read_key(state) if name is None else make_key(state, name)).verifier
    Output(as_json).result(
        {"name": found.name, "key": found.text()}, Text(found.text(), no_wrap=True, overflow="ignore")
    )


@app.command(cls=Command)
def serve(
    state: State,
    trust: Trusted,
    listen: Annotated[
        str, typer.Option("--listen", metavar="HOST:PORT", help="Where to listen.")
    ] = DEFAULT_LISTEN,
    cert: Annotated[Path | None, typer.Option("--cert", metavar="FILE", help="Certificate (PEM): HTTPS.")] = None,
    private_key: Annotated[Path | None, typer.Option("--key", metavar="FILE", help="Its key (PEM).")] = None,
    plain: Annotated[
        bool, flag("--plain", text="Plain HTTP beyond this machine, too: a proxy before it has TLS.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Cosign what logs submit (C2SP tlog-witness) until Ctrl-C. Logs JSON lines on standard output.

    Needs the public keys of the logs and nothing else: neither Kafka nor Vault. A split view is refused, logged as
    [cyan]split_view[/] and kept; [cyan]veil audit witness report[/] shows it.

    [dim]Example:[/] [cyan]veil audit witness serve --state /var/lib/witness --trust logs.txt[/]
    """
    from deploy import logs
    from deploy.witness.server import WitnessServer

    if (cert is None) != (private_key is None):
        raise typer.BadParameter("--cert and --key go together", param_hint="--cert")
    host, port = _address(listen)
    logs.configure("witness")
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    with _working(state, trust) as (witness, verifier, _):
        server = WitnessServer(witness, host, port, cert, private_key, plain=plain)
        url = server.start()
        words = Text.assemble(("✓ ", GOOD), f"{verifier.name} cosigns at {url}; Ctrl-C ends it")
        Output(as_json).result({"url": url, "key": verifier.text()}, words)
        stop.wait()
        server.stop()


@app.command(cls=Command)
def check(
    log: Annotated[
        str, typer.Argument(metavar="LOG", help="A log's folder, or its https:// address.", show_default=False)
    ],
    state: State,
    trust: Trusted,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="Write the cosigned checkpoint there.")
    ] = None,
    ca: Authority = None,
    as_json: AsJson = False,
) -> None:
    """Read a log (C2SP tlog-tiles), and cosign its checkpoint if it goes on from the one cosigned last.

    The cosigned checkpoint is printed, or written to [cyan]--out[/]. Exit code 1 where the log is cut, damaged, or
    has shown a split view: then both checkpoints are kept, and the file is named. Doubts end: what was refused
    before belongs to this log after all, or is a split view.

    [dim]Example:[/] [cyan]veil audit witness check audit/audit.demo-0 --state witness --trust logs.txt[/]
    """
    from deploy.witness import checking, tiled_log
    from deploy.witness.cosigning import Refused
    from schemas.files import write_atomically

    output = Output(as_json)
    with tiled_log.opened(log, ca) as read, _working(state, trust) as (witness, _, trusted):
        found = checking.check(witness, read, log)
    if isinstance(found, Refused):
        _tell_refusal(found, log, trusted, output)
        raise typer.Exit(Exit.FAILED)
    seen = found.seen
    if out is not None:
        write_atomically(out, str(seen.note))
    content = {**_seen_as_json(seen), "checkpoint": str(seen.note), "out": str(out) if out else None}
    content |= {"split_views": [str(it) if it else None for it in found.splits]}
    if as_json:
        output.json_line(content)
    elif out is None:
        typer.echo(str(seen.note), nl=False)
    said = f"cosigned {seen.point.size:,} entries of {seen.point.origin}"
    output.note(Text.assemble(("✓ ", GOOD), said, f" → {out}" if out else ""))
    for kept in found.splits:
        output.note(_split_words(seen.point.origin, kept))
    if found.splits:
        raise typer.Exit(Exit.FAILED)


@app.command(cls=Command)
def submit(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="A log's folder.", show_default=False)],
    to: Annotated[str, typer.Option("--to", metavar="URL", help="The witness's address.", show_default=False)],
    witness_key: Annotated[
        str, typer.Option("--key", metavar="VKEY", help="The witness's public key.", show_default=False)
    ],
    ca: Authority = None,
    as_json: AsJson = False,
) -> None:
    """Have a log's newest checkpoint cosigned by a witness; the cosignature goes into the log's checkpoint file.

    It is checked against [cyan]--key[/] before. Exit code 1 where the witness has seen another history.

    [dim]Example:[/] [cyan]veil audit witness submit audit/audit.demo-0 --to https://w.example.org --key VKEY[/]
    """
    from deploy.witness.submitting import submit as submit_to

    verifier = _witness_key(witness_key)
    done = submit_to(directory, to, verifier, ca)
    content = {"origin": done.point.origin, "size": done.point.size, "witness": verifier.name, "time": done.time}
    said = f"{verifier.name} has cosigned {done.point.size:,} entries of {done.point.origin}"
    Output(as_json).result(content, Text.assemble(("✓ ", GOOD), said, (f"  {_moment(done.time)}", QUIET)))


@app.command(cls=Command)
def report(state: State, as_json: AsJson = False) -> None:
    """Show what a witness has cosigned last of each log, and what it has kept against one. 1 if a log has split.

    A [bold]split view[/] is proven by what the log has signed. A doubt isn't: a proof failed, whoever sent it;
    [cyan]veil audit witness check[/] settles it once the log itself, whole, has as many entries.

    [dim]Example:[/] [cyan]veil audit witness report --state /var/lib/witness[/]
    """
    from deploy.witness.key import read_key
    from deploy.witness.state import read_evidence, read_memory

    verifier = read_key(state).verifier
    memory = read_memory(state, verifier)
    kept = read_evidence(state)
    splits = [(path, it) for path, it in kept if it.holds(it.keys)]  # it has written down itself whom it trusted
    doubts = [(path, it) for path, it in kept if (path, it) not in splits]
    content = {
        "key": verifier.text(),
        "logs": [_seen_as_json(it) for it in memory.values()],
        "split_views": [_evidence_as_json(path, it) for path, it in splits],
        "doubts": [_evidence_as_json(path, it) for path, it in doubts],
    }
    output = Output(as_json)
    output.result(content, _cosigned_table(memory) if memory else Text("nothing cosigned yet", style=QUIET))
    if not as_json:
        for path, it in splits:
            output.line(_split_words(it.origin, path))
        for path, it in doubts:
            output.line(Text(f"? a proof for {it.origin} failed: {path}", style=WAITING))
    if splits:
        raise typer.Exit(Exit.FAILED)


@contextmanager
def _working(state: Path, trust: list[str]) -> Iterator[tuple[Witness, Verifier, Trust]]:
    from deploy.witness.cosigning import Witness
    from deploy.witness.state import State as Remembered

    trusted = _trust(trust)
    with Remembered(state) as remembered:
        yield Witness(remembered, trusted, lambda: int(time.time())), remembered.key.verifier, trusted


def _trust(given: list[str]) -> Trust:
    from streams.audit.note import BadNote, Verifier
    from streams.audit.witness import trust_of

    texts = [line for it in given for line in ([it] if "+" in it else _lines(Path(it)))]
    try:
        return trust_of(Verifier.parse(it) for it in texts)
    except BadNote as error:
        raise typer.BadParameter(str(error), param_hint="--trust") from None


def _lines(path: Path) -> list[str]:
    try:
        return [it for line in path.read_text("utf-8").splitlines() if (it := line.strip())]
    except (OSError, UnicodeDecodeError):
        raise typer.BadParameter(f"{path} is neither a key nor a file of keys", param_hint="--trust") from None


def _witness_key(text: str) -> Verifier:
    from streams.audit.note import Algorithm, BadNote, Verifier

    try:
        verifier = Verifier.parse(text)
    except BadNote as error:
        raise typer.BadParameter(str(error), param_hint="--key") from None
    if verifier.algorithm is not Algorithm.COSIGNATURE:
        raise typer.BadParameter("this is a log's key, not a witness's", param_hint="--key")
    return verifier


def _address(listen: str) -> tuple[str, int]:
    host, colon, port = listen.rpartition(":")
    if not (host and colon and port.isdecimal()):
        raise typer.BadParameter("HOST:PORT is what to listen on", param_hint="--listen")
    return host.strip("[]"), int(port)


def _tell_refusal(found: Refused, where: str, trusted: Trust, output: Output) -> None:
    refusal = found.refusal
    evidence = refusal.evidence
    content = {"why": refusal.why, "status": int(refusal.status), "split_view": found.is_split}
    content |= {"evidence": str(found.kept) if found.kept else None}
    if output.as_json:
        output.json_line(content)
    elif found.is_split and evidence is not None:
        output.note(_split_words(evidence.origin, found.kept))
    else:
        for line in _refusal_words(found, where, trusted):
            output.note(line)


def _refusal_words(found: Refused, where: str, trusted: Trust) -> Iterator[Text]:
    yield Text(f"✗ {where} is not cosigned: {found.refusal.why}", style=BAD)
    if found.refusal.status == HTTPStatus.NOT_FOUND:
        yield Text(f"  trusted: {', '.join(sorted(trusted))}", style=QUIET)
    if found.kept is not None:
        yield Text(f"  The tiles are not those of the checkpoint, damaged or half written: {found.kept}")


def _split_words(origin: str, kept: Path | None) -> Text:
    return Text.assemble(
        (f"✗ SPLIT VIEW: {origin} has signed two histories that exclude each other.\n", BAD),
        "  Nothing of the second was cosigned. Show the evidence to all who rely on this log:",
        f"\n  {kept or 'the evidence folder (it is full)'}",
    )


def _cosigned_table(memory: dict[str, Seen]) -> RenderableType:
    table = PlainTable("log", "entries", "cosigned at")
    for origin, seen in memory.items():
        table.add_row(origin, f"{seen.point.size:,}", _moment(seen.time))
    return table


def _seen_as_json(seen: Seen) -> dict[str, object]:
    point = seen.point
    return {"origin": point.origin, "size": point.size, "root": point.root.hex(), "time": seen.time}


def _evidence_as_json(path: Path, evidence: Evidence) -> dict[str, object]:
    return {"origin": evidence.origin, "kind": evidence.kind.value, "file": str(path)}


def _moment(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%SZ")
