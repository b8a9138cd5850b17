"""What a bridge is given: a token of its own, and one of Label Studio's."""

from __future__ import annotations

import json
import signal
import threading
from types import SimpleNamespace

import pytest
from typer.testing import CliRunner

from deploy.bridge import running
from deploy.bridge.bridge import Tally
from deploy.bridge.running import FreshToken, Wanted, private_line
from deploy.bridge.settings import MOST_KEEP_MIN, TOKEN_S
from deploy.cli.app import app
from schemas.errors import AccessDenied, ConfigError, DependencyError, VeilError
from streams.label.client import QueueUnavailable
from streams.label.settings import QueueSettings
from tests.deploy.bridge.memory import ANN, FIELDS, KEEP_MS, LABELS, LEASE_MS, Clock, MemoryQueue, World

CALL = [
    *("bridge", "label-studio", "http://127.0.0.1:8080", "--as", "studio", "--person", "ann-1"),
    *("--account", "ann@example.org", "--token-file", "token", "--field", "note", "--field", "product"),
]


def test_a_token_is_made_anew_before_it_ends():
    clock, made = Clock(), []
    token = FreshToken(lambda: made.append(1) or f"token {len(made)}", clock)
    assert [token(), token()] == ["token 1"] * 2
    clock.wait(TOKEN_S / 2 + 1)
    assert token() == "token 2"


@pytest.mark.parametrize("stands_still", ["monotonic", "now"])
def test_a_token_is_made_anew_though_one_clock_stands_still(stands_still):
    clock, made = Clock(), []
    still = getattr(clock, stands_still)()
    setattr(clock, stands_still, lambda: still)
    token = FreshToken(lambda: made.append(1) or f"token {len(made)}", clock)
    assert token() == "token 1"
    clock.wait(TOKEN_S / 2 + 1)
    assert [token(), token()] == ["token 2"] * 2


def test_a_token_is_read_from_a_file_that_nobody_else_can_read(tmp_path):
    file = tmp_path / "token"
    file.touch(mode=0o600)
    file.write_text("abc\n")
    assert private_line(file) == "abc"
    file.chmod(0o640)
    with pytest.raises(ConfigError, match="0600"):
        private_line(file)


@pytest.mark.parametrize("content", [b"", b"\n", b"two words", b"\xff"])
def test_a_file_without_a_token_is_refused_and_not_quoted(tmp_path, content):
    file = tmp_path / "token"
    file.touch(mode=0o600)
    file.write_bytes(content)
    with pytest.raises(ConfigError, match="holds no token") as raised:
        private_line(file)
    assert "words" not in str(raised.value)


def test_a_file_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(ConfigError, match="holds no token"):
        private_line(tmp_path / "token")


class Label:
    """Label's API: what is asked before the first look, and the queue."""

    def __init__(self, world: World, error: VeilError | None) -> None:
        self._world, self._error = world, error

    def __enter__(self) -> MemoryQueue:
        self._world.queue.guide = self._guide
        return self._world.queue

    def __exit__(self, *_: object) -> None:
        pass

    def _guide(self) -> SimpleNamespace:
        if self._error is not None:
            raise self._error
        return SimpleNamespace(labels=LABELS)


@pytest.fixture
def begun(world, monkeypatch, tmp_path):
    """Run a bridge between the two sides of `world` that ends at once; what it told."""
    token, asked = tmp_path / "token", []
    token.touch(mode=0o600)
    token.write_text("token")

    def begin(
        error: VeilError | None = None, account: VeilError | None = None, label: str = "http://127.0.0.1:1"
    ) -> list[str]:
        def number(_: object, email: str) -> int:
            if account is not None:
                raise account
            return ANN

        monkeypatch.setattr(running, "LabelClient", lambda *_, **__: Label(world, error))
        monkeypatch.setattr(running, "StudioProjects", lambda *_: world.studio)
        monkeypatch.setattr(running, "SystemClock", lambda: world.clock)
        monkeypatch.setattr(running.Server, "account", number)
        stop = threading.Event()
        stop.set()
        wanted = Wanted(
            *("demo", "ann-1", "studio", "http://127.0.0.1:1", "ann@example.org", token, FIELDS),
            keep_s=KEEP_MS // 1000,
            label_url=label,
        )
        asked.clear()
        running.run(tmp_path, wanted, stop, asked.append)
        return asked

    return begin


