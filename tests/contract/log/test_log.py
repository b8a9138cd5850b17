"""What every implementation of `streams.engine.log.Log` promises."""

from __future__ import annotations

import pytest

from schemas.errors import Abortable, Fenced, LogUnavailable
from streams.engine.log import Ownership
from streams.engine.messages import Outgoing, TopicPartition
from tests.contract.log.bench import commit, go_on, numbered, take, values
from tests.support.waiting import wait_for

SHARED = Ownership.SHARED


def everything(bench, topic):
    return list(bench.log.read(topic))


# Visibility


def test_what_is_committed_is_read_with_key_value_headers_and_place(bench):
    topic = bench.topic()
    bench.write(Outgoing(topic, b"k", b"v", (("ce_type", b"x"), ("ce_id", b"1"))))
    for reader in (bench.open([topic]), bench.follow(topic)):
        (message,) = take(reader, 1)
        assert (message.topic, message.key, message.value) == (topic, b"k", b"v")
        assert dict(message.headers) == {"ce_type": b"x", "ce_id": b"1"}
        assert message.offset == 0
    assert [m.value for m in everything(bench, topic)] == [b"v"]


def test_records_of_one_key_keep_their_order(bench):
    topic = bench.topic()
    bench.write(*(Outgoing(topic, b"same", str(n).encode()) for n in range(50)))
    messages = take(bench.open([topic]), 50)
    assert [m.value for m in messages] == [str(n).encode() for n in range(50)]
    assert len({m.partition for m in messages}) == 1


def test_what_is_aborted_is_never_seen(bench):
    topic = bench.topic()
    session = bench.open()
    session.begin()
    for record in numbered(topic, 5):
        session.produce(record)
    session.abort()
    commit(session, Outgoing(topic, b"key-0", b"after"))
    assert [m.value for m in take(bench.open([topic]), 1)] == [b"after"]
    assert [m.value for m in everything(bench, topic)] == [b"after"]
    follower = bench.follow(topic)
    assert [m.value for m in take(follower, 1)] == [b"after"]
    wait_for(lambda: follower.poll(10, 0.05) == [] and follower.at_end(), "the follower met the end")


def test_what_is_not_yet_committed_is_not_seen(bench):
    topic = bench.topic()
    writer, follower = bench.open(), bench.follow(topic)
    writer.begin()
    writer.produce(Outgoing(topic, b"k", b"v"))
    assert follower.poll(10, 0.2) == []
    writer.commit()
    assert [m.value for m in take(follower, 1)] == [b"v"]


def test_reading_reaches_what_was_committed_behind_the_open_transaction_of_another(bench):
    """A stage that restores its changelog must not miss its own last state because a neighbour was killed."""
    topic = bench.topic(1)
    killed, writer = bench.open(slot=1, transaction_timeout_ms=2_000), bench.open(slot=2)
    killed.begin()
    killed.produce(Outgoing(topic, b"k", b"open"))
    wait_for(lambda: flushed(killed), "the open record reached the broker")
    commit(writer, Outgoing(topic, b"k", b"committed"))
    if not bench.faithful:  # no time passes there: it may only say that it can't tell yet
        with pytest.raises(LogUnavailable):
            everything(bench, topic)
        killed.abort()
    assert [m.value for m in everything(bench, topic)] == [b"committed"]


def flushed(session):
    """Whether the client has handed its records to the broker (in memory: always)."""
    producer = getattr(session, "_producer", None)
    if producer is None:
        return True
    return getattr(producer, "_current", producer)._client.flush(5) == 0


def test_a_tombstone_is_read_like_any_record(bench):
    topic = bench.topic()
    bench.write(Outgoing(topic, b"k", b"v"), Outgoing(topic, b"k", None))
    assert [m.value for m in everything(bench, topic)] == [b"v", None]
    assert [m.value for m in take(bench.open([topic]), 2)] == [b"v", None]


