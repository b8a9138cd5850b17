"""`veil topology`."""

# ruff: noqa: PLC0415 - a command imports what it needs when it is called: `--help` answers at once
from __future__ import annotations

import json
import os
from collections import Counter
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from deploy.cli.command import Command, Commands, flag
from deploy.cli.exits import Exit
from deploy.cli.options import AsJson, Project, Root
from deploy.cli.output import BAD, GOOD, QUIET, WAITING, Output
from deploy.settings import DEFAULT_PROJECT, DEFAULT_ROOT
from schemas.errors import ConfigError

if TYPE_CHECKING:
    from deploy.provision.command import Result
    from deploy.registering import Registered

app = typer.Typer(
    cls=Commands, help="What may flow where: topics, users, rights, keys and schemas.", no_args_is_help=True
)
LONG = 30
"""So many changes are listed one by one; a first apply has 200."""
All = Annotated[bool, flag("--all", text="List every change, however many.")]


@app.command(cls=Command)
def plan(root: Root = Path(DEFAULT_ROOT), every: All = False, as_json: AsJson = False) -> None:
    """Show what differs between the topology's files and Kafka, Vault and the registry. Changes nothing.

    [dim]Example:[/] [cyan]veil topology plan[/]
    """
    _show(_run(root, apply=False), Output(as_json), every=every)


@app.command(cls=Command)
def apply(root: Root = Path(DEFAULT_ROOT), every: All = False, as_json: AsJson = False) -> None:
    """Make Kafka, Vault and the registry what the topology's files say. Removes nothing; again changes nothing.

    Those that the environment names, and for the rest those of the stack here; other commands then find them, too.

    Running processes take up new rights at once, and new projects with the next [cyan]veil up[/].

    [dim]Example:[/] [cyan]veil topology apply[/]
    """
    _show(_run(root, apply=True), Output(as_json), every=every)


@app.command(cls=Command)
def register(
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE", help="An Avro schema (.avsc), with its `confluent:tags`.", show_default=False
        ),
    ],
    project: Project = DEFAULT_PROJECT,
    fewer_tags: Annotated[
        bool, flag("--fewer-tags", text="A field may have fewer tags than in the newest version, or be gone.")
    ] = False,
    root: Root = Path(DEFAULT_ROOT),
    as_json: AsJson = False,
) -> None:
    """Register the schema of Avro records that a project's producers publish; they themselves may not.

    Its tags say which fields are sensitive, of records that are published by it: a producer can use an older
    version, or none. A later version has to be compatible with all before it, and to have the newest one's tags;
    the same one again changes nothing.

    [dim]Example:[/] [cyan]veil topology register customer.avsc --project demo[/]
    """
    from deploy.local.given_endpoints import kept_endpoints
    from deploy.persons import load_declared
    from deploy.provisioning import register_audited

    root = root.absolute()
    load_declared(root).project(project)
    try:
        schema = file.read_text(encoding="utf-8")
    except (OSError, ValueError):
        raise ConfigError(f"{file} can't be read as text") from None
    found = register_audited(root, kept_endpoints(root, os.environ), project, schema, fewer_tags=fewer_tags)
    Output(as_json).result(_registered(found), *_registered_lines(found))


@app.command(cls=Command)
def asyncapi(root: Root = Path(DEFAULT_ROOT), as_json: AsJson = False) -> None:
    """Print all topics, their records and who may do what with them, as an AsyncAPI document (3.0.0).

    [dim]Example:[/] [cyan]veil topology asyncapi > veilstream.asyncapi.json[/]
    """
    from deploy.persons import load_declared
    from topology.asyncapi import asyncapi as document

    declared = load_declared(root.absolute())
    made = document(declared.flow, declared.projects, version("veilstream"))
    out = Output(as_json)
    if as_json:
        out.json_line(made)
    else:
        typer.echo(json.dumps(made, indent=1))


@app.command(cls=Command)
def kubernetes(
    to: Annotated[Path | None, typer.Option("--to", metavar="DIR", help="Folder to write the files to.")] = None,
    check: Annotated[
        Path | None,
        typer.Option(
            "--check", metavar="FILE", help="Compare what `kubectl kustomize` has printed with the flow."
        ),
    ] = None,
    domain: Annotated[
        str,
        typer.Option("--domain", metavar="D", help="What the names of label's and the console's pages end with."),
    ] = "veil.example",
    probed_from: Annotated[
        list[str] | None,
        typer.Option(
            "--probed-from",
            metavar="CIDR",
            help="Where probes come from, if the network keeps a pod's machine out; may be given again.",
        ),
    ] = None,
    names_at: Annotated[
        list[str] | None,
        typer.Option(
            "--names-at",
            metavar="CIDR",
            help="Where each machine answers for the name service, as by NodeLocal DNSCache; may be given again.",
        ),
    ] = None,
    vault_name: Annotated[
        str | None,
        typer.Option(
            "--vault-name",
            metavar="NAME",
            help="What `app.kubernetes.io/name` says of Vault's pods, if not openbao.",
        ),
    ] = None,
    registry_name: Annotated[
        str | None,
        typer.Option(
            "--registry-name", metavar="NAME", help="The same of the registry's, if not apicurio-registry."
        ),
    ] = None,
    ships: Annotated[
        bool,
        flag("--vault-log", text="Vault's log is in the claim `vault-log`: pods carry and match it."),
    ] = False,
    root: Root = Path(DEFAULT_ROOT),
    as_json: AsJson = False,
) -> None:
    """Write what a Kubernetes cluster needs, as a kustomization; or check one: 1 where it gives more, or less.

    [dim]Example:[/] [cyan]veil topology kubernetes --to deploy/base --domain veil.example[/]
    """
    from deploy.kubernetes.cluster import Cluster, ranges
    from deploy.kubernetes.writing import check as checked
    from deploy.kubernetes.writing import write

    if (to is None) == (check is None):
        raise ConfigError("give either a folder to write to (`--to`), or a file to check (`--check`)")
    out, probes, names = Output(as_json), ranges(probed_from or ()), ranges(names_at or ())
    cluster = Cluster(domain, ships=ships, probed_from=probes, names_at=names)
    cluster = cluster.labelled(vault=vault_name, registry=registry_name)
    if to is not None:
        written = write(root.absolute(), to, cluster)
        out.result({"files": written}, Text(f"{sum(written.values())} objects → {to}"))
        return
    assert check is not None  # one of the two is given
    faults = checked(root.absolute(), check, cluster)
    found = [Text.assemble(("✗ ", BAD), fault) for fault in faults]
    out.result({"faults": list(faults)}, *(found or [Text.assemble(("✓ ", GOOD), "As the flow says.")]))
    if faults:
        raise typer.Exit(Exit.FAILED)


