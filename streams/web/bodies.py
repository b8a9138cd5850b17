"""Request bodies: bounded in bytes, time, depth and nodes before anything looks at what they say."""

from __future__ import annotations

import asyncio
import json
from typing import Any, NoReturn

from starlette.requests import ClientDisconnect, Request

from schemas.errors import Reason, Unparseable
from streams.web.settings import HttpSettings


class SlowBody(Exception):
    """The body did not arrive in time."""


async def read_json(request: Request, limits: HttpSettings) -> dict[str, Any]:
    """The JSON object in the body; {} where there is none.

    Raises Unparseable (`too_large`, `bad_utf8`, `bad_json`, `duplicate_key`, `too_deep`,
    `not_an_object`), SlowBody.
    """
    data = await read_bytes(request, limits)
    return parse_object(data, limits) if data else {}


async def read_bytes(request: Request, limits: HttpSettings) -> bytes:
    """The whole body, whatever it is. Raises Unparseable (`too_large`, `bad_request`), SlowBody."""
    try:
        async with asyncio.timeout(limits.body_timeout_s):
            return await _read(request, limits.body_bytes)
    except TimeoutError:
        raise SlowBody from None
    except ClientDisconnect:
        raise Unparseable(Reason.BAD_REQUEST, "the body ended early") from None


async def _read(request: Request, limit: int) -> bytes:
    """Counts what arrives: Content-Length may be absent or wrong."""
    announced = request.headers.get("content-length", "0")
    if announced.isdigit() and int(announced) > limit:
        raise _too_large(limit)
    data = bytearray()
    async for chunk in request.stream():
        data += chunk
        if len(data) > limit:
            raise _too_large(limit)
    return bytes(data)


def parse_object(data: bytes, limits: HttpSettings) -> dict[str, Any]:
    """A JSON object whose every string is valid Unicode. Raises Unparseable, never with what it read."""
    try:
        content = json.loads(data.decode("utf-8"), object_pairs_hook=_unique, parse_constant=_refuse_constant)
    except UnicodeDecodeError:
        raise Unparseable(Reason.BAD_UTF8, "the body is not UTF-8") from None
    except RecursionError:
        raise Unparseable(Reason.TOO_DEEP, "the body is nested too deeply") from None
    except ValueError:
        raise Unparseable(Reason.BAD_JSON, "the body is not JSON") from None
    if not isinstance(content, dict):
        raise Unparseable(Reason.NOT_AN_OBJECT, "the body is not a JSON object")
    _check_bounds(content, limits)
    return content


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise Unparseable(Reason.DUPLICATE_KEY, "a key comes twice in one object")
    return found


def _refuse_constant(_: str) -> NoReturn:
    raise ValueError


def _check_bounds(content: dict[str, Any], limits: HttpSettings) -> None:
    """Depth, number of nodes, lone surrogates and NUL; with a stack of our own, not the interpreter's."""
    waiting: list[tuple[Any, int]] = [(content, 1)]
    nodes = 0
    while waiting:
        value, depth = waiting.pop()
        nodes += 1
        if depth > limits.json_depth or nodes > limits.json_nodes:
            raise Unparseable(Reason.TOO_DEEP, "the body is nested too deeply or has too many parts")
        if isinstance(value, str):
            _check_text(value)
        elif isinstance(value, dict):
            waiting.extend((part, depth + 1) for pair in value.items() for part in pair)
        elif isinstance(value, list):
            waiting.extend((part, depth + 1) for part in value)


def _check_text(text: str) -> None:
    if "\x00" in text:
        raise Unparseable(Reason.NUL_BYTE, "a string holds a NUL character")
    if not text.isascii():
        try:
            text.encode("utf-8")
        except UnicodeEncodeError:
            raise Unparseable(Reason.BAD_UTF8, "a string holds half a surrogate pair") from None


def _too_large(limit: int) -> Unparseable:
    return Unparseable(Reason.TOO_LARGE, f"the body is larger than {limit} bytes")
