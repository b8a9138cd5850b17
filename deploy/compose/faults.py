"""Kills a broker and the node of Vault that leads, under load, and measures until everything works again."""

from __future__ import annotations

import json
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from deploy.compose.cluster import BROKERS, NODES
from deploy.compose.probing import RECORD_EVERY_S, WRITE_EVERY_S, Moments, Trickle, ended_early, leases, writing
from deploy.compose.recovery import BOUND_S, Recovery, recovery
from deploy.compose.running import Cluster, behind, operator, voters
from deploy.demo.annotators import Answers
from deploy.demo.failure import DemoFailed
from deploy.demo.run import PROJECT, Plan, Trace
from deploy.demo.watch import Watch
from deploy.surroundings import surroundings
from schemas.errors import StackError
from topology.identity import Identity

SHARES = {"kafka": 0.1, "vault": 0.35}
"""Of the tasks so many are settled when the part is killed: long before there is nothing left to do."""
LOAD_S = 1.0
"""Records flow for so long before the kill."""
WATCHED_S = 12.0
"""After the kill it is looked for so long at least: the first success may be the last for a while."""
STEADY_S = 5.0
"""For so long it is looked on after that: a success alone may be followed by another gap, which is told."""
RECOVERS_WITHIN_S = 90.0
BACK_WITHIN_S = 300.0
"""On two cores at loads of 20 to 70 a broker took from 40 s to two minutes to have all again."""
KEPT_S = 30.0
"""Records for so long are kept for each kill that is still to come: for the time before it, that in which it is
carried out, `WATCHED_S` and `STEADY_S`.
"""
LOOK_S = 0.1
REACHES_WITHIN_S = 400.0
"""Until so many tasks are settled."""
ASKED = (
    f"{1 / RECORD_EVERY_S:g} records a second, {1 / WRITE_EVERY_S:g} writes a second at each node of Vault, "
    "tasks by robots that each ask again when the call before has ended, after up to several seconds"
)
"""How often what is measured was asked for; no time can be known better than that."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One kill, and what came of it. `kill_s`: how long it took to carry it out; times are measured from when that
    began, and only what was asked for after it had ended counts. `back_s`: how long it took to start it again and
    to have all copies in sync, or its vote. `answers`: of label's API, by status, to what was asked until all had
    recovered. `restarted`: containers that ended meanwhile by themselves, and how often.
    """

    killed: str
    was: str
    kill_s: float
    recoveries: tuple[Recovery, ...]
    back_s: float
    answers: dict[str, int]
    restarted: dict[str, int]

    def as_json(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "killed": self.killed,
            "was": self.was,
            "kill_s": self.kill_s,
            "recoveries": [it.as_json() for it in self.recoveries],
            "gap_bound_s": BOUND_S,
            "back_s": self.back_s,
            "label_answers": self.answers,
            "restarted": self.restarted,
        }

    def lines(self) -> Iterator[str]:
        """For people."""
        yield f"{self.killed} ({self.was}) killed by SIGKILL while everybody works"
        yield f"  asked for: {ASKED}"
        yield (
            f"  in seconds since the kill was ordered, of what was asked for once it was carried out "
            f"({self.kill_s:.1f} s later):"
        )
        for it in self.recoveries:
            yield (f"  {it.what:<48} first {it.first_s:5.1f}; longest gap {it.gap_s:5.1f}; {_steady(it)}")
        back = "all copies are in sync" if self.killed in BROKERS else "it votes"
        yield f"  started again: {back} after {self.back_s:.1f} s"
        answers = ", ".join(f"{count} × {status}" for status, count in sorted(self.answers.items()))
        yield f"  label answered meanwhile: {answers}; ended by themselves: {_counted(self.restarted) or 'none'}"


def _steady(it: Recovery) -> str:
    if it.seen_s - it.until_s <= BOUND_S:
        return f"gaps over {BOUND_S:g} s to the end of looking ({it.seen_s:.1f})"
    return f"no gap over {BOUND_S:g} s from {it.until_s:.1f} to {it.seen_s:.1f}"


def _counted(found: dict[str, int]) -> str:
    return ", ".join(f"{name} ({count})" for name, count in sorted(found.items()))


