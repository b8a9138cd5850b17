"""Somebody marks a text in Label Studio's own page, in a real Chromium: what it counts is what we count."""

from __future__ import annotations

import json

import pytest
from selenium.webdriver.common.action_chains import ActionChains

from deploy.bridge.projects import StudioProjects
from deploy.bridge.server import Server
from tests.deploy.bridge.memory import FIELDS, LABELS, MARK, bridge_of, make_world
from tests.support import label_studio
from tests.support.chromium import CHROMIUM, DRIVER, Window, chromium, emptied
from tests.support.waiting import wait_for

__all__ = ["chromium"]
pytestmark = [
    pytest.mark.label_studio,
    pytest.mark.skipif(
        not (CHROMIUM and DRIVER), reason="needs a browser: apt-get install chromium chromium-driver"
    ),
]
TITLE = "demo · page"
TEXT = "😀 a kettle for [PERSON_1]"
WHITE = "😀 a  big\tkettle  for [PERSON_1]"
WHERE = """
const range = document.createRange(), node = document.querySelector(".lsf-richtext__line").firstChild;
const at = node.textContent.indexOf(piece);
range.setStart(node, at);
range.setEnd(node, at + piece.length);
const {left, top, right, bottom} = range.getBoundingClientRect();
return [Math.ceil(left), Math.round((top + bottom) / 2), Math.floor(right)];
"""


@pytest.fixture
def studio(tmp_path):
    with label_studio.running(tmp_path / "data") as made:
        yield made


@pytest.fixture
def page(chromium, studio):
    """Ann before the task that she is to label next."""
    emptied(chromium, studio.url)
    made = Window(chromium)

    def sign_in(email: str) -> Window:
        chromium.get(f"{studio.url}/user/login/")
        made.find("input[name=email]").send_keys(email)
        made.find("input[name=password]").send_keys(label_studio.PASSWORD)
        made.click("button[type=submit]")
        made.wait("!location.pathname.startsWith('/user/login')", "signed in")
        chromium.get(f"{studio.url}/projects/{studio.project(TITLE)['id']}/data?labeling=1")
        wait_for(lambda: made.ask("Boolean(document.querySelector('.lsf-richtext__line'))"), "the text")
        return made

    yield sign_in
    chromium.get("about:blank")


def mark(page: Window, piece: str) -> None:
    """Choose the first label, and draw the mouse over that piece."""
    page.press("1")
    left, middle, right = page.run(f"const piece = {json.dumps(piece)}; {WHERE}")
    drawn = ActionChains(page.browser, duration=50)
    pointer = drawn.w3c_actions.pointer_action
    pointer.move_to_location(left, middle).pointer_down().move_to_location(right, middle).pointer_up()
    drawn.perform()


@pytest.mark.parametrize(("text", "piece"), [(TEXT, "kettle"), (WHITE, "big\tkettle")])
def test_a_mark_behind_an_emoji_that_is_drawn_with_the_mouse_is_a_label_on_the_same_words(
    page, studio, text, piece
):
    world, ann = make_world(text), studio.sign_up("ann@example.org")
    with Server(studio.url, label_studio.TOKEN) as server:
        project = StudioProjects(server, MARK, TITLE, FIELDS)
        project.check(LABELS)
        bridge = bridge_of(world, project, ann.number)
        bridge.step()
        before = page(ann.email)
        mark(before, piece)
        before.wait("document.querySelector('.lsf-richtext__line mark, .htx-highlight') !== null", "the mark")
        before.click("button[aria-label='Submit current annotation']")
        wait_for(lambda: [it for it in project.tasks() if it["annotations"]], "the answer")
        bridge.step()
    ((_, (span,)),) = world.queue.labels.values()
    assert text[span.start : span.end] == piece
    assert studio.tasks() == []
