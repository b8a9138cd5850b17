"""The registry × who asks × method × path, by real attempts in raw HTTPS; what a process's own client reads.

Every process has the same certificate there, so they are all one row; who provisions has a key besides. 401 and
403 are refusals, 404 and 405 say that there is nothing at such an address: anything else was let through.
"""

from __future__ import annotations

import base64
import hmac
import json
import secrets
import socket
import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import httpx
import pytest
from confluent_kafka.schema_registry import Schema, SchemaRegistryClient, SchemaRegistryError
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from deploy.local.endpoints import RegistryEndpoint
from deploy.local.registry_rights import CONFLUENT_API, READING, REGISTERING, Right
from schemas import catalog
from schemas import registrar as tokens
from schemas.codec import Codec
from schemas.errors import StackError
from schemas.records import Order, WorkOrder
from schemas.registrar import WriterKey
from schemas.registry import Registry, subject

pytestmark = pytest.mark.stack

REFUSED, NOTHING_THERE = {401, 403}, {404, 405}
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT", "PURGE")
NATIVE = "/apis/registry/v2"
OPEN = (*READING, *REGISTERING)
ELSEWHERE = (
    *(f"{NATIVE}/{it}" for it in ("groups/default/artifacts", "search/artifacts", "users/me", "system/info")),
    *(
        f"{NATIVE}/admin/{it}"
        for it in ("rules", "export", "import", "roleMappings", "config/properties", "loggers")
    ),
    *(f"/apis/{it}" for it in ("registry/v1/artifacts", "registry/v3/system/info", "ibmcompat/v1/schemas")),
    *(f"/apis/ccompat/{it}" for it in ("v6/subjects", "v8/subjects", "v7/mode", "v7/contexts", "v7/exporters")),
    *(f"{CONFLUENT_API}/compatibility/subjects/SUBJECT/versions/1", "/apis/cncf/v0/schemagroups", "/apis", "/"),
    *("/api/artifacts", "/ui/", "/ui/artifacts", "/health", "/health/ready", "/metrics", "/openapi", "/version"),
    *("/q/health", "/q/metrics", "/q/dev", "/q/swagger-ui", "/t/other/apis/registry/v2/admin/rules"),
)
RULES = "registry/v2/admin/rules"
AROUND = (
    *(
        f"//apis/{RULES}",
        f"/apis//{RULES}",
        f"/apis;x/{RULES}",
        f"/APIS/{RULES}",
        f"/%61pis/{RULES}",
        f"/apis/{RULES}/",
    ),
    *(f"{CONFLUENT_API}/subjects/{up}{RULES}" for up in ("../../../", "%2e%2e/%2e%2e/%2e%2e/", "..;/..;/..;/")),
    *(
        f"{CONFLUENT_API}/subjects/..%2f..%2f..%2f{RULES}",
        f"{NATIVE}/ids/../admin/rules",
        f"{NATIVE}/ids/..;a/admin/rules",
    ),
    f"http://localhost/apis/{RULES}",
)
"""Other ways to write a path that is refused."""
ADMIN = ("export", "config/properties", "rules", "roleMappings")
UPWARDS = (
    *(
        "..;/..;/..;/",
        "..;a=b/..;a=b/..;a=b/",
        "%2e%2e;/%2e%2e;/%2e%2e;/",
        "..%3b/..%3b/..%3b/",
        "x;y/../../../../",
    ),
    *(
        "..%2f..%2f..%2f",
        "..;%2f..;%2f..;%2f",
        "%2e%2e%2f%2e%2e%2f%2e%2e%2f",
        ".;/..;/.;/..;/..;/",
        "..%00/..%00/..%00/",
    ),
)
"""Ways up from a path that is read; how Quarkus cuts parameters off paths has had faults (`registry_rights`)."""
VERSIONS = (
    *(
        "SUBJECT/versions",
        "SUBJECT/versions/",
        "SUBJECT//versions",
        "SUBJECT/versions;a=b",
        "SUBJECT;a=b/versions",
    ),
    *("SUBJECT/%76ersions", "SUBJECT%2fversions", "SUBJECT/versions?normalize=true", "x/../SUBJECT/versions"),
    *("SUBJECT", "SUBJECT?normalize=true", "SUBJECT?deleted=true"),
)
PRETENCES = (
    {},
    {"X-Registry-Role": "sr-admin", "X-Forwarded-Prefix": "/x", "X-HTTP-Method-Override": "GET"},
    {"Authorization": "Basic c3ItYWRtaW46c3ItYWRtaW4="},
    {"Authorization": "Bearer x"},
    {"X-Forwarded-User": "admin", "X-Forwarded-Roles": "sr-admin", "Cookie": "q_session=x"},
)


