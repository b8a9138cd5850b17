"""Orders to take out sanitized texts: two people sign one, each with password and a fresh code.

An operator makes it and signs first; an approver signs the same bytes. Who it names carries it out, until it ends.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from deploy.acting import act
from deploy.control_orders import control_record
from deploy.export.wanted import EXPORTERS
from deploy.granting import Ask, book_of, signed_in
from deploy.persons import acting, load_declared, missing_roles, require_role
from deploy.surroundings import Surroundings
from schemas.audit import Event, EventType
from schemas.control import ControlKind
from schemas.errors import ConfigError
from schemas.export_order import ExportForm, ExportOrder, export_key, order_body, order_id
from schemas.resources import control_resource
from topology.control import ControlBook
from topology.project import Persons

SIGNERS = ("operator", "approver")


@dataclass(frozen=True, slots=True)
class Standing:
    """How an order stands. `missing`: roles whose signature is, each with the persons who may give it."""

    name: str
    order: ExportOrder
    signed_by: tuple[str, ...]
    missing: tuple[str, ...]

    def as_json(self) -> dict[str, object]:
        """As `veil grant export` prints it."""
        return {
            "order": self.name,
            "person": self.order.person,
            "format": self.order.form.value,
            "since": self.order.since,
            "until": self.order.until,
            "signed_by": list(self.signed_by),
            "missing": list(self.missing),
        }


def order(root: Path, project: str, person: str, form: ExportForm, lasting_ms: int, ask: Ask) -> Standing:
    """Make an order that names the person, and sign it. Raises ConfigError, VaultUnavailable, and as `act`."""
    declared = load_declared(root)
    require_role(declared, project, person, EXPORTERS, "order an export of texts")
    with acting(root, declared, project, person) as around:
        now = around.clock.now()
        made = ExportOrder(person, form, now, now + lasting_ms)
        return _sign(around, made, ask)


def approve(
    root: Path, project: str, person: str, name: str, ask: Ask, show: Callable[[ExportOrder], None]
) -> Standing:
    """Sign somebody's order, by its name or the beginning of that, which is shown before anything is asked. May be
    repeated. Raises likewise.
    """
    declared = load_declared(root)
    require_role(declared, project, person, SIGNERS, "sign an export of texts")
    with acting(root, declared, project, person) as around:
        every = book_of(around).export_orders(project).every
        found = [it for key, it in every.items() if name and key.startswith(name)]
        if len(found) != 1:
            raise ConfigError(f"{project} has {len(found) or 'no'} orders of an export that begin so")
        if not found[0].in_time(around.clock.now()):
            raise ConfigError(f"order {order_id(found[0])[:12]} is over; make another")
        show(found[0])
        return _sign(around, found[0], ask)


def order_in_force(book: ControlBook, project: str, person: str, form: ExportForm, now: int) -> str:
    """The name of an order by which this person may take out texts in this form now. Raises ConfigError where
    there is none, the project's label stage is frozen, or they are revoked. Who was revoked since signed nothing.
    """
    if frozen := book.frozen_by(project, "label"):
        raise ConfigError(f"{project}: nothing is released while label is frozen (by {', '.join(frozen)})")
    revoked, orders = frozenset(book.revocations(project).held), book.export_orders(project)
    if person in revoked:
        raise ConfigError(f"{person} is revoked in {project}, and takes nothing out")
    mine = {name: it for name, it in orders.every.items() if (it.person, it.form) == (person, form)}
    theirs = [name for name, it in mine.items() if it.in_time(now)]
    signed = [name for name in theirs if orders.is_signed(name, revoked)]
    if signed:
        return max(signed, key=lambda name: (orders.every[name].until, name))
    waiting = f"; {theirs[-1][:12]} waits for a second signature" if theirs else ""
    raise ConfigError(
        f"no order lets {person} take texts out of {project} as {form.value} now{waiting}: `veil grant export`"
    )


def standing_of(book: ControlBook, project: str, persons: Persons, name: str) -> Standing:
    """How an order stands by what `control` says."""
    orders = book.export_orders(project)
    signed = tuple(sorted(orders.signers(name)))
    missing = () if orders.is_signed(name) else missing_roles(persons, signed, SIGNERS)
    return Standing(name, orders.every[name], signed, missing)


def _sign(around: Surroundings, wanted: ExportOrder, ask: Ask) -> Standing:
    name, signer = order_id(wanted), around.identity.signer
    key = export_key(around.project, name, signer)
    details = {"format": wanted.form.value, "by": wanted.person, "until": str(wanted.until)}
    event = Event(EventType.EXPORT_ORDERED, control_resource(key), person=signer, details=details)
    with signed_in(around, ask()):
        lowest = book_of(around).next_version(key)
        record = control_record(around, key, ControlKind.EXPORT, order_body(wanted), lowest)
        act(around, [record], [event])
    persons = around.topology.project(around.project).persons
    return standing_of(book_of(around), around.project, persons, name)
