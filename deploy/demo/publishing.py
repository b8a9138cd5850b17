"""Puts the input on `raw.P` as any producer would, and a few records that are broken on purpose."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from confluent_kafka import KafkaError, Message

from deploy.demo.canaries import Aviary
from deploy.demo.records import Input, customer_schema
from deploy.publishing import announcing
from deploy.surroundings import Surroundings
from deploy.synth.making import Made
from deploy.synth.producing import producing
from schemas.errors import LogUnavailable, Reason, VeilError
from schemas.hidden import Hidden
from schemas.records import RawReference
from streams.publish import payloads
from streams.publish.connection import error_of
from streams.publish.lasting import LastingProducer
from streams.publish.publisher import Done, Publisher, Unplaced, parse_schema, place_of
from vault.data_keys import MAX_AGE_MS
from vault.raw import Media, seal_raw, topic_of, transit_key

UNKNOWN_SCHEMA_ID = 999_999


@dataclass(frozen=True, slots=True, repr=False)
class Broken(Hidden):
    """A record that must end in quarantine, for this reason. `moved`: sealed for another key than that it has."""

    name: str
    media: Media
    payload: bytes
    reason: Reason
    schema_id: int | None = None
    moved: bool = False


def broken_records(aviary: Aviary) -> list[Broken]:
    """Each holds a canary too: what can't be read is as sensitive as what can."""
    half = f'{{"text": "Please call {aviary.name().value}'.encode()
    latin = aviary.email().value.encode() + b"\xff\xfe"
    foreign, swapped = aviary.name().value.encode(), aviary.email().value.encode()
    return [
        Broken("half-json", Media.JSON, half, Reason.BAD_JSON),
        Broken("twice-named", Media.JSON, half + b'", "text": ""}', Reason.DUPLICATE_KEY),
        Broken("not-utf-8", Media.TEXT, latin, Reason.BAD_UTF8),
        Broken("no-schema", Media.AVRO, foreign, Reason.UNKNOWN_SCHEMA, UNKNOWN_SCHEMA_ID),
        Broken("swapped", Media.TEXT, swapped, Reason.UNDECRYPTABLE, moved=True),
    ]


@dataclass(slots=True)
class Published:
    """Where each record lies, by its name."""

    places: dict[str, RawReference] = field(default_factory=dict)
    gold: list[RawReference] = field(default_factory=list)
    failures: list[VeilError] = field(default_factory=list)

    @property
    def everywhere(self) -> list[RawReference]:
        """Where all records lie, gold included."""
        return [*self.places.values(), *self.gold]

    def done(self, name: str) -> Done:
        """To be told of one record's delivery."""

        def note(result: RawReference | Unplaced | VeilError) -> None:
            if isinstance(result, RawReference):
                self.places[name] = result
            elif isinstance(result, VeilError):
                self.failures.append(result)
            else:
                self.failures.append(LogUnavailable("Kafka has a record and does not say where; run it again"))

        return note


def publish(
    around: Surroundings, inputs: Sequence[Input], broken: Sequence[Broken], gold: Sequence[Made]
) -> Published:
    """Publish everything as the producer, gold evenly among it as synth; both say so on the audit.

    Raises as `announcing` and GoldPublisher.
    """
    published = Published()
    every = max(1, len(inputs) // (len(gold) + 1))
    with announcing(around) as (publisher, producer), producing(around.root, around.project) as synth:
        waiting = iter(gold)
        for number, one in enumerate(inputs, start=1):
            publishing_one(publisher, one, published)
            if number % every == 0 and (made := next(waiting, None)) is not None:
                publisher.flush()
                published.gold.append(synth.publish(made))
        for bad in broken:
            _publish_broken(around, producer, publisher, bad, published)
        publisher.flush()
    if published.failures:
        raise published.failures[0]
    return published


def payload_of(one: Input) -> bytes:
    """The bytes that are sealed."""
    if one.media is Media.AVRO:
        return payloads.of_avro(one.fields, parse_schema(customer_schema()))
    if one.media is Media.TEXT:
        return payloads.of_text(str(one.fields["text"]))
    return payloads.of_json(one.fields)


def publishing_one(publisher: Publisher, one: Input, published: Published) -> None:
    """One good record; `published` is told where it lies, or why it lies nowhere."""
    done = published.done(one.name)
    if one.media is Media.AVRO:
        publisher.publish_avro(one.fields, customer_schema(), one.name, done)
    else:
        publisher.publish_bytes(payload_of(one), one.media, one.name, done)


def _publish_broken(
    around: Surroundings, producer: LastingProducer, publisher: Publisher, bad: Broken, published: Published
) -> None:
    done = published.done(bad.name)
    if bad.moved:
        _publish_moved(around, producer, bad, done)
    else:
        publisher.publish_bytes(bad.payload, bad.media, bad.name, done, schema_id=bad.schema_id)


def _publish_moved(around: Surroundings, producer: LastingProducer, bad: Broken, done: Done) -> None:
    """A ciphertext under the key of another record, as from someone who swaps what customers have written."""
    context = f"{around.identity.slots}moved/{around.clock.now() // MAX_AGE_MS}"
    value, headers = seal_raw(
        around.vault.data_key(transit_key(around.project), context),
        bad.payload,
        project=around.project,
        topic=topic_of(around.project),
        key=b"one-customer",
        media=bad.media,
    )

    def settle(error: KafkaError | None, message: Message) -> None:
        done(error_of(error) if error is not None else place_of(message))

    producer.produce(topic_of(around.project), value, b"another-customer", on_delivery=settle, headers=headers)
