"""A real Chromium before the real page: server, sign-in, sessions. Who vouches for people is a double."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys

from schemas.records import FieldShape, PlaceholderSpan, Task
from streams.engine.clock import SystemClock
from streams.label.api import ApiSeams
from streams.label.app import build
from streams.label.commands import Held, Lead, ReadComments, WriteComment
from streams.label.comment_sealing import CommentSealer
from streams.label.requests import RequestQueue
from streams.label.settings import ApiSettings, CommentLimits, LabelSettings, QueueSettings
from streams.label.signin import SignInSeams
from streams.web.server import WebServer
from streams.web.settings import SessionSettings
from tests.streams.label.conftest import GUIDANCE, SCHEMA, TASK_KEY, ManualClock, TinyLoop
from tests.support.browser import UnaskingProvider
from tests.support.chromium import Window, chromium, emptied, left, skip_without_browser
from tests.support.waiting import wait_for
from topology.guidance import Guidance
from topology.policies.model import LabelSchema
from topology.project import Persons, Project
from topology.project_access import Access
from vault.data_keys import DataKeys

__all__ = ["chromium"]
"""A fixture of every page."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skipped by name where there is no browser."""
    skip_without_browser(items, Path(__file__).parent)


@dataclass
class Service:
    """The label stage on a socket, over a loop in memory."""

    loop: TinyLoop
    clock: ManualClock
    project: Project
    sealer: CommentSealer
    contents: dict[str, Mapping[str, str]] = field(default_factory=dict)
    told: dict[str, str] = field(default_factory=dict)
    """What may be told of placeholders, in whichever task."""
    vouches: UnaskingProvider = field(default_factory=lambda: UnaskingProvider("ada"))
    url: str = ""

    def give(self, number: int, fields: Mapping[str, str] | str, placeholders: Any = (), overlap: int = 1) -> None:
        """A task with these fields; `placeholders` (start, end, category) lie in the first."""
        fields = {"text": fields} if isinstance(fields, str) else fields
        spans = tuple(PlaceholderSpan(*one) for one in placeholders)
        shapes = tuple(
            FieldShape(path, len(text), spans if at == 0 else ()) for at, (path, text) in enumerate(fields.items())
        )
        name = f"{number:032x}"
        self.contents[name] = fields
        self.loop.give(Task(name, 1, "bundle-1", "policy-1", "redact.demo.0/1/1", overlap, 1, shapes, b"sealed"))

    def asked(self, count: int = 1) -> list[str]:
        """What was typed about tasks, once there is so much of it."""
        found = wait_for(lambda: len(it := self.loop.comments()) >= count and it, f"{count} comments")
        return [self.loop.typed(one) for one in found]

    def said(self, number: int, text: str, by: Held | Lead) -> None:
        """Somebody else has written this about a task, and redaction has found nothing in it."""
        task = self.loop.ask_in_turn(ReadComments(by, writes=True)).task
        assert task.task_id == f"{number:032x}"
        self.clock.ms += 1
        draft = self.sealer.draft(task, f"{self.clock.ms:032x}", text, self.clock.now())
        self.loop.ask_in_turn(WriteComment(by, draft))
        self.loop.redact(text)


@pytest.fixture
def now_clock() -> ManualClock:
    """Stands still at the present, which is what the page takes from HTTP's Date."""
    clock = ManualClock()
    clock.ms = SystemClock().now()
    return clock


@pytest.fixture
def serve(now_clock) -> Iterator[Callable[..., Service]]:
    stops: list[Callable[[], None]] = []

    def make(
        queue: QueueSettings | None = None,
        guidance: Guidance = GUIDANCE,
        schema: LabelSchema = SCHEMA,
        sessions: SessionSettings | None = None,
        access: Access | None = None,
        comments: bool = False,
        limits: Mapping[str, int] | None = None,
    ) -> Service:
        settings = ApiSettings(port=_free_port())
        requests = RequestQueue(settings.pending_requests, settings.waiting)
        labeling = LabelSettings(queue=queue or QueueSettings(), comments=CommentLimits(**limits or {}))
        loop = TinyLoop(now_clock, requests, settings=labeling)
        loop.policies["policy-1"] = schema
        loop.adjudicators = ("judy",)
        persons = Persons((), (), (), ("ada", "bob"), loop.adjudicators)
        project = Project("demo", "tests", 1, {}, persons, guidance, access=access or Access(), comments=comments)
        sealer = CommentSealer("demo", lambda _: TASK_KEY, DataKeys(loop.vault))
        service = Service(loop, now_clock, project, sealer)
        service.url = f"http://127.0.0.1:{settings.port}"
        signin = SignInSeams(
            service.url,
            service.vouches,
            lambda: bool(loop.frozen_by),
            sessions=sessions or SessionSettings(),
        )
        seams = ApiSeams(
            requests=requests,
            open_content=lambda task: service.contents[task.task_id],
            schema_of=loop.policies.get,
            schema_in_force=lambda: loop.policies.get("policy-1"),
            project=lambda: service.project,
            token_keys={},
            clock=now_clock,
            comments=service.sealer,
            signin=signin,
            hints_of=loop.hints_of,
            open_hints=lambda _: service.told,
        )
        server = WebServer(build("demo", seams, settings), settings)
        stop = threading.Event()
        thread = threading.Thread(target=loop.run, args=(stop,), daemon=True)
        server.start()
        thread.start()

        def end() -> None:
            stop.set()
            requests.close()
            server.stop()
            thread.join()

        stops.append(end)
        return service

    yield make
    for stop in stops:
        stop()


