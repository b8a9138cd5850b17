"""Gold on the real broker and the real vault: published in one transaction with its truth, scored, acted upon."""

from __future__ import annotations

import contextlib
import dataclasses
from dataclasses import dataclass, field

import pytest

from deploy.control_orders import order_readmission, sign_lift
from deploy.synth.making import Made
from deploy.synth.producing import producing
from deploy.synth.share import Published
from schemas.audit import AuditEvent, EventType
from schemas.gold import GoldTruth, KnownWord, PersonScore, PersonStanding, RedactionScore
from schemas.records import JoinedLabel, LabelSpan, RawReference
from streams.audit.quality import Quality, quality
from streams.audit.reconcile import Reconciliation
from streams.engine.messages import Message
from streams.label.client import Denied
from tests.support.waiting import wait_for
from topology.policies import Policy, load_policy
from topology.policies.canonical import with_hash
from topology.policies.model import Gold
from vault.raw import Media

pytestmark = pytest.mark.stack

GOOD, CARELESS = ("greg", "gwen"), "gina"
RECORDS = [{"text": f"Please send record number {n} again"} for n in range(6)]
GOLD = 8


def policy() -> Policy:
    """The demo's, with so little evidence asked for that a test can bring it."""
    demo = load_policy("demo")
    gold = Gold(share_permille=500, bar_permille=800, leak_limit_permille=500, least=30)
    return with_hash(dataclasses.replace(demo, version=2, gold=gold))


def made(number: int, leaks: bool = False) -> Made:
    """A text with a known value, and three labels of which the careless get none right. Where `leaks` is set, the
    truth holds a word for sensitive that no redactor hides.
    """
    text = f"Please write to zorvik{number}@web-mail-house.com about the lamp, today"
    at = text.index("zorvik")
    values = [KnownWord("text", at, text.index(" about"), "EMAIL_ADDRESS", 0)]
    if leaks:
        values += [
            KnownWord("text", text.index(word), text.index(word) + len(word), "SECRET", number)
            for number, word in enumerate(WORDS, start=1)
        ]
    return Made(Media.TEXT, {"text": text}, tuple(values), tuple(known(text)), {"tone": "neutral"})


def known(text: str) -> list[LabelSpan]:
    found = {quote: text.find(quote) for quote in TRUE}
    return [LabelSpan("text", at, at + len(quote), TRUE[quote]) for quote, at in found.items() if at >= 0]


TRUE = {"Please": "REQUEST", "lamp": "PRODUCT", "today": "DATE_MENTION"}
WORDS = ("Please", "write", "about", "lamp", "today")


@pytest.fixture(scope="module")
def gilded(pipeline_of):
    pipeline = pipeline_of("gilded")
    pipeline.start()
    pipeline.sign("gail", "gus", policy=policy())
    return pipeline


def publish_gold(pipeline, *records: Made) -> list[RawReference]:
    with producing(pipeline.root, pipeline.project, pipeline.topology) as producer:
        return [producer.publish(record) for record in records]


def right(client, lease):
    client.label(lease, known(lease.fields["text"]), {"tone": "neutral"})


def wrong(client, lease):
    client.label(lease, [], {"tone": "positive"})


@dataclass
class Story:
    """What was so after each step. The steps build on each other; the tests may come in any order."""

    ordinary: list[RawReference] = field(default_factory=list)
    gold: list[RawReference] = field(default_factory=list)
    truths: list[Message] = field(default_factory=list)
    counted: Published | None = None
    raw: list[Message] = field(default_factory=list)
    joined: list[JoinedLabel] = field(default_factory=list)
    scores: list[Message] = field(default_factory=list)
    reconciled: Reconciliation | None = None
    quality: Quality | None = None
    paused: PersonStanding | None = None
    told: list[str | None] = field(default_factory=list)
    froze: AuditEvent | None = None
    notices: list[str] = field(default_factory=list)
    quality_after: Quality | None = None


@pytest.fixture(scope="module")
def story(gilded):
    told = Story()
    publish(gilded, told)
    label(gilded, told)
    pause(gilded, told)
    freeze(gilded, told)
    return told


def publish(gilded, told):
    """Ordinary records with gold among them."""
    for number in range(GOLD):
        told.ordinary += gilded.publish(*RECORDS[number : number + 1])
        told.gold += publish_gold(gilded, made(number))
    gilded.wait_records("tasks", len(RECORDS) + GOLD)
    told.truths, told.raw = gilded.messages("gold"), gilded.messages("raw")
    with producing(gilded.root, gilded.project, gilded.topology) as producer:
        told.counted = producer.published()


def label(gilded, told):
    """Two who are careful answer everything; one who is not does so too, until she is paused."""
    gilded.annotate("gil", GOOD, right)
    wait_for(lambda: answered_by(gilded, CARELESS, wrong) and gilded.reconciled().gold == GOLD, "all is scored")
    told.joined, told.scores = gilded.wait_records("joined", len(RECORDS)), gilded.messages("scores")
    told.reconciled, told.quality = gilded.reconciled(), quality(gilded.audit())


