"""Which of several nodes is asked: a scripted transport that knows what each address is, under the real hvac."""

from __future__ import annotations

import io
import json

import pytest
import requests
from requests.adapters import BaseAdapter
from urllib3 import HTTPResponse

from schemas.errors import VaultUnavailable
from vault.client import VaultClient
from vault.nodes import LOOK_S, addresses
from vault.session import Credentials, Session

URL = "https://a.test,https://b.test,https://c.test"
ACTIVE, STANDBY, SEALED = 200, 429, 503
BARE = Credentials(token="bare")
DOCUMENT = {"data": {"sealed": "QUJD"}, "metadata": {"version": 1}}


class Cluster(BaseAdapter):
    """By host: what its health says (None: it does not answer), and what it answers to calls."""

    def __init__(self, a=ACTIVE, b=STANDBY, c=STANDBY):
        super().__init__()
        self.health = {"a.test": a, "b.test": b, "c.test": c}
        self.answers = dict.fromkeys(self.health, 200)
        self.asked = []
        self.probed = []
        self.tokens = []

    def send(self, request, **options):
        host, path = request.url.removeprefix("https://").split("/v1/")
        if path == "sys/health":
            self.probed.append(host)
            return self.answer(request, self.health[host], {})
        self.asked.append(host)
        self.tokens.append(request.headers.get("X-Vault-Token"))
        if path == "auth/approle/login":
            return self.answer(
                request, self.health[host] and 200, {"auth": {"client_token": "token-1", "lease_duration": 3600}}
            )
        return self.answer(request, self.health[host] and self.answers[host], {"data": DOCUMENT})

    def answer(self, request, status, content):
        if status is None:
            raise requests.ConnectionError
        body = HTTPResponse(io.BytesIO(json.dumps(content).encode()), preload_content=False, status=status)
        response = requests.Response()
        response.status_code, response.raw, response.url, response.request = status, body, request.url, request
        response.headers["Content-Type"] = "application/json"
        return response

    def close(self):
        pass


@pytest.fixture
def connect():
    made = []

    def connected(cluster, url=URL, now=lambda: 0.0, credentials=BARE):
        session = Session(url, None, credentials, monotonic=now, wait=lambda _: None)
        session._nodes.http.mount("https://", cluster)
        made.append(VaultClient(session, "demo"))
        return made[-1]

    yield connected
    for client in made:
        client.close()


def test_addresses_stand_in_a_list_with_commas():
    assert addresses("https://a.test") == ("https://a.test",)
    assert addresses(" https://a.test/ , https://b.test,") == ("https://a.test", "https://b.test")


def test_a_single_address_is_asked_whatever_it_is_and_never_probed(connect):
    cluster = Cluster(a=STANDBY)
    assert connect(cluster, "https://a.test").read("view/1").blob == b"ABC"
    assert (cluster.asked, cluster.probed) == (["a.test"], [])


def test_the_node_that_leads_is_asked_wherever_it_stands_in_the_list(connect):
    cluster = Cluster(a=STANDBY, b=STANDBY, c=ACTIVE)
    client = connect(cluster)
    client.read("view/1")
    client.read("view/2")
    assert cluster.asked == ["c.test", "c.test"]


@pytest.mark.parametrize("health", [None, SEALED, STANDBY])
def test_a_leader_that_is_gone_is_followed_by_the_next(connect, health):
    cluster, now = Cluster(), [0.0]
    client = connect(cluster, now=lambda: now[0])
    client.read("view/1")
    cluster.health |= {"a.test": health, "b.test": ACTIVE}
    now[0] += LOOK_S
    client.read("view/2")
    assert cluster.asked == ["a.test", "b.test"]


def test_a_leader_that_dies_between_two_looks_costs_one_attempt(connect):
    cluster = Cluster()
    client = connect(cluster)
    client.read("view/1")
    cluster.health |= {"a.test": None, "c.test": ACTIVE}
    assert client.read("view/2").blob == b"ABC"
    assert cluster.asked == ["a.test", "a.test", "c.test"]


def test_while_nobody_leads_all_are_tried_and_vault_is_unavailable(connect):
    cluster = Cluster(a=None, b=STANDBY, c=STANDBY)
    cluster.answers |= {"b.test": 500, "c.test": 500}
    with pytest.raises(VaultUnavailable):
        connect(cluster).read("view/1")
    assert set(cluster.asked) == {"a.test", "b.test", "c.test"}


def test_what_a_node_that_no_longer_leads_does_not_find_is_asked_for_at_the_one_that_does(connect):
    cluster = Cluster()
    client = connect(cluster)
    client.read("view/1")
    cluster.health |= {"a.test": STANDBY, "b.test": ACTIVE}
    cluster.answers["a.test"] = 404
    assert client.read("view/2").blob == b"ABC"
    assert cluster.asked[-2:] == ["a.test", "b.test"]


def test_what_the_leader_does_not_find_is_not_there(connect):
    cluster = Cluster()
    cluster.answers["a.test"] = 404
    assert connect(cluster).read("view/1") is None
    assert cluster.asked == ["a.test", "a.test"]


def test_a_single_address_is_believed_at_once(connect):
    cluster = Cluster()
    cluster.answers["a.test"] = 404
    assert connect(cluster, "https://a.test").read("view/1") is None
    assert (cluster.asked, cluster.probed) == (["a.test"], [])


def test_what_a_node_did_not_find_before_it_led_is_asked_for_again(connect):
    """It is elected between the answer and the look at it, and knows by then of what was written last."""
    cluster = Cluster(a=None, b=STANDBY, c=STANDBY)
    cluster.answers["b.test"] = 404
    client = connect(cluster)
    heard = cluster.answer

    def elected(request, status, content):
        if status == 404:
            cluster.health["b.test"], cluster.answers["b.test"] = ACTIVE, 200
        return heard(request, status, content)

    cluster.answer = elected
    assert client.read("view/1").blob == b"ABC"


def test_a_node_that_stands_by_is_not_believed_that_something_is_missing(connect):
    cluster = Cluster(a=STANDBY)
    cluster.answers |= dict.fromkeys(cluster.answers, 404)
    with pytest.raises(VaultUnavailable, match="did not lead"):
        connect(cluster).read("view/1")


def test_a_login_holds_at_every_node(connect):
    cluster = Cluster()
    client = connect(cluster, credentials=Credentials("role", "secret"))
    client.read("view/1")
    cluster.health |= {"a.test": None, "b.test": ACTIVE}
    client.read("view/2")
    assert cluster.tokens == [None, "token-1", "token-1", "token-1"]
