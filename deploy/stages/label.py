"""Label: sealed tasks in, leases to people over HTTP, labels out."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Self

from deploy.contents import contents, fields_of
from deploy.current_project import LastKnown, Shared, current_project
from deploy.known_policies import known_policies
from deploy.signin.configuration import Listening, SignInConfiguration
from deploy.signin.configuration import load as load_signin
from deploy.signin.seams import signin_seams
from deploy.stages.parts import StageParts
from deploy.surroundings import Surroundings
from schemas.control import Freezable
from schemas.hidden import SecretBytes
from schemas.records import Task
from streams.engine.log import Ownership
from streams.engine.superseded import latest
from streams.engine.warm import WarmLog
from streams.label.api import ApiSeams
from streams.label.app import DoorSeams
from streams.label.app import build as build_app
from streams.label.askers import People
from streams.label.comment_sealing import CommentSealer
from streams.label.find_sealing import FindSealer
from streams.label.forwarding import ForwardedBy, Forwarder
from streams.label.link_certificate import LINK, LinkCertificate, new_link_certificate
from streams.label.opening import OpenContent
from streams.label.owner import Instance
from streams.label.probing import Prober
from streams.label.processor import TRANSACTION_TIMEOUT_MS, LabelProcessor, Seams, inputs
from streams.label.requests import RequestQueue
from streams.label.settings import LabelSettings
from streams.label.signin import SignInSeams
from streams.label.standby import Standby, StandbySeams
from streams.label.whereabouts import Whereabouts
from streams.label.withdrawals import WithdrawalOrders
from streams.web.server import WebServer
from streams.web.shown_certificate import ShownCertificate
from topology.control import ControlBook
from topology.policies.hints import NO_HINTS, Hints
from topology.policies.model import LabelSchema, Policy
from topology.project import Project
from topology.switches import SHUT_OUT
from vault.data_keys import DataKeys
from vault.segments.opening import ViewKeys

REQUEST_WAIT_S = 0.02
_CLOSED = "nobody may label: no labeling job is in force (`veil job publish`), or the project's file can't be read"


def build(around: Surroundings, slot: str, port: int) -> StageParts:
    """The label stage of a project; its API listens when this returns. `slot` names the process: all of a project
    have one slot in common, which one of them owns while the others stand by.
    """
    configured = _configured(around, port)
    settings = LabelSettings()
    settings = replace(settings, api=replace(settings.api, host=configured.listening.host, port=port))
    requests = RequestQueue(settings.api.pending_requests, settings.api.waiting)
    common = _Common.of(around, requests)
    processor = LabelProcessor(around.project, around.codec, around.clock, _seams(around, common), settings)
    signin = replace(signin_seams(around, configured, settings), is_complete=processor.is_complete)
    door = _door(around, slot, settings)
    link = new_link_certificate() if configured.listening.certificate else None
    app = build_app(around.project, _api_seams(around, common, signin), settings.api, door)
    shared_port = configured.port if configured.port != port else None
    server = WebServer(app, settings.api, _tls(configured, link), shared_port=shared_port)
    instance = Instance(door.instance, server.start(), link.certificate if link else "")
    prober = Prober(settings.standby.probe_limit_s)
    log = WarmLog(around.log)

    def stop() -> None:
        requests.close()
        server.stop()
        prober.close()

    return StageParts(
        processor,
        inputs(around.project),
        Ownership.WHOLE,
        TRANSACTION_TIMEOUT_MS,
        requests,
        poll_s=0.0,
        request_wait_s=REQUEST_WAIT_S,
        stop=stop,
        slot=around.identity.slot(0),
        standby=_standby(around, instance, _number(slot), door, prober, log),
        log=log,
        by_turns=True,
    )


@dataclass(frozen=True, slots=True)
class _Common:
    """What the queue and its API both use. `current`: the project as it holds now; `known`: as it last did."""

    requests: RequestQueue
    keys: ViewKeys
    data_keys: DataKeys
    open_content: OpenContent
    schema_of: Callable[[str], LabelSchema | None]
    hints_of: Callable[[str], Hints]
    current: Shared
    known: LastKnown

    @classmethod
    def of(cls, around: Surroundings, requests: RequestQueue) -> Self:
        keys, policy_of = ViewKeys(around.vault, around.project), known_policies(around.book, around.project)
        current = Shared(current_project(around))
        return cls(
            requests=requests,
            keys=keys,
            data_keys=DataKeys(around.vault),
            open_content=contents(keys, around.project),
            schema_of=_schemas(policy_of),
            hints_of=_hints(policy_of),
            current=current,
            known=LastKnown(around.topology.project(around.project), current),
        )


def _seams(around: Surroundings, common: _Common) -> Seams:
    project, book, known, current = around.project, around.book, common.known, common.current
    return Seams(
        schema_of=common.schema_of,
        frozen_by=lambda: book.frozen_by(project, Freezable.LABEL),
        is_withdrawn=lambda task: book.is_withdrawn(project, task),
        evict=common.keys.evict,
        order_withdrawal=WithdrawalOrders(project, around.codec, around.sign),
        seal_find=FindSealer(project, common.open_content, common.data_keys),
        people=People(
            lambda person: person in known().persons.adjudicators,
            lambda person: known().qualification(person).skills,
            lambda person: SHUT_OUT if book.revoked(project, person) else book.exclusions(project).of(person),
            lambda: book.pauses(project).batches(),
        ),
        holders=lambda adjudicate: _skills(known(), adjudicate=adjudicate),
        paused_by=lambda: book.pauses(project).by(),
        batches=lambda: known().routes.batches,
        waiters=common.requests.waiters,
        project=current,
        late_ms=lambda: latest(known().retention_ms),
        hints_of=common.hints_of,
        closed=lambda: "" if current() is not None else _CLOSED,
    )


def _api_seams(around: Surroundings, common: _Common, signin: SignInSeams) -> ApiSeams:
    project, book = around.project, around.book
    return ApiSeams(
        requests=common.requests,
        open_content=common.open_content,
        schema_of=common.schema_of,
        schema_in_force=lambda: _schema_in_force(book, project, common.schema_of),
        project=common.current,
        revoked=lambda person: book.revoked(project, person),
        hints_of=common.hints_of,
        open_hints=_told(common.keys),
        token_keys=_token_keys(around),
        clock=around.clock,
        comments=CommentSealer(project, _task_key(common.keys), common.data_keys),
        signin=signin,
    )


def _skills(declared: Project, *, adjudicate: bool) -> list[frozenset[str]]:
    persons = declared.persons.adjudicators if adjudicate else declared.persons.annotators
    return [declared.qualification(person).skills for person in persons]


def _door(around: Surroundings, slot: str, settings: LabelSettings) -> DoorSeams:
    """A name of its own for each start: the owner that a record names must not be mistaken for its successor."""
    name = f"{slot}/{secrets.token_hex(4)}"
    role_key = around.topology.pins.of(around.identity.name)
    return DoorSeams(
        name,
        Whereabouts(),
        Forwarder(around.project, around.sign),
        ForwardedBy(around.project, name, role_key),
        settings.standby,
    )


def _standby(
    around: Surroundings, instance: Instance, number: int, door: DoorSeams, prober: Prober, log: WarmLog
) -> Standby:
    topic = f"label-state.{around.project}"
    seams = StandbySeams(
        log=log,
        follow=lambda: around.log.follow([topic]),
        codec=around.codec,
        clock=around.clock,
        whereabouts=door.whereabouts,
        probe=prober.probe,
        prepare=door.forwarder.certify,
    )
    return Standby(around.identity.slot(0), topic, instance, number, seams, door.settings)


def _number(slot: str) -> int:
    return int(slot.rpartition(".")[2])


def _configured(around: Surroundings, port: int) -> SignInConfiguration:
    """As `veil up` has it; nobody signs in where it has said nothing, or of another port."""
    found = load_signin(around.root, around.project)
    ours = found is not None and port in (found.port, *found.instances)
    return found if found and ours else SignInConfiguration(Listening(), port, None)


def _tls(configured: SignInConfiguration, link: LinkCertificate | None) -> ShownCertificate | None:
    """What browsers are shown, and what the other processes are."""
    if link is None:
        return None
    return ShownCertificate(configured.listening.pem_files, {LINK: link.context})


def _schemas(policy_of: Callable[[str], Policy | None]) -> Callable[[str], LabelSchema | None]:
    """Label schemas by policy hash."""
    return lambda policy_hash: policy.labels if (policy := policy_of(policy_hash)) else None


def _hints(policy_of: Callable[[str], Policy | None]) -> Callable[[str], Hints]:
    """What may be asked of placeholders, by policy hash: nothing while the policy has not arrived."""
    return lambda policy_hash: policy.hints if (policy := policy_of(policy_hash)) else NO_HINTS


def _schema_in_force(
    book: ControlBook, project: str, schema_of: Callable[[str], LabelSchema | None]
) -> LabelSchema | None:
    policy = book.policy_in_force(project)
    return schema_of(policy.hash) if policy else None


def _told(keys: ViewKeys) -> Callable[[Task], Mapping[str, str]]:
    """Opens what may be told of a task's placeholders, which lies with its key and goes with it."""

    def open_hints(task: Task) -> Mapping[str, str]:
        hints = keys.hints(task.segment_id, task.task_id)
        return fields_of(hints) if hints else {}

    return open_hints


def _task_key(keys: ViewKeys) -> Callable[[Task], SecretBytes]:
    """The key of a task, by which what was commented on it opens."""
    return lambda task: keys.task_key(task.segment_id, task.task_id)


def _token_keys(around: Surroundings) -> dict[str, bytes]:
    """Tokens are signed by the project's apps and operators; nobody else's signature counts. Who has become one
    since the start is believed after the next; who is none any more is refused at once, by the rules.
    """
    pins, persons = around.topology.pins, around.topology.project(around.project).persons
    return {signer: key for signer in (*persons.apps, *persons.operators) if (key := pins.of(signer)) is not None}
