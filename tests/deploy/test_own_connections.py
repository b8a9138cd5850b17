"""No proxy of the environment gets to see a token, a text, or an address of our own."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import deploy
import schemas
import streams

PUBLIC = {"deploy/witness/tiled_log.py"}
"""These call addresses of other people, in the open: a proxy may be the only way there."""
CALLS = {"Client", "AsyncClient", "get", "post", "put", "request", "stream"}


def sources() -> Iterator[tuple[str, ast.Module]]:
    for room in (deploy, schemas, streams):
        top = Path(room.__path__[0])
        for file in sorted(top.rglob("*.py")):
            yield file.relative_to(top.parent).as_posix(), ast.parse(file.read_text())


def trusting(tree: ast.Module) -> list[int]:
    """The lines where httpx is called, or a client of it made, that asks the environment."""
    return [
        it.lineno
        for it in ast.walk(tree)
        if isinstance(it, ast.Call)
        and isinstance(it.func, ast.Attribute)
        and isinstance(it.func.value, ast.Name)
        and (it.func.value.id, it.func.attr in CALLS) == ("httpx", True)
        and not any(word.arg == "trust_env" and ast.unparse(word.value) == "False" for word in it.keywords)
    ]


def test_no_client_of_ours_asks_the_environment_for_a_proxy():
    assert {name for name, tree in sources() if trusting(tree)} == PUBLIC


def test_one_that_does_is_found():
    assert trusting(ast.parse("httpx.get(url)\nhttpx.Client(trust_env=False)\nhttpx.Client(trust_env=on)")) == [
        1,
        3,
    ]
