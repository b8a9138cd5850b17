"""Contain: alerts in, orders on `control` out."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from deploy.current_project import LastKnown, current_project
from deploy.stages.parts import StageParts
from deploy.surroundings import Surroundings
from schemas.control import ControlKind
from schemas.states import ContainmentOrder
from streams.audit.open_tasks import shown_to
from streams.audit.reader import Reader, read_events
from streams.engine.log import Ownership
from streams.watch.contain.ordering import Orders
from streams.watch.contain.processor import ContainProcessor, Seams, inputs
from streams.watch.contain.rules import Rules, own_rules, packaged_rules
from topology.control_key import ControlKey, parse_key
from topology.project import SAYING

BATCH_LIMIT = 5_000
"""Of most events only a header is looked at."""


def build(around: Surroundings, slot: str, port: int) -> StageParts:  # noqa: ARG001 - all stages are built alike
    """The contain stage of a project."""
    project, book = around.project, around.book
    known = LastKnown(around.topology.project(project), current_project(around))

    def over(key: ControlKey) -> int:
        """Up to which version people have ended what is ordered under a key."""
        match key.kind:
            case ControlKind.REVOKE:
                return book.revocations(project).over(key.target)
            case ControlKind.FREEZE:
                return book.lifted(project, around.identity.signer)
        return 0  # withdrawals and minimums hold for ever

    def holds(order: ContainmentOrder) -> bool:
        return order.version > over(_parsed(order.key))

    def in_force() -> int:
        record = book.policy_in_force(project)
        return record.version if record else 0

    def signs_elsewhere(person: str) -> bool:
        """Credentials end in all projects: who could undo something in another one is for a person to decide."""
        others = around.topology.projects.values()
        return any(other.persons.duties(person) & SAYING for other in others)

    seams = Seams(
        _rules(around),
        Orders(
            project,
            around.codec,
            around.sign,
            lambda key: max(book.next_version(key), over(_parsed(key)) + 1),
        ),
        holds,
        lambda person: person in known().persons.everybody,
        lambda person: known().persons.only_labels(person) and not signs_elsewhere(person),
        _shown(around),
        in_force,
    )
    processor = ContainProcessor(project, around.codec, seams)
    return StageParts(processor, inputs(project), Ownership.WHOLE, batch_limit=BATCH_LIMIT)


def _rules(around: Surroundings) -> Rules:
    """Those of the project, where it has its own."""
    path = around.root / "projects" / "contain" / f"{around.project}.yaml"
    return own_rules(path) if path.exists() else packaged_rules()


def _shown(around: Surroundings) -> Callable[[str, int], Sequence[str]]:
    """Read from the whole audit when it is asked: only rules of one's own ask, and seldom. Of a million events it
    takes some ten seconds, while a batch may take five minutes.
    """

    def shown(who: str, since: int) -> Sequence[str]:
        events = read_events(around.log, Reader(around.codec), [f"audit.{around.project}"])
        return shown_to((event for event in events if event.time >= since), who)

    return shown


def _parsed(key: str) -> ControlKey:
    found = parse_key(key)
    assert found is not None, "we made it of names that were checked"
    return found
