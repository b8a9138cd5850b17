"""Two processes of label, one with the queue and one that stands by: the real app on real sockets."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import httpx
import psutil
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from deploy.local.authority import VAULT, ensure_certificates
from schemas.audit import EventType
from schemas.states import OwnerState
from streams.label.app import DoorSeams
from streams.label.forwarding import GOOD_MS, HEADER, ForwardedBy, Forwarder
from streams.label.front_door import PROBE
from streams.label.link_certificate import LINK, new_link_certificate
from streams.label.owner import Probe
from streams.label.probing import Prober
from streams.label.settings import ApiSettings, StandbySettings
from streams.label.signin import SignInSeams
from streams.label.whereabouts import Whereabouts
from streams.web.settings import SessionSettings, SignInSettings
from streams.web.shown_certificate import PemFiles, ShownCertificate
from tests.support.browser import Browser, VouchingProvider
from tests.support.pipeline import free_port
from tests.support.waiting import wait_for
from topology.project import Persons, Project
from topology.routes import KnownRoutes

LEASES = "/v1/projects/demo/leases"
PERSONS = Persons((), (), ("issuer",), ("ada", "ann", "bob"))
PROJECT = Project("demo", "tests", 1, {}, PERSONS, routes=KnownRoutes(frozenset({"week-48"})))
QUICK = StandbySettings(hold_s=0.05)
ROLE = Ed25519PrivateKey.generate()


@dataclass
class Process:
    """One of them."""

    name: str
    api: object
    whereabouts: Whereabouts
    certificate: str = ""

    @property
    def record(self):
        return OwnerState(self.name, self.api.url, self.certificate, 1, 0)

    def own(self):
        """As when the loop takes over."""
        self.whereabouts.entering()
        wait_for(lambda: self.whereabouts.look().place == "owning", "it has taken its place")

    def stand_by(self, owner=None):
        self.whereabouts.owned_by(owner.record if owner else None)


@pytest.fixture
def process(api_with):
    provider, port = VouchingProvider(), free_port()

    def make(name, door=QUICK, api=None, tls=None, certify=ROLE.sign):
        whereabouts = Whereabouts()
        forwarder = Forwarder("demo", certify)
        forwarder.certify()
        reader = ForwardedBy("demo", name, ROLE.public_key().public_bytes_raw())
        seams = DoorSeams(name, whereabouts, forwarder, reader, door)
        signin = SignInSeams(
            f"http://127.0.0.1:{port}",
            provider,
            lambda: False,
            sessions=SessionSettings(sweep_s=3_600),
            settings=SignInSettings(),
        )
        made = Process(name, api_with(api, signin=signin, tls=tls, door=seams), whereabouts)
        made.api.project = PROJECT
        made.provider = provider
        return made

    return make


@pytest.fixture
def owner(process):
    made = process("label.demo.0/a")
    made.own()
    return made


@pytest.fixture
def standby(process, owner):
    made = process("label.demo.1/b")
    made.api.key = owner.api.key
    made.stand_by(owner)
    return made


def error(answer):
    return answer.status_code, answer.json()["error"]["reason"]


def test_owner_answers_itself(owner, make_task):
    owner.api.loop.give(make_task(1))
    assert owner.api.lease()


def test_call_to_one_that_stands_by_is_answered_by_the_owner_once(owner, standby, make_task):
    owner.api.loop.give(make_task(1))
    lease = standby.api.lease()
    assert standby.api.label(lease).json()["outcome"] == "label"
    assert [label.person for label in owner.api.loop.labels()] == ["ada"]
    assert standby.api.loop.labels() == []
    assert error(standby.api.label(lease, key="other")) == (409, "already_submitted")
    assert standby.api.call(LEASES).status_code == 204


def test_page_and_description_come_through_with_their_headers(owner, standby):
    for path in ("/", "/openapi.json", "/app.js"):
        there, here = (httpx.get(one.api.url + path) for one in (owner, standby))
        assert (here.status_code, here.content) == (there.status_code, there.content)
        kept = {name: value for name, value in there.headers.items() if name != "date"}
        assert {name: value for name, value in here.headers.items() if name != "date"} == kept


@pytest.mark.parametrize(
    "path", ["/v1/leases/..%2f..%2fx/label", "/v1/projects/other/leases", "/nothing", "//x", "/v1/me?%0d%0ax=1"]
)
def test_addresses_come_through_as_they_were_sent(owner, standby, path):
    there, here = (one.api.call(path) for one in (owner, standby))
    assert (here.status_code, here.content) == (there.status_code, there.content)


def test_cookies_are_set_one_by_one_and_a_session_works_through_either(owner, standby):
    browser = Browser(standby.api.url)
    location = browser.http.get("/signin", headers={"host": "x"}).headers["location"]
    assert location.endswith("/signin")  # of the one address that browsers know
    origin = location.removesuffix("/signin")
    with Browser(standby.api.url).http as http:
        here = {"host": origin.removeprefix("http://"), "sec-fetch-site": "same-origin"}
        begun = http.get("/signin?batch=week-48", headers=here)
        code = owner.provider.vouch(begun.headers["location"], "ann")
        state = begun.headers["location"].partition("state=")[2]
        back = http.get("/signin/callback", params={"code": code, "state": state}, headers=here)
        assert [one.partition("=")[0] for one in back.headers.get_list("set-cookie")] == ["veil", "veil-signin"]
        me = http.get("/v1/me", headers=here).json()
        assert (me["person"], me["batch"]) == ("ann", "week-48")
        sent = here | {"origin": origin, "x-veil-csrf": me["csrf"]}
        assert http.post(LEASES, headers=sent).status_code == 204
        assert error(http.post(LEASES, headers=sent | {"origin": standby.api.url})) == (403, "cross_site")
    browser.close()


def test_session_of_the_owner_before_goes_on_at_the_one_that_took_over(owner, standby):
    with httpx.Client(base_url=owner.api.url) as http:
        origin = http.get("/signin").headers["location"].removesuffix("/signin")
        here = {"host": origin.removeprefix("http://"), "sec-fetch-site": "same-origin"}
        begun = http.get("/signin", headers=here).headers["location"]
        answered = {"code": owner.provider.vouch(begun, "ann"), "state": begun.partition("state=")[2]}
        http.get("/signin/callback", params=answered, headers=here)
        before = http.get("/v1/me", headers=here).json()
        cookie = http.cookies["veil"]
    kept = [one for one in owner.api.loop.committed if one.key.startswith(b"session/")]
    assert len(kept) == 1
    assert cookie.encode() not in kept[0].value
    standby.api.loop.committed += owner.api.loop.committed
    standby.api.loop.restart()
    standby.own()
    sent = here | {"cookie": f"veil={cookie}"}
    after = httpx.get(standby.api.url + "/v1/me", headers=sent).json()
    assert after == before
    sent |= {"origin": origin, "x-veil-csrf": before["csrf"]}
    assert httpx.post(standby.api.url + LEASES, headers=sent).status_code == 204
    assert httpx.post(standby.api.url + "/signout", headers=sent).status_code == 204
    assert standby.api.loop.types()[-1] is EventType.SESSION_ENDED


def test_both_say_which_process_they_are(owner, standby):
    said = [httpx.get(one.api.url + PROBE).json() for one in (owner, standby)]
    assert said == [{"instance": "label.demo.0/a"}, {"instance": "label.demo.1/b"}]


# -- who is behind a call


def signins_of(process, address_of, count):
    """How many sign-ins are begun, of `count` that all look like one address, or each like another."""
    origin = httpx.get(process.api.url + "/signin").headers["location"].removesuffix("/signin")
    begun = 0
    for number in range(count):
        headers = {"host": origin.removeprefix("http://"), **address_of(number)}
        answer = httpx.get(process.api.url + "/signin", headers=headers)
        begun += answer.status_code == 303 and "authorize" in answer.headers["location"]
    return begun


def line(signer, address, instance="label.demo.0/a", at=1_700_000_000_000):
    forwarder = Forwarder("demo", signer)
    forwarder.certify()
    return {HEADER: forwarder.line(address, instance, at)}


def test_sign_ins_are_counted_by_the_address_that_another_process_vouches_for(owner):
    assert signins_of(owner, lambda number: line(ROLE.sign, f"192.0.2.{number}"), 14) == 14
    assert signins_of(owner, lambda _: line(ROLE.sign, "192.0.2.99"), 14) == SignInSettings().per_address_burst


def test_all_addresses_of_a_network_of_ipv6_count_as_one(owner):
    """One host has as many of them as it likes."""
    burst = SignInSettings().per_address_burst
    assert signins_of(owner, lambda number: line(ROLE.sign, f"2001:db8::1:{number:x}"), 14) == burst
    assert signins_of(owner, lambda number: line(ROLE.sign, f"2001:db8:0:a{number:x}::1"), 14) == 14


@pytest.mark.parametrize("address", ["192.0.2.1", "2001:db8::1", "::ffff:192.0.2.1", "fe80::1%eth0"])
def test_an_address_is_believed_as_sockets_write_it(address):
    reader = ForwardedBy("demo", "label.demo.0/a", ROLE.public_key().public_bytes_raw())
    assert reader.address(line(ROLE.sign, address)[HEADER], 1_700_000_000_000) == address


@pytest.mark.parametrize(
    "forged",
    [
        lambda n: {HEADER: f"192.0.2.{n}"},
        lambda n: {HEADER: ""},
        lambda n: {"x-forwarded-for": f"192.0.2.{n}", "forwarded": f"for=192.0.2.{n}"},
        lambda n: line(Ed25519PrivateKey.generate().sign, f"192.0.2.{n}"),
        lambda n: line(ROLE.sign, f"192.0.2.{n}", instance="label.demo.1/b"),
        lambda n: line(ROLE.sign, f"192.0.2.{n}", at=1_600_000_000_000),
        lambda n: {HEADER: line(ROLE.sign, "192.0.2.1")[HEADER].replace("MTkyLjAuMi4x", f"MTkyLjAuMi4{n}")},
    ],
    ids=["bare", "empty", "customary", "other role", "other owner", "old", "changed"],
)
def test_an_address_that_nobody_vouches_for_is_not_believed(owner, forged):
    assert signins_of(owner, forged, 14) == SignInSettings().per_address_burst


def test_line_is_made_anew_when_it_is_old_or_the_clock_was_set_back():
    forwarder = Forwarder("demo", ROLE.sign)
    forwarder.certify()
    now = 1_700_000_000_000
    first = forwarder.line("192.0.2.1", "label.demo.0/a", now)
    assert forwarder.line("192.0.2.1", "label.demo.0/a", now - 1_000) == first
    reader = ForwardedBy("demo", "label.demo.0/a", ROLE.public_key().public_bytes_raw())
    for at in (now + GOOD_MS, now - 3_600_000):
        assert reader.address(forwarder.line("192.0.2.1", "label.demo.0/a", at), at) == "192.0.2.1"


def test_a_browsers_own_line_is_not_passed_on(owner, standby):
    answer = httpx.get(standby.api.url + "/v1/me", headers=line(ROLE.sign, "192.0.2.1"))
    assert error(answer) == (503, "no_owner")


# -- nobody, somebody, somebody else


def test_without_an_owner_calls_wait_a_moment_and_are_told_to_come_again(process):
    alone = process("label.demo.0/a")
    answer = alone.api.call(LEASES)
    assert error(answer) == (503, "no_owner")
    assert answer.headers["retry-after"] == "1"


def test_call_that_waits_is_answered_by_the_one_that_takes_over(process, make_task):
    alone = process("label.demo.0/a", StandbySettings(hold_s=60))
    alone.api.loop.give(make_task(1))
    answers = []
    caller = threading.Thread(target=lambda: answers.append(alone.api.call(LEASES)))
    caller.start()
    alone.own()
    caller.join()
    assert answers[0].status_code == 200
    answer = alone.api.label(answers[0].json(), choices={"tone": "calm"})
    assert answer.json()["outcome"] == "label"


def test_owner_that_is_gone_is_not_waited_for_where_another_comes(owner, process, make_task):
    standby = process("label.demo.1/b", StandbySettings(hold_s=60))
    standby.api.key = owner.api.key
    with socket.create_server(("127.0.0.1", 0)) as free:
        gone = replace(owner.record, url=f"http://127.0.0.1:{free.getsockname()[1]}")
    standby.whereabouts.owned_by(gone)
    owner.api.loop.give(make_task(1))
    answers = []
    caller = threading.Thread(target=lambda: answers.append(standby.api.call(LEASES)))
    caller.start()
    standby.stand_by(owner)
    caller.join()
    assert answers[0].status_code == 200


def test_call_that_was_not_sent_yet_is_asked_of_the_next_owner(owner, process, make_task):
    """The one before sleeps, and its machine takes no more connections for it."""
    standby = process("label.demo.1/b", StandbySettings(hold_s=60, connect_s=60))
    standby.api.key = owner.api.key
    owner.api.loop.give(make_task(1))
    with contextlib.ExitStack() as held:
        listening = held.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
        while connects(held.enter_context(socket.socket()), listening):
            continue
        standby.whereabouts.owned_by(silent_owner(listening))
        answers = []
        caller = threading.Thread(target=lambda: answers.append(standby.api.call(LEASES)))
        caller.start()
        wait_for(lambda: connecting(listening), "the call waits for its connection")
        standby.stand_by(owner)
        caller.join()
    assert answers[0].status_code == 200


def connects(client, listening):
    client.settimeout(0.2)
    try:
        client.connect(listening.getsockname())
    except TimeoutError:
        client.close()
        return False
    return True


def connecting(listening):
    found = psutil.Process().net_connections("tcp")
    return [it for it in found if it.raddr == listening.getsockname() and it.status == psutil.CONN_SYN_SENT]


def silent_owner(listening):
    return OwnerState("label.demo.9/z", f"http://127.0.0.1:{listening.getsockname()[1]}", "", 1, 0)


def test_sleeping_owner_keeps_nobody_waiting_once_it_is_replaced(owner, standby):
    with socket.create_server(("127.0.0.1", 0)) as listening:
        standby.whereabouts.owned_by(silent_owner(listening))
        answers = []
        caller = threading.Thread(target=lambda: answers.append(standby.api.call(LEASES)))
        caller.start()
        connection, _ = listening.accept()
        sent = connection.recv(65_536)
        standby.stand_by(owner)
        caller.join()
        connection.close()
    assert sent.startswith(b"POST /v1/projects/demo/leases HTTP/1.1\r\n")
    assert error(answers[0]) == (503, "in_doubt")
    assert EventType.TASK_VIEWED not in owner.api.loop.types()  # it was sent once, and never again


def test_owner_hears_that_a_caller_whose_call_was_passed_on_has_hung_up(owner, standby, make_task):
    host, port = standby.api.url.removeprefix("http://").split(":")
    head = f"POST {LEASES}?wait=30 HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {standby.api.token()}\r\n\r\n"
    waiters = owner.api.loop.requests.waiters
    with socket.create_connection((host, int(port))) as caller:
        caller.sendall(head.encode())
        wait_for(lambda: len(waiters) == 1, "the call waits at the owner")
    wait_for(lambda: len(waiters) == 0, "the owner has let go of it", deadline_s=15)
    owner.api.loop.give(make_task(1))
    assert EventType.TASK_VIEWED not in owner.api.loop.types()
    assert standby.api.lease()


def answered_by(standby, answer):
    """What a client gets of an owner that answers with these bytes and hangs up; the connections it made."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        standby.whereabouts.owned_by(silent_owner(listening))
        answers = []

        def ask():
            try:
                answers.append(standby.api.call(LEASES))
            except httpx.TransportError as broken:
                answers.append(broken)

        caller = threading.Thread(target=ask)
        caller.start()
        connection, _ = listening.accept()
        connection.recv(65_536)
        connection.sendall(answer)
        connection.close()
        caller.join()
        listening.setblocking(False)
        with pytest.raises(BlockingIOError):
            listening.accept()
    return answers[0]


