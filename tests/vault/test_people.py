"""OpenBao as the provider of annotators: what it lets through, and everything it must not, on the real one."""

from __future__ import annotations

import ssl
import time
from dataclasses import dataclass
from functools import partial

import httpx
import pytest

from deploy.signin.totp import code_at
from schemas.errors import VaultUnavailable
from streams.web.oidc import challenge
from tests.support.foreign_vault import may_be_changed
from vault.entities import VaultLogins
from vault.people import MOUNT, PROVIDER, Doors, PeopleProvisioner
from vault.session import Credentials, Session

pytestmark = pytest.mark.stack

BACK, OTHERS = "http://127.0.0.1:1/signin/callback", "http://127.0.0.1:2/signin/callback"
MINE, THEIRS = "people-mine", "people-theirs"
PROJECTS = {MINE: Doors(("pia", "pat"), BACK), THEIRS: Doors(("tom",), OTHERS)}
VERIFIER = "v" * 43


@dataclass
class Bao:
    """The vault as anybody reaches it, and as an administrator does."""

    http: httpx.Client
    people: PeopleProvisioner
    logins: VaultLogins
    root_token: str

    def ask(self, method, path, token="", **more):
        return self.http.request(method, path, headers={"X-Vault-Token": token} if token else {}, **more)

    def token_of(self, person):
        """What a person's token is after both factors."""
        enrolled = self.people.enrol(person, "the-password-of-a-test")
        first = self.ask("POST", f"auth/{MOUNT}/login/{person}", json={"password": enrolled.password}).json()[
            "auth"
        ]
        assert first["client_token"] == ""
        (method,) = first["mfa_requirement"]["mfa_constraints"]["veil"]["any"]
        code = code_at(enrolled.otpauth, int(time.time()))
        body = {
            "mfa_request_id": first["mfa_requirement"]["mfa_request_id"],
            "mfa_payload": {method["id"]: [code]},
        }
        return self.ask("POST", "sys/mfa/validate", json=body).json()["auth"]["client_token"]

    def authorize(self, token, client_id, **changes):
        asked = {
            "response_type": "code",
            "scope": "openid veil",
            "client_id": client_id,
            "redirect_uri": BACK,
            "state": "s",
            "nonce": "n",
            "code_challenge": challenge(VERIFIER),
            "code_challenge_method": "S256",
        } | changes
        asked = {name: value for name, value in asked.items() if value is not None}
        return self.ask("GET", f"identity/oidc/provider/{PROVIDER}/authorize", token, params=asked)

    def exchange(self, code, client_id, verifier=VERIFIER):
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": BACK, "client_id": client_id}
        form |= {"code_verifier": verifier} if verifier else {}
        return self.ask("POST", f"identity/oidc/provider/{PROVIDER}/token", data=form)


@pytest.fixture(scope="module")
def bao(stack):
    if not may_be_changed(stack.endpoints.vault):
        pytest.skip("changes a vault's provider: needs the OpenBao of a local stack: VEIL_TEST_STACK=local")
    place = stack.endpoints.vault
    token = place.token_file.read_text().strip()
    session = Session(place.url, place.ca_file, Credentials(token=token))
    tls = ssl.create_default_context(cafile=str(place.ca_file))
    with httpx.Client(base_url=f"{place.url}/v1/", verify=tls) as http:
        yield Bao(http, PeopleProvisioner(session), VaultLogins(session), token)
    session.close()


@pytest.fixture
def clients(bao):
    return bao.people.apply(PROJECTS)


def test_applying_again_changes_no_client_and_adds_no_second_factor(bao, clients):
    def methods():
        return bao.ask("LIST", "identity/mfa/method/totp", bao.root_token).json()["data"]["keys"]

    before = methods()
    assert bao.people.apply(PROJECTS) == clients
    assert methods() == before
    assert len(set(clients.values())) == 2


