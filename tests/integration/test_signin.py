"""An annotator signs in through the real OpenBao, with a password and a second factor, and leases a task."""

from __future__ import annotations

import asyncio
import json
import shutil
import ssl
import time
from dataclasses import replace

import httpx
import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By

from deploy.signin import invitation
from deploy.signin.configuration import Listening
from deploy.signin.offering import Offering
from deploy.signin.totp import code_at
from deploy.signin.vault_login import LoginRefused, VaultLogin
from schemas.audit import EventType
from schemas.errors import AccessDenied
from schemas.vault_log import Outcome, VaultUse
from streams.audit.matching import FOREVER
from streams.audit.two_sided import DENIED, TwoSided
from streams.audit.vault_log import parse
from streams.label.commands import ReleaseReason
from streams.web.session_cookie import as_secret
from tests.support.announced import lines
from tests.support.browser import Browser, Guest
from tests.support.pipeline import free_port
from tests.support.waiting import wait_for
from vault.people import MOUNT, PeopleProvisioner
from vault.session import Credentials, Session
from vault.signing import issue_token

pytestmark = pytest.mark.stack

RECORD = {"customer": {"name": "Zorvik Quelmer", "note": "My kettle broke"}, "product": "kettle"}


@pytest.fixture(scope="module")
def door(stack, projects_of_integration, pipeline_of):
    """The project `door`, with label's page and a provider for it and for another project."""
    if stack.endpoints.vault.audit_log is None:
        pytest.skip("needs the OpenBao of a local stack: VEIL_TEST_STACK=local")
    pipeline, ports = pipeline_of("door"), {}
    for name in ("door", "spine"):
        ports[projects_of_integration.names[name]] = free_port()
    offering = Offering(stack.root, Listening(), None)
    offering.start({name: pipeline.topology.project(name) for name in ports}, ports, stack.endpoints.vault)
    pipeline.start("redact")
    pipeline.start("label", port=ports[pipeline.project])
    pipeline.sign("dora", "dina")
    pipeline.publish(RECORD)
    pipeline.wait_records("tasks", 1)
    yield pipeline
    offering.stop()


@pytest.fixture
def guest_of(stack, door, projects_of_integration):
    made = []

    def make(project="door"):
        """The annotator invited by `project`, at the page of `door`."""
        invited = invitation.read(stack.root, projects_of_integration.names[project])
        browser = Browser(f"http://127.0.0.1:{door.stages['label', 0].port}")
        made.append(browser)
        return Guest(browser, invited.person, invited.password, invited.otpauth)

    yield make
    for browser in made:
        browser.close()


def enrol(stack, person):
    """A password and a second factor for one more person."""
    vault = stack.endpoints.vault
    session = Session(vault.url, vault.ca_file, Credentials(token=vault.token_file.read_text().strip()))
    try:
        return PeopleProvisioner(session).enrol(person, "the-password-of-a-test")
    finally:
        session.close()


def leased(guest, door):
    """The answer with a task, None while there is none."""
    answer = guest.browser.post(f"/v1/projects/{door.project}/leases")
    assert answer.status_code in (200, 204), answer.text
    return answer if answer.status_code == 200 else None


def test_wrong_password_wrong_code_and_no_code_lead_nowhere(guest_of):
    guest = guest_of()
    location = guest.browser.begin()
    wrong = f"{(int(guest.code()) + 1) % 1_000_000:06d}"
    for changes in ({"password": "wrong"}, {"code": wrong}, {"code": ""}, {"person": "dirk"}):
        answer = guest.fill_in(location, **changes)
        assert answer.status_code == 401
        assert guest.password not in answer.text
    assert guest.browser.get("/v1/me").status_code == 401


def test_password_alone_opens_nothing(guest_of, stack):
    """The second factor is the provider's to enforce, whoever asks it, and not only the page's."""
    guest, vault = guest_of(), stack.endpoints.vault
    tls = ssl.create_default_context(cafile=str(vault.ca_file))
    address = f"{vault.url}/v1/auth/{MOUNT}/login/{guest.person}"
    answer = httpx.post(address, json={"password": guest.password}, verify=tls).json()
    assert answer["auth"]["mfa_requirement"]
    assert answer["auth"]["client_token"] == ""


def test_account_is_closed_after_five_wrong_passwords_and_that_is_an_alert(door, stack):
    vault, enrolled = stack.endpoints.vault, enrol(stack, "dot")

    async def tries():
        login = VaultLogin(vault.url, ssl.create_default_context(cafile=str(vault.ca_file)))
        for password in ["wrong"] * 5 + [enrolled.password]:
            with pytest.raises(LoginRefused):
                await login.code("dot", password, code_at(enrolled.otpauth, int(time.time())), {})
        await login.close()

    asyncio.run(tries())
    logged = map(parse, lines(stack.endpoints.vault.audit_log))
    seen = [it for it in logged if isinstance(it, VaultUse) and it.target == f"auth/{MOUNT}/login"]
    assert [(it.outcome, it.identity) for it in seen][-6:] == [(Outcome.FAILED, "")] * 5 + [(Outcome.DENIED, "")]
    sides = TwoSided()
    sides.use(seen[-1])
    assert [it.rule for it in sides.judge(FOREVER, FOREVER)] == [DENIED]


def test_annotator_of_another_project_gets_no_code_for_this_one(guest_of):
    stranger = guest_of("spine")
    assert stranger.person == "sally"
    assert stranger.sign_in() == "/?problem=provider_refused"
    assert stranger.browser.get("/v1/me").status_code == 401


