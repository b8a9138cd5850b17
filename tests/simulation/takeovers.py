"""All that three processes of one slot can do to each other while they take it over with two transactional ids.

Explicit states, every interleaving. What is asked of the broker (initialise an id, commit under it) is one step:
the coordinator of an id takes requests one by one. Between two steps a process may sleep as long as it likes, die,
or start again. `streams.engine.turns` is the real thing; the rest is what the loop and `KafkaTurns` do with it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from enum import Enum

from streams.engine.turns import Second, Turns

PROCESSES = 3
BEGINS = Turns()
NOBODY = -1
"""Who was initialised by a request that arrived after its process had died."""


class Step(Enum):
    """One of the way in."""

    FIRST = "initialise the first id"
    SECOND = "initialise the second id"
    READ = "read what is committed"


@dataclass(frozen=True, slots=True)
class Rules:
    """What a process goes by. The defaults are the real ones; others are wrong on purpose."""

    way_in: tuple[Step, ...] = (Step.FIRST, Step.SECOND, Step.READ)
    begins: Turns = BEGINS
    initialised_again: Callable[[Turns], Turns] = Turns.second_initialised


@dataclass(frozen=True, slots=True)
class Process:
    """`left`: steps of the way in still to come; all of them: it stands by. `knows`: it has read all there is."""

    left: tuple[Step, ...]
    turns: Turns
    knows: bool = False


@dataclass(frozen=True, slots=True)
class State:
    """Everybody, and whose incarnation of each id the broker takes commits of."""

    processes: tuple[Process, ...]
    first: int = NOBODY
    second: int = NOBODY


class Forked(AssertionError):
    """A process has committed without knowing what another has committed before."""


class Slot:
    """The moves under given rules."""

    def __init__(self, rules: Rules) -> None:
        self._rules = rules
        self._standing_by = Process(rules.way_in, rules.begins)
        self.start = State((self._standing_by,) * PROCESSES)

    def reachable(self) -> set[State]:
        """Every state there can be. Raises Forked."""
        seen, waiting = {self.start}, [self.start]
        while waiting:
            fresh = set(self._next(waiting.pop())) - seen
            seen |= fresh
            waiting += fresh
        return seen

    def calm(self, state: State) -> State:
        """What comes of it once nobody starts, dies or sleeps any more."""
        for _ in range(len(self._rules.way_in) + 6):  # at most: the way in, fenced, three commits and a new way up
            for who in range(PROCESSES):
                if state.processes[who] != self._standing_by:
                    state = next(self._goes_on(state, who))
        return state

    def stands_by(self, state: State, who: int) -> bool:
        """Whether it has ended, or never begun."""
        return state.processes[who] == self._standing_by

    def _next(self, state: State) -> Iterator[State]:
        yield replace(state, first=NOBODY)
        yield replace(state, second=NOBODY)
        for who in range(PROCESSES):
            yield self._ended(state, who)
            yield from self._goes_on(state, who)

    def _goes_on(self, state: State, who: int) -> Iterator[State]:
        process = state.processes[who]
        if process.left:
            yield self._comes_in(state, who, process)
            return
        if process.turns.second is Second.OURS_AGAIN:
            again = replace(process, turns=self._rules.initialised_again(process.turns))
            yield replace(_with(state, who, again), second=who)
            return
        if process.turns.takes_second(positions=False):
            yield from self._commits_on_second(state, who, process)
        yield self._commits_on_first(state, who, process)

    def _comes_in(self, state: State, who: int, process: Process) -> State:
        step, *rest = process.left
        state = _with(state, who, replace(process, left=tuple(rest), knows=process.knows or step is Step.READ))
        match step:
            case Step.FIRST:
                return replace(state, first=who)
            case Step.SECOND:
                return replace(state, second=who)
            case Step.READ:
                return state

    def _commits_on_first(self, state: State, who: int, process: Process) -> State:
        if state.first != who:
            return self._ended(state, who)
        return self._committed(state, who, replace(process, turns=process.turns.first_committed()))

    def _commits_on_second(self, state: State, who: int, process: Process) -> Iterator[State]:
        """Also: the broker has committed, its answer is lost, and the client, asking again, hears it is fenced."""
        fenced = replace(process, left=(Step.READ,), turns=process.turns.second_fenced(), knows=False)
        if state.second != who:
            yield _with(state, who, fenced)
            return
        yield self._committed(state, who, replace(process, turns=process.turns.second_committed()))
        yield self._committed(state, who, fenced)

    def _committed(self, state: State, who: int, after: Process) -> State:
        if not state.processes[who].knows:
            raise Forked(f"process {who} in {state}")
        others = tuple(replace(process, knows=False) for process in state.processes)
        return _with(replace(state, processes=others), who, after)

    def _ended(self, state: State, who: int) -> State:
        return _with(state, who, self._standing_by)


def _with(state: State, who: int, process: Process) -> State:
    processes = (*state.processes[:who], process, *state.processes[who + 1 :])
    return replace(state, processes=processes)