@pytest.mark.parametrize("answer", [b"", b"HTTP/1.1 20", b"nonsense\r\n\r\n"])
def test_owner_that_dies_before_it_answers_leaves_the_call_in_doubt(standby, answer):
    assert error(answered_by(standby, answer)) == (503, "in_doubt")


def test_answer_that_breaks_off_is_not_answered_again(standby):
    broken = answered_by(standby, b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{")
    assert isinstance(broken, httpx.RemoteProtocolError)


def test_what_concerns_one_connection_only_goes_no_further(standby):
    hop = b"connection: close, x-hop\r\nx-hop: 1\r\nkeep-alive: a\r\n"
    answer = answered_by(standby, b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n" + hop + b"x-end: 1\r\n\r\n{}")
    assert (answer.status_code, answer.headers["x-end"]) == (200, "1")
    assert not {"x-hop", "keep-alive"} & set(answer.headers)


def test_two_that_take_each_other_for_the_owner_do_not_send_a_call_in_circles(process):
    one, two = process("label.demo.0/a"), process("label.demo.1/b")
    one.stand_by(two)
    two.stand_by(one)
    assert error(one.api.call(LEASES)) == (503, "no_owner")


def test_oversized_body_is_refused_before_anything_is_sent(owner, standby):
    body = b"x" * (ApiSettings().body_bytes + 1)
    assert error(standby.api.call(LEASES, body)) == (413, "too_large")
    assert owner.api.loop.types() == []


def raw(process, request):
    """The first bytes that come back for these."""
    host, port = process.api.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port))) as connection:
        connection.sendall(request)
        return connection.recv(65_536)


