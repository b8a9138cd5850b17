"""How a schema is found among a subject's versions, and at what cost; without a registry."""

from __future__ import annotations

import json
import threading

import httpx
import pytest

from schemas import catalog
from schemas.errors import StackError
from schemas.registry import Registry, subject
from schemas.registry_versions import MAX_VERSIONS


def field_of(number: int) -> str:
    return json.dumps({"type": "record", "name": "A", "fields": [{"name": f"f{number}", "type": "string"}]})


class Shelf:
    """A registry with one subject's versions; a version's id is its number and a hundred."""

    def __init__(self, *texts: str) -> None:
        self.texts, self.asked = texts, list[str]()
        self.waits: threading.Event | None = None

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request.url.path)
        *_, last = request.url.path.split("/")
        if self.waits is not None and "subjects" in request.url.path:
            self.waits.wait(30)
        if not self.texts:
            return httpx.Response(404)
        if last == "versions":
            return httpx.Response(200, json=list(range(1, len(self.texts) + 1)))
        number = len(self.texts) if last == "latest" else int(last)
        found = {"version": number, "id": 100 + number, "schema": self.texts[number - 1]}
        return httpx.Response(200, json=found)


def before(shelf: Shelf) -> Registry:
    made = Registry("https://registry.test")
    made._calls._client = httpx.Client(base_url="https://registry.test", transport=httpx.MockTransport(shelf))
    return made


def test_the_newest_version_takes_one_request() -> None:
    shelf = Shelf(*map(field_of, range(50)))
    assert before(shelf).id_under("s", field_of(49)) == 150
    assert shelf.asked == ["/subjects/s/versions/latest"]


def test_an_older_one_is_found_newest_first_and_no_version_is_asked_for_twice() -> None:
    shelf = Shelf(*map(field_of, range(5)))
    assert before(shelf).id_under("s", field_of(2)) == 103
    assert [it.rpartition("/")[2] for it in shelf.asked] == ["latest", "versions", "4", "3"]


def test_a_subject_that_is_not_there_takes_one_request() -> None:
    shelf = Shelf()
    assert before(shelf).id_under("s", field_of(0)) is None
    assert len(shelf.asked) == 1


@pytest.mark.parametrize("count", [MAX_VERSIONS, MAX_VERSIONS + 1])
def test_no_more_versions_are_looked_through_than_are_said(count: int) -> None:
    shelf = Shelf(*map(field_of, range(count)))
    registry = before(shelf)
    if count > MAX_VERSIONS:
        with pytest.raises(StackError, match=f"more than {MAX_VERSIONS} versions"):
            registry.id_under("s", field_of(-1))
    else:
        assert registry.id_under("s", field_of(-1)) is None
    assert len(shelf.asked) == MAX_VERSIONS + 1


def test_while_a_type_is_looked_up_others_decode() -> None:
    shelf = Shelf(catalog.text("Task"))
    shelf.waits, found = threading.Event(), list[int]()
    registry = before(shelf)
    looking = threading.Thread(target=lambda: found.append(registry.id_of("Task")))
    looking.start()
    assert registry.schema_of(1) == catalog.parsed("Task")
    assert looking.is_alive()
    shelf.waits.set()
    looking.join(30)
    assert (found, shelf.asked.count(f"/subjects/{subject('Task')}/versions/latest")) == ([101], 1)