def test_reading_ends_at_the_end_behind_markers_and_aborted_records(bench):
    topic = bench.topic()
    session = bench.open()
    for n in range(4):
        session.begin()
        for record in numbered(topic, 3, 3 * n):
            session.produce(record)
        session.abort() if n % 2 else session.commit()
    assert values(everything(bench, topic)) == values_of(0, 1, 2, 6, 7, 8)


def values_of(*numbers):
    return sorted(f"value-{n}".encode() for n in numbers)


def test_what_is_written_while_a_topic_is_read_is_not_read(bench):
    """Else one partition would be read up to later than another, and a record without the one it followed from."""
    topic = bench.topic()
    bench.write(*numbered(topic, 1_500))  # more than one poll gives
    reading = bench.log.read(topic)
    read = [next(reading)]
    bench.write(*numbered(topic, 1_500, 1_500))
    read += reading
    assert values(read) == values_of(*range(1_500))


def test_an_empty_topic_reads_as_nothing_and_its_follower_is_at_the_end(bench):
    topic = bench.topic()
    assert everything(bench, topic) == []
    follower = bench.follow(topic)
    assert follower.poll(10, 0.1) == []
    wait_for(lambda: follower.poll(10, 0.1) == [] and follower.at_end(), "the end of nothing")
    session = bench.open([topic])
    assert session.poll(10, 0.1) == []
    assert session.committed() == {TopicPartition(topic, n): 0 for n in range(2)}


# Followers


def test_a_follower_is_at_the_end_only_when_everything_was_returned(bench):
    topic = bench.topic()
    bench.write(*numbered(topic, 10))
    follower = bench.follow(topic)
    assert not follower.at_end()
    got = follower.poll(3, 5)
    assert len(got) <= 3
    assert not follower.at_end()
    got += take(follower, 10 - len(got))
    assert values(got) == values_of(*range(10))
    wait_for(lambda: follower.poll(10, 0.05) == [] and follower.at_end(), "the end")
    bench.write(*numbered(topic, 1, 10))
    assert not follower.at_end()
    assert values(take(follower, 1)) == values_of(10)
    wait_for(lambda: follower.poll(10, 0.05) == [] and follower.at_end(), "the new end")


def test_where_a_time_begins_is_the_first_record_of_then_or_later(bench):
    """In memory no time passes: every record is of the time 0."""
    topic = bench.topic(1)
    (place,) = (TopicPartition(topic, n) for n in range(1))
    assert bench.log.offsets_at(topic, 0) == {place: 0}, "the end, where there is nothing"
    bench.write(*(Outgoing(topic, b"k", str(n).encode()) for n in range(3)))
    first, _second, third = everything(bench, topic)
    assert bench.log.offsets_at(topic, 0) == {place: 0}
    assert bench.log.offsets_at(topic, first.timestamp) == {place: 0}
    beyond = bench.log.offsets_at(topic, 2**53)[place]
    assert beyond > third.offset, "the end, where nothing is so late"
    if bench.faithful:
        later = bench.log.offsets_at(topic, third.timestamp + 1)[place]
        assert third.offset < later <= beyond, "the marker of the transaction has an offset and a time, too"


def test_where_the_beginning_has_expired_the_first_offset_is_that_of_what_is_left(bench):
    topic = bench.topic(1)
    place = TopicPartition(topic, 0)
    bench.write(*numbered(topic, 3))
    end = bench.log.offsets_at(topic, 2**53)[place]
    bench.expire(topic, 2)
    assert bench.log.offsets_at(topic, 0) == {place: 2}
    bench.expire(topic, end)
    assert bench.log.offsets_at(topic, 0) == {place: end}


def test_read_from_behind_the_end_gives_nothing(bench):
    """Of a topic that has been deleted and made again since."""
    topic = bench.topic(1)
    bench.write(*numbered(topic, 2))
    assert list(bench.log.read(topic, {TopicPartition(topic, 0): 100})) == []


