"""`veil contain`."""

# ruff: noqa: PLC0415 - a command imports what it needs when it is called: `--help` answers at once
from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from deploy.cli import contain_again
from deploy.cli.command import Command, Commands, flag
from deploy.cli.contain_again import again
from deploy.cli.options import As, AsJson, Project, Root
from deploy.cli.output import GOOD, QUIET, WAITING, Output
from deploy.settings import DEFAULT_PROJECT, DEFAULT_ROOT
from schemas.control import Freezable, FreezeReason, RevocationReason, WithdrawalReason
from schemas.errors import ConfigError

if TYPE_CHECKING:
    from deploy.containment import Containment
    from deploy.freezing import Frost, Frozen
    from deploy.revoking import Shut

_FOLLOW = Text("  veil audit tail --follow shows each stage's control.applied", style=QUIET)
app = typer.Typer(cls=Commands, help="Pull back what should not be seen.", no_args_is_help=True)
app.add_typer(contain_again.app)


@app.callback()
def contain() -> None:
    """Pull back what should not be seen."""


@app.command(cls=Command)
def withdraw(
    person: As,
    reason: Annotated[
        WithdrawalReason,
        typer.Option("--reason", help="Why. A fixed list: free text could quote content."),
    ],
    task: Annotated[
        str | None, typer.Argument(metavar="TASK", help="Task id, 32 hexadecimal digits.", show_default=False)
    ] = None,
    version: Annotated[
        int | None,
        typer.Option(
            "--policy-version", metavar="N", help="All open tasks and texts in clear made under this policy."
        ),
    ] = None,
    seen_by: Annotated[
        str | None,
        typer.Option("--seen-by", metavar="WHO", help="All open tasks that a person or an app was shown."),
    ] = None,
    really: Annotated[bool, flag("--yes", text="Of many: do it. Without, only say how many there are.")] = False,
    project: Project = DEFAULT_PROJECT,
    root: Root = Path(DEFAULT_ROOT),
    as_json: AsJson = False,
) -> None:
    """Order that a task, or many, are pulled everywhere, and their keys destroyed. It can't be undone.

    The orders are signed by an operator. Label, join and opener let go of it and acknowledge that in the audit. A
    task whose work is over loses its joined label, too: [cyan]--policy-version[/] finds such a one where its text
    lies in clear for other queues, and says how many there are.

    [dim]Example:[/] [cyan]veil contain withdraw 0f6a…e1 --as olga --reason personal_data[/]
    """
    from deploy.persons import withdraw as order
    from deploy.withdrawing import tasks_of_policy, tasks_shown_to, withdraw_all

    out, over = Output(as_json), 0
    match (task, version, seen_by):
        case (str(), None, None):
            _tell_withdrawn(out, task, person, order(root, project, task, person, reason))
            return
        case (None, int(), None):
            tasks, over = tasks_of_policy(root, project, version)
        case (None, None, str()):
            tasks = tasks_shown_to(root, project, seen_by)
        case _:
            raise ConfigError("give a task, or --policy-version, or --seen-by")
    ordered = really and len(tasks) > 0
    if ordered:
        withdraw_all(root, project, person, tasks, reason)
    content = {"tasks": list(tasks), "over": over, "ordered": ordered, "ordered_by": person}
    words = [_of_many(len(tasks), over, ordered)] if tasks else _of_none(project, version, seen_by)
    out.result(content, *words)


@app.command(cls=Command)
def freeze(
    person: As,
    reason: Annotated[
        FreezeReason, typer.Option("--reason", help="Why. A fixed list: free text could quote content.")
    ],
    stages: Annotated[
        list[Freezable] | None,
        typer.Option("--stage", help="What stops; may be given again. None: both.", show_default=False),
    ] = None,
    project: Project = DEFAULT_PROJECT,
    root: Root = Path(DEFAULT_ROOT),
    as_json: AsJson = False,
) -> None:
    """Stop a project from releasing: no new task by redact, no new lease by label, no text in clear by opener.

    Signed by an operator or an approver; it holds until two people resume. Raw records wait on their topic, as
    long as its retention lets them (a day, unless the project's file says else); who has a lease may finish it.

    [dim]Example:[/] [cyan]veil contain freeze --as olga --reason leak --project demo[/]
    """
    from deploy.freezing import freeze as order

    _tell(Output(as_json), project, order(root, project, person, stages or list(Freezable), reason))


