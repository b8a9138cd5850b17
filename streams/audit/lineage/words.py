"""A node of a lineage in words, for the terminal and the picture alike."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping
from types import MappingProxyType

from streams.audit.lineage.graph import Lineage, Node, Relation, when

SHORT = 12
"""Digits of a hash that people are shown; ids in JSON are whole."""
_REVISION = 4
_TIME = re.compile(r"(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)\.\d{3}Z")
_SAID_ALREADY = frozenset({"type", "policy", "status", "order", "became"})
"""Facts that the title tells."""
_NAMES: Mapping[str, str] = MappingProxyType(
    {
        "closed_reason": "because",
        "ended_at": "at",
        "ended_reason": "because",
        "last_view": "last seen",
        "stands_in": "in",
        "taken_up_by": "taken up by",
        "ordered_by": "ordered by",
        "signed_by": "signed by",
        "leaked_characters": "leaked characters",
    }
)
INTO: Mapping[Relation, str] = MappingProxyType(
    {
        Relation.SIGNED: "signature",
        Relation.RULES: "policy",
        Relation.GOVERNED: "under",
    }
)
"""What the source is to the target of an edge, where a tree tells it from there."""


def title(node: Node) -> str:
    """What it is, in a few words."""
    words = _TITLES.get(node.kind)
    return words(node).strip(" ,:") if words else f"{node.kind} {node.name}"


def phrases(node: Node) -> list[str]:
    """What else is known of it: `name value`, in the order it became known; times and persons are not in it."""
    return [
        f"{_NAMES.get(name, name)} {_value(name, text)}"
        for name, text in node.facts.items()
        if name not in _SAID_ALREADY and not _goes_without_saying(node, name)
    ]


def _goes_without_saying(node: Node, name: str) -> bool:
    """One view is its lease's own; the label under a lease says how it ended."""
    if name in ("views", "last_view"):
        return node.kind == "lease" and node.facts.get("views") == "1"
    return name in ("ended", "ended_at") and node.facts.get("ended") == "labeled"


def moment(node: Node) -> str:
    """Its time to the second in UTC, or nothing."""
    return "" if node.at is None else when(node.at)[:19].replace("T", " ")


def summary(lineage: Lineage) -> str:
    """One sentence on the whole."""
    counts = Counter(node.kind for node in lineage.nodes)
    kinds = sorted(counts, key=lambda kind: _ORDER.index(kind) if kind in _ORDER else len(_ORDER))
    told = ", ".join(f"{counts[kind]} {_plural(kind, counts[kind])}" for kind in kinds)
    left = ", ".join(f"{count:,} more of {kind}" for kind, count in lineage.left_out.items())
    return f"{told}{f'; not shown: {left}' if left else ''}"


def short(text: str) -> str:
    """The first digits of a long name."""
    return text if len(text) <= SHORT + 4 else f"{text[:SHORT]}…"


def _raw(node: Node) -> str:
    parts = node.name.split("/")
    revision = f" revision {parts[3]}" if len(parts) == _REVISION and parts[3] != "1" else ""
    became = node.facts.get("became", "")
    return f"{'/'.join(parts[:3])}{revision}{'' if became in ('', 'task') else f': {became}'}"


def _batch(name: str) -> str:
    topic, partition, first, after = (*name.split("/"), "", "", "")[:4]
    last = int(after) - 1 if after.isdecimal() else after
    return f"batch {topic}/{partition}/{first}" + ("" if str(last) == first else f" to {last}")


def _control(node: Node) -> str:
    kind, _, rest = node.name.partition("/")
    if kind == "withdraw":
        return "withdrawal"
    if kind == "policy":
        return f"signed by {node.person or rest.rpartition('/')[2]}"
    return f"{kind} {rest}"


def _value(name: str, text: str) -> str:
    if name in ("segment", "stands_in"):
        return text.partition("/")[2]
    if name in ("code", "detector", "data", "job"):
        return short(text)
    return _TIME.sub(r"\1 \2", text)


def _plural(kind: str, count: int) -> str:
    one, more = _NOUNS.get(kind, (kind, f"{kind}s"))
    return one if count == 1 else more


_NOUNS: Mapping[str, tuple[str, str]] = {
    "raw": ("raw record", "raw records"),
    "batch": ("batch", "batches"),
    "policy": ("policy", "policies"),
    "joined": ("joined label", "joined labels"),
    "control": ("signed order", "signed orders"),
    "denied": ("person denied", "persons denied"),
    "refused": ("refusal", "refusals"),
    "find": ("look at a report", "looks at reports"),
    "comments": ("reader of comments", "readers of comments"),
    "reveal": ("reveal of values", "reveals of values"),
    "score": ("gold score", "gold scores"),
    "webhook": ("endpoint told", "endpoints told"),
}
_ORDER = (
    "raw",
    "batch",
    "bundle",
    "policy",
    "task",
    "lease",
    "label",
    "comment",
    "comments",
    "order",
    "verdict",
    "joined",
    "score",
    "control",
)
"""In which a summary counts; what is not here comes last."""
_TITLES: Mapping[str, Callable[[Node], str]] = {
    "raw": _raw,
    "batch": lambda node: _batch(node.name),
    "bundle": lambda node: f"bundle {short(node.name)}",
    "policy": lambda node: f"policy {node.facts.get('policy') or short(node.name)}",
    "lease": lambda node: f"seen by {node.person}" if node.person else f"lease {node.name}",
    "label": lambda node: f"label by {node.person}" if node.person else f"label {node.name}",
    "comment": lambda node: f"comment by {node.person}" if node.person else f"comment {short(node.name)}",
    "comments": lambda node: f"comments seen by {node.person}",
    "verdict": lambda node: f"verdict {node.facts.get('status', '')}",
    "joined": lambda node: f"joined, {node.facts.get('status', '')}",
    "order": lambda node: f"order: {node.facts.get('order', '')}",
    "control": _control,
    "event": lambda node: node.facts.get("type", "event"),
    "denied": lambda node: f"denied to {node.person}",
    "refused": lambda node: f"refused by {node.process}",
    "reveal": lambda node: f"values revealed to {node.person}",
    "find": lambda node: f"report looked at by {node.person}",
    "day": lambda node: node.name.rpartition("/")[2],
    "score": lambda _node: "gold, scored",
}