@dataclass(slots=True)
class Faults:
    """A `Disturb` of the demo, for one cluster. `while_down` is called with what is down, when all else has
    recovered. `found` is what came of each kill.
    """

    cluster: Cluster
    report: Callable[[str], None] = lambda _: None
    while_down: Callable[[str], None] = lambda _: None
    found: list[Fault] = field(default_factory=list)
    _stop: threading.Event = field(default_factory=threading.Event)

    def __call__(self, plan: Plan, watch: Watch, trace: Trace, answers: Answers, stop: threading.Event) -> None:
        """Raises DemoFailed where something does not recover, or `stop` is set meanwhile; StackError."""
        later = plan.inputs[len(plan.inputs) - plan.later :]
        self._stop = stop
        around = surroundings(plan.root, Identity("producer", PROJECT), PROJECT)
        trickle = Trickle(around, later, trace.published, watch, stop)
        try:
            with trickle.running(), writing(self.cluster.endpoints.vault) as written:
                for number, (part, share) in enumerate(SHARES.items(), 1):
                    self._until(partial(_reached, watch, share), REACHES_WITHIN_S, "labeling goes on")
                    keep = kept_for(len(SHARES) - number)
                    self._kill(self._leader(part), trickle, keep, written, answers)
        finally:
            around.close()

    def _kill(
        self, leader: tuple[str, str], trickle: Trickle, keep: int, written: Moments, answers: Answers
    ) -> None:
        killed, was = leader
        asked = {
            "a record published is redacted, and committed": trickle.moments.since,
            "label hands out a task, committed": leases(answers),
            "Vault takes a write": written.since,
        }
        before = self._restarts()
        trickle.flow(keep)
        self._pause(LOAD_S)
        begun, dead = self._carry_out(killed)
        self.report(f"{killed} ({was}) is killed")

        def seen() -> list[Recovery | None]:
            return [recovery(what, since(dead), begun) for what, since in asked.items()]

        def recovered() -> bool:
            """What is asked for that late works, too: else a gap that has not ended might go untold."""
            trickle.check()
            if trickle.spent_before(dead + WATCHED_S):
                raise DemoFailed(f"no record was left to be published {WATCHED_S:.0f} s after {killed} was killed")
            return all(since(dead + WATCHED_S) for since in asked.values())

        self._until(recovered, RECOVERS_WITHIN_S, "everything recovers")
        self._pause(STEADY_S)
        trickle.hold()
        found = seen()
        said = Counter(str(it.status or "none") for it in list(answers.asked) if it.begun >= dead)
        self.while_down(killed)
        back_s = self._bring_back(killed)
        recoveries, restarted = tuple(it for it in found if it), self._restarted(before)
        fault = Fault(killed, was, round(dead - begun, 1), recoveries, back_s, dict(said), restarted)
        self.found.append(fault)
        for line in fault.lines():
            self.report(line)

    def _carry_out(self, killed: str) -> tuple[float, float]:
        """When the kill was ordered, and by when it was carried out: that takes seconds on a busy machine, and
        meanwhile everything still works.
        """
        begun = time.monotonic()
        self.cluster.compose.kill(killed)
        return begun, time.monotonic()

    def _bring_back(self, killed: str) -> float:
        begun = time.monotonic()
        self.cluster.compose.start(killed)
        admin = operator(self.cluster.endpoints)  # one for the whole wait: brokers have enough to do
        back = (lambda: not behind(admin)) if killed in BROKERS else self._all_vote
        self._until(back, BACK_WITHIN_S, f"{killed} catches up")
        return round(time.monotonic() - begun, 1)

    def _leader(self, part: str) -> tuple[str, str]:
        """Whom it takes most to lose now."""
        if part == "kafka":
            return quorum_leader(self.cluster), "the active controller, and a third of all partitions' leader"
        found: list[str] = []

        def look() -> bool:
            leader = self.cluster.vault_leader()
            found.extend([leader] if leader else [])
            return bool(found)

        self._until(look, RECOVERS_WITHIN_S, "a node of Vault leads")
        return found[0], "the node of Vault that leads"

    def _all_vote(self) -> bool:
        return self.cluster.vault_states_are_well() and voters(self.cluster.endpoints.vault) == len(NODES)

    def _restarts(self) -> dict[str, int]:
        return {name: int(it["RestartCount"]) for name, it in self.cluster.compose.states().items()}

    def _restarted(self, before: dict[str, int]) -> dict[str, int]:
        """How often each was started again by the engine since."""
        now = self._restarts()
        return {name: count - before[name] for name, count in now.items() if count > before.get(name, count)}

    def _until(self, done: Callable[[], bool], limit_s: float, what: str) -> None:
        deadline = time.monotonic() + limit_s
        while not done():
            if time.monotonic() > deadline:
                raise DemoFailed(f"within {limit_s:.0f} s it did not happen that {what}; the logs say why")
            self._pause(LOOK_S)

    def _pause(self, seconds: float) -> None:
        if self._stop.wait(seconds):
            raise ended_early()


def _reached(watch: Watch, share: float) -> bool:
    return watch.seen.settled >= share * watch.seen.tasks


def kept_for(kills: int) -> int:
    """How many records must be left while so many kills are still to come."""
    return round(kills * KEPT_S / RECORD_EVERY_S)


def quorum_leader(cluster: Cluster) -> str:
    """The broker whose controller is the active one, by what the brokers have written down. Raises StackError."""
    found = []
    for name in BROKERS:
        place = cluster.root / "data" / name / "log" / "__cluster_metadata-0" / "quorum-state"
        try:
            state = json.loads(place.read_text(encoding="utf-8"))
            found.append((int(state["leaderEpoch"]), int(state["leaderId"])))
        except (OSError, ValueError, KeyError):
            continue
    led = [leader for epoch, leader in sorted(found) if leader > 0]
    if not led:
        raise StackError("No broker says who the active controller is.")
    return BROKERS[led[-1] - 1]
