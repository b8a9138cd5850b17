"""The HTTP API of the queue (DESIGN §9). A call becomes a command, answered after the commit that carries it.

In doubt, late, overloaded or without Vault the answer is 503 with Retry-After, and the same call again is answered
from what was committed. Error bodies are `{"error": {"reason", "message"}}`.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import re
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Any, TypeVar, cast

from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import Response

from schemas.errors import Reason, Unparseable, VeilError
from schemas.resources import project_resource
from schemas.states import LeaseEnding
from streams.engine.clock import Clock
from streams.label import forms, problems, tokens
from streams.label.bodies import SlowBody, read_json
from streams.label.callers import Callers
from streams.label.commands import (
    AskOnboarding,
    Counts,
    CountTasks,
    Deny,
    Ended,
    Grant,
    Heartbeat,
    Held,
    Leased,
    LeaseTask,
    Practise,
    Release,
    Report,
    Skip,
    Submit,
    Unopenable,
)
from streams.label.denials import Denials
from streams.label.gate import CurrentProject, Gate
from streams.label.guide import GuideView, guide_view
from streams.label.onboarding import Progress, by_id, is_right, practice_id
from streams.label.opening import OpenContent, Opener, Unreadable
from streams.label.problems import Problem
from streams.label.requests import RequestQueue
from streams.label.session_desk import SessionDesk
from streams.label.settings import ApiSettings
from streams.label.signin import NO_SIGN_IN, SignIn, SignInFault, SignInSeams, must_go
from topology.permissions import Action, Asked, Denial
from topology.policies.model import LabelSchema
from topology.project import Project

F = TypeVar("F", bound=forms.Form)
_NO_DETAILS: Mapping[str, str] = {}
_KEY = re.compile(r"[\x21-\x7e]{1,128}")


@dataclass(frozen=True, slots=True)
class ApiSeams:
    """What the API needs. `schema_of`: a policy's label schema by its hash; `schema_in_force`: of the one that new
    tasks get. `project`: as its file stands now. `token_keys`: raw Ed25519 public keys by key id, from the
    topology's pins. `signin`: browsers'.
    """

    requests: RequestQueue
    open_content: OpenContent
    schema_of: Callable[[str], LabelSchema | None]
    schema_in_force: Callable[[], LabelSchema | None]
    project: CurrentProject
    token_keys: dict[str, bytes]
    clock: Clock
    signin: SignInSeams = NO_SIGN_IN


class LabelApi:
    """The calls, without their routes (`calls.py`, which publishes their docstrings). Used
    from one event loop.
    """

    def __init__(self, project: str, seams: ApiSeams, settings: ApiSettings) -> None:
        self._project = project
        self._seams = seams
        self._settings = settings
        self._opener = Opener(seams.open_content, settings.openers, settings.answer_timeout_s)
        self._denials = Denials(settings.denials_per_minute)
        signin, clock = seams.signin, seams.clock
        self._gate = gate = Gate(seams.project, clock)
        self._sessions = SessionDesk(
            self._ask, lambda: must_go(signin, gate), signin.sessions, clock, signin.randomness
        )
        self.signin = SignIn(signin, gate, self._sessions, self._deny_sign_in, clock)
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

    def person(self, request: Request, *, active: bool) -> tokens.Person:
        """Who is calling; `active`: the call shows that they are at work. Raises Problem (400, 401, 403, 429)."""
        return self._callers.person(request, active=active)

    async def permitted(self, request: Request, action: Action, *, active: bool) -> tokens.Person:
        """Who is calling, and that the project's rules allow it. Raises Problem, audited (400, 401, 403, 429)."""
        person = self.person(request, active=active)
        onboarded = action is Action.LEASE and await self._is_onboarded(person)
        asked = Asked(person.name, action, person.issuer, person.devices, onboarded)
        found = self._gate.decide(asked)
        if found.reason is not None:
            self._audit_denial(found.reason, person.name, _why(action, found.rules))
            raise problems.forbidden(found.reason)
        return replace(person, rules=found.rules)

    async def sign_out(self, request: Request) -> Response:
        """End the browser's session."""
        person = self.person(request, active=False)
        if person.session is None:
            message = "a bearer token has no session to end"
            raise Problem(HTTPStatus.BAD_REQUEST, Reason.BAD_REQUEST.value, message)
        return await self.signin.sign_out(person.session)

    async def lease(self, request: Request, person: tokens.Person) -> forms.LeaseView | None:
        """The next task, or the one you hold. 204 when there is none for you now."""
        self._check_project(request, person)
        grant = Grant(" ".join(person.rules), self._gate.client(person.issuer), self._gate.job())
        leased = cast("Leased | None", await self._ask(LeaseTask(person.name, grant)))
        if leased is None:
            return None
        schema = self._seams.schema_of(leased.task.policy)
        if schema is None:
            raise problems.unavailable(Reason.NO_POLICY.value, "the policy of this task has not arrived yet")
        fields = await self._open(leased)
        return forms.lease_view(leased.lease, leased.task, fields, schema)

    async def heartbeat(self, request: Request, person: tokens.Person) -> forms.HeartbeatView:
        """Extend the lease from now, up to its longest life."""
        form = await self._form(request, forms.HeartbeatForm)
        leased = cast("Leased", await self._ask(Heartbeat(_held(request, person, form.fencing_token))))
        lease = leased.lease
        return forms.HeartbeatView(
            lease_id=lease.lease_id, fencing_token=lease.fencing_token, expires_at=lease.expires_at
        )

    async def label(self, request: Request, person: tokens.Person) -> forms.EndedView:
        """Your answer. Final."""
        key = request.headers.get("idempotency-key", "")
        if _KEY.fullmatch(key) is None:
            message = "an Idempotency-Key of 1 to 128 visible ASCII characters is needed"
            raise Problem(HTTPStatus.BAD_REQUEST, Reason.BAD_REQUEST.value, message)
        form = await self._form(request, forms.LabelForm)
        held = _held(request, person, form.fencing_token)
        vouched = json.dumps([held.lease_id, form.model_dump(mode="json")], sort_keys=True).encode()
        command = Submit(
            held, form.result.result(), hashlib.sha256(key.encode()).digest(), hashlib.sha256(vouched).digest()
        )
        return _ended_view(await self._ask(command))

    async def skip(self, request: Request, person: tokens.Person) -> forms.EndedView:
        """You will not label this task; it never comes to you again."""
        form = await self._form(request, forms.SkipForm)
        return _ended_view(await self._ask(Skip(_held(request, person, form.fencing_token), form.reason)))

    async def release(self, request: Request, person: tokens.Person) -> forms.EndedView:
        """Give the task back for now."""
        form = await self._form(request, forms.ReleaseForm)
        return _ended_view(await self._ask(Release(_held(request, person, form.fencing_token), form.reason)))

    async def report(self, request: Request, person: tokens.Person) -> forms.EndedView:
        """Something sensitive is in clear. Pulls the task at once, for everyone."""
        form = await self._form(request, forms.ReportForm)
        held = _held(request, person, form.fencing_token)
        return _ended_view(await self._ask(Report(held, form.reason, form.marks())))

    async def stats(self, request: Request, person: tokens.Person) -> forms.StatsView:
        """How many tasks are open; small counts are null."""
        self._check_project(request, person)
        return forms.stats_view(cast("Counts", await self._ask(CountTasks())))

    async def guide(self, request: Request, person: tokens.Person) -> GuideView:
        """What the project tells its annotators: guidelines, tasks to practise on, the label schema in force."""
        self._check_project(request, person)
        schema = self._seams.schema_in_force()
        if schema is None:
            raise problems.unavailable(Reason.NO_POLICY.value, "no policy of this project is in force yet")
        project = self._project_now()
        return guide_view(project, schema, await self._progress(person, project))

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


def _ended_view(answer: Any) -> forms.EndedView:  # noqa: ANN401 - answers are untyped by design of the seam
    ended = cast("Ended", answer)
    return forms.EndedView(
        lease_id=ended.lease_id,
        task_id=ended.task_id,
        outcome=ended.ending.value,
        ended_at=ended.ended_at,
        label_id=ended.lease_id if ended.ending is LeaseEnding.LABEL else None,
    )