def test_an_end_is_passed_at_once_by_the_next_record_behind_it(bench):
    """Who asks whether it keeps up need not wait until nothing comes any more."""
    topic = bench.topic()
    follower, session = bench.follow(topic), bench.open()
    commit(session, Outgoing(topic, b"k", b"1"))
    ends = follower.ends()
    assert not follower.passed(ends)
    assert values(take(follower, 1)) == [b"1"]
    commit(session, Outgoing(topic, b"k", b"2"))
    assert values(take(follower, 1)) == [b"2"]
    assert follower.passed(ends)


def test_a_follower_of_two_topics_reads_both(bench):
    first, second = bench.topic(), bench.topic()
    bench.write(Outgoing(first, b"k", b"1"), Outgoing(second, b"k", b"2"))
    assert values(take(bench.follow(first, second), 2)) == [b"1", b"2"]


def test_a_follower_goes_on_from_where_it_is_told(bench):
    topic = bench.topic()
    bench.write(*numbered(topic, 10))
    before = bench.follow(topic).poll(4, 5)
    after = {message.place: message.offset + 1 for message in before}
    rest = take(bench.follow(topic, after=after), 10 - len(before))
    assert sorted(values(before) + values(rest)) == sorted(values_of(*range(10)))


# Positions


def test_a_session_goes_on_from_what_it_committed_not_from_what_it_polled(bench):
    topic, out = bench.topic(), bench.topic()
    bench.write(*numbered(topic, 6))
    first = bench.open([topic])
    seen = take(first, 6)
    first.close()
    second = bench.open([topic])
    again = take(second, 6)
    assert values(again) == values(seen)
    commit(second, *numbered(out, 1))
    second.close()
    bench.write(*numbered(topic, 1, 6))
    third = bench.open([topic])
    assert values(take(third, 1)) == values_of(6)


def test_every_commit_carries_the_position_of_every_owned_partition(bench):
    topic = bench.topic(4)
    bench.write(*numbered(topic, 20))
    session = bench.open([topic])
    messages = take(session, 20)
    commit(session)
    expected = {TopicPartition(topic, n): 0 for n in range(4)}
    for message in messages:
        expected[message.place] = max(expected[message.place], message.offset + 1)
    assert dict(session.committed()) == expected
    session.close()
    assert dict(bench.open([topic]).committed()) == expected


def test_committed_positions_are_where_the_next_poll_begins(bench):
    topic = bench.topic(1)
    bench.write(*numbered(topic, 3))
    session = bench.open([topic])
    place = TopicPartition(topic, 0)
    assert session.committed()[place] == 0
    take(session, 3)
    assert session.committed()[place] == 0
    commit(session)
    assert session.committed()[place] == 3


def test_rewinding_gives_the_same_messages_again(bench):
    topic, out = bench.topic(), bench.topic()
    bench.write(*numbered(topic, 5))
    session = bench.open([topic])
    take(session, 5)
    session.begin()
    session.produce(Outgoing(out, b"k", b"lost"))
    session.abort()
    session.rewind()
    assert values(take(session, 5)) == values_of(*range(5))
    commit(session, Outgoing(out, b"k", b"kept"))
    session.rewind()
    assert session.poll(10, 0.2) == []
    assert [m.value for m in everything(bench, out)] == [b"kept"]


def test_aborting_with_nothing_open_does_nothing(bench):
    session = bench.open([bench.topic()])
    session.abort()
    session.rewind()
    commit(session)


# Holding


def test_a_held_topic_gives_nothing_and_goes_on_where_it_stopped(bench):
    held, free = bench.topic(), bench.topic()
    bench.write(*numbered(held, 3), Outgoing(free, b"k", b"free"))
    session = bench.open([held, free])
    session.hold(frozenset({held}))
    assert values(take(session, 1)) == [b"free"]
    assert session.poll(10, 0.3) == []
    session.hold(frozenset())
    assert values(take(session, 3)) == values_of(0, 1, 2)


