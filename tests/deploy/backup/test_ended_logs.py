"""The audit's logs after a restore: what the sealer finds of the old ones, and the name of the next."""

from __future__ import annotations

from dataclasses import replace

from deploy.backup.rebuilding import ended_logs
from deploy.log_name import after_restore
from streams.audit.sealing import follows
from tests.deploy.backup.test_manifest import MANIFEST

AT = 1_796_131_692_000


def test_each_log_of_the_lost_installation_has_ended():
    offsets = {"audit.demo": ((0, 7), (3, 9)), "audit.platform": ((0, 1),), "control": ((0, 7),)}
    found = {(it.origin, it.size) for it in ended_logs(replace(MANIFEST, offsets=offsets))}
    assert found == {
        ("veilstream-a-cluster/audit.demo/0", 0),
        ("veilstream-a-cluster/audit.demo/1", 0),
        ("veilstream-a-cluster/audit.platform/0", 0),
    }


def test_the_next_name_follows_and_is_another_for_each_restore():
    first = after_restore("tests", AT)
    assert first == "tests-r20261201-132812"
    assert after_restore("tests", AT + 1_000) != first
    again = after_restore(first, AT)
    assert follows(first, "tests")
    assert follows(again, first)
    assert follows(again, "tests")
    assert not follows("tests", first)
