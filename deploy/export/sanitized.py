"""Sanitized texts taken out with their labels, where two people ordered it; on the audit before one is opened.

1. The order is looked for on `control`; no order, no freeze, nobody revoked: else nothing is asked.
2. Who it names gives password and a fresh code, and says on the audit that they begin (`export.begun`).
3. `copier.P` reads what is sealed, and commits for each segment which tasks' texts are about to be opened
   (`texts.exported`), by which order, for whom.
4. It looks at `control` once more, opens those under the keys of the view layer that are still not withdrawn, nor
   of anybody erased, looks again, and writes the files, without those that are by now.

`copier.P` may read the view layer and decrypt by its key, as label may, and nothing else in Vault
(vault/decisions/0004).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from deploy.acting import act
from deploy.contents import contents, once_gone
from deploy.export.chosen import Choice, Chosen, announcements, choose, of_erased
from deploy.export.conll import conll
from deploy.export.docbin import docbin
from deploy.export.documents import Document, Tally, document_row
from deploy.export.forms import What
from deploy.export.json_lines import json_lines
from deploy.export.label_studio import label_studio
from deploy.export.ordering import order_in_force
from deploy.export.parquet import parquet
from deploy.export.parts import Parted, parted
from deploy.export.split import groups_of
from deploy.export.wanted import Wanted, admitted, write
from deploy.granting import Ask, book_of, signed_in
from deploy.persons import acting
from deploy.segment_index import Index, index_of
from deploy.surroundings import Surroundings, surroundings
from schemas.audit import Event, EventType
from schemas.control import ControlKind
from schemas.errors import ConfigError, RecordError
from schemas.export_order import ExportForm
from schemas.records import Task
from schemas.resources import control_resource
from topology.control import ControlBook
from topology.identity import Identity
from topology.loading import Topology
from vault.segments.opening import ViewKeys


@dataclass(frozen=True, slots=True)
class Done:
    """What was written. `closed`: texts that didn't open; `ended`, `unreadable`: see `Choice`; `tally`: spans."""

    order: str
    counts: dict[str, int]
    unknown: int
    moved: int
    closed: int
    ended: int
    unreadable: int
    tally: Tally


def export_texts(root: Path, project: str, person: str, wanted: Wanted, ask: Ask) -> Done:
    """Write the texts and labels of a project's decided tasks.

    Raises ConfigError, OSError, and what Kafka and Vault raise: then nothing is written.
    """
    declared = admitted(root, project, person, What.SANITIZED, wanted)
    with _copier(root, project, declared) as copier:
        order, _ = _allowed(copier, person, wanted.form)
        _begin(root, declared, project, person, order, ask)
        order, book = _allowed(copier, person, wanted.form)  # typing takes time
        index = index_of(copier.log.read(f"segments.{project}"), copier.codec)
        choice = _choice(copier, book, index)
        shared = parted(choice.chosen, lambda it: it.task_id, wanted.split, groups_of(index.segments.values()))
        shared.require_some()
        act(copier, [], list(announcements(_all(shared), _order_key(project, order), person, wanted.form.value)))
        _, book = _allowed(copier, person, wanted.form)  # so does reading long topics
        opened = _opened(copier, shared, _out(book, project, index))
        _, book = _allowed(copier, person, wanted.form)  # and opening many texts
        opened = _without(opened, _out(book, project, index))
    tally, closed = Tally(), sum(shared.counts.values()) - sum(map(len, opened.values()))
    write(wanted, {part: _bytes(wanted.form, them, tally) for part, them in opened.items() if them})
    counts = {part: len(opened.get(part, ())) for part in shared.parts}
    return Done(order, counts, shared.unknown, shared.moved, closed, choice.ended, choice.unreadable, tally)


@contextmanager
def _copier(root: Path, project: str, declared: Topology) -> Iterator[Surroundings]:
    around = surroundings(root, Identity("copier", project), project, declared)
    try:
        yield around
    finally:
        around.close()


def _allowed(copier: Surroundings, person: str, form: ExportForm) -> tuple[str, ControlBook]:
    book = book_of(copier)
    return order_in_force(book, copier.project, person, form, copier.clock.now()), book


def _begin(root: Path, declared: Topology, project: str, person: str, order: str, ask: Ask) -> None:
    event = Event(EventType.EXPORT_BEGUN, control_resource(_order_key(project, order)), person=person)
    with acting(root, declared, project, person) as around, signed_in(around, ask()):
        act(around, [], [event])


def _choice(copier: Surroundings, book: ControlBook, index: Index) -> Choice:
    project, read = copier.project, copier.log.read
    tasks, verdicts = read(f"tasks.{project}"), read(f"verdicts.{project}")
    erased = book.erasures(project).hashes
    return choose(copier.codec, tasks, verdicts, index.segments.values(), book.withdrawn(project), erased)


def _out(book: ControlBook, project: str, index: Index) -> AbstractSet[str]:
    """The tasks that are withdrawn, or of somebody erased."""
    return book.withdrawn(project) | of_erased(index.segments.values(), book.erasures(project).hashes)


def _all(shared: Parted[Chosen]) -> list[Chosen]:
    every = [one for them in shared.parts.values() for one in them]
    return sorted(every, key=lambda it: (it.task.segment_id, it.task_id))


def _opened(copier: Surroundings, shared: Parted[Chosen], out: AbstractSet[str]) -> dict[str, list[Document]]:
    """But for those that are out by now. In the order of segments, whatever the parts: each of their documents is
    read once at most, as announced.
    """
    opening = contents(ViewKeys(copier.vault, copier.project), copier.project)
    texts = dict(open_all(opening, (one for one in _all(shared) if one.task_id not in out)))
    return {
        part: [Document(it.verdict, texts[it.task_id]) for it in them if it.task_id in texts]
        for part, them in shared.parts.items()
    }


def _without(opened: Mapping[str, list[Document]], out: AbstractSet[str]) -> dict[str, list[Document]]:
    left = {part: [it for it in them if it.verdict.task_id not in out] for part, them in opened.items()}
    if not any(left.values()):
        raise ConfigError("none of the texts opens any more; nothing was written")
    return left


def open_all(
    opening: Callable[[Task], Mapping[str, str]], chosen: Iterable[Chosen]
) -> Iterator[tuple[str, dict[str, str]]]:
    """The texts that open, by task, each in the order of its verdict's fields; without those that aren't what the
    verdict is about. A segment whose document is gone is asked for once: so often its reading is announced.
    """
    once = once_gone(opening)
    for one in chosen:
        try:
            found = once(one.task)
        except RecordError:
            continue
        lengths = {shape.path: shape.length for shape in one.verdict.fields}
        if lengths == {path: len(text) for path, text in found.items()}:
            yield one.task_id, {path: found[path] for path in lengths}


def _bytes(form: ExportForm, documents: list[Document], tally: Tally) -> bytes:
    match form:
        case ExportForm.JSONL:
            return json_lines(map(document_row, documents))
        case ExportForm.PARQUET:
            return parquet([document_row(it) for it in documents], What.SANITIZED)
        case ExportForm.LABEL_STUDIO:
            return label_studio(documents)
        case ExportForm.CONLL:
            return conll(documents, tally)
        case ExportForm.SPACY:
            return docbin(documents, tally)


def _order_key(project: str, name: str) -> str:
    return f"{ControlKind.EXPORT}/{project}/{name}"
