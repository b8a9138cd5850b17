"""The HTTP API of the queue (DESIGN §9). A call becomes a command, answered after the commit that carries it.

In doubt, late, overloaded or without Vault the answer is 503 with Retry-After, and the same call again is answered
from what was committed. Error bodies are `{"error": {"reason", "message"}}`.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import re
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import TypeVar, cast

from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import Response

from schemas.errors import Reason, Unparseable, VeilError
from schemas.resources import project_resource
from schemas.states import LeaseEnding
from streams.engine.clock import Clock
from streams.label import forms, problems, queries, tokens
from streams.label.askers import nobody
from streams.label.callers import Callers
from streams.label.commands import (
    AskHint,
    AskOnboarding,
    Attempt,
    CountBatches,
    Counts,
    CountTasks,
    Deny,
    Ended,
    Grant,
    Heartbeat,
    Held,
    Hinted,
    Lead,
    Leased,
    LeaseTask,
    Practise,
    Release,
    Report,
    Skip,
    Submit,
    Terms,
    Unopenable,
)
from streams.label.comment_calls import CommentCalls, CommentKeys
from streams.label.gate import CurrentProject, Gate
from streams.label.guide import GuideView, guide_view
from streams.label.metrics import ASKED_SECONDS
from streams.label.onboarding import Progress, by_id, is_right, practice_id
from streams.label.opening import OpenContent, Opener, OpenHints, Unreadable
from streams.label.patience import patiently
from streams.label.requests import RequestQueue
from streams.label.session_desk import SessionDesk
from streams.label.settings import ApiSettings
from streams.label.signin import NO_SIGN_IN, LabelHost, SignInSeams, must_go
from streams.web.bodies import SlowBody, read_json
from streams.web.denials import Denials
from streams.web.problem import Problem
from streams.web.signin import SignIn, SignInFault
from topology.permissions import Action, Asked, Denial
from topology.policies.hints import NO_HINTS, Hints
from topology.policies.model import LabelSchema
from topology.project import Project

F = TypeVar("F", bound=forms.Form)
_ONBOARDED = frozenset({Action.LEASE, Action.THREADS, Action.THREAD, Action.REPLY})
"""What shows texts without a lease in hand, where the onboarding was asked for."""
_NO_DETAILS: Mapping[str, str] = {}
_KEY = re.compile(r"[\x21-\x7e]{1,128}")


@dataclass(frozen=True, slots=True)
class ApiSeams:
    """What the API needs. `schema_of`: a policy's label schema by its hash; `schema_in_force`: of the one that new
    tasks get. `project`: as its file stands now. `token_keys`: raw Ed25519 public keys by key id, from the
    topology's pins. `signin`: browsers'. `revoked`: who may do nothing any more. `hints_of`: what a policy lets be
    asked of placeholders, by its hash. `comments`: seals and opens what is written about tasks.
    """

    requests: RequestQueue
    open_content: OpenContent
    schema_of: Callable[[str], LabelSchema | None]
    schema_in_force: Callable[[], LabelSchema | None]
    project: CurrentProject
    token_keys: dict[str, bytes]
    clock: Clock
    comments: CommentKeys
    signin: SignInSeams = NO_SIGN_IN
    revoked: Callable[[str], bool] = nobody
    hints_of: Callable[[str], Hints] = lambda _: NO_HINTS
    open_hints: OpenHints = lambda _: {}


class LabelApi:
    """The calls, without their routes (`calls.py`, which publishes their docstrings). Used
    from one event loop.
    """

    def __init__(self, project: str, seams: ApiSeams, settings: ApiSettings) -> None:
        self._project = project
        self._seams = seams
        self._settings = settings
        timeout_s = settings.answer_timeout_s
        self._opener = Opener(seams.open_content, seams.open_hints, settings.openers, timeout_s)
        self._comments = CommentCalls(project, self._ask, self._opener, seams.comments, seams.clock)
        self._denials = Denials(settings.denials_per_minute)
        signin, clock = seams.signin, seams.clock
        self._gate = gate = Gate(seams.project, clock, seams.revoked)
        self._sessions = SessionDesk(
            self._ask, lambda: must_go(signin, gate), signin.sessions, clock, signin.randomness
        )
        host = LabelHost(signin, gate, self._sessions, self._deny_sign_in)
        self.signin = SignIn(signin.entrance, host, clock)
        rules = tokens.TokenRules(
            project, seams.token_keys, ttl_s=settings.token_ttl_s, leeway_s=settings.token_leeway_s
        )
        self._callers = Callers(rules, signin, self._sessions, self._audit_denial, settings, clock)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """While this lasts, sessions end in time. At the end: open nothing more, close what is connected."""
        sweeping = asyncio.create_task(self._sessions.keep_sweeping())
        try:
            yield
        finally:
            sweeping.cancel()
            self._opener.close()
            if self._seams.signin.provider is not None:
                await self._seams.signin.provider.close()

    async def adopt_sessions(self) -> None:
        """Go on with the sessions of the process that had the queue before. Raises Problem: ask again."""
        await self._sessions.adopt()

    def person(self, request: Request, *, active: bool) -> tokens.Person:
        """Who is calling; `active`: the call shows that they are at work. Raises Problem (400, 401, 403, 429)."""
        return self._callers.person(request, active=active)

    async def permitted(self, request: Request, action: Action, *, active: bool) -> tokens.Person:
        """Who is calling, and that the project's rules allow it. Raises Problem, audited (400, 401, 403, 429)."""
        person = self.person(request, active=active)
        asks = action is Action.LEASE
        return await self._allowed(person, action, queries.terms_of(request, person).batch if asks else "")

    async def _allowed(self, person: tokens.Person, action: Action, batch: str = "") -> tokens.Person:
        """`batch`: of which tasks are asked; where none are, the one that the session is bound to."""
        onboarded = action in _ONBOARDED and await self._is_onboarded(person)
        asked = Asked(
            person.name, action, person.issuer, person.devices, onboarded, batch or queries.bound_to(person)
        )
        found = self._gate.decide(asked)
        if found.reason is not None:
            self._audit_denial(found.reason, person.name, _why(action, found.rules))
            raise problems.forbidden(found.reason)
        return replace(person, rules=found.rules)

    def _grant(self, person: tokens.Person) -> Grant:
        return Grant(" ".join(person.rules), self._gate.client(person.issuer), self._gate.job())

    async def _then(self, request: Request, person: tokens.Person) -> Terms | None:
        """On which terms the next task is asked for; None where it isn't, or the rules don't allow it: the answer
        that came with it stands all the same. Raises Problem (400).
        """
        terms = queries.then_of(request, person)
        if terms is None:
            return None
        try:
            return replace(terms, grant=self._grant(await self._allowed(person, Action.LEASE, terms.batch)))
        except Problem:
            return None

    async def sign_out(self, request: Request) -> Response:
        """End the browser's session."""
        person = self.person(request, active=False)
        if person.session is None:
            message = "a bearer token has no session to end"
            raise Problem(HTTPStatus.BAD_REQUEST, Reason.BAD_REQUEST.value, message)
        return await self.signin.sign_out(person.session)

    async def lease(self, request: Request, person: tokens.Person) -> forms.LeaseView | None:
        """The next task, or the one you hold. 204 when there is none for you now, also after waiting."""
        self._check_project(request, person)
        command = LeaseTask(person.name, replace(queries.terms_of(request, person), grant=self._grant(person)))
        wait_s = queries.wait_of(request, self._settings.longest_wait_s)
        leased = cast("Leased | None", await self._ask(command))
        if leased is None and wait_s:
            leased = await self._wait(request, command, wait_s)
        return None if leased is None else await self._view(leased, person)

    async def _wait(self, request: Request, command: LeaseTask, wait_s: int) -> Leased | None:
        """Raises Problem as any call does; also where the caller's session has ended meanwhile."""

        async def again() -> Leased | None:
            asking = await self.permitted(request, Action.LEASE, active=False)
            terms = replace(command.terms, grant=self._grant(asking))
            return cast("Leased | None", await self._ask(LeaseTask(command.person, terms)))

        waiters = self._seams.requests.waiters
        leased = await patiently(request, command.person, command.terms.batch, wait_s, again, waiters)
        self.person(request, active=False)
        return leased

    async def _view(self, leased: Leased, person: tokens.Person) -> forms.LeaseView:
        """The task with its content, and which hints its holder may ask for. Raises Problem."""
        schema = self._seams.schema_of(leased.task.policy)
        if schema is None:
            raise problems.unavailable(Reason.NO_POLICY.value, "the policy of this task has not arrived yet")
        fields = await self._open(leased)
        hints = self._seams.hints_of(leased.task.policy)
        return forms.lease_view(leased, fields, schema, hints if hints.apps or person.session else NO_HINTS)

    async def hint(self, request: Request, person: tokens.Person) -> forms.HintView:
        """A coarse class of what one placeholder of your task stands for, where its policy has one, as `city in
        France`. Each ask goes on record. One asked again counts once, and is answered alike.
        """
        form = await self._form(request, forms.HintForm)
        held, by_token = _held(request, person, form.fencing_token), person.session is None
        command = AskHint(held, form.placeholder, by_token, self._grant(person))
        hinted = cast("Hinted", await self._ask(command))
        try:
            found = await self._opener.open_hints(hinted.leased.task)
        except Unreadable as error:
            raise problems.gone(error.reason) from None
        except VeilError as error:
            raise problems.of_error(error) from None
        hint = found.get(form.placeholder)
        return forms.HintView(placeholder=form.placeholder, hint=hint, left=hinted.most - hinted.asked)

    async def heartbeat(self, request: Request, person: tokens.Person) -> forms.HeartbeatView:
        """Extend the lease from now, up to its longest life."""
        form = await self._form(request, forms.HeartbeatForm)
        held = _held(request, person, form.fencing_token)
        leased = cast("Leased", await self._ask(Heartbeat(held, page=queries.is_page(person))))
        lease = leased.lease
        return forms.HeartbeatView(
            lease_id=lease.lease_id, fencing_token=lease.fencing_token, expires_at=lease.expires_at
        )

    async def label(self, request: Request, person: tokens.Person) -> forms.EndedView:
        """Your answer. Final. With `next=true` you get the next lease too."""
        key = _key(request)
        form = await self._form(request, forms.LabelForm)
        held = _held(request, person, form.fencing_token)
        vouched = json.dumps([held.lease_id, form.model_dump(mode="json")], sort_keys=True).encode()
        digests = hashlib.sha256(key.encode()).digest(), hashlib.sha256(vouched).digest()
        command = Submit(held, form.result.result(), *digests, await self._then(request, person))
        return await self._end(command, person)

    async def skip(self, request: Request, person: tokens.Person) -> forms.EndedView:
        """You will not label this task; it never comes to you again."""
        form = await self._form(request, forms.SkipForm)
        held, then = _held(request, person, form.fencing_token), await self._then(request, person)
        return await self._end(Skip(held, form.reason, then), person)

    async def release(self, request: Request, person: tokens.Person) -> forms.EndedView:
        """Give the task back for now."""
        form = await self._form(request, forms.ReleaseForm)
        return await self._end(Release(_held(request, person, form.fencing_token), form.reason), person)

    async def report(self, request: Request, person: tokens.Person) -> forms.EndedView:
        """Something sensitive is in clear. Pulls the task at once, for everyone. Mark all of it: the first report
        stands, and one with other marks is refused.
        """
        form = await self._form(request, forms.ReportForm)
        held, then = _held(request, person, form.fencing_token), await self._then(request, person)
        return await self._end(Report(held, form.reason, form.marks(), then), person)

    async def comments(self, request: Request, person: tokens.Person) -> forms.CommentsView:
        """The comments on your task, with all masked that redaction finds. That you see them goes on record."""
        held = _held(request, person, queries.token_of(request))
        return await self._comments.read(held, self._grant(person))

    async def comment(self, request: Request, person: tokens.Person) -> forms.CommentsView:
        """Write about your task, to who has it now and who leads. Nobody is shown what you typed: all that
        redaction finds is masked first, and where nothing is left, or it can't be told, you alone are told so.
        """
        key, form = _key(request), await self._form(request, forms.CommentForm)
        held = _held(request, person, form.fencing_token)
        return await self._comments.write(held, self._grant(person), key, form.text)

    async def threads(self, request: Request, person: tokens.Person) -> forms.ThreadsView:
        """Which open tasks have comments. For who adjudicates in the project."""
        self._check_project(request, person)
        return await self._comments.threads(person.name, queries.bound_to(person))

    async def thread(self, request: Request, person: tokens.Person) -> forms.CommentsView:
        """The comments on an open task, for who adjudicates. That you see them goes on record."""
        self._check_project(request, person)
        return await self._comments.read(_lead(request, person), self._grant(person))

    async def reply(self, request: Request, person: tokens.Person) -> forms.CommentsView:
        """Answer to the comments on an open task, for who adjudicates. Masked as any comment is."""
        self._check_project(request, person)
        key, form = _key(request), await self._form(request, forms.ReplyForm)
        return await self._comments.write(_lead(request, person), self._grant(person), key, form.text)

    async def attempt(self, request: Request, person: tokens.Person) -> None:
        """Your page has refused to let a text be taken away. That goes on record; nothing else happens."""
        form = await self._form(request, forms.AttemptForm)
        await self._ask(Attempt(_held(request, person, form.fencing_token), form.taking, form.times))

    async def _end(self, command: Submit | Skip | Release | Report, person: tokens.Person) -> forms.EndedView:
        """How a lease has ended, with the next one. That this one doesn't open changes nothing about the end: the
        caller asks for it, and is told why.
        """
        ended = cast("Ended", await self._ask(command))
        next_view = None
        if ended.next is not None:
            with contextlib.suppress(Problem):
                next_view = await self._view(ended.next, person)
        return _ended_view(ended, next_view)

    async def stats(self, request: Request, person: tokens.Person) -> forms.StatsView:
        """How many tasks are open; small counts are null."""
        self._check_project(request, person)
        return forms.stats_view(cast("Counts", await self._ask(CountTasks())))

    async def batches(self, request: Request, person: tokens.Person) -> forms.BatchesView:
        """How many tasks of each batch are open; small counts, and those that would tell them, are null."""
        self._check_project(request, person)
        return forms.batches_view(cast("dict[str, Counts]", await self._ask(CountBatches())))

    async def guide(self, request: Request, person: tokens.Person) -> GuideView:
        """What the project tells its annotators: guidelines, tasks to practise on, the label schema in force."""
        self._check_project(request, person)
        schema = self._seams.schema_in_force()
        if schema is None:
            raise problems.unavailable(Reason.NO_POLICY.value, "no policy of this project is in force yet")
        project = self._project_now()
        progress = await self._progress(person, project)
        return guide_view(project, schema, progress, lambda action: self._offers(person, action))

    def _offers(self, person: tokens.Person, action: Action) -> bool:
        """Whether the rules allow it to who has answered the onboarding, which a guide says more of."""
        asked = Asked(person.name, action, person.issuer, person.devices, True, queries.bound_to(person))
        return self._gate.decide(asked).allowed

    async def practise(self, request: Request, person: tokens.Person) -> forms.PractisedView:
        """Your answer to an onboarding task of the guide. It becomes no label."""
        self._check_project(request, person)
        form = await self._form(request, forms.PractiseForm)
        tasks = by_id(self._project_now().guidance.onboarding)
        task = tasks.get(request.path_params["task"])
        if task is None:
            raise problems.unknown_practice()
        right = is_right(task, form.result.result())
        command = Practise(person.name, practice_id(task), right, tuple(tasks))
        made = cast("Progress", await self._ask(command))
        return forms.PractisedView(right=right, passed=sorted(made.passed), onboarded=made.done)

    async def me(self, _: Request, person: tokens.Person) -> forms.MeView:
        """Who you are here."""
        session = person.session
        return forms.MeView(
            person=person.name,
            project=person.project,
            role=person.role,
            expires_at=person.expires_at,
            csrf=session.csrf if session else None,
            idle_expires_at=self._sessions.idle_at(session) // 1000 if session else None,
            purpose=session.scope.purpose.value if session else None,
            batch=session.scope.batch if session else None,
        )

    def _check_project(self, request: Request, person: tokens.Person) -> None:
        """Raises Problem (403), audited, unless it is the project this process serves."""
        if request.path_params["p"] != self._project:
            fault = tokens.TokenFault.WRONG_PROJECT
            self._audit_denial(fault, person.name)
            raise problems.of_token(tokens.TokenRefused(fault, person.name))

    def _project_now(self) -> Project:
        """Raises Problem while its file can't be read; whoever calls then is refused before."""
        project = self._gate.project()
        if project is None:
            raise problems.forbidden(Denial.NOT_PERMITTED)
        return project

    async def _is_onboarded(self, person: tokens.Person) -> bool:
        """Whether a person has answered all onboarding tasks right, where their project asks for it."""
        project = self._gate.project()
        if project is None or not project.access.onboarding:
            return False
        return (await self._progress(person, project)).done

    async def _progress(self, person: tokens.Person, project: Project) -> Progress:
        wanted = tuple(by_id(project.guidance.onboarding))
        return cast("Progress", await self._ask(AskOnboarding(person.name, wanted)))

    def _deny_sign_in(self, fault: SignInFault, person: str, rules: tuple[str, ...]) -> None:
        self._audit_denial(fault, person, _why(Action.SIGN_IN, rules) if rules else {})

    def _audit_denial(self, fault: str, person: str, details: Mapping[str, str] = _NO_DETAILS) -> None:
        """Have it audited, without waiting: nothing is given out. Limited before it takes a place in the queue."""
        suppressed = self._denials.admit(f"{fault} {person}", self._seams.clock.now())
        if suppressed is not None:
            command = Deny(person, project_resource(self._project), str(fault), suppressed, details)
            try:
                self._seams.requests.ask(command)
            except VeilError:
                return  # overloaded: the caller is refused all the same

    async def _ask(self, command: object) -> object:
        """The answer after the commit. Raises Problem."""
        try:
            with ASKED_SECONDS.labels(self._project, type(command).__name__).time():
                future = asyncio.wrap_future(self._seams.requests.ask(command))
                return await asyncio.wait_for(future, self._settings.answer_timeout_s)
        except TimeoutError:
            raise problems.unavailable("in_doubt", "this takes too long; ask again in the same words") from None
        except VeilError as error:
            raise problems.of_error(error) from None

    async def _open(self, leased: Leased) -> dict[str, str]:
        """The content. Where it never will open: end the task, so that nobody else is sent there."""
        try:
            return await self._opener.open(leased.task)
        except Unreadable as error:
            lease = leased.lease
            await self._ask(Unopenable(Held(lease.person, lease.lease_id, lease.fencing_token), error.reason))
            raise problems.gone(error.reason) from None
        except VeilError as error:
            raise problems.of_error(error) from None

    async def _form(self, request: Request, form: type[F]) -> F:
        try:
            return form.model_validate(await read_json(request, self._settings))
        except Unparseable as error:
            raise problems.of_error(error) from None
        except SlowBody:
            message = "the body did not arrive in time"
            raise Problem(HTTPStatus.REQUEST_TIMEOUT, Reason.BAD_REQUEST.value, message) from None
        except ValidationError:
            message = f"the body is not a {form.__name__}; see /openapi.json"
            raise Problem(HTTPStatus.BAD_REQUEST, Reason.BAD_REQUEST.value, message) from None


