"""Vault's and Kafka's own logs against the audit of a project whose stages have just run, on the real parts: what
the matcher tells of it, with the shipper and itself in threads, each under its own identity.
"""

from __future__ import annotations

import re
import ssl
import threading
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass

import httpx
import pytest

from deploy.local.endpoints import load_endpoints
from deploy.stages.matcher import open_matcher
from deploy.stages.roles import SHIPPER
from deploy.stages.stage import assemble
from schemas.alerts import Alert
from schemas.errors import AccessDenied
from schemas.vault_log import USE, Outcome, VaultUse
from streams.audit.announcements import ROOT
from streams.audit.guessing import FAST
from streams.audit.matching import Waits
from streams.audit.two_sided import DENIED, GUESSED, KAFKA_DENIED, UNANNOUNCED
from tests.conftest import stack_kind
from tests.support.handing import started
from tests.support.pipeline import Stage
from tests.support.waiting import wait_for
from topology.identity import PLATFORM, Identity
from vault.interface import WrappedKey

pytestmark = pytest.mark.stack
CANARY = "Zorvik"
STRAY = WrappedKey("vault:v1:AAAA", "stray.0/1")
RECORD = {"customer": {"name": f"{CANARY} Quelmer", "note": "My kettle broke"}, "product": "kettle"}
WAITS = Waits(window_ms=30_000, lateness_ms=5_000)
TOLD_S = 120.0
TOPICS = ("vault-log", "shipper-state", "matcher-state", "matching", "alerts.platform")