@pytest.mark.parametrize(
    "request_line",
    [b"GET /\xff HTTP/1.1\r\n", b"GET /v1/me HTTP/1.1\r\nx-odd: a\x01b\r\n", b"OPTIONS * HTTP/1.1\r\n",
     b"GET http://elsewhere.test/v1/me HTTP/1.1\r\n"],
)  # fmt: skip
def test_odd_requests_are_refused_by_either_and_break_neither(owner, standby, request_line):
    for process in (owner, standby):
        status = int(raw(process, request_line + b"host: x\r\n\r\n").split(b" ")[1])
        assert 400 <= status < 500
    assert standby.api.call("/v1/me", method="GET").status_code == 200


def test_body_in_pieces_arrives_whole(owner, standby, make_task):
    owner.api.loop.give(make_task(1))
    lease = standby.api.lease()
    body = json.dumps({"fencing_token": lease["fencing_token"], "reason": "unclear"}).encode()
    pieces = b"".join(b"%x\r\n%s\r\n" % (1, body[at : at + 1]) for at in range(len(body))) + b"0\r\n\r\n"
    head = f"POST /v1/leases/{lease['lease_id']}/skip HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n"
    head += f"authorization: Bearer {standby.api.token()}\r\n\r\n"
    assert raw(standby, head.encode() + pieces).startswith(b"HTTP/1.1 200")
    assert owner.api.loop.types()[-1] is EventType.TASK_SKIPPED


