"""Work for an installation while things are killed: a producer that keeps publishing, robots that label."""

from __future__ import annotations

import itertools
import secrets
import threading
from dataclasses import dataclass, field
from pathlib import Path

from deploy.publishing import publishing
from deploy.surroundings import surroundings
from deploy.up import Installation
from schemas.errors import DependencyError, VeilError
from schemas.records import RawReference
from streams.engine.clock import SystemClock
from streams.label.answering import PERFECT, ChoiceRule, Lexicon
from streams.label.client import LabelClient
from streams.label.robots import Robot, RobotSpec
from streams.publish.publisher import Unplaced
from topology.identity import PERSON, Identity
from vault.signing import issue_token

PROJECT = "demo"
OPERATOR = "olga"
ROBOTS = ("ann-1", "ann-2", "ann-3")
EVERY_S = 0.3
"""About three records a second, nine labels: something is always on its way, and half of two cores is left for the
tests beside these (six a second kept both busy).
"""
MOST_WAITING = 30
"""More records that the broker has not taken wait for no proof: they only have to be let through afterwards."""
FOREVER = float("inf")


@dataclass
class Published:
    """What the producer knows of its records. Thread-safe enough: appended by one thread."""

    delivered: list[RawReference] = field(default_factory=list)
    failed: int = 0
    waiting: int = 0

    def settle(self, result: RawReference | Unplaced | VeilError) -> None:
        """That one without a place gets through, the audit and the count of raw records show."""
        self.waiting -= 1
        if isinstance(result, RawReference):
            self.delivered.append(result)
        elif isinstance(result, VeilError):
            self.failed += 1


class Load:
    """Starts at once; `publishing_paused` holds the producer, robots work until `stop`."""

    def __init__(
        self, installation: Installation, robots: tuple[str, ...] = ROBOTS, every_s: float = EVERY_S
    ) -> None:
        self.published = Published()
        self._installation = installation
        self._every_s = every_s
        self._stopping = threading.Event()
        self._flowing = threading.Event()
        self._errors: list[BaseException] = []
        self._tokens = issue_tokens(installation.root)
        self._threads = [threading.Thread(target=self._guarded, args=(self._publish,), name="producer")]
        self._threads += [
            threading.Thread(target=self._guarded, args=(self._label, person), name=person) for person in robots
        ]
        for thread in self._threads:
            thread.start()

    def flow(self) -> None:
        """Let records come."""
        self._flowing.set()

    def pause(self) -> None:
        """No more records for now; what is on its way arrives."""
        self._flowing.clear()

    @property
    def quiet(self) -> bool:
        """Nothing is on its way to the broker."""
        return not self._flowing.is_set() and self.published.waiting == 0

    def stop(self) -> None:
        self._stopping.set()
        self._flowing.set()
        for thread in self._threads:
            thread.join(90)
        assert not self._errors, self._errors

    def check(self) -> None:
        """Raise what ended a thread."""
        assert not self._errors, self._errors

    def _guarded(self, work, *arguments) -> None:
        try:
            work(*arguments)
        except BaseException as error:  # noqa: BLE001 - shown by the test that is running
            self._errors.append(error)

    def _publish(self) -> None:
        with publishing(self._installation.root, PROJECT) as publisher:
            for number in itertools.count():
                while not self._may_go_on() and not self._stopping.is_set():
                    self._served(publisher)
                if self._stopping.wait(self._every_s):
                    return
                self.published.waiting += 1
                record = {"product": "kettle", "text": f"please send number {number}, it broke"}
                try:
                    publisher.publish_json(record, done=self.published.settle)
                except VeilError:  # of an earlier record, whose `done` was told; this one was not taken
                    self.published.waiting -= 1

    def _may_go_on(self) -> bool:
        return self._flowing.wait(0.2) and self.published.waiting < MOST_WAITING

    @staticmethod
    def _served(publisher) -> None:
        try:
            publisher.flush()
        except VeilError:
            return

    def _label(self, person: str) -> None:
        lexicon = Lexicon({"please": "REQUEST", "kettle": "PRODUCT", "broke": "COMPLAINT"})
        spec = RobotSpec(person, lexicon, (ChoiceRule("tone", "neutral"),), PERFECT, 1)
        url = self._installation.label_url(PROJECT)
        while not self._stopping.is_set():
            try:
                with LabelClient(url, PROJECT, lambda: self._tokens[person], wait=self._stopping.wait) as client:
                    Robot(spec, client, SystemClock()).run(self._stopping, FOREVER)
            except DependencyError:  # down for longer than the client's patience
                continue


def issue_tokens(root: Path, persons: tuple[str, ...] = ROBOTS) -> dict[str, str]:
    """A bearer token for each of them."""
    around = surroundings(root, Identity(PERSON, OPERATOR), PROJECT)
    try:
        return {
            person: issue_token(
                around.vault,
                issuer=OPERATOR,
                person=person,
                project=PROJECT,
                token_id=secrets.token_hex(8),
                now=around.clock.now(),
            )
            for person in persons
        }
    finally:
        around.close()
