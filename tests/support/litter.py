"""What any test may leave on the topics that all share is there from the first test on, so that none passes only
as long as another has not run.
"""

from __future__ import annotations

import secrets

from streams.engine.kafka import KafkaLog
from streams.engine.log import Ownership, SessionSpec
from streams.engine.messages import Outgoing

CONTROL = ((b"\xff\xfe litter", b"no record"), (b"litter/of/tests", None))
"""Key and value: no UTF-8 and no ControlState, and a tombstone where nothing stood."""


def litter(log: KafkaLog) -> None:
    """Put it on `control`, unless it is there. `log`: an administrator's, with the topology applied."""
    found = {message.key for message in log.read("control")}
    for key, value in CONTROL:
        if key not in found:
            write_past_all(log, Outgoing("control", key, value))


def write_past_all(log: KafkaLog, record: Outgoing) -> None:
    """Write a record as an administrator could, past every stage and right."""
    slot = f"admin-{secrets.token_hex(6)}"
    session = log.open(SessionSpec(slot, slot, (), Ownership.WHOLE))
    try:
        session.begin()
        session.produce(record)
        session.commit()
    finally:
        session.close()