@app.command(cls=Command)
def compose(
    to: Annotated[Path, typer.Option("--to", metavar="FILE", help="File to write.")],
    root: Root = Path(DEFAULT_ROOT),
    as_json: AsJson = False,
) -> None:
    """Write the compose file of a cluster in containers: three brokers, three nodes of Vault, every process.

    [dim]Example:[/] [cyan]veil topology compose --to compose.yaml[/]
    """
    from deploy.compose.making import document, text
    from deploy.persons import load_declared
    from schemas.files import write_atomically

    declared = load_declared(root.absolute())
    write_atomically(to, text(declared))
    counts = {part: len(found) for part, found in document(declared).items()}
    said = f"{counts['services']} services on {counts['networks']} networks → {to}"
    Output(as_json).result({"file": str(to), **counts}, Text(said))


@app.command(cls=Command)
def capacity(
    records: Annotated[float, typer.Option("--records", metavar="N", help="Records a day.")],
    labels: Annotated[int, typer.Option("--labels", metavar="N", help="How many people label each.")] = 3,
    open_days: Annotated[
        float, typer.Option("--open-days", metavar="N", help="How long a task waits until its labels are joined.")
    ] = 1.0,
    peak: Annotated[
        float, typer.Option("--peak", metavar="N", help="The busiest hour, as a multiple of the mean one.")
    ] = 3.0,
    report: Annotated[
        Path | None,
        typer.Option("--report", metavar="FILE", help="What `veil bench --json` found on your machine."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Reckon what so many records a day take, from what was measured; and which limit bites first.

    Each figure is explained in deploy/CAPACITY.md.

    [dim]Example:[/] [cyan]veil topology capacity --records 5e6 --labels 1[/]
    """
    from deploy.capacity.load import Load
    from deploy.capacity.measured import load, ours
    from deploy.capacity.reckoning import reckon
    from deploy.cli.capacity_table import as_words
    from topology.loading import load_topology

    measured = ours() if report is None else load(report)
    habits = Load(records, labels, peak, open_days)
    found = reckon(habits, measured, load_topology().flow)
    Output(as_json).result(found.as_json(), *as_words(found))


def _registered(found: Registered) -> dict[str, object]:
    tags = {path: sorted(tags) for path, tags in sorted(found.tags.items())}
    return {"subject": found.subject, "id": found.number, "version": found.version, "new": found.new, "tags": tags}


def _registered_lines(found: Registered) -> list[Text]:
    said = f"{found.subject} is registered as {found.number}, version {found.version}."
    if not found.tags:
        warning = (
            "No field of it is tagged: what is sensitive is what detectors find, and the policy's rules name."
        )
        return [Text.assemble(("✓ ", GOOD), said), Text.assemble(("  ? ", WAITING), warning)]
    tags = [Text(f"    {path}: {', '.join(sorted(tags))}") for path, tags in sorted(found.tags.items())]
    return [Text.assemble(("✓ ", GOOD), said), *tags]


def _run(root: Path, *, apply: bool) -> Result:
    from deploy.local.given_endpoints import given_endpoints, kept_endpoints
    from deploy.persons import load_declared
    from deploy.provision.command import plan_topology
    from deploy.provision.parts import connected
    from deploy.provisioning import apply_audited

    root = root.absolute()
    declared = load_declared(root)
    if apply:
        return apply_audited(declared, kept_endpoints(root, os.environ), root)
    with connected(given_endpoints(root, os.environ), root) as parts:
        return plan_topology(declared, parts)


def _show(result: Result, out: Output, *, every: bool) -> None:
    if out.as_json:
        out.json_line(result.json())
        return
    listed = every or len(result.changes) <= LONG
    if listed:
        for change in result.changes:
            out.line(Text.assemble(("  + ", GOOD), str(change)))
    else:
        for part, count in Counter(change.part for change in result.changes).items():
            out.line(Text.assemble(("  + ", GOOD), f"{count:>4} {part}"))
    for name in result.undeclared:
        out.line(Text.assemble(("  ? ", WAITING), f"{name}: not declared, left alone"))
    out.line(_total(result, listed=listed))


def _total(result: Result, *, listed: bool) -> Text:
    if not result.changes:
        return Text.assemble(("✓ ", GOOD), "Everything is as declared.")
    verb = "changed" if result.applied else "to change"
    hint = ("", "") if listed else ("  (--all lists them)", QUIET)
    return Text.assemble(("✓ ", GOOD), f"{len(result.changes)} {verb}", hint)
