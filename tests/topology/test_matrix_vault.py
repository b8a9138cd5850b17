"""Every identity × every key × operation, every folder × right, and the paths of administration, by real attempts.

Of projects alpha and beta, so also each project against the other, both ways. A 403 is a refusal; anything else
(200, 204, 400 for a bad ciphertext, 404 for no document) was let through.
"""

from __future__ import annotations

import asyncio
import base64
import itertools
import time
import uuid

import httpx
import pytest

from deploy.provision.command import apply_topology
from deploy.provision.credentials import CredentialFiles
from deploy.provision.parts import connected
from deploy.signin.totp import code_at
from deploy.signin.vault_login import VaultLogin
from schemas.registry import tls_context
from tests.support.foreign_vault import may_be_changed
from tests.topology.conftest import DECLARED, Declared, all_signed_in
from topology.access import signed_in_policies
from topology.identity import Identity
from vault.people import Doors, PeopleProvisioner
from vault.session import Credentials, Session

pytestmark = pytest.mark.stack

PROJECTS = ("alpha", "beta")
OK, FORBIDDEN = 200, 403
KEY_KINDS = ("raw", "view", "geometry", "values-a", "values-b", "quarantine", "finds", "comments")
LOGGED_IN_S = 120.0
"""Tokens live five minutes, and the whole matrix takes longer on a crowded machine."""
PURPOSES = ("record", "subject", "digest", "task", "token")
HANDED = ("share-a", "share-b", "entry")
OWN = tuple(f"{folder}/{who}" for folder in HANDED for who in ("rita", "ruth"))
"""Of a person who may request, and of one who may not."""
FOLDERS = ("view", "geometry", "values", "half-a", "half-b", *HANDED, *(f"hmac/{purpose}" for purpose in PURPOSES))
RIGHTS = ("create", "read", "update", "delete", "list")
CONTEXT = base64.b64encode(b"matrix").decode()
TRANSIT = {
    "datakey": ("POST", "transit/datakey/plaintext/{key}", {"context": CONTEXT}),
    "encrypt": ("POST", "transit/encrypt/{key}", {"context": CONTEXT, "plaintext": CONTEXT}),
    "decrypt": ("POST", "transit/decrypt/{key}", {"context": CONTEXT, "ciphertext": "vault:v1:AAAA"}),
    "sign": ("POST", "transit/sign/{key}", {"input": CONTEXT}),
    "rewrap": ("POST", "transit/rewrap/{key}", {"context": CONTEXT, "ciphertext": "vault:v1:AAAA"}),
}
ADMINISTER = (
    ("POST", "transit/keys/{key}/rotate", {}),
    ("POST", "transit/keys/{key}/config", {"min_decryption_version": 1}),
    ("POST", "transit/keys/{key}/trim", {"min_available_version": 0}),
)
"""All three or none."""
NEVER_TRANSIT = {
    "deletable": ("POST", "transit/keys/{key}/config", {"deletion_allowed": True}),
    "exportable": ("POST", "transit/keys/{key}/config", {"exportable": True}),
    "both at once": ("POST", "transit/keys/{key}/config", {"min_decryption_version": 1, "exportable": True}),
    "delete": ("DELETE", "transit/keys/{key}", None),
    "restore": ("POST", "transit/restore/{key}", {"backup": CONTEXT}),
    "wrapped datakey": ("POST", "transit/datakey/wrapped/{key}", {"context": CONTEXT}),
    "export": ("GET", "transit/export/encryption-key/{key}", None),
    "hmac": ("POST", "transit/hmac/{key}", {"input": CONTEXT}),
    "backup": ("GET", "transit/backup/{key}", None),
}
NEVER = (
    ("GET", "sys/raw/x", None),
    ("POST", "sys/storage/raft/snapshot", {}),
    ("POST", "sys/storage/raft/snapshot-force", {}),
    ("POST", "auth/token/create", {}),
    ("GET", "sys/leases/lookup/x", None),
    ("GET", "cubbyhole/x", None),
)
PEOPLE = ("alice", "arthur", "amy", "beta-ui")
"""A person of each kind, and an app."""
PROVISIONER_ONLY = (
    ("GET", "sys/mounts", None),
    ("GET", "sys/policies/acl/redact.alpha", None),
    ("GET", "auth/approle/role/redact.alpha/role-id", None),
    ("POST", "auth/approle/role/redact.alpha/secret-id", {}),
    ("GET", "auth/kubernetes/role/redact.alpha", None),
    ("POST", "auth/kubernetes/role/redact.alpha", {}),
)


NOT_STARTED = ("provisioner.platform", "starter.platform", "producer.alpha", "person.alice")


