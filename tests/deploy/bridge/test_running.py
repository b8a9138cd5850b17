"""What a bridge is given: a token of its own, and one of Label Studio's."""

from __future__ import annotations

import json
import signal

import pytest
from typer.testing import CliRunner

from deploy.bridge import running
from deploy.bridge.bridge import Tally
from deploy.bridge.running import FreshToken, private_line
from deploy.bridge.settings import TOKEN_S
from deploy.cli.app import app
from schemas.errors import ConfigError
from tests.deploy.bridge.memory import Clock

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


def test_the_command_hands_over_what_it_was_told_and_says_what_became_of_it(monkeypatch):
    asked = []

    def run(root, wanted, stop, tell) -> Tally:
        asked.append(wanted)
        done = Tally(shown=4, labeled=2, lost=1)
        done.returned["not_answered"] += 1
        return done

    monkeypatch.setattr(running, "run", run)
    monkeypatch.setattr(signal, "signal", lambda *_: None)  # those of the tests stay
    result = CliRunner().invoke(app, [*CALL, "--error-reports-off", "--keep", "5", "--json"])
    assert result.exit_code == 0, result.output
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
