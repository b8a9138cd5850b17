"""The real parts, started for these tests alone: what they let in, and what survives a kill."""

from __future__ import annotations

import os
import signal
import socket
import ssl
import stat
import threading
import time
import uuid
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import httpx
import psutil
import pytest
from confluent_kafka import KafkaError, Producer
from confluent_kafka.admin import AdminClient, NewTopic

from deploy.local.authority import BROKER, REGISTRY_CLIENT, Certificates
from deploy.local.endpoints import Endpoints, load_endpoints
from deploy.local.ports import keep
from deploy.local.processes import Processes
from deploy.local.renewal import Renewing
from deploy.local.rotation import Rotation
from deploy.local.runner import Programs
from deploy.local.shown import serial_at, serial_of, shown_by
from deploy.local.stack import STATE_FILE, LocalStack
from deploy.progress import Report
from deploy.supervise.state import read_state
from schemas.errors import StackError
from tests.conftest import without_endpoints

pytestmark = pytest.mark.own_stack

PARTS = ("kafka", "vault", "registry")
PATIENCE_S = 30
NO_CONNECTION = {KafkaError._TRANSPORT, KafkaError._SSL, KafkaError._ALL_BROKERS_DOWN}
NO_CERTIFICATE = "TLSV13_ALERT_CERTIFICATE_REQUIRED"
SCHEMA = {"schema": '{"type":"record","name":"Kept","fields":[{"name":"id","type":"string"}]}'}


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalStack]:
    """A stack whose parts these tests may kill; `HOME` decides where downloads are cached."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith("VEIL_")}
    with LocalStack(tmp_path_factory.mktemp("own"), environ=environ) as running:
        yield running


@pytest.fixture(scope="module")
def at(own: LocalStack) -> Endpoints:
    return own.endpoints


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    ticker = threading.Event()
    while not condition():
        assert time.monotonic() < deadline, "condition not reached"
        ticker.wait(0.05)


def processes_below(root: Path) -> list[psutil.Process]:
    return [
        process
        for process in psutil.process_iter(["cmdline", "status"])
        if process.info["status"] != psutil.STATUS_ZOMBIE
        and any(str(root) in word for word in process.info["cmdline"] or [])
    ]


@pytest.mark.processes  # in a container they have none
@pytest.mark.parametrize("part", ["kafka", "registry"])
def test_java_has_the_part_s_classes_from_its_archive(own: LocalStack, part: str):
    (running,) = [status for status in own.statuses() if status.name == part]
    mapped = [Path(it.path).name for it in psutil.Process(running.pid).memory_maps()]
    assert any(name.startswith(f"{part}-") and name.endswith(".aot") for name in mapped)


# Kafka


def errors_of(settings: dict[str, object]) -> list[int]:
    """Codes that a client with `settings` meets when it asks for the topics."""
    seen: list[int] = []
    client = Producer({**settings, "error_cb": lambda error: seen.append(error.code()), "log_level": 0})
    until(lambda: bool(client.poll(0.1)) or bool(seen))
    return seen


def admin(at: Endpoints) -> AdminClient:
    return AdminClient(at.kafka.client_settings())


def create_topic(at: Endpoints) -> str:
    name = f"kept-{uuid.uuid4().hex[:8]}"
    client = admin(at)  # the future fails when its client is collected
    client.create_topics([NewTopic(name, 1, 1)])[name].result(PATIENCE_S)
    return name


def test_the_administrator_logs_in_by_scram_and_creates_a_topic(at: Endpoints):
    assert create_topic(at) in admin(at).list_topics(timeout=PATIENCE_S).topics


def test_a_wrong_password_is_refused(at: Endpoints):
    codes = errors_of({**at.kafka.client_settings(), "sasl.password": "guess"})
    assert KafkaError._AUTHENTICATION in codes


def test_an_unknown_user_is_refused(at: Endpoints):
    codes = errors_of({**at.kafka.client_settings(), "sasl.username": "nobody"})
    assert KafkaError._AUTHENTICATION in codes


def test_a_client_without_tls_gets_nothing(at: Endpoints):
    settings = {**at.kafka.client_settings(), "security.protocol": "SASL_PLAINTEXT"}
    del settings["ssl.ca.location"]
    assert NO_CONNECTION & set(errors_of(settings))


def test_a_client_without_login_gets_nothing(at: Endpoints):
    settings = {"bootstrap.servers": at.kafka.bootstrap, "security.protocol": "SSL"}
    assert NO_CONNECTION & set(errors_of({**settings, "ssl.ca.location": str(at.kafka.ca_file)}))


def tls_says(port: int, certificates: Certificates, client: str | None) -> str:
    """Shake hands as `client` and wait for what the server says: `open`, or how it refuses."""
    context = ssl.create_default_context(cafile=str(certificates.ca))
    if client is not None:
        context.load_cert_chain(certificates.certificate(client), certificates.key(client))
    with socket.create_connection(("127.0.0.1", port), timeout=1) as raw:
        try:
            with context.wrap_socket(raw, server_hostname="127.0.0.1") as tls:
                return "closed" if tls.recv(1) == b"" else "talks"
        except TimeoutError:
            return "open"  # the server waits for a request
        except ssl.SSLError as error:
            return error.reason


@pytest.mark.parametrize("listener", ["kafka_internal", "kafka_controller"])
def test_the_broker_s_own_listeners_want_a_client_certificate(own: LocalStack, listener: str):
    port = getattr(own._assembled().ports, listener)
    certificates = Certificates(own.root / "tls")
    assert tls_says(port, certificates, None) == NO_CERTIFICATE
    assert tls_says(port, certificates, BROKER) == "open"


def test_a_certificate_of_ours_that_is_not_the_broker_s_may_do_nothing(own: LocalStack):
    certificates = Certificates(own.root / "tls")
    client = AdminClient(
        {
            "bootstrap.servers": f"127.0.0.1:{own._assembled().ports.kafka_internal}",
            "security.protocol": "SSL",
            "ssl.ca.location": str(certificates.ca),
            "ssl.certificate.location": str(certificates.certificate(REGISTRY_CLIENT)),
            "ssl.key.location": str(certificates.key(REGISTRY_CLIENT)),
        }
    )
    name = f"never-{uuid.uuid4().hex[:8]}"
    refused = client.create_topics([NewTopic(name, 1, 1)])[name].exception(PATIENCE_S)
    assert refused.args[0].code() in (
        KafkaError.CLUSTER_AUTHORIZATION_FAILED,
        KafkaError.TOPIC_AUTHORIZATION_FAILED,
    )


# Vault


def vault(at: Endpoints, method: str, path: str, body: object = None) -> httpx.Response:
    tls = ssl.create_default_context(cafile=str(at.vault.ca_file))
    with httpx.Client(verify=tls, headers={"X-Vault-Token": at.vault.token_file.read_text()}) as client:
        return client.request(method, f"{at.vault.url}/v1/{path}", json=body)


def keep_secret(at: Endpoints) -> str:
    mount = f"kept-{uuid.uuid4().hex[:8]}"
    assert vault(at, "POST", f"sys/mounts/{mount}", {"type": "kv"}).status_code == 204
    assert vault(at, "POST", f"{mount}/it", {"value": mount}).status_code == 204
    return mount


def test_the_vault_is_unsealed_and_audited(at: Endpoints):
    status = vault(at, "GET", "sys/seal-status").json()
    assert (status["initialized"], status["sealed"], status["type"]) == (True, False, "static")
    mount = keep_secret(at)
    audit = at.vault.audit_log
    assert audit is not None
    assert mount in audit.read_text()
    assert at.vault.token_file.read_text() not in audit.read_text()


def lines_of(path: Path, secret: str) -> int:
    return path.read_text().count(secret) if path.exists() else 0


def test_its_audit_log_is_put_aside_when_it_is_large_and_no_line_is_lost(own: LocalStack, at: Endpoints):
    log = at.vault.audit_log
    assert log is not None
    older = log.with_name(f"{log.name}.1")
    before = keep_secret(at)
    Rotation(log, partial(own._supervisor.hang_up, "vault"), limit_bytes=1).look()
    until(log.exists)
    after = keep_secret(at)
    assert lines_of(older, before) == lines_of(log, after) > 0
    assert lines_of(log, before) == lines_of(older, after) == 0
    assert stat.S_IMODE(log.stat().st_mode) == 0o600
    assert vault(at, "GET", f"{before}/it").status_code == httpx.codes.OK


# Registry


def registry(at: Endpoints, path: str) -> httpx.Response:
    with httpx.Client(verify=at.registry.tls()) as client:
        return client.get(f"{at.registry.url}/{path}")


def register(at: Endpoints) -> tuple[str, int]:
    subject = f"kept-{uuid.uuid4().hex[:8]}-value"
    with closing(at.registry.registrar()) as registrar:
        return subject, registrar.register(subject, SCHEMA["schema"])


def test_the_registry_answers_a_client_certificate(at: Endpoints):
    subject, identity = register(at)
    assert subject in registry(at, "subjects").json()
    assert registry(at, f"schemas/ids/{identity}").json()["schema"] == SCHEMA["schema"]


def test_the_registry_refuses_a_client_without_certificate(own: LocalStack, at: Endpoints):
    tls = ssl.create_default_context(cafile=str(at.registry.ca_file))
    with httpx.Client(verify=tls) as client, pytest.raises(httpx.TransportError):
        client.get(f"{at.registry.url}/subjects")
    port = own._assembled().ports.registry
    assert tls_says(port, Certificates(own.root / "tls"), None) == NO_CERTIFICATE


def test_who_gets_no_answer_in_time_was_not_refused_and_any_answer_is_one_too_many(
    own: LocalStack, monkeypatch: pytest.MonkeyPatch
):
    part = own._own("registry")
    assert part.ready()
    ours = part._tls

    def a_stranger_hears(answer: Callable[[], int | None]) -> None:
        monkeypatch.setattr(part, "_answer", lambda tls: httpx.codes.OK if tls is ours else answer())

    def late() -> int:
        raise httpx.ReadTimeout("late")

    a_stranger_hears(late)
    assert not part.ready()
    a_stranger_hears(lambda: httpx.codes.UNAUTHORIZED)
    with pytest.raises(StackError, match="answers whoever shows no certificate"):
        part.ready()


@pytest.mark.processes  # whose programs are left as they are
def test_a_registry_that_would_answer_without_certificates_is_not_used_and_nothing_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    class Careless(Processes):
        """Starts the registry without what makes it ask for certificates, as Java does where that is missing."""

        def programs(self, parts: Collection[str], environ: Mapping[str, str], report: Report) -> Programs:
            whole = super().programs(parts, environ, report)
            return replace(whole, registry=whole.registry[1:], archives={})

    monkeypatch.setattr(LocalStack, "runner", Careless())
    careless = LocalStack(tmp_path / "veil", environ=without_endpoints())
    with pytest.raises(StackError, match="answers whoever shows no certificate"):
        careless.start()
    assert processes_below(tmp_path) == []


# Certificates


def serials(own: LocalStack) -> dict[tuple[str, str], int | None]:
    """By part and listener, what whoever connects now is shown."""
    files = Certificates(own.root / "tls")
    return {(it.part, it.listener): serial_at(it, files) for it in shown_by(own._assembled().ports, PARTS)}


def on_disk(own: LocalStack) -> dict[tuple[str, str], int | None]:
    files = Certificates(own.root / "tls")
    shown = shown_by(own._assembled().ports, PARTS)
    return {(it.part, it.listener): serial_of(files.certificate(it.certificate)) for it in shown}


def pids(own: LocalStack) -> list[int | None]:
    return [own._supervisor.status(part).pid for part in PARTS]


def renewing_of(own: LocalStack) -> Renewing:
    assert own._renewal is not None
    return own._renewal._renewing


def test_certificates_change_twice_on_every_port_while_open_connections_go_on_and_nothing_is_restarted(
    own: LocalStack, at: Endpoints
):
    running, topic = pids(own), create_topic(at)
    assert serials(own) == on_disk(own)
    # Who is cut off would not be back in time.
    patient = {"reconnect.backoff.ms": 60_000, "reconnect.backoff.max.ms": 60_000}
    log, delivered = Producer({**at.kafka.client_settings(), **patient}), []
    trusting = ssl.create_default_context(cafile=str(at.vault.ca_file))
    kept = httpx.Limits(keepalive_expiry=None)
    with (
        httpx.Client(verify=at.registry.tls(), limits=kept) as ids,
        httpx.Client(verify=trusting, limits=kept) as vaults,
    ):

        def all_answer() -> list[object]:
            """Over which connections Vault and the registry did."""
            log.produce(topic, b"on", on_delivery=lambda error, _: delivered.append(error))
            assert log.flush(PATIENCE_S) == 0
            return [
                connection_of(ids, f"{at.registry.url}/subjects"),
                connection_of(vaults, f"{at.vault.url}/v1/sys/health"),
            ]

        connections = all_answer()
        for _ in range(2):
            before = serials(own)
            renewing_of(own).renew_all(datetime.now(UTC))
            renewing_of(own).take_up()
            shown = serials(own)
            assert shown == on_disk(own)
            assert not {it for it in shown if shown[it] == before[it]}
            assert all_answer() == connections
    assert delivered == [None] * 3
    assert pids(own) == running
    assert tls_says(own._assembled().ports.registry, Certificates(own.root / "tls"), None) == NO_CERTIFICATE


def connection_of(client: httpx.Client, url: str) -> object:
    with client.stream("GET", url) as answer:
        assert answer.status_code == httpx.codes.OK
        answer.read()
        return answer.extensions["network_stream"].get_extra_info("client_addr")


def test_what_the_authority_s_key_can_t_sign_is_refused_and_the_old_certificates_stay(own: LocalStack):
    key, before = own.root / "secrets" / "ca.key", serials(own)
    right = key.read_bytes()
    key.write_bytes(Certificates(own.root / "tls").key(BROKER).read_bytes())
    try:
        with pytest.raises(StackError, match="not that of the authority"):
            renewing_of(own).renew_all(datetime.now(UTC))
        renewing_of(own).take_up()
    finally:
        key.write_bytes(right)
    assert serials(own) == on_disk(own) == before


# The whole


def test_what_was_stored_survives_a_kill_of_each_part(own: LocalStack, at: Endpoints):
    topic, mount, (subject, identity) = create_topic(at), keep_secret(at), register(at)
    for part in PARTS:
        own.kill(part)
        assert not own.alive(part)
    for part in PARTS:
        own.restart(part)
        assert own.alive(part)
    assert topic in admin(at).list_topics(timeout=PATIENCE_S).topics
    assert vault(at, "GET", f"{mount}/it").json()["data"] == {"value": mount}
    assert registry(at, f"schemas/ids/{identity}").json()["schema"] == SCHEMA["schema"]
    assert registry(at, f"subjects/{subject}/versions").json() == [1]


def test_a_part_that_dies_by_itself_comes_back(own: LocalStack, at: Endpoints):
    before = own._supervisor.status("vault")
    assert before.pid is not None
    os.kill(before.pid, signal.SIGKILL)
    until(lambda: own._supervisor.status("vault").restarts == before.restarts + 1)
    until(own._own("vault").ready)


def test_only_the_user_may_read_what_the_stack_keeps(own: LocalStack):
    scratch = own.root / "scratch"  # Vert.x sets modes of its own there; the root keeps others out all the same
    assert stat.S_IMODE(own.root.stat().st_mode) & 0o077 == 0
    for place, folders, files in os.walk(own.root):
        if Path(place) == scratch:
            folders.clear()
            continue
        for path in (Path(place, name) for name in (*folders, *files)):
            assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path


def test_no_secret_is_on_a_command_line_or_in_an_environment(own: LocalStack):
    secrets = [path.read_bytes().strip() for path in (own.root / "secrets").iterdir()]
    assert len(secrets) == 6
    for process in processes_below(own.root):
        public = Path(f"/proc/{process.pid}/cmdline").read_bytes()
        public += Path(f"/proc/{process.pid}/environ").read_bytes()
        assert not any(secret in public for secret in secrets)


def test_a_second_stack_on_the_same_root_is_refused(own: LocalStack):
    with pytest.raises(StackError, match=f"in use by process {os.getpid()}"):
        LocalStack(own.root, environ={}).start()
    assert all(own.alive(part) for part in PARTS)


def test_another_process_finds_the_parts_and_their_addresses(own: LocalStack, at: Endpoints):
    assert load_endpoints(own.root / "run" / "endpoints.json") == at
    assert [status.name for status in read_state(own.root, STATE_FILE)] == list(PARTS)
    assert all(status.alive() for status in read_state(own.root, STATE_FILE))


def test_stop_leaves_no_process_and_a_later_start_takes_the_same_ports(tmp_path: Path):
    """With the vault alone, which starts fastest; what is external isn't touched."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_text("")
    environ = {
        "VEIL_KAFKA_BOOTSTRAP": "127.0.0.1:1",
        "VEIL_KAFKA_CA": str(elsewhere),
        "VEIL_KAFKA_ADMIN_USER": "admin",
        "VEIL_KAFKA_ADMIN_PASSWORD_FILE": str(elsewhere),
        "VEIL_REGISTRY_URL": "https://127.0.0.1:1",
        "VEIL_REGISTRY_CA": str(elsewhere),
    }
    root = tmp_path / "root"
    with LocalStack(root, environ=environ) as first:
        mount, url = keep_secret(first.endpoints), first.endpoints.vault.url
        assert len(processes_below(root)) == 1
        with pytest.raises(StackError, match="kafka is not run by this stack"):
            first.kill("kafka")
    assert processes_below(root) == []
    with LocalStack(root, environ=environ) as again:
        assert again.endpoints.vault.url == url
        assert vault(again.endpoints, "GET", f"{mount}/it").json()["data"] == {"value": mount}
    ports = keep(root / "ports.json", None)
    taken = pytest.raises(StackError, match=f"Port {ports.vault} .* kept for vault .* is taken")
    with socket.create_server(("127.0.0.1", ports.vault)), taken:
        LocalStack(root, environ=environ).start()
    assert processes_below(root) == []


def test_a_part_that_cannot_start_is_named_with_its_log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_text("")
    environ = {"VEIL_KAFKA_BOOTSTRAP": "127.0.0.1:1", "VEIL_KAFKA_ADMIN_USER": "admin"}
    environ |= {"VEIL_KAFKA_CA": str(elsewhere), "VEIL_KAFKA_ADMIN_PASSWORD_FILE": str(elsewhere)}
    environ |= {"VEIL_REGISTRY_URL": "https://127.0.0.1:1", "VEIL_REGISTRY_CA": str(elsewhere)}
    monkeypatch.setattr("deploy.local.openbao.OpenBao._configuration", lambda self: "nonsense {")
    with pytest.raises(StackError, match=r"vault ended while starting \(exit code 1\); .*vault\.log says why"):
        LocalStack(tmp_path / "root", environ=environ).start()
    assert processes_below(tmp_path / "root") == []
    assert (tmp_path / "root" / "logs" / "vault.log").stat().st_size > 0
