"""A site that browsers sign in to: the real app on a real socket, with a provider that vouches for anybody."""

from __future__ import annotations

from dataclasses import dataclass, replace

from schemas.audit import EventType
from streams.label.commands import CountTasks
from streams.label.settings import ApiSettings
from streams.label.signin import SignInSeams
from streams.web.settings import SessionSettings, SignInSettings
from streams.web.signin import SignInFault
from tests.support.browser import Browser, VouchingProvider
from tests.support.pipeline import free_port
from topology.project import Persons, Project
from topology.routes import KnownRoutes

LEASES = "/v1/projects/demo/leases"
PERSONS = Persons(("ada",), ("grace",), ("olga", "issuer"), ("ann", "bob", "ada"), ("zoe",))
ROUTES = KnownRoutes(frozenset({"week-48", "b1"}))
PROJECT = Project("demo", "tests", 1, {}, PERSONS, routes=ROUTES)
SIGNIN, API = SignInSettings(), ApiSettings()
QUICK = SessionSettings(sweep_s=0.01)
STILL = SessionSettings(sweep_s=3_600)


@dataclass
class Site:
    """The app with its provider, and who may enter."""

    api: object
    origin: str
    provider: VouchingProvider
    frozen: bool = False
    complete: str = "none"

    def __post_init__(self):
        self.browsers = []

    @property
    def project(self):
        return self.api.project

    @project.setter
    def project(self, project):
        self.api.project = project

    def browser(self):
        self.browsers.append(Browser(self.origin))
        return self.browsers[-1]

    def signed_in(self, person="ann"):
        browser = self.browser()
        answer = browser.sign_in(self.provider, person)
        assert answer.headers["location"] == "/", answer.headers
        return browser

    def close(self):
        for browser in self.browsers:
            browser.close()

    def events(self, kind):
        return [event for event in self.api.loop.events if event.type is kind]

    def denials(self):
        return [(event.reason, event.person) for event in self.events(EventType.ACCESS_DENIED)]

    def heard(self):
        heard(self.api)


def heard(api):
    """What was asked without waiting has been carried out once a later call is answered."""
    api.loop.requests.ask(CountTasks()).result(60)


def opened(api_with, sessions=STILL, settings=SIGNIN, api=API, queue=None, tls=None):
    """A site of its own, on a port of its own."""
    port, provider = free_port(), VouchingProvider()
    origin = f"{'https' if tls else 'http'}://127.0.0.1:{port}"
    site = Site(None, origin, provider)
    signin = SignInSeams(
        origin,
        provider,
        lambda: site.frozen,
        sessions=sessions,
        settings=settings,
        is_complete=lambda batch: batch == site.complete,
    )
    site.api = api_with(replace(api, port=port), queue, signin, tls)
    site.project = PROJECT
    return site


def error(answer):
    return answer.status_code, answer.json()["error"]["reason"]


def problem(answer):
    """Why a sign-in failed, as the page is told."""
    assert answer.status_code == 303
    path, _, reason = answer.headers["location"].partition("=")
    assert path == "/?problem"
    return SignInFault(reason)
