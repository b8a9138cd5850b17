"""Notify: what happens to tasks in, signed webhooks out."""

from __future__ import annotations

import random
import ssl
from collections.abc import Callable, Iterator

from deploy.stages.parts import StageParts
from deploy.surroundings import Surroundings
from deploy.webhooks import SecretFiles
from schemas.errors import ConfigError
from schemas.states import WebhookMessage
from streams.engine.clock import Clock
from streams.engine.log import Ownership
from streams.engine.messages import Message
from streams.notify import signing
from streams.notify.courier import Courier, Deliver
from streams.notify.posting import Destination, Outcome, post
from streams.notify.processor import NotifyProcessor, Seams
from streams.notify.settings import NotifySettings
from topology.webhooks import Webhook

INPUTS = ("labels", "verdicts", "work")


def build(around: Surroundings, slot: str, port: int) -> StageParts:  # noqa: ARG001 - all stages are built alike
    """The notify stage of a project. An endpoint without a secret gets one; where one is damaged, nothing is sent
    to that endpoint until it is replaced, and the others go on.
    """
    project, settings = around.project, NotifySettings()
    webhooks = around.topology.project(project).webhooks
    files = SecretFiles(around.root, project)
    inputs = tuple(f"{kind}.{project}" for kind in INPUTS)
    for webhook in webhooks:
        files.ensure(webhook.name)
    context = ssl.create_default_context()
    courier = Courier(
        {it.name: _delivery(it, files.read, around.clock, context, settings.attempt_s) for it in webhooks},
        settings.threads,
    )

    def again() -> Iterator[Message]:
        for topic in inputs:
            yield from (message for message in around.log.read(topic) if message.value is not None)

    seams = Seams(
        endpoints={it.name: it.events for it in webhooks},
        courier=courier,
        again=again,
        replays=lambda: around.book.replays(project),
        chance=random.SystemRandom().random,
    )
    processor = NotifyProcessor(project, around.codec, around.clock, seams, settings)
    return StageParts(processor, inputs, Ownership.WHOLE, stop=courier.stop)


def _delivery(
    webhook: Webhook,
    secrets: Callable[[str], tuple[bytes, ...]],
    clock: Clock,
    context: ssl.SSLContext,
    limit_s: float,
) -> Deliver:
    """One attempt. The secrets are read each time: a rotation needs no restart."""
    secure = webhook.url.startswith("https:")
    to = Destination(webhook.url, webhook.private, context if secure else None)

    def deliver(message: WebhookMessage) -> Outcome:
        try:
            known = secrets(webhook.name)
        except ConfigError:
            return Outcome.UNSIGNED
        signed = signing.headers(message.message_id, clock.now() // 1000, message.body, known)
        return post(to, message.body, {**signed, "content-type": "application/json"}, limit_s)

    return deliver
