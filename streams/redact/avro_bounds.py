"""Measuring an Avro payload before fastavro reads it: its C code trusts a payload with the stack and with time.

Ten thousand records inside each other, which are as many bytes, end the process, and do so again after each start;
the digits of a decimal of 1 MiB take two minutes. Where a value begins and ends is told without either.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from schemas.errors import Reason, Undecodable

MAX_DEPTH = 32
MAX_DECIMAL_BYTES = 512  # 1,232 digits; what computes with decimals takes 38
_MAX_VARINT = 10  # bytes of a long
_LAST = 0x7F  # a byte up to this is a number's last, and its bits are the number's
_WIDTHS = {"null": 0, "boolean": 1, "float": 4, "double": 8}


@dataclass(frozen=True, slots=True)
class _Items:
    """What is still to come of an array or a map: `left` in this block, and the blocks after it."""

    schema: Any
    of_map: bool
    left: int = 0


def check_bounds(payload: bytes, schema: Any, named: Mapping[str, Any]) -> None:  # noqa: ANN401 - any JSON
    """Raises Undecodable for a payload that is nested too deep, cut short, or has a decimal of too many digits.

    `schema` as fastavro has parsed it, `named` the types it names. Linear in the payload.
    """
    try:
        _Measuring(payload, named).over(schema)
    except (IndexError, KeyError):
        raise Undecodable(Reason.UNDECODABLE) from None


class _Measuring:
    """A payload, and how far it is measured. An explicit stack: a payload's depth must not become ours."""

    __slots__ = ("_at", "_named", "_payload")

    def __init__(self, payload: bytes, named: Mapping[str, Any]) -> None:
        self._payload = payload
        self._named = named
        self._at = 0

    def over(self, schema: Any) -> None:  # noqa: ANN401
        waiting = [(schema, 0)]
        while waiting:
            node, depth = waiting.pop()
            if depth > MAX_DEPTH:
                raise Undecodable(Reason.TOO_DEEP)
            waiting += self._below(node, depth)

    def _below(self, node: Any, depth: int) -> list[tuple[Any, int]]:  # noqa: ANN401
        """Moves over a value without parts; gives the parts of any other, last first."""
        if isinstance(node, _Items):
            return self._next(node, depth)
        if isinstance(node, list):
            return [(node[self._count()], depth)]
        kind = node if isinstance(node, str) else node["type"]
        if kind in _WIDTHS:
            self._skip(_WIDTHS[kind])
        elif kind in {"int", "long", "enum"}:
            self._long()
        elif kind in {"bytes", "string", "fixed"}:
            self._bytes(node["size"] if kind == "fixed" else self._count(), node)
        elif kind in {"record", "error"}:
            return [(field["type"], depth + 1) for field in reversed(node["fields"])]
        elif kind in {"array", "map"}:
            return [(_Items(node["items" if kind == "array" else "values"], kind == "map"), depth)]
        else:
            return [(self._named[kind], depth)]
        return []

    def _next(self, items: _Items, depth: int) -> list[tuple[Any, int]]:
        left = items.left or self._block()
        if not left:
            return []
        if items.of_map:
            self._skip(self._count())
        return [(_Items(items.schema, items.of_map, left - 1), depth), (items.schema, depth + 1)]

    def _block(self) -> int:
        """The number of items of the next block; one that says its size in bytes as well has it negated."""
        count = self._long()
        if count < 0:
            self._count()
        return abs(count)

    def _bytes(self, length: int, node: Any) -> None:  # noqa: ANN401
        if length > MAX_DECIMAL_BYTES and isinstance(node, Mapping) and node.get("logicalType") == "decimal":
            raise Undecodable(Reason.UNDECODABLE)
        self._skip(length)

    def _count(self) -> int:
        """A length or an index, of which none is negative."""
        number = self._long()
        if number < 0:
            raise Undecodable(Reason.UNDECODABLE)
        return number

    def _skip(self, length: int) -> None:
        self._at += length
        if self._at > len(self._payload):
            raise Undecodable(Reason.UNDECODABLE)

    def _long(self) -> int:
        """A number as Avro writes it: seven bits a byte, lowest first, the sign in the lowest (zig-zag)."""
        number = 0
        for place in range(_MAX_VARINT):
            byte = self._payload[self._at]
            self._at += 1
            number |= (byte & _LAST) << 7 * place
            if byte <= _LAST:
                return (number >> 1) ^ -(number & 1)
        raise Undecodable(Reason.UNDECODABLE)