def test_one_that_begins_and_is_stopped_leaves_nothing(begun, world):
    world.bridge().step()
    (told,) = begun()
    assert told == "shows tasks in the project “demo”"
    assert world.studio.held == {}


@pytest.mark.parametrize("error", [AccessDenied("revoked"), ConfigError("no such project")])
def test_one_that_may_not_begin_takes_out_what_an_earlier_one_left(begun, world, error):
    world.bridge().step()
    with pytest.raises(type(error)):
        begun(error)
    assert world.studio.held == {}


@pytest.mark.parametrize("what", ["trusted", "asks_the_same"])
def test_a_server_that_may_get_no_text_any_more_keeps_none(begun, world, what):
    world.bridge().step()
    setattr(world.studio, what, False)
    with pytest.raises(ConfigError):
        begun()
    assert world.studio.held == {}


def test_an_account_that_is_gone_leaves_no_text(begun, world):
    world.bridge().step()
    with pytest.raises(ConfigError):
        begun(account=ConfigError("Label Studio: has no account"))
    assert world.studio.held == {}


@pytest.mark.parametrize(("label", "says"), [("", "no label stage"), ("http://label.example.org", "--label-url")])
def test_one_that_does_not_know_where_label_is_takes_out_what_an_earlier_one_left(begun, world, label, says):
    world.bridge().step()
    with pytest.raises(ConfigError, match=says):
        begun(label=label)
    assert world.studio.held == {}


@pytest.mark.parametrize(("passed", "left"), [(0, 1), (LEASE_MS, 0)])
def test_one_that_begins_while_label_is_away_takes_out_what_is_past_its_end(begun, world, passed, left):
    world.bridge().step()
    world.clock.ms += passed
    with pytest.raises(DependencyError):
        begun(QueueUnavailable("the label API does not answer"))
    assert len(world.studio.held) == left


def test_the_command_hands_over_what_it_was_told_and_says_what_became_of_it(monkeypatch):
    asked = []

    def run(root, wanted, stop, tell) -> Tally:
        asked.append(wanted)
        done = Tally(shown=4, labeled=2, lost=1)
        done.returned["not_answered"] += 1
        return done

    monkeypatch.setattr(running, "run", run)
    stopped_by = []
    monkeypatch.setattr(signal, "signal", lambda number, _: stopped_by.append(number))  # those of the tests stay
    result = CliRunner().invoke(app, [*CALL, "--error-reports-off", "--keep", "5", "--json"])
    assert result.exit_code == 0, result.output
    assert set(stopped_by) == {signal.SIGINT, signal.SIGTERM, signal.SIGHUP}
    (wanted,) = asked
    assert (wanted.app, wanted.person, wanted.fields, wanted.keep_s) == (
        "studio",
        "ann-1",
        ("note", "product"),
        300,
    )
    told = json.loads(result.stdout)
    assert (told["shown"], told["labeled"], told["lost"], told["returned"]) == (4, 2, 1, {"not_answered": 1})


def test_who_does_not_say_that_error_reports_are_off_is_refused(monkeypatch):
    monkeypatch.setattr(running, "run", lambda *_: pytest.fail("has begun"))
    result = CliRunner().invoke(app, CALL)
    assert result.exit_code == 2
    assert "SENTRY_DSN" in result.output


def test_a_task_can_not_be_kept_as_long_as_label_keeps_a_lease(monkeypatch):
    monkeypatch.setattr(running, "run", lambda *_: pytest.fail("has begun"))
    result = CliRunner().invoke(app, [*CALL, "--error-reports-off", "--keep", "56"])
    assert result.exit_code == 2
    assert QueueSettings().lease_max_ms > MOST_KEEP_MIN * 60_000
