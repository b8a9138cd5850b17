"""The registry client against the real registry."""

from __future__ import annotations

import copy
import json
import secrets
from collections.abc import Iterator
from contextlib import closing

import httpx
import pytest

from schemas import catalog
from schemas.codec import Codec, body
from schemas.errors import AccessDenied, Reason, RegistryUnavailable, StackError, Undecodable
from schemas.records import Order, WorkOrder
from schemas.registrar import Registrar
from schemas.registry import Registry, subject
from tests.schemas.compatibility import ROOT, committed_versions

pytestmark = pytest.mark.stack
ORDER = WorkOrder("5f", Order.EXTRA, 1, "no_majority")


@pytest.fixture
def registry(stack) -> Iterator[Registry]:
    found = connect(stack)
    yield found
    found.close()


@pytest.fixture(scope="module")
def registrar(stack) -> Iterator[Registrar]:
    with closing(stack.endpoints.registry.registrar()) as found:
        yield found


def connect(stack) -> Registry:
    endpoint = stack.endpoints.registry
    return Registry(endpoint.url, endpoint.tls())


@pytest.fixture
def own_subject() -> str:
    """A subject of this test alone: registering is for good."""
    return f"test.{secrets.token_hex(8)}.WorkOrder"


def order_schema(*fields: dict[str, object]) -> str:
    schema = copy.deepcopy(json.loads(catalog.text("WorkOrder")))
    schema["fields"].extend(fields)
    return json.dumps(schema)


@pytest.mark.parametrize("name", catalog.NAMES)
def test_registered_schema_is_found_by_its_id(registrar, stack, name):
    registered = registrar.register(subject(name), catalog.text(name))
    other = connect(stack)
    assert other.id_of(name) == registered
    assert other.schema_of(registered) == catalog.parsed(name)
    other.close()


def test_registering_again_gives_the_same_id(registrar):
    first = registrar.register(subject("Task"), catalog.text("Task"))
    assert registrar.register(subject("Task"), catalog.text("Task")) == first


def test_record_comes_back_through_the_real_ids(registry, registrar, stack):
    registrar.register(subject("WorkOrder"), catalog.text("WorkOrder"))
    encoded = Codec(registry).encode(ORDER)
    other = connect(stack)
    assert Codec(other).decode(encoded, WorkOrder) == ORDER
    other.close()


@pytest.mark.parametrize("schema_id", [0, 2_000_000_000, 2**31 - 1, 2**31, 2**32 - 1])
def test_unknown_id_is_undecodable_and_told_apart(registry, schema_id):
    with pytest.raises(Undecodable) as caught:
        registry.schema_of(schema_id)
    assert caught.value.reason is Reason.UNKNOWN_SCHEMA


def test_record_of_an_older_compatible_schema_stays_readable(registry, registrar, own_subject):
    older = registrar.register(own_subject, order_schema({"name": "note", "type": "string", "default": ""}))
    registrar.register(own_subject, catalog.text("WorkOrder"))
    note = b"\x00"
    written = b"\x00" + older.to_bytes(4, "big") + body(ORDER) + note
    assert Codec(registry).decode(written, WorkOrder) == ORDER


def test_incompatible_change_is_refused(registrar, own_subject):
    registrar.register(own_subject, catalog.text("WorkOrder"))
    with pytest.raises(StackError, match="not compatible"):
        registrar.register(own_subject, order_schema({"name": "note", "type": "string"}))


def test_one_that_took_any_change_meanwhile_takes_compatible_ones_only_again(registrar, own_subject):
    def posted(kind):
        content = {"schema": order_schema({"name": "note", "type": kind})}
        return registrar._calls.call("POST", f"/subjects/{own_subject}/versions", content).status_code

    registrar.register(own_subject, catalog.text("WorkOrder"))
    registrar._calls.call("PUT", f"/config/{own_subject}", {"compatibility": "NONE"})
    assert posted("string") == httpx.codes.OK
    registrar.keep_compatible(own_subject)
    assert posted("long") == httpx.codes.CONFLICT


def test_change_compatible_with_the_last_version_only_is_refused(registrar, own_subject):
    """TRANSITIVE: `note` came as a string and went; it may not come back as a number."""
    registrar.register(own_subject, order_schema({"name": "note", "type": "string", "default": ""}))
    registrar.register(own_subject, catalog.text("WorkOrder"))
    with pytest.raises(StackError, match="not compatible"):
        registrar.register(own_subject, order_schema({"name": "note", "type": "long", "default": 0}))


@pytest.mark.parametrize("name", catalog.NAMES)
def test_real_registry_accepts_every_committed_version_in_order(registrar, name):
    versions = committed_versions(ROOT / "schemas" / "avro" / f"{name}.avsc")
    if not versions:
        pytest.skip(f"{name} has no committed version (no git history): nothing to be compatible with")
    own = f"test.{secrets.token_hex(8)}.{name}"
    for version in [*versions, catalog.text(name)]:
        registrar.register(own, version)


def test_schema_that_was_never_registered_says_what_to_do(registry, monkeypatch):
    monkeypatch.setattr("schemas.registry.subject", lambda name: f"test.{secrets.token_hex(8)}.{name}")
    with pytest.raises(StackError, match="veil topology apply"):
        registry.id_of("Task")


def test_registry_that_does_not_answer_is_unavailable():
    nobody = Registry("http://127.0.0.1:1")
    with pytest.raises(RegistryUnavailable):
        nobody.id_of("Task")
    nobody.close()


def test_a_version_is_found_whole_whatever_came_after_and_no_other_one(registry, registrar, own_subject):
    tagged = order_schema({"name": "note", "type": "string", "default": "", "confluent:tags": ["PII"]})
    untagged = order_schema({"name": "note", "type": "string", "default": ""})
    assert registry.id_under(own_subject, tagged) is None
    first = registrar.register(own_subject, tagged)
    assert registry.id_under(own_subject, untagged) is None
    second = registrar.register(own_subject, untagged)
    spaced = json.dumps(json.loads(tagged), indent=3)
    assert [registry.id_under(own_subject, it) for it in (spaced, untagged)] == [first, second]
    assert first != second


def test_who_shows_a_certificate_alone_does_not_register(registry, stack, own_subject):
    endpoint = stack.endpoints.registry
    if endpoint.token_key_file is None or stack.root not in endpoint.token_key_file.parents:
        pytest.skip("somebody else's registry: who may register there is theirs to say")
    with (
        closing(Registrar(endpoint.url, endpoint.tls())) as process,
        pytest.raises(AccessDenied, match="provisions"),
    ):
        process.register(own_subject, catalog.text("WorkOrder"))
    assert registry.id_under(own_subject, catalog.text("WorkOrder")) is None