@app.command(cls=Command)
def revoke(
    who: Annotated[
        str, typer.Argument(metavar="PERSON", help="A person or an app of the project.", show_default=False)
    ],
    person: As,
    reason: Annotated[
        RevocationReason, typer.Option("--reason", help="Why. A fixed list: free text could quote content.")
    ],
    project: Project = DEFAULT_PROJECT,
    root: Root = Path(DEFAULT_ROOT),
    as_json: AsJson = False,
) -> None:
    """Shut a person or an app out of a project at once: sessions and leases end, tokens and calls are refused.

    Signed by an operator or an approver. An app's own tokens are refused, and so are those that a revoked operator
    has signed. What they log in with ends in Vault and Kafka, in whatever other project they use it. It takes two
    people to let them in again.

    [dim]Example:[/] [cyan]veil contain revoke ann --as olga --reason stolen_account --project demo[/]
    """
    from deploy.revoking import revoke as order

    _tell_shut(Output(as_json), project, who, order(root, project, person, who, reason))


@app.command(cls=Command)
def resume(
    person: As,
    who: Annotated[
        str | None,
        typer.Option("--person", metavar="PERSON", help="Sign that who is revoked may enter again: takes two."),
    ] = None,
    of: Annotated[
        str | None,
        typer.Option("--of", metavar="WHO", help="Only what this person, or keeper or contain, has frozen."),
    ] = None,
    project: Project = DEFAULT_PROJECT,
    root: Root = Path(DEFAULT_ROOT),
    as_json: AsJson = False,
) -> None:
    """Sign that what is frozen may go on; it does once an operator and an approver, two people, have signed.

    You sign for what holds as you look: who freezes after that stops the project again. After a freeze on the leak
    bound ([cyan]--of keeper[/]) keeper counts leaks anew. With [cyan]--person[/] you sign that somebody who is
    revoked may enter again, by the same rule.

    [dim]Example:[/] [cyan]veil contain resume --as olga --project demo[/]
    """
    from deploy.freezing import resume as order
    from deploy.revoking import reinstate

    if who is not None:
        if of is not None:
            raise ConfigError("either --person or --of: one order at a time")
        _tell_shut(Output(as_json), project, who, reinstate(root, project, person, who))
        return
    _tell(Output(as_json), project, order(root, project, person, of))


@app.command(cls=Command)
def status(
    project: Project = DEFAULT_PROJECT,
    root: Root = Path(DEFAULT_ROOT),
    as_json: AsJson = False,
) -> None:
    """What is frozen, who is revoked, what is redacted again, and which alerts are contained or wait.

    [dim]Example:[/] [cyan]veil contain status --project demo[/]
    """
    from deploy.containment import containment

    found = containment(root, project)
    Output(as_json).result(
        {
            "project": project,
            "frozen": {who: _frozen(one) for who, one in found.frozen.items()},
            "revoked": {
                who: {"by": list(one.by), "signed_by": list(one.signed_by), "missing": list(one.missing)}
                for who, one in found.revoked.items()
            },
            "reredactions": [one.as_json() for one in found.again],
            "alerts": [case.as_json() for case in found.cases],
        },
        *_standing(project, found),
    )


def _standing(project: str, found: Containment) -> list[Text]:
    words = [_frost(who, one) for who, one in found.frozen.items()]
    for who, shut in found.revoked.items():
        words.append(
            Text(
                f"{who} revoked by {' and '.join(shut.by)}; to let them in: {', '.join(shut.missing)}",
                style=WAITING,
            )
        )
    words += [again(one) for one in found.again]
    for case in found.cases:
        done = case.state == "contained"
        took = f", after {case.reached - case.begun} ms" if done else ""
        held = "".join(f"; {action or 'nothing'} held: {why}" for action, why in case.held.items())
        words.append(
            Text(
                f"alert {case.alert[:12]}… {case.rule}: {case.state}{took}{held}", style=GOOD if done else WAITING
            )
        )
    return words or [Text(f"Nothing is frozen, revoked or waiting in {project}.", style=QUIET)]