class Caller:
    """Plain HTTP under one token."""

    def __init__(self, endpoint, token: str) -> None:
        self._client = httpx.Client(
            base_url=f"{endpoint.url}/v1/", verify=tls_context(endpoint.ca_file), headers={"X-Vault-Token": token}
        )

    def status(self, method: str, path: str, body: dict | None) -> int:
        return self._client.request(method, path, json=body).status_code

    def answer(self, method: str, path: str, body: dict | None) -> dict:
        return self._client.request(method, path, json=body).raise_for_status().json()["data"]

    def may(self, method: str, path: str, body: dict | None) -> bool:
        status = self.status(method, path, body)
        assert status < 500, f"{method} {path}: {status}"
        return status != FORBIDDEN

    def may_be_handed(self, role: str) -> bool:
        """A login of this AppRole, in a token that unwraps once."""
        path, wrapped = f"auth/approle/role/{role}/secret-id", {"X-Vault-Wrap-TTL": "60s"}
        return self._client.post(path, json={}, headers=wrapped).status_code != FORBIDDEN

    def login(self, role_id: str, secret_id: str) -> str:
        answer = self._client.post("auth/approle/login", json={"role_id": role_id, "secret_id": secret_id})
        return answer.raise_for_status().json()["auth"]["client_token"]

    def close(self) -> None:
        self._client.close()


@pytest.fixture(params=sorted(name for name, each in DECLARED.items() if each.in_vault))
def declared(request):
    """Each identity that has any business in Vault."""
    return DECLARED[request.param]


@pytest.fixture(scope="module")
def applied_now(applied, two_projects):
    """Whom warden may touch is whom the topology named that was applied last, and others share the stack."""
    with connected(applied.endpoints, applied.root) as parts:
        apply_topology(two_projects, parts)


@pytest.fixture(scope="module")
def root(applied):
    caller = Caller(applied.endpoints.vault, applied.endpoints.vault.token_file.read_text().strip())
    yield caller
    caller.close()


@pytest.fixture(scope="module")
def documents(root):
    """A document in every folder, to read, overwrite and delete."""
    for project, folder in itertools.product(PROJECTS, (*FOLDERS, *OWN)):
        if not folder.startswith("hmac/"):
            body = {"data": {"sealed": "eA=="}, "options": {"cas": 0}}
            root.status("POST", f"veil-{project}/data/{folder}/there", body)
    return root


@pytest.fixture(scope="module")
def caller_of(applied, root):
    callers: dict[str, Caller] = {}
    since: dict[str, float] = {}

    def of(name: str) -> Caller:
        if name in callers and time.monotonic() - since[name] > LOGGED_IN_S:
            callers.pop(name).close()
        if name not in callers:
            since[name] = time.monotonic()
            credentials = CredentialFiles(applied.root).load(Identity.parse(name)).vault
            assert credentials is not None
            anonymous = Caller(applied.endpoints.vault, "")
            role = f"auth/approle/role/{name}/secret-id"
            secret_id = credentials.secret_id or root.answer("POST", role, {})["secret_id"]
            token = anonymous.login(credentials.role_id, secret_id)
            anonymous.close()
            callers[name] = Caller(applied.endpoints.vault, token)
        return callers[name]

    yield of
    for caller in callers.values():
        caller.close()


def keys(everyone) -> list[str]:
    kinds = [f"{kind}-{project}" for kind in KEY_KINDS for project in PROJECTS]
    hmac = [f"hmac-{project}-{purpose}" for project in PROJECTS for purpose in PURPOSES]
    return (
        kinds + hmac + [other.sign_key for other in everyone.values() if ("sign", other.sign_key) in other.transit]
    )


def test_uses_exactly_the_keys_it_declares(declared, caller_of, everyone):
    caller = caller_of(declared.name)
    allowed = {
        (operation, key)
        for key in keys(everyone)
        for operation, (method, path, body) in TRANSIT.items()
        if caller.may(method, path.format(key=key), body)
    }
    assert allowed == {it for it in declared.transit if it[0] in TRANSIT} | made_by(declared)


def administered(caller: Caller, everyone) -> set[tuple[str, str]]:
    """The keys that a caller may rotate, raise the minimum of, and trim."""
    found = set()
    for key in keys(everyone):
        may = {caller.may(method, path.format(key=key), body) for method, path, body in ADMINISTER}
        assert len(may) == 1, f"{key} is administered in part"
        found |= {("administer", key)} if may == {True} else set()
    return found


def test_administers_no_key_by_the_credentials_of_a_process_or_person(declared, caller_of, everyone):
    """The second factor's token alone rotates: the provisioner, who makes keys, doesn't either."""
    assert administered(caller_of(declared.name), everyone) == set()


def made_by(declared) -> set[tuple[str, str]]:
    """The provisioner makes the HMAC keys, as data keys it can't unwrap again."""
    if not declared.provisions:
        return set()
    return {("datakey", f"hmac-{project}-{purpose}") for project in PROJECTS for purpose in PURPOSES}


