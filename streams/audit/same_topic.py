"""Whether a topic is still the one that was sealed: the last record of each log lies where it was taken from.

Kafka gives a topic that is deleted and made again the offsets of the old one, and a broker that loses the end of a
partition gives its offsets to other records. By offsets alone the sealer would take what came anew for what it has
sealed already.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from schemas.states import SealedLog
from streams.audit.sealing import digest_of
from streams.engine.log import Log
from streams.engine.messages import TopicPartition


def not_the_same(log: Log, topic: str, sealed: Collection[SealedLog]) -> list[SealedLog]:
    """The logs of a topic whose last record is another today, or gone though its retention is not over.

    May raise LogUnavailable.
    """
    known = {TopicPartition(topic, it.partition): it for it in sealed if it.last}
    if not known:
        return []
    last = {TopicPartition(topic, it.partition): it.next_offset - 1 for it in sealed}
    for place, digest in _first_from(log, topic, last, known.keys()).items():
        if digest == known[place].last:
            del known[place]
    firsts = log.offsets_at(topic, 0) if known else {}
    return [it for place, it in known.items() if firsts.get(place, 0) < it.next_offset]


def _first_from(
    log: Log, topic: str, offsets: Mapping[TopicPartition, int], wanted: Collection[TopicPartition]
) -> dict[TopicPartition, str]:
    """The digest of the record at its offset, for partitions that have one there."""
    waited, found = set(wanted), dict[TopicPartition, str]()
    for message in log.read(topic, offsets):
        if message.place not in waited or message.offset < offsets[message.place]:
            continue
        waited.remove(message.place)
        if message.offset == offsets[message.place]:
            found[message.place] = digest_of(message)
        if not waited:
            break
    return found


def begin_late(
    log: Log, topic: str, begun: Collection[TopicPartition], positions: Mapping[TopicPartition, int]
) -> list[TopicPartition]:
    """Those of a topic's partitions that have records before these positions, at which their logs would begin.

    `positions`: of all its partitions. May raise LogUnavailable.
    """
    waited, late = set(begun), list[TopicPartition]()
    others = {it: at for it, at in positions.items() if it.topic == topic and it not in waited}
    for message in log.read(topic, others):
        if message.place not in waited:
            continue
        waited.remove(message.place)
        if message.offset < positions[message.place]:
            late.append(message.place)
        if not waited:
            break
    return late