def test_slow_body_keeps_no_connection_to_the_owner(owner, process):
    standby = process("label.demo.1/b", api=ApiSettings(body_timeout_s=0.05))
    standby.stand_by(owner)
    host, port = standby.api.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port))) as slow:
        slow.sendall(b"POST /v1/leases/x/label HTTP/1.1\r\nhost: x\r\ncontent-length: 9\r\n\r\n{")
        assert slow.recv(65_536).startswith(b"HTTP/1.1 408")
    assert owner.api.loop.types() == []


@pytest.fixture
def shown(tmp_path):
    """What browsers see."""
    files = ensure_certificates(tmp_path, tmp_path / "ca.key", datetime.now(UTC))
    return PemFiles(files.certificate(VAULT), files.key(VAULT))


def test_over_tls_only_the_certificate_on_the_log_is_trusted(process, shown):
    links = [new_link_certificate() for _ in range(2)]
    owner = process("label.demo.0/a", tls=ShownCertificate(shown, {LINK: links[0].context}))
    owner.own()
    standby = process("label.demo.1/b")
    owner.certificate = links[0].certificate
    standby.stand_by(owner)
    assert standby.api.call("/v1/projects/demo/stats", method="GET").status_code == 401
    for other in (links[1].certificate, shown.certificate.read_text()):
        owner.certificate = other
        standby.stand_by(owner)
        assert error(standby.api.call("/v1/projects/demo/stats", method="GET")) == (503, "no_owner")


def test_renewing_what_browsers_see_changes_nothing_between_the_processes(process, shown, tmp_path):
    link = new_link_certificate()
    tls = ShownCertificate(shown, {LINK: link.context})
    owner = process("label.demo.0/a", tls=tls)
    owner.own()
    owner.certificate = link.certificate
    standby = process("label.demo.1/b")
    standby.stand_by(owner)
    assert standby.api.call("/v1/projects/demo/stats", method="GET").status_code == 401
    (tmp_path / "renewed").mkdir()
    renewed = ensure_certificates(tmp_path / "renewed", tmp_path / "renewed.key", datetime.now(UTC))
    shown.key.write_bytes(renewed.key(VAULT).read_bytes())
    shown.certificate.write_bytes(renewed.certificate(VAULT).read_bytes())
    assert not tls.look(datetime.now(UTC))
    assert tls.look(datetime.now(UTC))
    prober = Prober(2.0)
    assert prober.probe(owner.record) is Probe.ANSWERS  # over a connection that was made after it
    assert standby.api.call("/v1/projects/demo/stats", method="GET").status_code == 401
    prober.close()
