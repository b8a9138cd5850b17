from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import httpx
import pytest

from deploy.health_server import ANSWERED_WITHIN_S, BEYOND, HealthServer
from schemas.errors import StackError
from streams.engine.health import Condition, Health
from tests.support.waiting import DEADLINE_S, wait_for

OTHER = "127.0.0.2"


@contextmanager
def serving(answered_within_s: float) -> Iterator[HealthServer]:
    server = HealthServer(Health(), 0, OTHER, answered_within_s)
    try:
        yield server
    finally:
        server.stop()


def has_ipv6() -> bool:
    with socket.socket(socket.AF_INET6) as one:
        try:
            one.bind(("::1", 0))
        except OSError:
            return False
    return True


def connected(host: str, port: int) -> socket.socket:
    return socket.create_connection((host, port), timeout=DEADLINE_S)


def sent_away(connection: socket.socket) -> bool:
    """Blocks until it is."""
    try:
        return connection.recv(1) == b""
    except ConnectionResetError:
        return True


@pytest.mark.parametrize("condition", list(Condition))
def test_one_that_works_or_stands_by_is_well(condition: Condition) -> None:
    health = Health()
    server = HealthServer(health, 0)
    try:
        health.set(condition, "why")
        answer = httpx.get(f"http://127.0.0.1:{server.port}/healthz")
    finally:
        server.stop()
    well = condition in (Condition.WORKING, Condition.STANDING_BY)
    assert answer.status_code == (200 if well else 503)
    assert answer.json() == {"condition": condition.value, "why": "why"}


def test_it_answers_on_one_address_more_where_it_is_told_to() -> None:
    server = HealthServer(Health(), 0, "127.0.0.2")
    try:
        for address in ("127.0.0.1", "127.0.0.2"):
            assert httpx.get(f"http://{address}:{server.port}/metrics").status_code == 200
    finally:
        server.stop()


def test_why_it_is_so_is_told_on_loopback_alone() -> None:
    """It may name who has frozen or paused a project, and that is nothing for whoever collects metrics."""
    health = Health()
    server = HealthServer(health, 0, OTHER)
    try:
        health.set(Condition.WORKING)
        health.note("frozen by olga: no new lease until two people sign `veil contain resume`")
        beyond = httpx.get(f"http://{OTHER}:{server.port}/healthz")
        assert "frozen by olga" in httpx.get(f"http://127.0.0.1:{server.port}/healthz").text
    finally:
        server.stop()
    assert beyond.json() == {"condition": "working"}


@pytest.mark.skipif(not has_ipv6(), reason="this machine has no IPv6")
def test_that_address_may_be_one_of_ipv6() -> None:
    """In a cluster that has no other each pod's is."""
    server = HealthServer(Health(), 0, "::1")
    try:
        assert httpx.get(f"http://[::1]:{server.port}/metrics").status_code == 200
    finally:
        server.stop()


def test_no_name_service_is_asked_what_that_address_is_called(monkeypatch: pytest.MonkeyPatch) -> None:
    def asked(_: str) -> str:
        raise AssertionError

    monkeypatch.setattr(socket, "getfqdn", asked)
    HealthServer(Health(), 0, OTHER).stop()


def test_an_address_that_is_not_this_machine_s_is_refused() -> None:
    with pytest.raises(StackError, match=r"192\.0\.2\.1"):
        HealthServer(Health(), 0, "192.0.2.1")


def test_a_connection_has_five_seconds() -> None:
    assert ANSWERED_WITHIN_S == 5.0


def test_one_that_asks_nothing_is_ended() -> None:
    with serving(0.1) as server, connected(OTHER, server.port) as silent:
        assert sent_away(silent)


def test_one_that_asks_a_byte_at_a_time_is_ended_all_the_same() -> None:
    def refused() -> bool:
        try:
            dripping.sendall(b"G")
        except OSError:
            return True
        return False

    with serving(0.3) as server, connected(OTHER, server.port) as dripping:
        wait_for(refused, "it is sent away")


def test_a_neighbour_that_holds_many_connections_takes_few_threads_and_none_from_loopback() -> None:
    with serving(DEADLINE_S) as server, ExitStack() as held:
        for _ in range(BEYOND.at_once):
            held.enter_context(connected(OTHER, server.port))
        for _ in range(20):
            with connected(OTHER, server.port) as more:
                assert sent_away(more)
        assert httpx.get(f"http://127.0.0.1:{server.port}/metrics").status_code == 200


def test_a_neighbour_that_asks_again_and_again_is_answered_so_often_and_who_asks_on_loopback_always() -> None:
    with serving(DEADLINE_S) as server:

        def answered(host: str) -> bool:
            try:
                return httpx.get(f"http://{host}:{server.port}/metrics").status_code == 200
            except httpx.HTTPError:
                return False

        assert all(answered(OTHER) for _ in range(BEYOND.often))
        wait_for(lambda: not answered(OTHER), "it is sent away", pause_s=0)
        assert all(answered("127.0.0.1") for _ in range(2 * BEYOND.often))
        wait_for(lambda: answered(OTHER), "it is answered again")


def test_a_neighbour_that_asks_too_much_and_holds_all_it_may_keeps_nobody_else_from_an_answer() -> None:
    """A probe comes from another address, and whoever is not answered is sent nobody."""
    with serving(DEADLINE_S) as server, ExitStack() as held:
        url = f"http://{OTHER}:{server.port}/healthz"
        for _ in range(BEYOND.often):
            httpx.get(url)
        for _ in range(BEYOND.at_once):
            held.enter_context(connected(OTHER, server.port))
        with httpx.Client(transport=httpx.HTTPTransport(local_address="127.0.0.3")) as probe:
            assert probe.get(url).status_code == 503


def test_who_comes_when_others_have_gone_is_answered() -> None:
    with serving(DEADLINE_S) as server:
        with ExitStack() as held:
            for _ in range(BEYOND.at_once):
                held.enter_context(connected(OTHER, server.port))
            with connected(OTHER, server.port) as more:
                assert sent_away(more)

        def answered() -> bool:
            try:
                return httpx.get(f"http://{OTHER}:{server.port}/metrics").status_code == 200
            except httpx.HTTPError:
                return False

        wait_for(answered, "there is room again")