def test_does_nothing_else_with_any_key(declared, caller_of, everyone):
    caller = caller_of(declared.name)
    for key, (name, (method, path, body)) in itertools.product(keys(everyone), NEVER_TRANSIT.items()):
        assert not caller.may(method, path.format(key=key), body), f"{name} {key}"


def test_reads_of_keys_its_own_public_one_and_the_ages_it_declares(declared, caller_of, everyone):
    caller = caller_of(declared.name)
    readable = {key for key in keys(everyone) if caller.may("GET", f"transit/keys/{key}", None)}
    inspected = {key for operation, key in declared.transit if operation == "inspect"}
    assert readable == (set(keys(everyone)) if declared.provisions else {declared.sign_key, *inspected})


def test_has_exactly_the_rights_on_documents_it_declares(declared, caller_of, documents):
    caller = caller_of(declared.name)
    allowed = {
        (project, folder, right)
        for project, folder, right in itertools.product(PROJECTS, FOLDERS, RIGHTS)
        if attempts(caller, declared.name, project, folder, right)
    }
    made = {(project, f"hmac/{purpose}", "read") for project in PROJECTS for purpose in PURPOSES}
    assert allowed == declared.documents | (made if declared.provisions else set())


def attempts(caller: Caller, name: str, project: str, folder: str, right: str) -> bool:
    """Whether one right is granted. What `update` grants is two paths: both or neither."""
    mount, document = f"veil-{project}", folder if folder.startswith("hmac/") else f"{folder}/there"
    wrong_version = {"data": {"sealed": "eA=="}, "options": {"cas": 99}}
    if right == "create":
        body = {"data": {"sealed": "eA=="}, "options": {"cas": 0}}
        if folder.startswith("hmac/"):  # these exist, so that nobody may create them, who made them neither;
            return caller.status("POST", f"{mount}/data/{folder}", body) == OK  # of who may update, cas fails
        return caller.may("POST", f"{mount}/data/{folder}/{name}-{uuid.uuid4().hex}", body)
    if right == "read":
        return caller.may("GET", f"{mount}/data/{document}", None)
    if right == "update":
        write = caller.may("POST", f"{mount}/data/{document}", wrong_version)
        destroy = caller.may("POST", f"{mount}/destroy/{document}", {"versions": [98]})
        assert write == destroy, f"update of {document} is half granted"
        return write
    if right == "delete":
        return caller.may("DELETE", f"{mount}/metadata/{document}-not", None) if "/" in document else False
    return caller.may("GET", f"{mount}/metadata/{folder}/?list=true", None)


def test_administers_only_as_provisioner(declared, caller_of):
    caller = caller_of(declared.name)
    for method, path, body in NEVER:
        assert not caller.may(method, path, body), path
    for method, path, body in PROVISIONER_ONLY:
        assert caller.may(method, path, body) == declared.provisions, path
    assert caller.may("GET", "sys/storage/raft/snapshot", None) == declared.backs_up


@pytest.mark.parametrize("who", PEOPLE)
def test_disables_a_person_only_as_warden_and_does_nothing_else_to_them(declared, caller_of, applied_now, who):
    caller, entity = caller_of(declared.name), f"identity/entity/name/veil-person-{who}"
    role = f"auth/approle/role/person.{who}"
    assert caller.may("POST", entity, {"disabled": False}) == declared.ends
    looks = declared.ends or declared.provisions  # who destroys secrets has to find them
    assert caller.may("LIST", f"{role}/secret-id", None) == looks
    for body in ({"policies": ["redact.alpha"]}, {"disabled": False, "policies": []}, {"metadata": {"a": "b"}}):
        assert not caller.may("POST", entity, body), body
    assert not caller.may("DELETE", entity, None)
    as_it_is = {"token_policies": [f"person.{who}"]}  # who may write it, would
    for path, body in ((role, as_it_is), (f"{role}/secret-id", {}), (f"{role}/role-id", {})):
        assert caller.may("POST", path, body) == declared.provisions, path
    assert not caller.may("DELETE", role, None)


@pytest.mark.parametrize("role", ["redact.alpha", "console.platform", *NOT_STARTED])
def test_has_a_login_made_only_as_starter_and_of_a_process_that_it_starts(declared, caller_of, role):
    allowed = declared.provisions or (declared.starts and role not in NOT_STARTED)
    assert caller_of(declared.name).may_be_handed(role) == allowed


@pytest.mark.parametrize("process", ["redact.alpha", "warden.platform", "provisioner.platform"])
def test_warden_touches_no_process(caller_of, applied_now, process):
    warden, role = caller_of("warden.platform"), f"auth/approle/role/{process}"
    for entity in (process, f"veil-person-{process}", f"veil-{process}"):
        assert not warden.may("POST", f"identity/entity/name/{entity}", {"disabled": True})
    assert not warden.may("LIST", f"{role}/secret-id", None)
    assert not warden.may("POST", f"{role}/secret-id-accessor/destroy", {"secret_id_accessor": "x"})


