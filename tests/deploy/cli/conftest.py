from __future__ import annotations

from collections.abc import Callable
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