def record_schema(name: str) -> str:
    return json.dumps({"type": "record", "name": name, "fields": [{"name": "x", "type": "string"}]})


@dataclass(frozen=True)
class Kept:
    """A subject of this test, of one version, its schema and id."""

    name: str
    schema: str
    number: int


@pytest.fixture(scope="module")
def endpoint(stack) -> RegistryEndpoint:
    found = stack.endpoints.registry
    if found.token_key_file is None or stack.root not in found.token_key_file.parents:
        pytest.skip("somebody else's registry: its rights are theirs")
    return found


@pytest.fixture(scope="module")
def kept(endpoint) -> Kept:
    name, schema = f"kept.{secrets.token_hex(8)}", record_schema(f"Kept{secrets.token_hex(8)}")
    with closing(endpoint.registrar()) as registrar:
        for ours in ("Task", "WorkOrder"):
            registrar.register(subject(ours), catalog.text(ours))
        return Kept(name, schema, registrar.register(name, schema))


@pytest.fixture(scope="module")
def registry(endpoint) -> Iterator[Registry]:
    with closing(Registry(endpoint.url, endpoint.tls())) as found:
        yield found


@pytest.fixture(autouse=True)
def all_is_as_it_was(endpoint, kept):
    """Whatever was answered: the subject is there with its one version, and under the rule that it was given."""
    yield
    found = json.loads(answer(endpoint, "GET", f"{CONFLUENT_API}/subjects").body)
    assert [it for it in found if kept.name in it] == [kept.name]
    assert json.loads(answer(endpoint, "GET", f"{CONFLUENT_API}/subjects/{kept.name}/versions").body) == [1]
    with closing(Registry(endpoint.url, endpoint.tls())) as fresh:
        assert fresh.id_under(kept.name, kept.schema) == kept.number
    with closing(endpoint.registrar()) as registrar, pytest.raises(StackError, match="not compatible"):
        registrar.register(kept.name, record_schema("Another"))


@dataclass(frozen=True)
class Answer:
    status: int
    body: bytes


def answer(
    endpoint: RegistryEndpoint,
    method: str,
    target: str,
    body: str = "",
    headers: dict[str, str] | None = None,
    tls: ssl.SSLContext | None = None,
) -> Answer:
    """To a request that is sent as it is written: no client has made its path nicer."""
    place = httpx.URL(endpoint.url)
    fields = {"Host": place.host, "Connection": "close", "Content-Type": "application/json"} | (headers or {})
    fields["Content-Length"] = str(len(body))
    head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    with (
        socket.create_connection((place.host, place.port), timeout=20) as plain,
        (tls or endpoint.tls()).wrap_socket(plain, server_hostname=place.host) as sealed,
    ):
        sealed.sendall(f"{method} {target} HTTP/1.1\r\n{head}\r\n{body}".encode())
        found = b""
        while some := sealed.recv(65536):
            found += some
    first, _, rest = found.partition(b"\r\n")
    return Answer(int(first.split()[1]), _whole(rest.partition(b"\r\n\r\n")))


def _whole(parts: tuple[bytes, bytes, bytes]) -> bytes:
    head, _, body = parts
    if b"chunked" not in head.lower():
        return body
    found = b""
    while body:
        size, _, body = body.partition(b"\r\n")
        found, body = found + body[: int(size, 16)], body[int(size, 16) + 2 :]
    return found


def writer(endpoint: RegistryEndpoint) -> dict[str, str]:
    assert endpoint.token_key_file is not None
    return {"Authorization": f"Bearer {loaded(endpoint.token_key_file).token()}"}


@cache
def loaded(path: Path) -> WriterKey:
    """Once: that its primes are some is looked at each time, for a fifth of a second."""
    return WriterKey.load(path)


def new_version(name: str = "New") -> str:
    return json.dumps({"schema": record_schema(name)})


def where(right: Right, kept: Kept) -> str:
    """Something real at such a path."""
    below = {
        "subjects": f"{kept.name}/versions/1",
        "schemas": f"ids/{kept.number}",
        "ids": f"contentIds/{kept.number}",
        "config": kept.name,
        "associations": f"resources/-/{kept.name}",
    }
    return f"{right.path}/{below[right.path.rpartition('/')[2]]}"


def test_a_process_reads_all_that_decoders_ask_for(endpoint, registry, kept):
    found = {right.path: answer(endpoint, "GET", where(right, kept)).status for right in READING}
    assert found.pop(f"{CONFLUENT_API}/associations") == 404, "there is no such thing, say others' clients then"
    assert set(found.values()) == {200}
    other = Registry(endpoint.url, endpoint.tls())
    order = WorkOrder("5f", Order.EXTRA, 1, "no_majority")
    assert Codec(other).decode(Codec(registry).encode(order), WorkOrder) == order
    assert registry.text_of(kept.number) == kept.schema
    other.close()


