"""What becomes of an export where something is ordered while it runs."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import pytest

from deploy.export import sanitized
from deploy.export.chosen import Choice, Chosen
from deploy.export.sanitized import export_texts
from deploy.export.wanted import Wanted
from schemas.errors import ConfigError
from schemas.export_order import ExportForm
from tests.deploy.export.test_text_forms import document


class Ground:
    """Three tasks, each in a segment of its own; `withdrawn` is what `control` says whenever it is looked at."""

    def __init__(self) -> None:
        self.documents = [document({"note": f"text {at}"}, task=f"{at:02x}") for at in range(3)]
        self.chosen = [
            Chosen(SimpleNamespace(task_id=it.verdict.task_id, segment_id=f"s/{at}", revision=1), it.verdict)
            for at, it in enumerate(self.documents)
        ]
        self.withdrawn: set[str] = set()
        self.while_opening: dict[str, str] = {}
        self.written: dict[str, bytes] = {}

    def erasures(self, _project):
        return SimpleNamespace(hashes=frozenset())

    def open(self, task):
        if name := self.while_opening.get(task.segment_id):
            self.withdrawn.add(name)
        return {"note": f"text {task.segment_id[-1]}"}


@pytest.fixture
def ground(monkeypatch):
    found = Ground()

    @contextmanager
    def copier(*_):
        yield SimpleNamespace(project="demo", log=SimpleNamespace(read=lambda _: []), codec=None, vault=None)

    def allowed(*_):
        held = frozenset(found.withdrawn)
        return "order", SimpleNamespace(withdrawn=lambda _: held, erasures=found.erasures)

    parts = {
        "admitted": lambda *_: None,
        "_copier": copier,
        "_allowed": allowed,
        "_begin": lambda *_: None,
        "index_of": lambda *_: SimpleNamespace(segments={}),
        "_choice": lambda *_: Choice(tuple(found.chosen), 0, 0),
        "act": lambda *_: None,
        "ViewKeys": lambda *_: None,
        "contents": lambda *_: found.open,
        "write": lambda _, written: found.written.update(written),
    }
    for name, part in parts.items():
        monkeypatch.setattr(sanitized, name, part)
    return found


def exported(ground):
    done = export_texts(Path("root"), "demo", "olga", Wanted(ExportForm.JSONL, None, Path("to")), None)
    return done, b"".join(ground.written.values()).decode()


def test_what_is_withdrawn_while_texts_are_opened_is_not_written(ground):
    ground.while_opening = {"s/2": ground.chosen[0].task_id}
    done, written = exported(ground)
    assert "text 0" not in written
    assert "text 1" in written
    assert "text 2" in written
    assert (done.counts, done.closed) == ({"all": 2}, 1)


def test_where_nothing_is_left_nothing_is_written(ground):
    ground.while_opening = {f"s/{at}": it.task_id for at, it in enumerate(ground.chosen)}
    with pytest.raises(ConfigError, match="nothing was written"):
        exported(ground)
    assert ground.written == {}
