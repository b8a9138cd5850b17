"""Every interleaving of three processes that take a slot over from each other; a wrong order of steps shows."""

from __future__ import annotations

import pytest

from streams.engine.turns import Second, Turns
from tests.simulation.takeovers import NOBODY, PROCESSES, Forked, Rules, Slot, Step


def _usable_at_once(turns: Turns) -> Turns:
    return Turns(Second.USABLE, turns.rested)


WRONG = {
    "second id first": Rules(way_in=(Step.SECOND, Step.FIRST, Step.READ)),
    "reads before it has both": Rules(way_in=(Step.FIRST, Step.READ, Step.SECOND)),
    "uses the second unproven": Rules(begins=Turns(Second.USABLE, rested=True)),
    "uses it unproven after it was fenced": Rules(initialised_again=_usable_at_once),
}


def test_nobody_commits_what_another_does_not_know_of_and_whoever_owns_the_first_id_keeps_the_slot() -> None:
    slot = Slot(Rules())
    states = slot.reachable()
    assert len(states) > 10_000
    for state in states:
        calm = slot.calm(state)
        left = [who for who in range(PROCESSES) if not slot.stands_by(calm, who)]
        owner = state.first
        assert left == ([] if owner == NOBODY or slot.stands_by(state, owner) else [owner])
        assert all(calm.processes[who].turns.second is Second.USABLE and calm.second == who for who in left)


@pytest.mark.parametrize("rules", WRONG.values(), ids=WRONG)
def test_a_wrong_order_is_found_out(rules: Rules) -> None:
    with pytest.raises(Forked):
        Slot(rules).reachable()