def test_what_was_polled_before_a_hold_is_not_given_twice(bench):
    topic = bench.topic(1)
    bench.write(*numbered(topic, 10))
    session = bench.open([topic])
    first = []
    while not first:
        first = session.poll(4, 0.1)
    session.hold(frozenset({topic}))
    assert session.poll(10, 0.2) == []
    session.hold(frozenset())
    assert values(first + take(session, 10 - len(first))) == values_of(*range(10))


def test_a_hold_outlives_a_rewind(bench):
    topic = bench.topic()
    bench.write(*numbered(topic, 3))
    session = bench.open([topic])
    session.hold(frozenset({topic}))
    session.rewind()
    assert session.poll(10, 0.3) == []


# One writer


@pytest.mark.parametrize("ownership", list(Ownership))
def test_a_second_incarnation_fences_the_first(bench, ownership):
    topic, out = bench.topic(), bench.topic()
    bench.write(*numbered(topic, 3))
    zombie = bench.open([topic], ownership=ownership)
    take(zombie, 3)
    zombie.begin()
    zombie.produce(Outgoing(out, b"k", b"zombie"))
    heir = bench.open([topic], ownership=ownership)
    with pytest.raises(Fenced):
        zombie_goes_on(zombie, out)
    assert values(take(heir, 3)) == values_of(0, 1, 2)
    commit(heir, Outgoing(out, b"k", b"heir"))
    assert [m.value for m in everything(bench, out)] == [b"heir"]


def zombie_goes_on(zombie, out):
    zombie.produce(Outgoing(out, b"k", b"zombie"))
    zombie.commit()


def test_a_zombie_that_polls_learns_that_it_was_taken_over(bench):
    topic = bench.topic()
    zombie = bench.open([topic], ownership=SHARED)
    wait_for(lambda: zombie.poll(1, 0.1) == [] and zombie.committed(), "partitions")
    heir = bench.open([topic], ownership=SHARED)
    wait_for(lambda: heir.poll(1, 0.1) == [] and heir.committed(), "partitions for the heir")

    def fenced():
        try:
            zombie.poll(1, 0.1)
        except Fenced:
            return True
        return False

    wait_for(fenced, "the zombie is told")


def test_a_zombie_without_a_batch_is_fenced_too(bench):
    zombie = bench.open()
    bench.open()
    with pytest.raises(Fenced):
        commit(zombie, Outgoing(bench.topic(), b"k", b"zombie"))


@pytest.mark.parametrize("records", [0, 1])
def test_a_zombie_whose_positions_have_not_moved_is_fenced_too(bench, records):
    topic, out = bench.topic(), bench.topic()
    zombie = bench.open([topic])
    commit(zombie, *numbered(out, 1))
    commit(bench.open([topic]), *numbered(out, 1, 1))
    with pytest.raises(Fenced):
        go_on(zombie, *numbered(out, records, 2))
    assert values(everything(bench, out)) == values_of(0, 1)


def test_the_open_transaction_of_a_dead_incarnation_is_ended_by_the_next(bench):
    topic, out = bench.topic(), bench.topic()
    dead = bench.open([topic])
    dead.begin()
    dead.produce(Outgoing(out, b"k", b"dead"))
    wait_for(lambda: flushed(dead), "the open record reached the broker")
    heir = bench.open([topic])
    commit(heir, Outgoing(out, b"k", b"heir"))
    assert [m.value for m in everything(bench, out)] == [b"heir"]


# Sharing


def test_two_members_own_each_partition_once_between_them(bench):
    topic = bench.topic(4)
    one, two = (bench.open([topic], slot=n, ownership=SHARED) for n in (1, 2))

    def split():
        for member in (one, two):
            member.poll(1, 0.1)
        mine, other = set(one.committed()), set(two.committed())
        return len(mine) == len(other) == 2 and not mine & other

    wait_for(split, "two partitions each")


