"""Who has answered the project's onboarding tasks right. Pure: times are arguments.

A task is known by what it says and what is right, so that one which is changed has to be answered anew, and one
that only moved has not. The known answers are in the project's guide, where the page compares with them:
onboarding teaches. It is no examination, which is what hidden gold is for.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Protocol

from schemas.states import Onboarding
from streams.label.commands import Result
from topology.guidance import PracticeTask

_ID_DIGITS = 16


class Store(Protocol):
    """Where it is kept: `streams.engine.state.KeyedState`, or anything like a dict."""

    def get(self, key: str) -> Onboarding | None: ...
    def put(self, key: str, value: Onboarding) -> None: ...


@dataclass(frozen=True, slots=True)
class Progress:
    """Which of the project's tasks a person has answered right. `done`: all; `newly`: with this answer."""

    passed: frozenset[str]
    done: bool
    newly: bool = False


def practice_id(task: PracticeTask) -> str:
    """The name of an onboarding task: 64 bits of the SHA-256 of what it shows and what is right."""
    spans = sorted((it.field, it.start, it.end, it.label) for it in task.spans)
    content = json.dumps([dict(task.fields), spans, dict(task.choices)], sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(content.encode()).hexdigest()[:_ID_DIGITS]


def by_id(tasks: Collection[PracticeTask]) -> Mapping[str, PracticeTask]:
    """The project's onboarding tasks by their names."""
    return {practice_id(task): task for task in tasks}


def is_right(task: PracticeTask, result: Result) -> bool:
    """Whether an answer is the known one: the same spans, and each choice that the known answer makes."""
    known = {(it.field, it.start, it.end, it.label) for it in task.spans}
    given = {(it.field, it.start, it.end, it.label) for it in result.spans}
    return known == given and all(result.choices.get(name) == option for name, option in task.choices.items())


def progress(store: Store, person: str, wanted: Collection[str]) -> Progress:
    """How far a person is with these tasks."""
    known = store.get(person)
    passed = frozenset(known.passed if known else ()) & frozenset(wanted)
    return Progress(passed, passed == frozenset(wanted))


def answered(store: Store, person: str, task: str, wanted: Collection[str], now: int) -> Progress:
    """Note a right answer; tasks that the project has no more are forgotten with it."""
    before = progress(store, person, wanted)
    passed = before.passed | ({task} & frozenset(wanted))
    done = passed == frozenset(wanted)
    if passed != before.passed:
        store.put(person, Onboarding(person, tuple(sorted(passed)), now if done else 0))
    return Progress(passed, done, newly=done and not before.done)