def test_signed_in_annotator_leases_a_task_and_signs_out(door, guest_of, stack):
    guest = guest_of()
    entered_with = guest.code()
    assert guest.sign_in(code=entered_with) == "/"
    me = guest.browser.get("/v1/me").json()
    assert (me["person"], me["project"], me["role"]) == ("dan", door.project, "annotator")
    lease = wait_for(lambda: leased(guest, door), "label has taken up the task and gives it out")
    assert "kettle" in json.dumps(lease.json()["fields"])
    assert "Quelmer" not in lease.text

    again = guest_of()
    replayed = again.fill_in(again.browser.begin(), code=entered_with)
    assert replayed.status_code == 401  # a code is good once

    assert guest.browser.post("/signout").status_code == 204
    assert guest.browser.get("/v1/me").status_code == 401
    of_dan = [
        event for event in door.audit() if event.person == "dan" and event.type is not EventType.ACCESS_DENIED
    ]
    assert [event.type for event in of_dan] == [
        EventType.SESSION_STARTED,
        EventType.TASK_VIEWED,
        EventType.TASK_RELEASED,
        EventType.SESSION_ENDED,
    ]
    assert door.reconciled()


def test_app_works_by_a_token_of_its_own_identity(door):
    """Signed in the vault with the app's own key, which no other app and no operator may use."""
    door.publish(RECORD)
    with door.client("door-ui", "dot") as client:
        lease = wait_for(client.lease, "the app gets a task for its person")
        client.release(lease, ReleaseReason.TECHNICAL)
    url = f"http://127.0.0.1:{door.stages['label', 0].port}/v1/projects/{door.project}/leases"
    with door.person("door-ui") as around:
        now = around.clock.now()
        named = {"issuer": "door-ui", "project": door.project, "token_id": "t", "now": now}
        stranger = issue_token(around.vault, person="dee", **named)
        with pytest.raises(AccessDenied):
            issue_token(around.vault, person="dot", **(named | {"issuer": "dirk"}))
    answer = httpx.post(url, headers={"Authorization": f"Bearer {stranger}"})
    assert (answer.status_code, answer.json()["error"]["reason"]) == (403, "not_permitted")
    views = [event for event in door.audit() if event.type is EventType.TASK_VIEWED and event.person == "dot"]
    assert {(one.details["client"], one.details["rule"]) for one in views} == {("app door-ui", "annotators")}


@pytest.fixture
def chromium():
    """A real browser: it alone knows what its rules on cookies, origins and forms really let through."""
    browser, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if not (browser and driver):
        pytest.skip("needs a browser: apt-get install chromium chromium-driver")
    options = webdriver.ChromeOptions()
    options.binary_location = browser
    for switch in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--disable-background-networking"):
        options.add_argument(switch)
    running = webdriver.Chrome(options, webdriver.ChromeService(driver))
    yield running
    running.quit()


def test_a_real_browser_signs_in_by_the_form_and_keeps_the_session(chromium, door, stack):
    origin = f"http://127.0.0.1:{door.stages['label', 0].port}"
    enrolled = enrol(stack, "dee")
    chromium.get(f"{origin}/signin")

    def fill_in(password):
        code = code_at(enrolled.otpauth, int(time.time()))
        for name, value in {"person": "dee", "password": password, "code": code}.items():
            chromium.find_element(By.NAME, name).send_keys(value)
        chromium.find_element(By.TAG_NAME, "button").click()

    fill_in("wrong")
    assert "That is not right" in chromium.find_element(By.CSS_SELECTOR, "[role=alert]").text
    fill_in(enrolled.password)
    wait_for(lambda: chromium.current_url == f"{origin}/", "the page")
    me = chromium.execute_async_script("fetch('/v1/me').then((it) => it.json()).then(arguments[0])")
    assert me["person"] == "dee"
    assert chromium.execute_script("return document.cookie") == ""
    posting = "fetch('/signout', {method: 'POST', headers: {'X-Veil-CSRF': arguments[0]}})"
    then = ".then((it) => arguments[1](it.status))"
    assert chromium.execute_async_script(posting + then, "x" * 43) == 403
    assert chromium.execute_async_script(posting + then, me["csrf"]) == 204


def test_nothing_that_opens_a_session_is_in_any_log(guest_of, stack, door):
    guest = guest_of()
    logs = b"".join(path.read_bytes() for path in stack.root.joinpath("logs").iterdir() if path.is_file())
    for secret in (guest.password, guest.otpauth.partition("secret=")[2]):
        assert secret.encode() not in logs
        assert secret.encode() not in repr(door.audit()).encode()


def test_session_goes_on_after_the_process_was_started_anew(guest_of, door, stack):
    """What is kept of it on the log is enough, and opens nothing by itself."""
    enrolled = enrol(stack, "don")
    guest = replace(guest_of(), person="don", password="the-password-of-a-test", otpauth=enrolled.otpauth)
    assert guest.sign_in() == "/"
    before = guest.browser.get("/v1/me").json()
    port = door.stages["label", 0].port
    door.stop("label")
    door.start("label", port=port)
    after = wait_for(lambda: answered(guest), "the page answers again")
    assert {**after, "idle_expires_at": 0} == {**before, "idle_expires_at": 0}
    assert guest.browser.post(f"/v1/projects/{door.project}/leases").status_code in (200, 204)
    kept = [m for m in door.messages("label-state") if m.key.startswith(b"session/") and m.value]
    cookie = guest.browser.http.cookies["veil"].encode()
    assert kept
    assert not [m for m in kept if cookie in m.value or as_secret(cookie.decode()) in m.value]


def answered(guest):
    """Who the page takes the browser for, once it answers."""
    try:
        me = guest.browser.get("/v1/me")
    except httpx.TransportError:
        return None
    return me.json() if me.status_code == 200 else None