def test_a_rebalance_amid_a_transaction_doubles_nothing(bench):
    """The member's commit counts or is refused; what it was working on is copied once either way."""
    topic, out = bench.topic(2), bench.topic(1)
    bench.write(*numbered(topic, 20))
    first = bench.open([topic], slot=1, ownership=SHARED)
    batch = take(first, 20)
    second = bench.open([topic], slot=2, ownership=SHARED)
    first.begin()
    for message in batch:
        first.produce(Outgoing(out, b"k", message.value))
    second.poll(1, 0.5)  # it asks to join
    try:
        first.commit()
    except Abortable:
        first.abort()
        first.rewind()
    copy_until_done(bench, [first, second], out, 20)
    assert values(everything(bench, out)) == values_of(*range(20))


def test_a_member_whose_place_was_given_away_commits_nothing(bench):
    """Another has taken all over in the meantime; the late commit is refused whole."""
    topic, out = bench.topic(1), bench.topic(1)
    bench.write(*numbered(topic, 5))
    late = bench.open([topic], slot=1, ownership=SHARED)
    take(late, 5)
    late.begin()
    late.produce(Outgoing(out, b"k", b"late"))
    heir = bench.open([topic], slot=1, ownership=SHARED)
    take(heir, 5)
    commit(heir, Outgoing(out, b"k", b"heir"))
    with pytest.raises((Abortable, Fenced)):
        late.commit()
    assert [m.value for m in everything(bench, out)] == [b"heir"]


def copy_until_done(bench, members, out, count):
    """Every member does its rounds until all is copied."""

    def done():
        for member in members:
            try:
                batch = member.poll(100, 0.1)
                commit(member, *(Outgoing(out, b"k", m.value) for m in batch))
            except Abortable:
                member.abort()
                member.rewind()
        return len(everything(bench, out)) >= count

    wait_for(done, "everything was copied")


def test_a_member_that_leaves_gives_its_partitions_back(bench):
    topic = bench.topic(2)
    one, two = (bench.open([topic], slot=n, ownership=SHARED) for n in (1, 2))
    wait_for(
        lambda: [m.poll(1, 0.1) for m in (one, two)] and len(one.committed()) == len(two.committed()) == 1,
        "one each",
    )
    two.close()
    wait_for(lambda: one.poll(1, 0.1) == [] and len(one.committed()) == 2, "both back")


def test_a_closed_session_may_be_closed_again(bench):
    session = bench.open([bench.topic()])
    session.close()
    session.close()


