"""A real Chromium without a window: asked by the debugger's door, resized and coloured as a test wants."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from selenium import webdriver
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.remote.webelement import WebElement

from tests.support.waiting import wait_for

CHROMIUM = shutil.which("chromium")
DRIVER = shutil.which("chromedriver")
SWITCHES = (
    "--headless=new",
    "--no-sandbox",  # tests run as root in containers
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--no-first-run",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
)
DEADLINE_S = 30.0
AXE = Path(__file__).parent / "axe" / "axe.min.js"


def skip_without_browser(items: list[pytest.Item], below: Path) -> None:
    """Skipped by name where there is no browser."""
    if CHROMIUM and DRIVER:
        return
    for item in items:
        if below in item.path.parents:
            item.add_marker(pytest.mark.skip("needs a browser: apt-get install chromium chromium-driver"))


@pytest.fixture(scope="session")
def chromium() -> Iterator[webdriver.Chrome]:
    """One browser for all tests; each gets it without cookies."""
    options = webdriver.ChromeOptions()
    options.binary_location = str(CHROMIUM)
    for switch in SWITCHES:
        options.add_argument(switch)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    browser = webdriver.Chrome(options, webdriver.ChromeService(str(DRIVER)))
    yield browser
    browser.quit()


def emptied(browser: webdriver.Chrome, origin: str) -> None:
    """As a browser that was never there."""
    browser.execute_cdp_cmd("Storage.clearDataForOrigin", {"origin": origin, "storageTypes": "all"})
    browser.execute_cdp_cmd("Network.clearBrowserCookies", {})
    browser.set_window_size(1280, 900)
    browser.get_log("browser")


def left(browser: webdriver.Chrome, forgiven: list[str]) -> None:
    """Fails a test whose page logged an error that no answer of the server explains."""
    browser.get("about:blank")
    errors = [entry["message"] for entry in browser.get_log("browser") if entry["source"] != "network"]
    assert [error for error in errors if not any(words in error for words in forgiven)] == []


@dataclass
class Window:
    """A page, as a person has it before them."""

    browser: webdriver.Chrome

    def press(self, *keys: str) -> None:
        ActionChains(self.browser, duration=0).send_keys(*keys).perform()

    def find(self, selector: str) -> WebElement:
        return self.browser.find_element("css selector", selector)

    def click(self, selector: str) -> None:
        self.find(selector).click()

    def ask(self, expression: str) -> Any:
        """The value of JavaScript, which may await."""
        return self.run(f"return ({expression})")

    def run(self, statements: str) -> Any:
        """By the debugger's door: the page's own policy allows no script from text."""
        asked = {"expression": f"(async () => {{ {statements} }})()", "awaitPromise": True, "returnByValue": True}
        answer = self.browser.execute_cdp_cmd("Runtime.evaluate", asked)
        if "exceptionDetails" in answer:
            raise AssertionError(json.dumps(answer["exceptionDetails"]))
        return answer["result"].get("value")

    def wait(self, expression: str, what: str) -> Any:
        return wait_for(lambda: self.ask(expression), what, DEADLINE_S, 0.02)

    def there(self, selector: str) -> None:
        """Wait until the page has such an element."""
        self.wait(f"Boolean(document.querySelector({json.dumps(selector)}))", selector)

    def text_of(self, selector: str) -> str:
        return self.ask(f"document.querySelector({json.dumps(selector)}).textContent")

    def says(self, sentence: str, where: str) -> None:
        text = f"document.querySelector({json.dumps(where)})?.textContent ?? ''"
        self.wait(f"({text}).includes({json.dumps(sentence)})", sentence)

    def scheme(self, name: str) -> None:
        """`light`, `dark`, or empty: as the machine has it."""
        features = [{"name": "prefers-color-scheme", "value": name}] if name else []
        self.browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})

    def resize(self, width: int, height: int = 800) -> None:
        """Headless windows are never narrower than 500 pixels; the emulated screen is."""
        screen = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        self.browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", screen)

    def unsized(self) -> None:
        """The window as it is."""
        self.browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})

    def violations(self, exclude: str = "") -> list[str]:
        """What axe-core finds; all but the elements of a selector."""
        self.run(f"if (!globalThis.axe) {{ {AXE.read_text('utf-8')} }}")
        where = json.dumps({"exclude": [exclude]}) if exclude else "document"
        found: list[str] = self.run(
            f"""const {{violations}} = await axe.run({where}, {{resultTypes: ["violations"]}});
            const shown = (nodes) => nodes.map(({{html}}) => html).join(" ");
            return violations.map(({{id, impact, nodes}}) => `${{impact}} ${{id}}: ${{shown(nodes)}}`);"""
        )
        return found