def answered_by(pipeline, person, answer) -> bool:
    """Let a person answer what there is; somebody else does the rest if they are paused. True."""
    with contextlib.suppress(Denied):
        pipeline.annotate("gil", (person,), answer)
    pipeline.annotate("gil", ("glen",), right)
    return True


def pause(gilded, told):
    gilded.wait_event("paused", lambda e: e.type is EventType.PERSON_PAUSED and e.person == CARELESS)
    told.paused = gilded.codec.decode(gilded.messages("people")[0].value, PersonStanding)
    gilded.publish({"text": "Please send the lamp"})
    told.told.append(wait_for(lambda: refusal(gilded, CARELESS), "she gets no task"))
    with gilded.person("gil") as around:
        order_readmission(around, CARELESS)
    gilded.wait_event("resumed", lambda e: e.type is EventType.PERSON_RESUMED and e.person == CARELESS)
    wait_for(lambda: refusal(gilded, CARELESS) is None, "she gets one again")
    gilded.annotate("gil", (CARELESS, *GOOD), right)


def refusal(pipeline, person) -> str | None:
    with pipeline.client("gil", person) as client:
        try:
            client.lease()
        except Denied as denied:
            return denied.reason
    return None


def freeze(gilded, told):
    publish_gold(gilded, *(made(100 + number, leaks=True) for number in range(6)))
    wait_for(
        lambda: answered_by(gilded, GOOD[0], right) and answered_by(gilded, GOOD[1], right) and frozen(gilded), "f"
    )
    told.froze = frozen(gilded)
    for role in ("redact", "label"):
        health = gilded.stages[role, 0].running.health
        told.notices.append(wait_for(lambda seen=health: seen.read()[1], f"{role} says why it stands still"))
    (raw,) = gilded.publish({"text": "Please wait"})
    for person in ("gil", "gus"):
        with gilded.person(person) as around:
            sign_lift(around, f"keeper.{gilded.project}", 2**53)
    wait_for(lambda: task_of(gilded, raw), "redact goes on")
    told.quality_after = quality(gilded.audit())
    gilded.reconciled()


def frozen(pipeline):
    return next(iter(pipeline.events(EventType.FREEZE_ORDERED)), None)


def task_of(pipeline, raw):
    for event in pipeline.events(EventType.BATCH_REDACTED):
        if (event.batch.topic, event.batch.partition) == (raw.topic, raw.partition):
            for outcome in event.batch.outcomes:
                if outcome.offset == raw.offset and outcome.task_id:
                    return outcome.task_id
    return None


def test_truth_lies_beside_its_record_and_gold_is_counted_by_where_partitions_end(gilded, story):
    truths = [(m.partition, gilded.codec.decode(m.value, GoldTruth).raw) for m in story.truths]
    assert sorted(raw for _, raw in truths) == sorted(story.gold)
    assert all(partition == raw.partition for partition, raw in truths)
    assert story.counted == Published(others=len(story.ordinary), gold=len(story.gold))


def test_redact_sees_in_a_gold_record_what_it_sees_in_every_other(gilded, story):
    """The same headers in the same order, a producer's name among many, a key like any other."""
    headers, keys = {True: set(), False: set()}, {True: set(), False: set()}
    for message in story.raw:
        is_gold = RawReference(message.topic, message.partition, message.offset) in story.gold
        headers[is_gold].add(tuple(message.headers))
        keys[is_gold].add(len(message.key))
        assert message.headers["veil-context"].startswith(f"producer.{gilded.project}.".encode())
    assert headers[True] == headers[False]
    assert keys[True] == keys[False]


def test_gold_is_scored_never_joined_and_the_audit_adds_up(gilded, story):
    assert sorted(label.raw for label in story.joined) == sorted(story.ordinary)
    result = story.reconciled
    assert (result.verdicts, result.joined, result.gold, result.unjoined) == (14, 6, GOLD, 0)
    redactions = [gilded.codec.decode(m.value, RedactionScore) for m in story.scores if b"/" in m.key]
    assert [(one.values, one.leaked) for one in redactions] == [(1, 0)] * GOLD
    people = [gilded.codec.decode(m.value, PersonScore) for m in story.scores if b"/" not in m.key]
    assert all(question.right for score in people if score.person in GOOD for question in score.questions)
    found = story.quality
    assert (found.published, found.counts[policy().hash].values) == (GOLD, GOLD)


def test_who_is_careless_is_paused_told_so_and_let_in_again_by_an_operator(story):
    standing = story.paused
    assert (standing.person, standing.paused, standing.reason, standing.matched) == (
        CARELESS,
        True,
        "below_bar",
        0,
    )
    assert story.told == ["person_paused"]


def test_a_passed_leak_limit_freezes_the_project_until_two_people_lift_it(gilded, story):
    event = story.froze
    assert (event.process, event.reason) == (f"keeper.{gilded.project}", "leak")
    assert 0 < int(event.details["leaked"]) < int(event.details["values"])
    assert float(event.details["bound"]) > float(event.details["limit"]) == 0.5
    assert all(f"frozen by keeper.{gilded.project}" in notice for notice in story.notices)
    assert story.quality_after.counts[policy().hash].values == 0
