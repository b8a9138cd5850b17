"""The certificates of Kafka, Vault and the registry change while records flow."""

from __future__ import annotations

import pytest

from deploy.local.authority import Certificates
from deploy.local.shown import serial_at, shown_by
from deploy.renewing import renew_audited
from schemas.audit import AuditEvent, EventType
from streams.audit.reader import Reader, read_events
from tests.support.waiting import wait_for

pytestmark = pytest.mark.faults

PARTS = ("kafka", "vault", "registry")


def shown(installation) -> set[int | None]:
    ports, files = installation.stack._assembled().ports, Certificates(installation.root / "tls")
    return {serial_at(it, files) for it in shown_by(ports, PARTS)}


def running(installation) -> dict[str, int | None]:
    return {it.name: it.pid for it in (*installation.stack.statuses(), *installation.statuses())}


def said(pipeline) -> list[AuditEvent]:
    events = read_events(pipeline.log, Reader(pipeline.codec), ["audit.platform"])
    return [it for it in events if it.type is EventType.TOPOLOGY_APPLIED and "certificate" in it.details]


def test_all_certificates_change_while_records_flow_and_nothing_is_lost_doubled_or_restarted(
    installation, load, proof
):
    load.flow()
    wait_for(lambda: load.check() or len(load.published.delivered) >= 5, "records flow")
    pids, old, failed = running(installation), shown(installation), load.published.failed
    assert None not in old
    for _ in range(2):
        renew_audited(installation.root)
        sent = len(load.published.delivered)
        wait_for(lambda sent=sent: load.check() or len(load.published.delivered) > sent + 5, "records flow on")
    assert not shown(installation) & old
    assert running(installation) == pids
    assert load.published.failed == failed
    assert [it.details["certificate"] for it in said(proof._pipeline)] == ["4", "4"]
    proof.holds()