def test_confluent_s_own_client_reads_and_does_not_register(endpoint, kept):
    settings = {
        "url": endpoint.url,
        "ssl.ca.location": str(endpoint.ca_file),
        "ssl.certificate.location": str(endpoint.cert_file),
        "ssl.key.location": str(endpoint.key_file),
    }
    with SchemaRegistryClient(settings) as client:
        assert client.get_schema(kept.number).schema_str == kept.schema
        assert client.get_latest_version(kept.name).schema_id == kept.number
        assert subject("Task") in client.get_subjects()
        for schema in (kept.schema, record_schema("New")):
            with pytest.raises(SchemaRegistryError, match="401"):
                client.register_schema(kept.name, Schema(schema, "AVRO"))


@pytest.mark.parametrize("method", METHODS)
def test_every_method_on_every_open_path_does_what_is_declared_and_no_more(endpoint, kept, method):
    for right in OPEN:
        for shown in ({}, writer(endpoint)):
            allowed = READING if not shown else OPEN
            found = answer(endpoint, method, where(right, kept), new_version(), shown).status
            if Right(method, right.path) in allowed:
                assert found not in REFUSED, (method, right.path, bool(shown))
            else:
                assert found in REFUSED, (method, right.path, bool(shown))


@pytest.mark.parametrize("method", METHODS)
def test_nothing_else_is_there_for_a_process_or_for_who_provisions(endpoint, kept, method):
    for path in ELSEWHERE:
        for shown in ({}, writer(endpoint)):
            found = answer(endpoint, method, path.replace("SUBJECT", kept.name), new_version(), shown).status
            assert found in REFUSED, (method, path, bool(shown))


@pytest.mark.parametrize("path", AROUND)
def test_no_other_spelling_leads_to_what_is_refused(endpoint, path):
    for shown in ({}, writer(endpoint)):
        for method in ("GET", "POST", "DELETE"):
            found = answer(endpoint, method, path, '{"type":"VALIDITY","config":"FULL"}', shown).status
            assert found in REFUSED | NOTHING_THERE, (method, path, bool(shown))


@pytest.mark.parametrize("up", UPWARDS)
def test_nobody_gets_from_what_is_read_to_what_administrators_see(endpoint, up):
    for below in (f"{CONFLUENT_API}/subjects", f"{CONFLUENT_API}/schemas", f"{NATIVE}/ids"):
        for path in ADMIN:
            for shown in ({}, writer(endpoint)):
                found = answer(endpoint, "GET", f"{below}/{up}registry/v2/admin/{path}", "", shown)
                assert found.status in REFUSED | NOTHING_THERE | {400}, (below, path, bool(shown))


@pytest.mark.parametrize("method", ["DELETE", "POST", "PUT"])
def test_what_is_read_stays_so_whatever_other_method_it_claims_to_be(endpoint, kept, method):
    """That nothing was written or deleted is looked at after each test."""
    names = ("X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override")
    for path in (f"/subjects/{kept.name}", f"/subjects/{kept.name}/versions", f"/subjects/{kept.name}/versions/1"):
        for said in (*({name: method} for name in names), dict.fromkeys(names, method)):
            plain = answer(endpoint, "GET", CONFLUENT_API + path)
            assert answer(endpoint, "GET", CONFLUENT_API + path, new_version(), said) == plain
            query = f"{path}?_method={method}&X-HTTP-Method-Override={method}"
            assert answer(endpoint, "GET", CONFLUENT_API + query, new_version(), said) == plain


@pytest.mark.parametrize("path", VERSIONS)
def test_a_process_posts_nothing_below_subjects_whatever_it_pretends(endpoint, kept, path):
    target = f"{CONFLUENT_API}/subjects/{path.replace('SUBJECT', kept.name)}"
    for pretence in PRETENCES:
        assert answer(endpoint, "POST", target, new_version(), pretence).status in REFUSED


@pytest.mark.parametrize("level", ["NONE", "BACKWARD"])
def test_a_process_changes_no_rule(endpoint, kept, level):
    for path in ("/config", f"/config/{kept.name}", f"/config/{kept.name}/", f"/config/{kept.name};x"):
        for pretence in PRETENCES:
            told = json.dumps({"compatibility": level})
            assert answer(endpoint, "PUT", CONFLUENT_API + path, told, pretence).status in REFUSED


