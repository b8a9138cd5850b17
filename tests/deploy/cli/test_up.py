"""`veil` on real parts: up in the background, worked with, down without a trace."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest
import yaml

from deploy.observability.dashboard import FOLDER
from deploy.supervise.lock import root_owner
from deploy.up import read_addresses
from streams.label.client import LabelClient
from tests.deploy.observability.expressions import panels, rules
from tests.support.browser import Browser, Guest
from tests.support.prometheus import PROMETHEUS, prometheus, series, told
from tests.support.waiting import wait_for

pytestmark = [pytest.mark.own_stack, pytest.mark.processes]

TREE = Path(__file__).parents[3]
PATIENCE_S = 60
WITHOUT_CAUSE = {
    "Aborts and other setbacks",
    "Alerts of the matcher",
    "Attempts to deliver webhooks",
    "Share of characters redacted, in the last hour that had enough",
    "Share that may be exposed (95 %)",
    "Spans of traces",
    "Texts in clear for other queues",
}
"""Panels that show nothing where nothing fails, few records come, and no gold, webhook, trace or open text is."""
TEXTS = ("My name is Eva Green, please call 030 901820.", "Thanks for the quick answer!", "Please send a refund.")


class Veil:
    """The command line as another process, on a root of its own."""

    def __init__(self, root: Path) -> None:
        self.root = root
        kept = {name: value for name, value in os.environ.items() if not name.startswith("VEIL_")}
        self.environment = {**kept, "VEIL_ROOT": str(root), "PYTHONPATH": str(TREE)}

    def popen(self, *arguments: object) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "deploy.cli", *map(str, arguments)]
        pipe = subprocess.PIPE
        return subprocess.Popen(command, env=self.environment, stdout=pipe, stderr=pipe, text=True)

    def __call__(self, *arguments: object, code: int = 0) -> str:
        process = self.popen(*arguments)
        out, err = process.communicate(timeout=5 * PATIENCE_S)
        assert process.returncode == code, err
        assert "Traceback" not in err
        return out

    def json(self, *arguments: object, code: int = 0) -> Any:
        return json.loads(self(*arguments, "--json", code=code))

    def processes(self) -> list[psutil.Process]:
        """Whatever runs under the root and is not one of our calls."""
        return [
            process
            for process in psutil.process_iter(["cmdline", "status"])
            if process.info["status"] != psutil.STATUS_ZOMBIE
            and any(str(self.root) in word for word in process.info["cmdline"] or [])
        ]


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    ticker = threading.Event()
    while not condition():
        assert time.monotonic() < deadline, "condition not reached"
        ticker.wait(0.2)


@pytest.fixture(scope="module")
def veil(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Veil]:
    command = Veil(tmp_path_factory.mktemp("up") / "root")
    try:
        yield command
    finally:
        command("down")


@pytest.fixture
def up(veil: Veil) -> Veil:
    """Up in the background, whatever the test before has done."""
    return running(veil)


def running(veil: Veil) -> Veil:
    if root_owner(veil.root) is None:
        veil("up", "--detach", "--redact", 2, "--standbys", 1)
    return veil


@dataclass
class Published:
    """What was said of records that came before a policy was signed, and of the signatures."""

    report: dict[str, Any]
    steps: list[dict[str, Any]]


@pytest.fixture(scope="module")
def published(veil: Veil, tmp_path_factory: pytest.TempPathFactory) -> Published:
    source = tmp_path_factory.mktemp("published") / "texts.jsonl"
    source.write_text("\n".join([*(json.dumps({"text": text}) for text in TEXTS), "{no json"]), encoding="utf-8")
    report = running(veil).json("publish", source, code=3)
    signing = (["publish", "demo"], ["sign", "demo", "--as", "ada"], ["publish", "demo", "--as", "grace"])
    return Published(report, [veil.json("policy", *words) for words in signing])


def test_up_starts_every_stage_under_its_own_name(up: Veil) -> None:
    assert [it.process for it in read_addresses(up.root)] == [
        "replay.demo.0",
        "redact.demo.0",
        "redact.demo.1",
        "label.demo.0",
        "label.demo.1",
        "decide.demo.0",
        "join.demo.0",
        "keeper.demo.0",
        "contain.demo.0",
        "seal.platform.0",
        "shipper.platform.0",
        "watch.platform.0",
        "matcher.platform.0",
        "warden.platform.0",
        "console.platform.0",
    ]


def test_status_shows_that_everything_works(up: Veil) -> None:
    picture = up.json("status")
    assert picture["well"] is True
    owner = root_owner(up.root)
    assert owner is not None
    assert picture["owner"] == owner.pid
    assert {it["name"] for it in picture["seen"]} >= {"kafka", "vault", "registry", "label.demo.0"}
    assert all(it["memory_bytes"] > 0 and it["pid"] for it in picture["seen"])
    label = {it["condition"] for it in picture["seen"] if it["name"].startswith("label.")}
    assert label == {"working", "standing by"}


def test_a_second_up_on_the_same_root_is_refused(up: Veil) -> None:
    process = up.popen("up", "--detach")
    out, err = process.communicate(timeout=PATIENCE_S)
    assert (process.returncode, out) == (2, "")
    assert "in use by process" in err


def test_a_killed_process_comes_back_and_status_counts_it(up: Veil) -> None:
    def join() -> dict[str, Any]:
        picture = json.loads(up.popen("status", "--json").communicate(timeout=PATIENCE_S)[0])
        return next(it for it in picture["seen"] if it["name"] == "join.demo.0")

    before = join()
    psutil.Process(before["pid"]).kill()
    until(lambda: (now := join())["restarts"] == before["restarts"] + 1 and now["well"])


def test_up_invites_an_annotator_who_signs_in_with_what_their_file_says(up: Veil) -> None:
    file = up.root / "signin" / "demo.json"
    invited = json.loads(file.read_text())
    assert file.stat().st_mode & 0o777 == 0o600
    browser = Browser(invited["page"].rstrip("/"))
    fields = {"person": "ann-1", "password": invited["password"], "code": up("label", "code").strip()}
    location = browser.begin()
    origin = location.partition("/authorize")[0]
    entered = httpx.post(location, data=fields, headers={"origin": origin})
    assert entered.status_code == 303
    browser.http.get(entered.headers["location"])
    assert browser.get("/v1/me").json()["person"] == "ann-1"
    browser.close()
    for log in (up.root / "logs").iterdir():
        assert invited["password"].encode() not in log.read_bytes()


def test_the_topology_is_as_declared_and_applying_again_changes_nothing(up: Veil) -> None:
    assert up.json("topology", "plan")["changes"] == []
    assert up.json("topology", "apply")["changes"] == []


def test_records_published_before_the_policy_become_tasks_once_it_is_signed(
    up: Veil, published: Published
) -> None:
    report, (unsigned, half, whole) = published.report, published.steps
    assert (report["published"], report["bad_lines"]) == (3, [{"line": 4, "reason": "bad_json"}])
    assert unsigned["in_force"] is False
    assert half["missing"] == ["an approver (grace)"]
    assert whole["in_force"] is True
    until(lambda: bool(up.json("audit", "reconcile")["records"] == 3))
    assert up.json("audit", "reconcile")["tasks"] == 3

    types = {json.loads(line)["type"] for line in up("audit", "tail", "--json", "-n", 1000).splitlines()}
    assert types >= {"process.started", "policy.published", "control.applied", "batch.redacted"}


@pytest.mark.skipif(PROMETHEUS is None, reason="not installed: prometheus")
def test_a_prometheus_by_our_configuration_asks_everybody_and_answers_every_panel_and_alert(
    up: Veil, published: Published, tmp_path: Path
) -> None:
    token = up("label", "token", "--person", "ann-2", "--lifetime", 300).strip()
    url = next(it.api_url for it in read_addresses(up.root) if it.role == "label")
    assert url is not None
    with LabelClient(url, "demo", lambda: token) as client:
        client.label(wait_for(client.lease, "a lease"), [], {"tone": "neutral"})

    folder = tmp_path / "deploy" / "observability"
    folder.mkdir(parents=True)
    (tmp_path / ".veil").symlink_to(up.root)
    (folder / "rules.yaml").write_text((FOLDER / "rules.yaml").read_text())
    ours = yaml.safe_load((FOLDER / "prometheus.yml").read_text())
    ours["global"] = {"scrape_interval": "1s", "evaluation_interval": "1s"}
    with prometheus(ours, folder) as at:
        everybody = {it.process for it in read_addresses(up.root)}
        wait_for(lambda: {it["process"] for it in series(at, "up == 1")} == everybody, "all are asked")
        wait_for(lambda: silent(at) <= WITHOUT_CAUSE, "all other panels show something", pause_s=1.0)

        def reckoned() -> bool:
            (group,) = told(at, "rules")["groups"]
            return {it["name"]: it["health"] for it in group["rules"]} == {it["alert"]: "ok" for it in rules()}

        wait_for(reckoned, "all alerts are reckoned")


def silent(at: str) -> set[str]:
    """The titles of the panels that show nothing of any project. Raises AssertionError for one that fails."""
    return {it["title"] for it in panels() if not series(at, it["expr"].replace("$project", ".*"))}


def test_a_withdrawal_is_acknowledged_by_label_and_join(up: Veil) -> None:
    order = up.json("contain", "withdraw", "0" * 32, "--as", "olga", "--reason", "rehearsal")

    def acknowledged() -> bool:
        events = [json.loads(line) for line in up("audit", "tail", "--json", "-n", 1000).splitlines()]
        by = {
            it["process"]
            for it in events
            if it["type"] == "control.applied" and it["details"].get("key") == order["control_key"]
        }
        return by >= {"label.demo", "join.demo"}

    until(acknowledged)


def test_up_invites_an_officer_to_the_console(up: Veil) -> None:
    file = up.root / "signin" / "console.iris.json"
    assert file.stat().st_mode & 0o777 == 0o600
    invited = json.loads(file.read_text())
    guest = Guest(Browser(invited["page"].rstrip("/")), "iris", invited["password"], invited["otpauth"])
    assert up("console", "code", "--person", "iris").strip().isdecimal()
    assert guest.sign_in() == "/"
    assert guest.browser.get("/v1/record?project=demo").status_code == 200
    guest.browser.close()


def test_an_annotators_token_is_printed_and_nothing_else(up: Veil) -> None:
    printed = up("label", "token", "--person", "ann-1", "--lifetime", 60)
    assert len(printed.splitlines()) == 1
    assert printed.count(".") == 2


def test_an_export_verifies_offline_against_our_own_pins_and_is_old_where_more_was_kept(
    up: Veil, tmp_path: Path
) -> None:
    pins = up.root / "topology" / "pins.json"
    exported = wait_for(lambda: sealed(up, tmp_path / "audit", 1), "something is sealed", pause_s=1.0)
    verified = up.json("audit", "verify", tmp_path / "audit", "--pins", pins)
    assert (verified["holds"], verified["own_pins"], verified["entries"]) == (True, True, exported["events"])

    up("label", "exclude", "ann-1", "--task", "0" * 32, "--as", "olga")  # which is an event
    later = wait_for(lambda: sealed(up, tmp_path / "later", exported["events"] + 1), "more is", pause_s=1.0)
    kept = tmp_path / "kept.json"
    kept.write_text(json.dumps(later))
    assert up.json("audit", "verify", tmp_path / "later", "--kept", kept)["holds"]
    cut = up.json("audit", "verify", tmp_path / "audit", "--kept", kept, code=1)
    assert {finding["kind"] for finding in cut["findings"]} == {"truncated"}


def sealed(up: Veil, folder: Path, least: int) -> dict[str, Any] | None:
    """What is exported into the folder, once it is as much as that."""
    found = up.json("audit", "export", folder)
    return found if found["events"] >= least else None


def test_vaults_own_log_is_matched_with_the_audit_and_no_decrypt_is_unexplained(up: Veil) -> None:
    def matched() -> dict[str, Any] | None:
        found = json.loads(up.popen("audit", "two-sided", "--json").communicate(timeout=PATIENCE_S)[0])
        known = (found["standing"] or {}).get("matched", {})
        return found if known.get("decrypt") and known.get("login") and not found["late"] else None

    found = wait_for(matched, "something is matched, and it keeps up again", 4 * PATIENCE_S, pause_s=2.0)
    assert [it for it in found["alerts"] if it["severity"] == "critical"] == []
    everything = up.popen("audit", "alerts", "--limit", 1000, "--json").communicate(timeout=PATIENCE_S)[0]
    told = {it["alert_id"] for it in json.loads(everything)["alerts"]}
    assert {it["alert_id"] for it in found["alerts"]} <= told
    standing = found["standing"]
    assert standing["judged_until"] < standing["vault_until"] < standing["at"]


def test_however_it_is_stopped_no_process_is_left_and_the_data_stays(up: Veil) -> None:
    owner, addresses = root_owner(up.root), read_addresses(up.root)
    assert owner is not None
    assert up.json("down") == {"stopped": True, "owner": owner.pid}
    assert up.processes() == []
    assert up.json("status", code=1)["owner"] is None

    foreground = up.popen("up", "--redact", 2, "--standbys", 1, "--json")
    assert foreground.stdout is not None
    assert json.loads(foreground.stdout.readline())["owner"] == foreground.pid
    assert read_addresses(up.root) == addresses
    assert up.json("audit", "reconcile")["events"] > 0
    foreground.terminate()
    foreground.communicate(timeout=PATIENCE_S)
    assert foreground.returncode == 0
    assert up.processes() == []

    starting = up.popen("up")
    until(lambda: len(up.processes()) > 1)
    starting.send_signal(signal.SIGINT)
    starting.communicate(timeout=PATIENCE_S)
    assert starting.returncode == 130
    assert up.processes() == []
