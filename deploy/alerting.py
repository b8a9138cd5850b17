"""What looks wrong by now: the alerts that were told, and those that the matcher would tell if nothing came."""

from __future__ import annotations

from collections.abc import Iterator

from deploy.compliance import Compliance
from schemas.alerts import Alert, Severity, alert_id
from schemas.errors import Undecodable
from schemas.matching import STANDING, MatchingStanding
from schemas.resources import message_resource
from schemas.vault_log import READ_UP_TO, ReadUpTo
from streams.audit.matching import STANDING_TOPIC, VAULT_LOG, Matching
from streams.engine.messages import Message
from topology.identity import PLATFORM

UNREADABLE = "unreadable-alert"


def alerts(seen: Compliance) -> dict[str, Alert]:
    """By their id, of all projects and the platform. Of uses that are not judged yet, those count as announced
    that are by now. Raises LogUnavailable, Undecodable.
    """
    partitions = {name: it.partitions for name, it in seen.topology.projects.items()}
    matching = Matching(partitions, seen.codec, seen.log_name)
    for topic in sorted({place.topic for place in matching.positions()}):
        for message in seen.log.read(topic):
            matching.take(message)
    written = (alert for _, alert in told(seen))
    return {it.alert_id: it for it in (*written, *matching.conclude())}


def standing(seen: Compliance) -> MatchingStanding | None:
    """How far the matcher is; None where there was never one. Raises LogUnavailable, Undecodable."""
    found = [it.value for it in seen.log.read(STANDING_TOPIC) if it.key == STANDING.encode()]
    return seen.codec.decode(found[-1], MatchingStanding) if found else None


def shipped_up_to(seen: Compliance) -> int:
    """Up to when, in milliseconds, everything that Vault's log says is on `vault-log`; 0 where nobody has said."""
    marks = (it.value for it in seen.log.read(VAULT_LOG) if it.key == READ_UP_TO.encode())
    return max((seen.codec.decode(it, ReadUpTo).time for it in marks), default=0)


def told(seen: Compliance) -> Iterator[tuple[str, Alert]]:
    """Every alert there is, by watch and by the matcher, each with its project or the platform. Raises
    LogUnavailable.
    """
    for place in (*sorted(seen.topology.projects), PLATFORM):
        for message in seen.log.read(f"alerts.{place}"):
            yield place, _alert(seen, message)


def _alert(seen: Compliance, message: Message) -> Alert:
    """A record that is none hides no other, and is itself an alert: only watch and the matcher may write there."""
    try:
        return seen.codec.decode(message.value, Alert)
    except Undecodable:
        subject, at = message_resource(message.topic, message.partition, message.offset), message.timestamp
        return Alert(alert_id(UNREADABLE, subject, at), UNREADABLE, Severity.CRITICAL, subject, at, at)