def _tell_withdrawn(out: Output, task: str, person: str, key: str) -> None:
    """Of one task."""
    out.result(
        {"task": task, "ordered_by": person, "control_key": key},
        Text.assemble(("✓ ", GOOD), f"Ordered: task {task} is withdrawn everywhere."),
        _FOLLOW,
    )


def _of_many(count: int, over: int, ordered: bool) -> Text:
    labels = f" (the work on {over:,} is over: their labels go, too)" if over else ""
    if ordered:
        return Text.assemble(("✓ ", GOOD), f"Ordered: {count:,} tasks are withdrawn everywhere{labels}.")
    return Text(
        f"{count:,} tasks would be withdrawn{labels}; --yes does it, and it can't be undone.", style=WAITING
    )


def _of_none(project: str, version: int | None, seen_by: str | None) -> list[Text]:
    """No tick: whoever gives the version that came instead would take what is exposed for withdrawn."""
    if seen_by is not None:
        found = f"Nothing to withdraw: no task of {project} that is still open was shown to {seen_by}."
        look = f"veil audit access {seen_by} --project {project} shows what they saw"
    else:
        found = f"Nothing to withdraw: {project} has no open task or text in clear under policy version {version}."
        look = f"is it the bad version, not the one after it? veil policy history --project {project} lists them"
    return [Text(found, style=WAITING), Text(f"  {look}", style=QUIET)]


def _tell_shut(out: Output, project: str, who: str, shut: Shut) -> None:
    """How somebody stands, after the order."""
    open_ = (
        f"{who} is revoked in {project} by {' and '.join(shut.by)}."
        if shut.by
        else f"{who} may enter {project} again."
    )
    waits = [
        Text(f"  to let them in again, signed by: {', '.join(shut.signed_by) or 'nobody yet'}", style=WAITING)
    ]
    waits += [Text(f"  missing: {role}", style=WAITING) for role in shut.missing]
    waits += [_logins(shut)]
    out.result(
        {
            "project": project,
            "person": who,
            "control_key": shut.key,
            "revoked_by": list(shut.by),
            "signed_by": list(shut.signed_by),
            "missing": list(shut.missing),
            "elsewhere": list(shut.elsewhere),
            "revoked_elsewhere": list(shut.still),
        },
        Text.assemble(("✓ ", GOOD), f"Ordered. {open_}"),
        *(waits if shut.by else [_logins(shut)]),
        _FOLLOW,
    )


def _logins(shut: Shut) -> Text:
    """What becomes of what they log in with, in Vault and in Kafka: it is one thing in all projects."""
    if shut.by:
        others = f"; so they can't work in {', '.join(shut.elsewhere)} either" if shut.elsewhere else ""
        return Text(f"  what they log in with ends in every project{others}", style=WAITING)
    if shut.still:
        return Text(f"  what they log in with stays ended: revoked in {', '.join(shut.still)}", style=WAITING)
    return Text("  if they sign or are an app: veil topology apply issues what they log in with anew", style=QUIET)


def _tell(out: Output, project: str, frost: Frost) -> None:
    """Who has frozen what, after the orders."""
    out.result(
        {
            "project": project,
            "control_keys": list(frost.keys),
            "frozen": {who: _frozen(one) for who, one in frost.frozen.items()},
        },
        Text.assemble(
            ("✓ ", GOOD), f"Ordered. Of {project} {'is frozen:' if frost.frozen else 'nothing is frozen.'}"
        ),
        *(Text.assemble("  ", _frost(who, one)) for who, one in frost.frozen.items()),
        _FOLLOW,
    )


def _frozen(one: Frozen) -> dict[str, object]:
    return {
        "stages": sorted(one.stages),
        "reason": one.reason,
        "signed_by": list(one.signed_by),
        "missing": list(one.missing),
    }


def _frost(who: str, one: Frozen) -> Text:
    stages = " and ".join(sorted(one.stages))
    return Text(f"{stages} frozen by {who} ({one.reason}); to go on: {', '.join(one.missing)}", style=WAITING)
