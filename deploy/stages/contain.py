"""Contain: alerts in, orders on `control` out."""

from __future__ import annotations

from deploy.current_project import LastKnown, current_project
from deploy.stages.parts import StageParts
from deploy.surroundings import Surroundings
from schemas.control import ControlKind
from schemas.states import ContainmentOrder
from streams.engine.log import Ownership
from streams.watch.contain.ordering import Orders
from streams.watch.contain.processor import ContainProcessor, Seams, inputs
from streams.watch.contain.rules import packaged_rules
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
        if key.kind is ControlKind.REVOKE:
            return book.revocations(project).over(key.target)
        return book.lifted(project, around.identity.signer)

    def holds(order: ContainmentOrder) -> bool:
        return order.version > over(_parsed(order.key))

    def signs_elsewhere(person: str) -> bool:
        """Credentials end in all projects: who could undo something in another one is for a person to decide."""
        others = around.topology.projects.values()
        return any(other.persons.duties(person) & SAYING for other in others)

    seams = Seams(
        packaged_rules(),
        Orders(
            project,
            around.codec,
            around.sign,
            lambda key: max(book.next_version(key), over(_parsed(key)) + 1),
        ),
        holds,
        lambda person: known().persons.only_labels(person) and not signs_elsewhere(person),
    )
    processor = ContainProcessor(project, around.codec, seams)
    return StageParts(processor, inputs(project), Ownership.WHOLE, batch_limit=BATCH_LIMIT)


def _parsed(key: str) -> ControlKey:
    found = parse_key(key)
    assert found is not None, "we made it of names that were checked"
    return found
