"""An order of two people on the real topics: records become tasks anew, by no older policy than ordered."""

from __future__ import annotations

from dataclasses import replace

import pytest

from schemas.audit import EventType, RawOutcome
from schemas.errors import Reason
from schemas.records import RawReference, Task
from schemas.reredaction import Origin, origin_headers
from streams.audit.reredactions import Carried, carried
from streams.redact.quarantine import MAX_KEPT_BYTES
from tests.support.pipeline import Pipeline
from tests.support.waiting import wait_for
from topology.policies import Policy, load_policy
from topology.policies.canonical import with_hash

pytestmark = pytest.mark.stack

RECORDS = 3


class Anew:
    """A project whose policy is the demo's, in as many versions as tests want."""

    def __init__(self, pipeline: Pipeline) -> None:
        self.pipeline = pipeline
        self.version = self.orders = 0

    def policy(self, **changes: object) -> Policy:
        """The next version of it, not yet signed."""
        self.version += 1
        return with_hash(replace(load_policy("demo"), version=self.version, **changes))

    def in_force(self, policy: Policy) -> Policy:
        self.pipeline.sign("noa", "nils", policy=policy)
        return policy

    def published(self) -> list[RawReference]:
        records = ({"text": f"please send number {number}"} for number in range(RECORDS))
        return self.pipeline.publish(*records)

    def order(self, policy: Policy) -> int:
        """All there is once more, by this policy or a later one. The order's number."""
        self.orders += 1
        self.pipeline.order_again("nora", "nils", number=self.orders, policy=policy.version)
        return self.orders

    def done(self, number: int) -> Carried:
        def found() -> Carried | None:
            one = carried(self.pipeline.audit()).get(number)
            return one if one is not None and one.done else None

        return wait_for(found, f"order {number} is done")

    def tasks(self, places: list[RawReference]) -> list[Task]:
        """What became of these records, by revision."""
        ids = {
            one.task_id
            for event in self.pipeline.events(EventType.BATCH_REDACTED)
            for one in event.batch.outcomes
            if RawReference(event.batch.topic, event.batch.partition, one.offset) in places and one.task_id
        }
        found = [task for task in self.pipeline.records("tasks") if task.task_id in ids]
        return sorted(found, key=lambda task: task.revision)

    def wait_tasks(self, places: list[RawReference], count: int) -> list[Task]:
        return wait_for(lambda: found if len(found := self.tasks(places)) >= count else None, f"{count} tasks")

    def wait_destroyed(self, task_ids: set[str]) -> None:
        """Keeper has let go of them: nobody can open what they show."""
        keeper = f"keeper.{self.pipeline.project}"

        def gone() -> bool:
            events = self.pipeline.events(EventType.TASK_WITHDRAWN)
            return task_ids <= {
                event.resource.removeprefix("task/") for event in events if event.process == keeper
            }

        wait_for(gone, "the keys of the earlier tasks are destroyed")


@pytest.fixture(scope="module")
def anew(pipeline_of):
    pipeline = pipeline_of("anew")
    pipeline.start("replay", "redact", "label", "join", "keeper")
    yield Anew(pipeline)
    pipeline.reconciled()


def test_each_record_becomes_a_task_anew_and_the_earlier_one_is_pulled_everywhere(anew):
    policy = anew.in_force(anew.policy())
    places = anew.published()
    before = {task.task_id for task in anew.wait_tasks(places, RECORDS)}
    found = anew.done(anew.order(policy))
    assert (found.redacted, found.missed) == (found.copied, 0)
    tasks = anew.tasks(places)
    assert [task.revision for task in tasks] == [1] * RECORDS + [2] * RECORDS
    assert {task.supersedes for task in tasks if task.revision > 1} == before
    anew.wait_destroyed(before)


def test_an_order_waits_for_the_policy_it_is_for(anew):
    anew.in_force(anew.policy())
    places = anew.published()
    anew.wait_tasks(places, RECORDS)
    better = anew.policy()
    number = anew.order(better)
    anew.pipeline.wait_event(
        "that the order is taken up",
        lambda event: event.type is EventType.REREDACTION_BEGUN and event.details["number"] == str(number),
    )
    anew.in_force(better)
    anew.done(number)
    assert [task.policy for task in anew.tasks(places) if task.revision == 2] == [better.hash] * RECORDS


def test_a_record_that_is_no_task_any_more_is_pulled_as_well(anew):
    anew.in_force(anew.policy())
    places = anew.published()
    before = {task.task_id for task in anew.wait_tasks(places, RECORDS)}
    anew.done(anew.order(anew.in_force(anew.policy(fields=()))))
    assert {task.task_id for task in anew.tasks(places)} == before, "nothing is left of them to show"
    anew.wait_destroyed(before)


def test_a_record_that_fits_no_topic_is_too_large_each_time(anew):
    policy = anew.in_force(anew.policy())
    size = MAX_KEPT_BYTES + 1
    anew.pipeline.write(f"raw.{anew.pipeline.project}", b"f" * 64, b"x" * size, sealed_headers())
    anew.done(anew.order(policy))
    found = [
        (one.revision, one.reason)
        for event in anew.pipeline.events(EventType.BATCH_REDACTED)
        for one in event.batch.outcomes
        if one.outcome is RawOutcome.QUARANTINED
    ]
    assert sorted(found)[:2] == [(1, Reason.TOO_LARGE), (2, Reason.TOO_LARGE)]


def sealed_headers() -> list[tuple[str, bytes]]:
    """As a publisher writes them."""
    names = ("veil-version", "veil-media", "veil-schema", "veil-key", "veil-context")
    return list(zip(names, (b"1", b"application/json", b"", b"vault:v1:x", b"x"), strict=True))


def test_a_copy_that_replay_did_not_write_so_is_refused(anew):
    """As an administrator could write it, past every right."""
    anew.in_force(anew.policy())
    topic = f"again.{anew.pipeline.project}"
    headers = dict(origin_headers(Origin(0, 0, 2, 1))) | {"veil-revision": b"1"}
    anew.pipeline.write(topic, b"k", b"forged", tuple(headers.items()))
    refused = anew.pipeline.wait_event(
        "that it is refused",
        lambda event: event.type is EventType.RECORD_REFUSED and event.resource.startswith(f"message/{topic}/"),
    )
    assert (refused.process, refused.reason) == (f"redact.{anew.pipeline.project}", Reason.MISSING_HEADER)
