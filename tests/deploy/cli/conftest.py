from __future__ import annotations

import io
import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from deploy.cli import app as veil


@dataclass(frozen=True)
class Ended:
    code: int
    out: str
    err: str


Run = Callable[..., Ended]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """`veil` as a shell would call it, in this process."""
    monkeypatch.setenv("COLUMNS", "100")
    for name in ("VEIL_ROOT", "VEIL_PROJECT"):
        monkeypatch.delenv(name, raising=False)

    def call(*arguments: object) -> Ended:
        monkeypatch.setattr("sys.argv", ["veil", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            veil.main()
        said = capsys.readouterr()
        return Ended(int(ended.value.code or 0), said.out, said.err)

    return call


@pytest.fixture
def first_process() -> Iterator[None]:
    """As the first process of a container: SIGTERM does nothing where nobody asks for it."""
    before = signal.signal(signal.SIGTERM, signal.SIG_IGN)
    yield
    signal.signal(signal.SIGTERM, before)


@pytest.fixture
def giving(monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], list[str]]:
    """Ways of giving a command its subject; what is given on the command line then."""

    def give(way: str, subject: str) -> list[str]:
        monkeypatch.setattr(
            "deploy.cli.subject.typer.prompt", lambda *_, hide_input, **__: subject if hide_input else ""
        )
        monkeypatch.setattr("sys.stdin", io.StringIO(f"{subject}\r\n"))
        return {"prompt": [], "stdin": ["-"], "argument": [subject]}[way]

    return give
