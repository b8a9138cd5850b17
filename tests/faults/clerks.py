"""People who label through every process of label, each through one, the last through whichever answers on the
port that browsers know; they note what was accepted and when.
"""

from __future__ import annotations

import threading
import time

from deploy.up import Installation
from schemas.errors import DependencyError
from schemas.records import LabelOutcome
from streams.engine.clock import SystemClock
from streams.label.answering import PERFECT, ChoiceRule, Lexicon
from streams.label.client import LabelClient
from streams.label.robots import Robot, RobotSpec
from tests.faults.load import PROJECT, ROBOTS, issue_tokens
from tests.support.waiting import wait_for

LEXICON = Lexicon({"please": "REQUEST", "kettle": "PRODUCT", "broke": "COMPLAINT"})
FOREVER = float("inf")
ASK_AGAIN_S = 0.1
LEASE_WITHIN_S = 60.0


class _Noting(LabelClient):
    """Notes each lease that was committed and each label that was accepted."""

    def __init__(self, clerks, *arguments, **options):
        super().__init__(*arguments, **options)
        self._clerks = clerks

    def lease(self):
        asked = time.monotonic()
        leased = super().lease()
        if leased is not None:
            self._clerks.leased(asked)
        return leased

    def label(self, lease, spans, choices, *, key=None):
        ended = super().label(lease, spans, choices, key=key)
        self._clerks.accepted.append(ended.label_id)
        return ended


class Clerks:
    """Start at once, as many as processes; work until `stop`."""

    def __init__(self, installation: Installation) -> None:
        self.accepted: list[str] = []
        self._leases: list[tuple[float, float]] = []
        self._stopping = threading.Event()
        self._errors: list[BaseException] = []
        tokens = issue_tokens(installation.root)
        labels = [one for one in installation.addresses if one.role == "label"]
        urls = [*(one.own_url for one in labels[:-1]), labels[-1].api_url]
        self._threads = [
            threading.Thread(target=self._guarded, args=(person, url, tokens[person]), name=person)
            for person, url in zip(ROBOTS, urls, strict=True)
        ]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        self._stopping.set()
        for thread in self._threads:
            thread.join(90)
        self.check()

    def check(self) -> None:
        """Raise what ended a thread."""
        assert not self._errors, self._errors

    def wait_for_a_lease(self, since: float) -> float:
        """When the first lease that was asked for after `since` was answered, which is after its commit."""

        def first() -> float | None:
            self.check()
            return min((at for asked, at in reversed(self._leases) if asked >= since), default=None)

        return wait_for(first, "somebody gets a task", LEASE_WITHIN_S, pause_s=0.005)

    def leased(self, asked: float) -> None:
        """Somebody who asked then has a task now."""
        self._leases.append((asked, time.monotonic()))

    def nothing_lost(self, proof) -> None:
        """Each label that was accepted is on the topic exactly once."""
        accepted = set(self.accepted)  # before the topic is read: they go on
        labels = [one for one in proof.labels() if one.outcome is LabelOutcome.LABEL]
        there = [one.label_id for one in labels]
        assert len(set(there)) == len(there)
        missing = accepted - set(there)
        assert not missing, f"accepted, and not there: {sorted(missing)[:5]}"

    def _guarded(self, person, url, token) -> None:
        try:
            self._work(person, url, token)
        except BaseException as error:  # noqa: BLE001 - shown by the test that is running
            self._errors.append(error)

    def _work(self, person, url, token) -> None:
        spec = RobotSpec(person, LEXICON, (ChoiceRule("tone", "neutral"),), PERFECT, 1)
        while not self._stopping.is_set():
            try:
                with _Noting(self, url, PROJECT, lambda: token, wait=self._stopping.wait) as client:
                    Robot(spec, client, SystemClock()).run(self._stopping, FOREVER)
            except DependencyError:  # away for longer than the client's patience
                continue