def test_persons_token_asks_for_a_code_and_nothing_else(bao, clients):
    token = bao.token_of("pia")
    for method, path in (
        ("GET", "sys/mounts"),
        ("GET", "auth/token/lookup-self"),
        ("POST", "auth/token/create"),
        ("LIST", "identity/entity/name"),
        ("POST", "transit/decrypt/view-demo"),
        ("GET", "veil-demo/data/view/x"),
        ("POST", f"auth/{MOUNT}/users/pia/password"),
    ):
        assert bao.ask(method, path, token, **({"json": {}} if method == "POST" else {})).status_code == 403, path
    assert bao.authorize(token, clients[MINE]).json()["code"]


def test_who_is_ended_signs_in_no_more_and_neither_do_they_who_had_a_token_until_they_are_restored(bao, clients):
    token = bao.token_of("pat")
    code = bao.authorize(token, clients[MINE]).json()["code"]
    for _ in range(2):
        assert bao.logins.end("pat", logs_in=False)
    assert bao.authorize(token, clients[MINE]).status_code == 403
    assert bao.exchange(code, clients[MINE]).status_code in (400, 403)
    refused = bao.ask("POST", f"auth/{MOUNT}/login/pat", json={"password": "the-password-of-a-test"})
    assert refused.status_code == 403
    assert bao.authorize(bao.token_of("pia"), clients[MINE]).status_code == 200, "another person does"
    bao.people.apply(PROJECTS)
    assert bao.authorize(token, clients[MINE]).status_code == 403, "provisioning restores nobody"
    for _ in range(2):
        bao.logins.restore("pat", logs_in=False, ended=True)
    assert bao.authorize(token, clients[MINE]).status_code == 200


def test_who_has_no_entity_is_nothing_to_end_but_must_have_one_where_they_have_an_approle(bao, clients):
    assert clients
    for act in (bao.logins.end, partial(bao.logins.restore, ended=True)):
        act("nobody", logs_in=False)
        for name in ("nobody", "pia"):
            with pytest.raises(VaultUnavailable, match="veil topology apply"):
                act(name, logs_in=True)
    assert bao.ask("GET", "identity/entity/name/veil-person-nobody", bao.root_token).status_code == 404


def test_code_is_for_persons_of_the_project_alone(bao, clients):
    token = bao.token_of("tom")
    answer = bao.authorize(token, clients[MINE])
    assert answer.status_code == 400
    assert answer.json()["error"] == "access_denied"


def test_person_who_left_the_project_gets_no_code_any_more(bao, clients):
    token = bao.token_of("pat")
    assert bao.authorize(token, clients[MINE]).status_code == 200
    bao.people.apply(PROJECTS | {MINE: Doors(("pia",), BACK)})
    assert bao.authorize(token, clients[MINE]).json()["error"] == "access_denied"


@pytest.mark.parametrize(
    "redirect_uri", ["https://evil.test", "http://192.0.2.7:1/signin/callback", BACK + "/x", None]
)
def test_code_goes_to_the_projects_page_alone(bao, clients, redirect_uri):
    """Of loopback addresses OpenBao takes any port (RFC 8252 §7.3); the door minds it (tests/deploy/signin)."""
    assert bao.authorize(bao.token_of("pia"), clients[MINE], redirect_uri=redirect_uri).status_code == 400


def test_code_is_worth_nothing_without_its_verifier_and_good_once(bao, clients):
    token = bao.token_of("pia")
    assert bao.authorize(token, clients[MINE], code_challenge=None, code_challenge_method=None).status_code == 400
    for verifier in ("w" * 43, ""):
        code = bao.authorize(token, clients[MINE]).json()["code"]
        assert bao.exchange(code, clients[MINE], verifier).status_code == 400
    code = bao.authorize(token, clients[MINE]).json()["code"]
    assert bao.exchange(code, clients[MINE]).json()["id_token"]
    assert bao.exchange(code, clients[MINE]).status_code == 400


def test_new_enrolment_voids_the_one_before(bao, clients):
    first = bao.people.enrol("pia", "the-first-password")
    second = bao.people.enrol("pia", "the-second-password")
    assert first.otpauth != second.otpauth
    assert "Veilstream:pia?" in second.otpauth
    answer = bao.ask("POST", f"auth/{MOUNT}/login/pia", json={"password": "the-first-password"})
    assert answer.status_code in (400, 403)
    assert clients