def test_who_provisions_changes_no_rule_of_all_and_deletes_nothing(endpoint, kept):
    shown = writer(endpoint)
    everywhere = json.dumps({"compatibility": "NONE"})
    assert answer(endpoint, "PUT", f"{CONFLUENT_API}/config", everywhere, shown).status in REFUSED
    for path in (f"/subjects/{kept.name}", f"/subjects/{kept.name}/versions/1", f"/config/{kept.name}"):
        for query in ("", "?permanent=true"):
            assert answer(endpoint, "DELETE", CONFLUENT_API + path + query, "", shown).status in REFUSED


def test_a_token_of_another_key_time_role_issuer_or_for_somebody_else_is_refused(endpoint, kept, monkeypatch):
    assert endpoint.token_key_file is not None
    own = WriterKey.load(endpoint.token_key_file)
    target = f"{CONFLUENT_API}/subjects/{kept.name}/versions"
    same = json.dumps({"schema": kept.schema})

    def status(token: str) -> int:
        return answer(endpoint, "POST", target, same, {"Authorization": f"Bearer {token}"}).status

    assert status(own.token()) == 200
    assert status(WriterKey(rsa.generate_private_key(65537, 3072)).token()) in REFUSED
    assert status(WriterKey.load(endpoint.token_key_file, lambda: time.time() - 120).token()) in REFUSED
    unsigned = "eyJhbGciOiJub25lIn0." + own.token().split(".")[1] + "."
    assert status(unsigned) in REFUSED
    for said in ("ISSUER", "AUDIENCE", "WRITER"):
        with monkeypatch.context() as changed:
            changed.setattr(tokens, said, "another")
            assert status(own.token()) in REFUSED, said


def signed(said: dict[str, object], algorithm: str, sign: Callable[[bytes], bytes]) -> str:
    parts = [json.dumps(it).encode() for it in ({"alg": algorithm, "typ": "JWT"}, said)]
    message = b".".join(base64.urlsafe_b64encode(it).rstrip(b"=") for it in parts)
    return (message + b"." + base64.urlsafe_b64encode(sign(message)).rstrip(b"=")).decode()


def test_a_token_that_lacks_something_says_another_role_or_is_signed_otherwise_is_refused(endpoint, kept):
    assert endpoint.token_key_file is not None
    own = WriterKey.load(endpoint.token_key_file)
    key = serialization.load_pem_private_key(endpoint.token_key_file.read_bytes(), None)
    assert isinstance(key, rsa.RSAPrivateKey)
    body = own.token().split(".")[1]
    said = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    same = json.dumps({"schema": kept.schema})
    target = f"{CONFLUENT_API}/subjects/{kept.name}/versions"

    def pkcs1(kind: hashes.HashAlgorithm) -> Callable[[bytes], bytes]:
        return lambda message: key.sign(message, padding.PKCS1v15(), kind)

    def pss(message: bytes) -> bytes:
        return key.sign(message, padding.PSS(padding.MGF1(hashes.SHA256()), 32), hashes.SHA256())

    def status(token: str, method: str = "POST", path: str = target) -> int:
        return answer(endpoint, method, path, same, {"Authorization": f"Bearer {token}"}).status

    assert status(signed(said, "RS256", pkcs1(hashes.SHA256()))) == 200, "so they are made here"
    for lacking in ("exp", "iat", "iss", "aud", "groups"):
        left = {name: value for name, value in said.items() if name != lacking}
        assert status(signed(left, "RS256", pkcs1(hashes.SHA256()))) in REFUSED, lacking
    for algorithm, sign in (("PS256", pss), ("RS512", pkcs1(hashes.SHA512())), ("RS384", pkcs1(hashes.SHA384()))):
        assert status(signed(said, algorithm, sign)) in REFUSED, algorithm
    der = base64.b64decode(own.public)
    pem = serialization.load_der_public_key(der).public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    for public in (own.public.encode(), der, pem, pem.strip()):
        token = signed(said, "HS256", lambda message, public=public: hmac.digest(public, message, "sha256"))
        assert status(token) in REFUSED
    administrator = signed(said | {"groups": ["sr-admin"]}, "RS256", pkcs1(hashes.SHA256()))
    assert status(administrator) in REFUSED
    for path in ADMIN:
        assert status(administrator, "GET", f"{NATIVE}/admin/{path}") in REFUSED, path


def test_without_a_certificate_nobody_is_answered_whatever_they_show(endpoint, kept):
    bare = ssl.create_default_context(cafile=str(endpoint.ca_file))
    for method, path in (
        ("GET", f"{CONFLUENT_API}/subjects"),
        ("POST", f"{CONFLUENT_API}/subjects/x/versions"),
        ("GET", "/"),
    ):
        with pytest.raises(OSError):  # noqa: PT011 - of TLS: an alert, or the end of the connection
            answer(endpoint, method, path, "", writer(endpoint), bare)