@pytest.fixture
def service(serve) -> Service:
    return serve()


@dataclass
class Seat(Window):
    """A person before the page."""

    service: Service
    forgiven: tuple[str, ...] = ()

    def forgive(self, *words: str) -> None:
        """Messages with one of these are what the test is about."""
        self.forgiven = words

    def open(self, path: str = "/") -> None:
        self.browser.get(self.service.url + path)
        self.wait("Boolean(document.querySelector('#card-actions > *'))", "the page is there")

    def sign_in(self, person: str = "ada") -> None:
        """Through the page, as a person does."""
        self.service.vouches.next_person = person
        self.open()
        self.click("#card-actions a")
        self.card("Ready when you are")

    def start(self, person: str = "ada") -> None:
        """Signed in, and at the first task."""
        self.sign_in(person)
        self.press(Keys.ENTER)
        self.at_task()

    def held(self, holding: list[str], *keys: str) -> None:
        """Press keys while others are held."""
        chain = ActionChains(self.browser, duration=0)
        for one in holding:
            chain.key_down(one)
        chain.send_keys(*keys)
        for one in reversed(holding):
            chain.key_up(one)
        chain.perform()

    def card(self, title: str) -> None:
        """Wait until the card says so."""
        shown = "!document.querySelector('#card').hidden && document.querySelector('#card-title').textContent"
        self.wait(f"{shown} === {json.dumps(title)}", f"the card says: {title}")

    def at_task(self) -> None:
        self.wait("!document.querySelector('#work').hidden", "a task is there")

    def says(self, sentence: str, where: str = "#notice") -> None:
        super().says(sentence, where)

    def select(self, start: int, end: int, name: str = "text") -> None:
        """By mouse: press on the near half of the first character, drag, let go on the far half of the last."""
        field = f"document.querySelector('[data-field=\"{name}\"]')"
        places = self.run(f"""
            const {{placeOf}} = await import('/page/places.js');
            const {{FieldText}} = await import('/page/text.js');
            const atoms = [...{field}.querySelectorAll('.chip')].map(({{dataset}}) =>
                ({{start: Number(dataset.start), end: Number(dataset.end)}}));
            const text = new FieldText({json.dumps(self.content(name))}, atoms);
            const place = (start, end, share) => {{
                const range = document.createRange();
                range.setStart(...placeOf({field}, start, text));
                range.setEnd(...placeOf({field}, end, text));
                const box = [...range.getClientRects()].find(({{width}}) => width > 0);
                const leftward = /[\\u0590-\\u08ff]/u.test(text.slice(start, end));
                return [box.x + box.width * (leftward ? 1 - share : share), box.y + box.height / 2];
            }};
            const first = text.nextCharacter({start});
            const last = text.previousCharacter({end});
            return [place({start}, first, 0.1), place(last, {end}, 0.9)];
        """)
        (x1, y1), (x2, y2) = places
        for kind, x, y, buttons in (
            ("mousePressed", x1, y1, 1),
            ("mouseMoved", (x1 + x2) / 2, (y1 + y2) / 2, 1),
            ("mouseMoved", x2, y2, 1),
            ("mouseReleased", x2, y2, 0),
        ):
            event = {"type": kind, "x": x, "y": y, "button": "left", "buttons": buttons, "clickCount": 1}
            self.browser.execute_cdp_cmd("Input.dispatchMouseEvent", event)

    def content(self, name: str = "text") -> str:
        """The text of the task that was opened last."""
        return next(iter(reversed(self.service.contents.values())))[name]

    def spans(self) -> list[str]:
        """What is marked, as the list beside the task says."""
        items = "[...document.querySelectorAll('#spans li:not(.none) .go')]"
        return self.ask(f"{items}.map((one) => one.textContent)")

    def labels(self, count: int = 1) -> list[Any]:
        """The labels the loop has, once there are so many."""
        return wait_for(lambda: len(found := self.service.loop.labels()) >= count and found, f"{count} labels")


@pytest.fixture
def seat_at(chromium) -> Iterator[Callable[[Service], Seat]]:
    """Also fails a test whose page logged an error that no answer of the server explains."""

    seats: list[Seat] = []

    def sit(service: Service) -> Seat:
        emptied(chromium, service.url)
        seats.append(Seat(chromium, service))
        return seats[-1]

    yield sit
    left(chromium, [words for seat in seats for words in seat.forgiven])


@pytest.fixture
def seat(seat_at, service) -> Seat:
    return seat_at(service)


@pytest.fixture
def offline(chromium) -> Iterator[Callable[[bool], None]]:
    """Takes the network away from the page, and gives it back."""

    def switch(off: bool) -> None:
        conditions = {"offline": off, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1}
        chromium.execute_cdp_cmd("Network.enable", {})
        chromium.execute_cdp_cmd("Network.emulateNetworkConditions", conditions)

    yield switch
    switch(False)


def _free_port() -> int:
    """Sign-in has to know its own address before the server listens."""
    with socket.socket() as asked:
        asked.bind(("127.0.0.1", 0))
        return asked.getsockname()[1]