def _why(action: Action, rules: tuple[str, ...]) -> dict[str, str]:
    """What was asked for, and which rules forbid it: nothing a caller has sent."""
    return {"action": action.value} | ({"rule": " ".join(rules)} if rules else {})


def _held(request: Request, person: tokens.Person, fencing_token: int) -> Held:
    """What a call that acts on a lease claims."""
    return Held(person.name, request.path_params["lease_id"], fencing_token)


def _lead(request: Request, person: tokens.Person) -> Lead:
    """Who leads, and of which task."""
    return Lead(person.name, request.path_params["task_id"], queries.bound_to(person))


def _key(request: Request) -> str:
    """The name of what is sent, so that it counts once. Raises Problem (400)."""
    key = request.headers.get("idempotency-key", "")
    if _KEY.fullmatch(key) is None:
        message = "an Idempotency-Key of 1 to 128 visible ASCII characters is needed"
        raise Problem(HTTPStatus.BAD_REQUEST, Reason.BAD_REQUEST.value, message)
    return key


def _ended_view(ended: Ended, next_view: forms.LeaseView | None) -> forms.EndedView:
    return forms.EndedView(
        lease_id=ended.lease_id,
        task_id=ended.task_id,
        outcome=ended.ending.value,
        ended_at=ended.ended_at,
        label_id=ended.lease_id if ended.ending is LeaseEnding.LABEL else None,
        next=next_view,
    )
