"""Parts that are there and do not work as they should: slow, full, blocked, forbidden. In each mode nothing is
lost, doubled, or shown before its event is on the log, and everything goes on by itself once it is mended.

`vault/README.md` and `streams/engine/README.md` name the modes. Down and sealed, lost logins: the modules beside.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from confluent_kafka.admin import (
    AclBindingFilter,
    AclOperation,
    AclPermissionType,
    AdminClient,
    ResourcePatternType,
    ResourceType,
)

from deploy.persons import sign
from deploy.provision.parts import administrator
from deploy.up import Installation
from streams.label.client import LabelClient, QueueUnavailable
from tests.conftest import without_endpoints
from tests.faults.conftest import condition
from tests.faults.load import PROJECT, issue_tokens
from tests.faults.test_faults import waiting
from tests.support.small_disk import SmallDisk
from tests.support.vault_apart import VaultApart
from tests.support.waiting import wait_for
from topology.policies import load_policy

pytestmark = pytest.mark.faults

REDACT, LABEL, JOIN = (f"{role}.{PROJECT}.0" for role in ("redact", "label", "join"))
STRANGER = "ann-6"
"""Nobody of the load."""
KAFKA_DISK_MIB = 512
LOGIN_ONLY = 'path "auth/token/+" { capabilities = ["read", "update"] }'
LATE_S = 5.0
"""As long as the client waits for an answer: some come just in time, some do not."""
MENDED_S = 240.0
"""Who was refused a right ends and is started again, at most half a minute apart; a broker comes back in one."""


@pytest.fixture(scope="module")
def vault(tmp_path_factory) -> Iterator[VaultApart]:
    with VaultApart(tmp_path_factory.mktemp("apart") / "vault") as apart:
        yield apart


@pytest.fixture(scope="module")
def kafka_disk(tmp_path_factory) -> Iterator[SmallDisk]:
    disk = SmallDisk(tmp_path_factory.mktemp("degraded") / "veil" / "kafka", KAFKA_DISK_MIB)
    disk.mount()
    yield disk
    disk.unmount()


@pytest.fixture(scope="module")
def installation(vault, kafka_disk):
    root = kafka_disk.folder.parent
    with Installation(root, [PROJECT], environ=without_endpoints() | vault.environ) as running:
        sign(root, PROJECT, load_policy("demo"), ["ada", "grace"])
        yield running


@pytest.fixture(autouse=True)
def flowing(load):
    """Records flow, and some have got through, before anything is spoiled."""
    before = len(load.published.delivered)
    load.flow()
    wait_for(lambda: load.check() or len(load.published.delivered) >= before + 5, "records flow")


@pytest.fixture
def admin(installation) -> AdminClient:
    return AdminClient(installation.endpoints.kafka.client_settings())


def stopped(installation, *processes: str) -> None:
    """Each of these says that it waits, or has ended and is started again."""
    for process in processes:
        wait_for(lambda it=process: waiting(installation, it) or down(installation, it), f"{process} has stopped")


def down(installation, process: str) -> bool:
    return condition(installation.address(process)) == "ConnectError"


def goes_on(installation, proof) -> None:
    installation.wait_healthy(MENDED_S)
    proof.holds()


def test_a_vault_that_answers_late_stops_what_needs_it_and_loses_nothing(installation, vault, proof):
    vault.gate.slow(LATE_S)
    try:
        stopped(installation, REDACT)
    finally:
        vault.gate.slow(0)
    goes_on(installation, proof)


def test_a_vault_whose_audit_device_blocks_answers_nobody_and_nothing_is_lost(installation, vault, proof):
    vault.audit.hold()
    try:
        stopped(installation, REDACT)
    finally:
        vault.audit.release()
    goes_on(installation, proof)


def test_a_vault_whose_disk_is_full_takes_no_segment_and_nothing_is_lost(installation, vault, proof):
    if not vault.disk.mounted:
        pytest.skip("needs the right to mount a tmpfs")
    vault.disk.fill()
    try:
        stopped(installation, REDACT)
    finally:
        vault.disk.free()
    goes_on(installation, proof)


@contextmanager
def without_policy(installation, name: str) -> Iterator[None]:
    """Vault's policy of an identity gives its own login and nothing else meanwhile."""
    with administrator(installation.endpoints) as session:
        before = session.call("read", lambda client: client.sys.read_policy(name))["data"]["rules"]
        session.call("empty", lambda client: client.sys.create_or_update_policy(name, LOGIN_ONLY))
        try:
            yield
        finally:
            session.call("restore", lambda client: client.sys.create_or_update_policy(name, before))


def test_who_loses_its_rights_in_vault_ends_by_name_and_goes_on_when_it_has_them_again(installation, proof):
    with without_policy(installation, f"redact.{PROJECT}"):
        stopped(installation, REDACT)
    goes_on(installation, proof)


@contextmanager
def without_writing(admin, process: str, topic: str) -> Iterator[None]:
    """A process may not write a topic meanwhile."""
    user = f"User:{process.removesuffix('.0')}"
    rule = AclBindingFilter(
        ResourceType.TOPIC,
        topic,
        ResourcePatternType.LITERAL,
        user,
        None,
        AclOperation.WRITE,
        AclPermissionType.ALLOW,
    )
    (taken,) = [done.result(60) for done in admin.delete_acls([rule]).values()]
    assert taken, f"{user} had no such right on {topic}"
    try:
        yield
    finally:
        for done in admin.create_acls(list(taken)).values():
            done.result(60)


def is_shown_something(installation) -> bool:
    """Whether somebody who has not asked before is shown a task."""
    token = issue_tokens(installation.root, (STRANGER,))[STRANGER]
    with LabelClient(installation.label_url(PROJECT), PROJECT, lambda: token, retries=0) as client:
        try:
            return client.lease() is not None
        except QueueUnavailable:
            return False


def test_label_that_may_not_write_the_audit_shows_nothing(installation, admin, proof):
    with without_writing(admin, LABEL, f"audit.{PROJECT}"):
        stopped(installation, LABEL)
        assert not is_shown_something(installation)
    goes_on(installation, proof)


def test_redact_that_may_not_write_tasks_ends_by_name_and_goes_on_when_it_may_again(installation, admin, proof):
    with without_writing(admin, REDACT, f"tasks.{PROJECT}"):
        stopped(installation, REDACT)
    goes_on(installation, proof)


def test_a_broker_whose_disk_is_full_ends_and_comes_back_with_everything_it_took(installation, kafka_disk, proof):
    if not kafka_disk.mounted:
        pytest.skip("needs the right to mount a tmpfs")
    kafka_disk.fill()
    try:
        stopped(installation, REDACT, LABEL)
        assert not is_shown_something(installation)
    finally:
        kafka_disk.free()
    goes_on(installation, proof)
