"""A sole owner's session with two transactional ids: it is fenced as with one, and loses nothing by it."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from schemas.errors import Abortable, Fenced
from streams.engine.messages import Outgoing, TopicPartition
from tests.contract.log.bench import commit, go_on, kafka_bench, numbered, take


@pytest.fixture
def bench(implementation):
    implementation.by_turns = True
    return implementation


@pytest.fixture
def out(bench):
    return bench.topic(1)


def record(topic, number):
    return Outgoing(topic, b"k", str(number).encode())


def found(bench, topic):
    return [int(m.value) for m in bench.log.read(topic)]


def test_what_is_committed_by_turns_is_read_in_its_order(bench, out):
    session = bench.open()
    for number in range(9):
        commit(session, record(out, number))
    assert found(bench, out) == list(range(9))


@pytest.mark.parametrize("before", range(4))
def test_positions_are_those_of_the_last_transaction_whoseever_turn_it_was(bench, out, before):
    topic = bench.topic(1)
    session = bench.open([topic])
    for number in range(before):
        commit(session, record(out, number))
    for number in range(3):
        bench.write(*numbered(topic, 2, 2 * number))
        take(session, 2)
        commit(session, record(out, number))
        commit(session, record(out, number))
    session.close()
    assert dict(bench.open([topic]).committed()) == {TopicPartition(topic, 0): take_end(bench, topic)}


def take_end(bench, topic):
    return max(m.offset for m in bench.log.read(topic)) + 1


@pytest.mark.parametrize("before", range(4))
@pytest.mark.parametrize("records", [0, 1])
def test_a_zombie_commits_nothing_more_whoseever_turn_it_is(bench, out, before, records):
    topic = bench.topic()
    zombie = bench.open([topic])
    for number in range(before):
        commit(zombie, record(out, number))
    heir = bench.open([topic])
    commit(heir, record(out, before))
    with pytest.raises(Fenced):
        go_on(zombie, *[record(out, 99)] * records)
    commit(heir, record(out, before + 1))
    assert found(bench, out) == list(range(before + 2))


@pytest.mark.parametrize("before", range(4))
def test_what_a_zombie_has_open_is_ended_by_its_heir_whoseever_turn_it_is(bench, out, before):
    zombie = bench.open()
    for number in range(before):
        commit(zombie, record(out, number))
    zombie.begin()
    zombie.produce(record(out, 99))
    heir = bench.open()
    commit(heir, record(out, before))
    with pytest.raises((Fenced, Abortable)):
        zombie.commit()
    assert found(bench, out) == list(range(before + 1))


@pytest.mark.parametrize("before", range(4))
def test_who_commits_only_positions_finds_out_at_once(bench, out, before):
    topic = bench.topic()
    zombie = bench.open([topic])
    for number in range(before):
        commit(zombie, record(out, number))
    bench.take_first()
    with pytest.raises(Fenced):
        commit(zombie)


@pytest.mark.parametrize("before", range(4))
def test_an_owner_fenced_on_the_second_id_alone_goes_on_and_takes_it_back(bench, out, before):
    owner = bench.open([bench.topic()])
    for number in range(before):
        commit(owner, record(out, number))
    late = bench.take_second()
    for number in range(before, before + 7):
        go_on(owner, record(out, number))
    with pytest.raises(Fenced):
        commit(late, record(out, 99))
    assert found(bench, out) == list(range(before + 7))


def test_the_second_id_is_not_taken_back_by_one_that_has_lost_the_first(bench, out):
    loser = bench.open()
    commit(loser, record(out, 0))
    heir = bench.open()
    with pytest.raises(Fenced):
        go_on(loser, record(out, 99))
    for number in range(1, 6):
        commit(heir, record(out, number))
    assert found(bench, out) == list(range(6))


def test_of_two_that_come_at_once_the_one_with_the_first_id_stays(bench, out):
    """The one is between its two ids when the other takes both."""
    came: list = []
    bench.between_the_ids(lambda: came.append(bench.open()))
    loser = bench.open()
    (owner,) = came
    go_on(owner, record(out, 0))
    with pytest.raises(Fenced):
        go_on(loser, record(out, 99))
    for number in range(1, 7):
        go_on(owner, record(out, number))
    assert found(bench, out) == list(range(7))


@pytest.mark.parametrize(("before", "more"), [(0, 0), (1, 1), (2, 0), (3, 1)])
def test_until_both_ids_are_taken_the_owner_may_commit_once_more(bench, out, before, more):
    """Whoever takes over reads nothing before it has both, and so misses nothing."""
    owner = bench.open()
    for number in range(before):
        commit(owner, record(out, number))
    bench.take_first()
    for number in range(before, before + more):
        commit(owner, record(out, number))
    with pytest.raises(Fenced):
        commit(owner, record(out, 99))
    assert found(bench, out) == list(range(before + more))


class Racer:
    """One of several that take the slot over at the same moment. It writes how many records it knows of."""

    def __init__(self, bench, topic, start):
        self.bench, self.topic, self.start = bench, topic, start
        self.fenced = False
        self.committed = 0

    def run(self, is_over):
        self.start.wait()
        session = self.bench.open()
        known = len(found(self.bench, self.topic))
        try:
            while not is_over():
                known = self.write(session, known)
        except Fenced:
            self.fenced = True

    def write(self, session, known):
        """One record more; or what a slot's owner does where its second id is taken: look again what there is."""
        try:
            commit(session, record(self.topic, known))
        except Abortable:
            session.abort()
            session.rewind()
            return len(found(self.bench, self.topic))
        self.committed += 1
        return known + 1


@pytest.mark.stack
@pytest.mark.parametrize("contest", range(4))
def test_of_several_that_come_at_once_one_stays_and_each_number_is_written_once(stack, contest):
    bench = kafka_bench(stack)
    bench.by_turns = True
    topic, start = bench.topic(1), Barrier(3)
    racers = [Racer(bench, topic, start) for _ in range(3)]
    limit = time.monotonic() + 60

    def is_over():
        left = [racer for racer in racers if not racer.fenced]
        return time.monotonic() > limit or (len(left) == 1 and left[0].committed >= 20)

    with ThreadPoolExecutor(3) as pool:
        list(pool.map(lambda racer: racer.run(is_over), racers))
    written = found(bench, topic)
    bench.close()
    assert [racer.fenced for racer in racers].count(False) == 1
    assert written == list(range(len(written)))
