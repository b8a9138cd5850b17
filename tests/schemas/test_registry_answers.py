"""What becomes of answers that a registry should not give; without a registry."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import httpx
import pytest

from schemas.errors import AccessDenied, RegistryUnavailable, StackError
from schemas.registrar import Registrar
from schemas.registry import Registry

T = TypeVar("T", Registry, Registrar)

READS: dict[str, Callable[[Registry], object]] = {
    "schema_of": lambda registry: registry.schema_of(7),
    "text_of": lambda registry: registry.text_of(7),
    "id_of": lambda registry: registry.id_of("Task"),
    "id_under": lambda registry: registry.id_under("raw.demo-Letter", '"string"'),
}
FOREIGN = (
    httpx.Response(200, text="<html>Please sign in</html>"),
    httpx.Response(302, headers={"Location": "https://elsewhere.test/"}),
    *(httpx.Response(200, json=it) for it in ({"error": "secret"}, [{"schema": 1}], 3, None, "secret")),
)


def answering(client: T, answer: httpx.Response) -> T:
    transport = httpx.MockTransport(lambda _: answer)
    client._calls._client = httpx.Client(base_url="https://registry.test", transport=transport)
    return client


@pytest.mark.parametrize("status", [401, 403])
@pytest.mark.parametrize("read", READS)
def test_who_is_refused_to_read_waits_as_for_one_that_is_away(read: str, status: int) -> None:
    """A provider of identities, or a proxy, that is away for a minute ends no process."""
    registry = answering(Registry("https://registry.test"), httpx.Response(status))
    with pytest.raises(RegistryUnavailable, match="VEIL_REGISTRY_CERT"):
        READS[read](registry)


@pytest.mark.parametrize("answer", FOREIGN)
@pytest.mark.parametrize("read", READS)
def test_what_no_registry_answers_is_one_that_is_away_and_is_not_told_on(
    read: str, answer: httpx.Response
) -> None:
    with pytest.raises(RegistryUnavailable) as caught:
        READS[read](answering(Registry("https://registry.test"), answer))
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("references", [5, [5], [{"subject": "day"}]])
def test_references_to_nothing_are_no_answer_either(references: object) -> None:
    answer = httpx.Response(200, json={"schema": "{}", "references": references})
    with pytest.raises(RegistryUnavailable):
        answering(Registry("https://registry.test"), answer).schema_of(7)


@pytest.mark.parametrize("status", [401, 403])
def test_who_may_not_register_is_denied_and_hears_of_clocks_where_they_may_be_why(status: int) -> None:
    registrar = answering(Registrar("https://registry.test"), httpx.Response(status))
    with pytest.raises(AccessDenied, match="only who provisions may") as caught:
        registrar.register("raw.demo-Letter", '"string"')
    assert ("clock" in str(caught.value)) is (status == 401)


def test_what_the_registry_takes_for_no_schema_is_not_waited_for() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(422 if request.method == "POST" else 200, json={})

    registrar = Registrar("https://registry.test")
    transport = httpx.MockTransport(answer)
    registrar._calls._client = httpx.Client(base_url="https://registry.test", transport=transport)
    with pytest.raises(StackError, match="no Avro schema"):
        registrar.register("raw.demo-Letter", '"string"')