def test_what_was_read_before_is_left_out(bench):
    topic = bench.topic()
    bench.write(*numbered(topic, 20))
    before = everything(bench, topic)
    after = {}
    for message in before[: len(before) // 2]:
        after[message.place] = message.offset + 1
    bench.write(Outgoing(topic, b"more", b"more"))
    rest = list(bench.log.read(topic, after))
    known = [m for m in before if m.offset < after.get(m.place, 0)]
    assert sorted((m.place, m.offset) for m in [*known, *rest]) == sorted(
        (m.place, m.offset) for m in everything(bench, topic)
    )
    assert {(m.place, m.offset) for m in known}.isdisjoint((m.place, m.offset) for m in rest)


def test_follower_has_passed_what_it_has_returned_however_much_comes_after(bench):
    topic = bench.topic()
    bench.write(*numbered(topic, 10))
    follower = bench.follow(topic)
    ends = follower.ends()
    assert not follower.passed(ends)
    take(follower, 10)
    bench.write(Outgoing(topic, b"more", b"more"))
    wait_for(lambda: follower.poll(1, 0.05) is not None and follower.passed(ends), "it passes the end of before")


def test_open_transaction_before_an_end_is_not_passed(bench):
    topic = bench.topic()
    writer, follower = bench.open(), bench.follow(topic)
    writer.begin()
    writer.produce(Outgoing(topic, b"k", b"v"))
    wait_for(lambda: flushed(writer), "the open record reached the broker")
    ends = follower.ends()
    assert follower.poll(1, 0.05) == []
    assert not follower.passed(ends)
    writer.commit()
    wait_for(lambda: follower.poll(1, 0.05) is not None and follower.passed(ends), "it passes")


# Retention


def test_what_is_gone_before_it_was_read_is_told_until_a_commit_has_carried_the_position_past_it(bench):
    topic, other = bench.topic(1), bench.topic(1)
    bench.write(*numbered(topic, 2), *numbered(other, 1))
    first = bench.open([topic, other])
    assert first.gaps() == []
    take(first, 3)
    commit(first)
    bench.write(*numbered(topic, 4, first=2))
    bench.expire(topic, 6)
    session = bench.open([topic, other])
    (gap,) = session.gaps()
    assert (gap.place, gap.next) == (TopicPartition(topic, 0), 6)
    assert gap.first in (2, 3), "2 is the marker behind the first two"
    assert session.committed()[gap.place] == 6
    session.begin()
    session.abort()
    session.rewind()
    assert session.gaps() == [gap], "nothing was committed"
    commit(session)
    assert session.gaps() == []
    assert bench.open([topic, other]).gaps() == []


def test_what_is_gone_while_a_member_of_a_group_was_away_is_told_to_who_gets_the_partition(bench):
    topic = bench.topic(1)
    bench.write(*numbered(topic, 2))
    first = bench.open([topic], ownership=SHARED)
    take(first, 2)
    commit(first)
    first.close()
    bench.write(*numbered(topic, 2, first=2))
    bench.expire(topic, 5)
    second = bench.open([topic], ownership=SHARED)
    wait_for(lambda: second.poll(0, 0.1) == [] and second.committed(), "the partition")
    (gap,) = second.gaps()
    assert (gap.place, gap.next) == (TopicPartition(topic, 0), 5)
    commit(second)
    assert second.gaps() == []


def test_markers_behind_the_last_record_are_not_lost_once_they_are_gone(bench):
    """Several writers at once leave several in a row; positions stand before them."""
    topic = bench.topic(1)
    writers = [bench.open(slot=number) for number in (1, 2)]
    for writer, record in zip(writers, numbered(topic, 2), strict=True):
        writer.begin()
        writer.produce(record)
    for writer in writers:
        writer.commit()
    session = bench.open([topic])
    take(session, 2)
    bench.read_to_the_end(session)
    commit(session)
    assert session.committed()[TopicPartition(topic, 0)] in (2, 3), "before the last marker at least"
    bench.expire(topic, 4)
    assert bench.open([topic]).gaps() == []


def test_a_partition_that_the_group_never_read_has_no_gap(bench):
    topic = bench.topic(1)
    bench.write(*numbered(topic, 3))
    bench.expire(topic, 2)
    session = bench.open([topic])
    assert session.gaps() == []
    assert [m.value for m in take(session, 1)] == [b"value-2"]


@pytest.mark.parametrize("ownership", [Ownership.WHOLE, SHARED])
def test_a_group_is_remembered_once_a_position_of_it_is_committed(bench, ownership):
    topic, unread = bench.topic(1), bench.topic(1)
    bench.write(*numbered(topic, 1))
    session = bench.open([topic, unread], ownership=ownership)
    assert not session.remembered()
    take(session, 1)
    assert not session.remembered()
    commit(session)
    assert session.remembered()


def test_how_far_a_group_has_read_counts_the_markers_behind_its_last_record(bench):
    topic, unread = bench.topic(2), bench.topic(1)
    bench.write(Outgoing(topic, b"key-0", b"a"), *numbered(unread, 1))
    session = bench.open([topic])
    (message,) = take(session, 1)
    assert bench.log.read_up_to(bench.group, topic) == {}
    bench.read_to_the_end(session)
    commit(session)
    other = TopicPartition(topic, 1 - message.partition)
    assert bench.log.read_up_to(bench.group, topic) == {message.place: 2, other: 0}
    assert bench.log.read_up_to(bench.group, unread) == {}