def test_puts_things_into_tokens_that_unwrap_once_only_where_declared(declared, caller_of):
    assert caller_of(declared.name).may("POST", "sys/wrapping/wrap", {"a": "b"}) == declared.wraps


@pytest.fixture(scope="module")
def signed_in(applied, two_projects):
    """A person with a token of a minute, as both factors give it."""
    if not may_be_changed(applied.endpoints.vault):
        pytest.skip("changes a vault's provider: needs the OpenBao of a local stack: VEIL_TEST_STACK=local")
    place, callers = applied.endpoints.vault, []
    session = Session(place.url, place.ca_file, Credentials(token=place.token_file.read_text().strip()))
    people = PeopleProvisioner(session)

    async def token(person):
        login = VaultLogin(place.url, tls_context(place.ca_file))
        enrolled = people.enrol(person, "the-password-of-a-test")
        try:
            return await login.token(person, enrolled.password, code_at(enrolled.otpauth, int(time.time())))
        finally:
            await login.close()

    def of(person):
        people.apply(DOORS, signed_in_policies(two_projects))
        callers.append(Caller(place, asyncio.run(token(person))))
        return callers[-1]

    yield of
    for caller in callers:
        caller.close()
    session.close()


SIGNED_IN = all_signed_in()
DOORS = {"alpha": Doors(("amy",), "http://127.0.0.1:1/signin/callback")}


@pytest.mark.parametrize("person", [*sorted(SIGNED_IN), "amy"])
def test_who_has_just_signed_in_may_do_exactly_what_is_declared(signed_in, everyone, documents, person):
    caller, mine = signed_in(person), SIGNED_IN.get(person, Declared(f"person.{person}"))
    allowed = {
        (operation, key)
        for key in keys(everyone)
        for operation, (method, path, body) in TRANSIT.items()
        if caller.may(method, path.format(key=key), body)
    }
    allowed |= administered(caller, everyone)
    assert allowed == mine.transit
    found = {
        (project, folder, right)
        for project, folder, right in itertools.product(PROJECTS, (*FOLDERS, *OWN), RIGHTS)
        if attempts(caller, person, project, folder, right)
    }
    below = {
        (project, place, right)
        for project, folder, right in mine.documents
        for place in OWN
        if place.startswith(f"{folder}/")
    }
    assert found == mine.documents | below
    assert caller.may("POST", "sys/wrapping/wrap", {"a": "b"}) == mine.wraps
    for method, path, body in (*NEVER, *PROVISIONER_ONLY, ("POST", "auth/token/renew-self", {})):
        assert not caller.may(method, path, body), path
    for key, (method, path, body) in itertools.product(keys(everyone), NEVER_TRANSIT.values()):
        assert not caller.may(method, path.format(key=key), body), key


def test_what_a_person_might_do_ends_with_their_place_in_the_project(signed_in, applied, documents):
    caller, place = signed_in("anton"), applied.endpoints.vault
    body = {"context": CONTEXT, "ciphertext": "vault:v1:AAAA"}
    assert caller.may("POST", "transit/decrypt/values-a-alpha", body)
    session = Session(place.url, place.ca_file, Credentials(token=place.token_file.read_text().strip()))
    PeopleProvisioner(session).apply(DOORS)
    session.close()
    assert not caller.may("POST", "transit/decrypt/values-a-alpha", body)


def test_redact_creates_a_document_and_can_neither_overwrite_nor_read_it(caller_of, documents):
    redact, once = caller_of("redact.alpha"), uuid.uuid4().hex
    body = {"data": {"sealed": "eA=="}, "options": {"cas": 0}}
    redact.status("POST", f"veil-alpha/data/view/{once}", body)
    for cas in (0, 1):
        assert not redact.may("POST", f"veil-alpha/data/view/{once}", body | {"options": {"cas": cas}})
    assert not redact.may("GET", f"veil-alpha/data/view/{once}", None)


def test_who_declares_nothing_in_vault_cannot_even_log_in(applied, root, everyone):
    outside = [name for name, each in everyone.items() if not each.in_vault]
    readers = [
        f"{role}.{project}"
        for role in ("exporter", "model", "packer", "scaler", "subscriber")
        for project in PROJECTS
    ]
    assert sorted(outside) == sorted(["compliance.platform", "matcher.platform", "watch.platform", *readers])
    for name in outside:
        assert CredentialFiles(applied.root).load(Identity.parse(name)).vault is None
        assert root.status("GET", f"auth/approle/role/{name}", None) == 404