class Matched:
    """A matcher in a thread, as a process would run it."""

    def __init__(self, pipeline) -> None:
        self._stop, self._error = threading.Event(), None
        self._thread = threading.Thread(target=self._run, args=(pipeline,), daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        self._thread.join(60)
        if self._error is not None:
            raise self._error

    def _run(self, pipeline) -> None:
        try:
            with open_matcher(pipeline.root, pipeline.topology, WAITS) as matcher:
                matcher.run(self._stop)
        except BaseException as error:  # noqa: BLE001 - raised by `stop`
            self._error = error


class Witnesses:
    """Shipper and matcher, both."""

    def __init__(self, pipeline) -> None:
        around = started(pipeline.root, Identity(SHIPPER, PLATFORM), PLATFORM, pipeline.topology)
        self._shipper = Stage(around, assemble(around, 0, 0), 0)
        self._matcher = Matched(pipeline)

    def stop(self) -> None:
        self._shipper.stop()
        self._matcher.stop()


@pytest.fixture(scope="module")
def matched(pipeline_of):
    if stack_kind() == "external":
        pytest.skip("the audit file of an external vault is out of reach")
    pipeline = pipeline_of("matched")
    pipeline.start()
    pipeline.sign_open("sam", "sue")
    pipeline.publish(RECORD)
    pipeline.wait_records("tasks", 1)
    pipeline.wait_records("open", 1)
    with pipeline.client("sid", "sally") as client:
        assert wait_for(client.lease, "a lease").fields
    return pipeline


def alerts(pipeline) -> list[Alert]:
    """About the project's processes and people; that tests apply topologies without a word is root's."""
    found = [pipeline.codec.decode(it.value, Alert) for it in pipeline.messages("alerts")]
    return [it for it in found if it.details["identity"] != ROOT]


def uses(pipeline) -> list[VaultUse]:
    found = [it for it in pipeline.log.read("vault-log") if it.key.decode().startswith(USE)]
    return [pipeline.codec.decode(it.value, VaultUse) for it in found]


@contextmanager
def label_outside_of_label(pipeline):
    identity = Identity("label", pipeline.project)
    around = started(pipeline.root, identity, pipeline.project, pipeline.topology)
    try:
        yield around
    finally:
        around.close()


def misuse(pipeline) -> None:
    """What label may, when it has announced nothing; what it may not, in Vault and in Kafka."""
    with label_outside_of_label(pipeline) as label:
        label.vault.unwrap(f"view-{pipeline.project}", [STRAY])
        with pytest.raises(AccessDenied):
            label.vault.data_key(f"raw-{pipeline.project}", STRAY.context)
        with pytest.raises(AccessDenied):
            list(label.log.read(f"raw.{pipeline.project}"))


def try_secrets(pipeline) -> None:
    """At no account twice, so that none is closed; as many as put enough of them into one minute."""
    vault = load_endpoints(pipeline.root / "run" / "endpoints.json").vault
    with httpx.Client(base_url=vault.url, verify=ssl.create_default_context(cafile=str(vault.ca_file))) as client:
        for number in range(2 * FAST):
            guess = {"role_id": f"{CANARY}-{number}", "secret_id": "guessed"}
            assert client.post("/v1/auth/approle/login", json=guess).status_code == 400


def guessed(pipeline) -> list[str]:
    """What is told of them, on the platform's topic."""
    found = (pipeline.codec.decode(it.value, Alert) for it in pipeline.log.read("alerts.platform"))
    return [it.subject for it in found if it.rule == GUESSED]


def misuse_again(pipeline) -> None:
    """Something else: the same again in the same minute is the same alert."""
    with label_outside_of_label(pipeline) as label:
        for kind in ("raw", "geometry"):
            with pytest.raises(AccessDenied):
                label.vault.unwrap(f"{kind}-{pipeline.project}", [STRAY])


def readable(found: list[VaultUse]) -> list[str]:
    return [it.request_id for it in found if it.outcome is not Outcome.UNREADABLE]


@dataclass(frozen=True)
class Told:
    """What stood on the topics after the first misuse, and after a restart and a second one."""

    first: list[Alert]
    shipped: list[VaultUse]
    both: list[Alert]
    shipped_again: list[VaultUse]


@pytest.fixture(scope="module")
def told(matched) -> Told:
    witnesses = Witnesses(matched)
    misuse(matched)
    try_secrets(matched)
    wait_for(lambda: about(alerts(matched)) >= once(matched), "the misuse is told", TOLD_S)
    wait_for(lambda: guessed(matched), "that secrets were tried is told", TOLD_S)
    witnesses.stop()
    first, shipped = alerts(matched), uses(matched)
    witnesses = Witnesses(matched)
    misuse_again(matched)
    wait_for(lambda: about(alerts(matched)) >= twice(matched), "the second misuse is told", TOLD_S)
    witnesses.stop()
    return Told(first, shipped, alerts(matched), uses(matched))


def about(found: list[Alert]) -> set[tuple[str, str]]:
    return {(it.rule, it.subject) for it in found if it.rule != KAFKA_DENIED}


def once(matched) -> set[tuple[str, str]]:
    vault = f"vault/label.{matched.project}"
    return {
        (DENIED, f"{vault}/datakey/raw-{matched.project}"),
        (UNANNOUNCED, f"{vault}/decrypt/view-{matched.project}"),
    }


def logged_in(matched) -> tuple[str, str]:
    """Where label has not started just now, nothing announces that somebody logs in with its credentials."""
    return UNANNOUNCED, f"vault/label.{matched.project}/login/auth/approle/login"


def twice(matched) -> set[tuple[str, str]]:
    """By then label has run for longer than a window."""
    vault = f"vault/label.{matched.project}"
    again = {(DENIED, f"{vault}/decrypt/{kind}-{matched.project}") for kind in ("geometry", "raw")}
    return {*once(matched), *again, logged_in(matched)}


def test_an_honest_run_gives_no_alert_and_each_misuse_of_labels_credentials_its_own(matched, told):
    assert about(told.first) - {logged_in(matched)} == once(matched)
    assert about(told.both) == twice(matched)


@pytest.mark.usefixtures("told")
def test_secrets_tried_at_many_accounts_are_told_and_none_of_their_names(matched):
    """Vault's log is everybody's here: other tests have logins refused by other methods."""
    found = set(guessed(matched))
    assert "vault/unknown/login/auth/approle/login" in found
    assert all(re.fullmatch(r"vault/unknown/login/auth/[a-z-]+/login", it) for it in found)


def test_what_kafka_has_refused_label_is_told(matched, told):
    refused = {it.subject for it in told.first if it.rule == KAFKA_DENIED}
    assert all(it.startswith(f"kafka/label.{matched.project}/") for it in refused)
    assert any(it.endswith(f"/topic/raw.{matched.project}") for it in refused)


def lost(shipped) -> list[str]:
    """Where lines are missing."""
    return [it.request_id for it in shipped if it.request_id.endswith("/lost")]


def test_after_a_restart_no_line_is_shipped_again_and_nothing_is_told_again(told):
    before, after = (readable(it) for it in (told.shipped, told.shipped_again))
    assert set(Counter(after).values()) == {1}
    assert set(before) < set(after)
    # Others have shipped here before: what was gone when the first shipper began is no fault of the restart.
    assert lost(told.shipped_again) == lost(told.shipped)
    assert set(Counter(it.alert_id for it in told.both).values()) == {1}


@pytest.mark.usefixtures("told")
def test_no_topic_of_theirs_holds_a_word_of_a_record_or_a_ciphertext(matched):
    for topic in (*TOPICS, f"alerts.{matched.project}"):
        for message in matched.log.read(topic):
            assert CANARY.encode() not in (message.value or b"")
            assert b"vault:v1:" not in (message.value or b"")
