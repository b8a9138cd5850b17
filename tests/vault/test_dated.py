"""The time of Vault's answers, over a scripted transport under the real hvac."""

from __future__ import annotations

import io
import json
from datetime import timedelta

import pytest
import requests
from requests.adapters import BaseAdapter
from urllib3 import HTTPResponse

from schemas.errors import VaultUnavailable
from vault.clocks import ToldTime
from vault.dated import CUT_MS
from vault.session import Credentials, Session

TOLD, TOLD_MS = "Tue, 01 Dec 2026 10:00:00 GMT", 1_796_119_200_000


class Answering(BaseAdapter):
    """Answers each call with this status and date."""

    def __init__(self, date: str | None, status: int = 200) -> None:
        super().__init__()
        self.date = date
        self.status = status

    def send(self, request, **options):
        body = HTTPResponse(io.BytesIO(json.dumps({}).encode()), preload_content=False, status=self.status)
        answer = requests.Response()
        answer.status_code, answer.raw, answer.url, answer.request = self.status, body, request.url, request
        if self.date is not None:
            answer.headers["Date"] = self.date
        return answer

    def close(self):
        pass


@pytest.fixture
def connect():
    made = []

    def connected(server, now):
        session = Session(
            "https://vault.test", None, Credentials(token="bare"), monotonic=lambda: now[0], wait=lambda _: None
        )
        session._nodes.http.mount("https://", server)
        made.append(session)
        return session

    yield connected
    for session in made:
        session.close()


def ask(session: Session) -> None:
    session.call("ask", lambda client: client.read("sys/any"))


def test_before_vault_has_answered_it_has_told_no_time(connect):
    assert connect(Answering(TOLD), [0.0]).told_time() is None


def test_vault_s_time_is_what_it_told_and_what_has_passed_since(connect):
    now = [5.0]
    session = connect(Answering(TOLD), now)
    ask(session)
    assert session.told_time().at == TOLD_MS
    now[0] += 90.25
    assert session.told_time().at == TOLD_MS + 90_250


def test_it_may_be_later_by_the_second_that_is_cut_and_by_what_the_answer_took(connect):
    session = connect(Answering(TOLD), [0.0])
    answer = requests.Response()
    answer.headers["Date"], answer.elapsed = TOLD, timedelta(seconds=3)
    session._nodes.dated.hear(answer)
    assert session.told_time() == ToldTime(TOLD_MS, 3_000 + CUT_MS)


def test_an_answer_that_refuses_tells_the_time_too(connect):
    session = connect(Answering(TOLD, status=500), [0.0])
    with pytest.raises(VaultUnavailable):
        ask(session)
    assert session.told_time().at == TOLD_MS


@pytest.mark.parametrize("date", [None, "", "soon", "Tue, 99 Dec 2026 10:00:00 GMT"])
def test_a_date_that_is_missing_or_none_tells_no_time(connect, date):
    session = connect(Answering(date), [0.0])
    ask(session)
    assert session.told_time() is None
