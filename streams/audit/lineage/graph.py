"""Lineage as a graph: things, and what became of what. Nodes and edges have stable ids.

A node's id is the resource it stands for (`schemas.resources`), so that two traces of one log name a thing alike;
what is no resource has a kind of its own before the slash (`bundle/<hash>`, `score/<task>`, `day/<person>/<date>`,
`event/<slot>/<sequence>`, `stage/<process>`). An edge goes from what was there to what came of it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from schemas.audit import AuditEvent
from schemas.cloudevents import rfc3339

FORMAT = "veilstream-lineage/1"
MOST_EVENTS = 20
"""Event ids kept of a node; a lease of an hour has a hundred heartbeats."""


class Relation(StrEnum):
    """What the target of an edge is to its source. Add, never rename: scripts read them."""

    REDACTED = "redacted"
    """raw → batch"""
    REVISED = "revised"
    """raw → its next revision"""
    RELEASED = "released"
    """raw → what was said of its release from quarantine"""
    SIGNED = "signed"
    """control → policy, by whose signatures it came into force"""
    APPLIED = "applied"
    """control → the stage that took it up"""
    RULES = "rules"
    """policy → bundle, of which it is a part"""
    GOVERNED = "governed"
    """bundle → batch"""
    MADE = "made"
    """batch → task"""
    LEASED = "leased"
    """task → lease, under which it was seen"""
    LABELED = "labeled"
    """lease → label"""
    COMMENTED = "commented"
    """task → comment"""
    COUNTED = "counted"
    """label → verdict"""
    DECIDED = "decided"
    """task → verdict, where no label is known"""
    JOINED = "joined"
    """verdict → joined label"""
    SCORED = "scored"
    """verdict → comparison with the truth, for gold"""
    ORDERED = "ordered"
    """task → order for more labels, or to close"""
    WITHDRAWN = "withdrawn"
    """task → withdrawal"""
    REMOVED = "removed"
    """task → segment whose documents were rewritten or destroyed"""
    REFUSED = "refused"
    """task or lease → what was refused"""
    OPENED = "opened"
    """lease or task → a look at what was reported; task → its values revealed on a grant, its comments seen"""
    TOLD = "told"
    """task, label, verdict or joined label → endpoint that was told"""
    STOPPED = "stopped"
    """policy → freeze ordered on its evidence"""
    RULED_OUT = "ruled_out"
    """policy → minimum above it"""
    LIFTED = "lifted"
    """order → what ended it"""
    DID = "did"
    """person → a day, or an order"""
    CONCERNED = "concerned"
    """person or other resource → an event about it"""


@dataclass(frozen=True, slots=True)
class Node:
    """A thing. `at`: when it came to be, in milliseconds. `events`: ids of those that say so, the first twenty.

    `facts` are short words for people and programs; like all of the audit they hold no value of a record.
    """

    id: str
    at: int | None = None
    person: str = ""
    process: str = ""
    facts: Mapping[str, str] = field(default_factory=dict)
    events: tuple[str, ...] = ()

    @property
    def kind(self) -> str:
        """What it is: `task`, `lease`, `bundle`."""
        return self.id.partition("/")[0]

    @property
    def name(self) -> str:
        """What stands after the kind."""
        return self.id.partition("/")[2]


@dataclass(frozen=True, slots=True)
class Edge:
    """`target` came of `source`."""

    source: str
    relation: Relation
    target: str

    @property
    def id(self) -> str:
        """Unique in a lineage, the same in each trace of a log."""
        return f"{self.source} {self.relation} {self.target}"


@dataclass(frozen=True, slots=True)
class Lineage:
    """The answer. `subjects`: the nodes that were asked for. `left_out`: how many of a kind are not shown."""

    project: str
    asked: str
    subjects: tuple[str, ...]
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    left_out: Mapping[str, int] = field(default_factory=dict)

    def as_json(self) -> dict[str, object]:
        """The form that the room's README documents."""
        return {
            "format": FORMAT,
            "project": self.project,
            "asked": self.asked,
            "subjects": list(self.subjects),
            "nodes": [_node(node) for node in self.nodes],
            "edges": [
                {"id": edge.id, "source": edge.source, "relation": str(edge.relation), "target": edge.target}
                for edge in self.edges
            ],
            "left_out": dict(self.left_out),
        }


def _node(node: Node) -> dict[str, object]:
    optional = {
        "time": when(node.at) if node.at is not None else "",
        "person": node.person,
        "process": node.process,
        "facts": dict(node.facts),
        "events": list(node.events),
    }
    return {"id": node.id, "kind": node.kind, "name": node.name} | {k: v for k, v in optional.items() if v}


def when(at: int) -> str:
    """RFC 3339, or the bare number where someone wrote a time beyond the year 9999."""
    try:
        return rfc3339(at)
    except OverflowError:
        return f"{at} ms"


class Sketch:
    """A lineage in the making. A node is named once or often; what is said of it later is added.

    Of each kind of node at most `limit` are drawn where the drawer asks for room; the others are counted.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._kinds: Counter[str] = Counter()
        self._left_out: Counter[str] = Counter()
        self._not_drawn: set[str] = set()
        self._nodes: dict[str, Node] = {}
        self._edges: dict[tuple[str, Relation, str], None] = {}

    def __contains__(self, node_id: str) -> bool:
        return node_id in self._nodes

    def __getitem__(self, node_id: str) -> Node:
        return self._nodes[node_id]

    def __len__(self) -> int:
        return len(self._nodes)

    def room(self, node_id: str) -> bool:
        """Whether the node is drawn or may be. Where not, it is left out, and counted once."""
        kind = node_id.partition("/")[0]
        if node_id in self._nodes or self._kinds[kind] < self._limit:
            return True
        if node_id not in self._not_drawn:
            self._not_drawn.add(node_id)
            self.left(kind)
        return False

    def left(self, kind: str, count: int = 1) -> None:
        """So many of a kind are not drawn."""
        self._left_out[kind] += count

    def ids(self, kind: str) -> tuple[str, ...]:
        """The nodes of a kind so far."""
        return tuple(it for it in self._nodes if it.partition("/")[0] == kind)

    def note(self, node_id: str, event: AuditEvent | None = None, /, **facts: str) -> str:
        """Say something of a node: facts that are not empty, and by which event they are known. Its id."""
        node = self._nodes.get(node_id)
        if node is None:
            node = Node(node_id)
            self._kinds[node.kind] += 1
        said = {name: text for name, text in facts.items() if text}
        node = replace(node, facts={**node.facts, **said})
        if event is not None and event.event_id not in node.events and len(node.events) < MOST_EVENTS:
            node = replace(node, events=(*node.events, event.event_id))
        self._nodes[node_id] = node
        return node_id

    def born(self, node_id: str, event: AuditEvent, /, **facts: str) -> str:
        """As `note`, by the event with which the thing begins: its time, person and process are the node's."""
        self.note(node_id, event, **facts)
        node = self._nodes[node_id]
        if node.at is None or event.time < node.at:
            node = replace(node, at=event.time, person=event.person, process=event.process)
            self._nodes[node_id] = node
        return node_id

    def latest(self, node_id: str, name: str, at: int) -> None:
        """A time among a node's facts: the last of those given."""
        self.note(node_id, **{name: max(when(at), self._nodes[node_id].facts.get(name, ""))})

    def add_to(self, node_id: str, name: str, word: str) -> None:
        """Add a word to a fact that is a list of them."""
        words = [it for it in self._nodes[node_id].facts.get(name, "").split(", ") if it]
        if word and word not in words:
            self.note(node_id, **{name: ", ".join([*words, word])})

    def count(self, node_id: str, name: str, more: int = 1) -> None:
        """Raise a number among a node's facts."""
        before = self._nodes[node_id].facts.get(name, "0") if node_id in self._nodes else "0"
        self.note(node_id, **{name: str(int(before) + more)})

    def link(self, source: str, relation: Relation, target: str) -> None:
        """Draw an edge; both ends become nodes."""
        for node_id in (source, target):
            if node_id not in self._nodes:
                self.note(node_id)
        self._edges[source, relation, target] = None

    def done(self, project: str, asked: str, subjects: Iterable[str]) -> Lineage:
        """The lineage: nodes by time, what has none last; edges in the order of their nodes."""
        nodes = sorted(self._nodes.values(), key=lambda it: (it.at is None, it.at or 0, it.id))
        place = {node.id: number for number, node in enumerate(nodes)}
        edges = [Edge(*key) for key in self._edges]
        edges.sort(key=lambda it: (place[it.source], place[it.target], it.relation))
        left = {kind: count for kind, count in sorted(self._left_out.items()) if count}
        return Lineage(project, asked, tuple(subjects), tuple(nodes), tuple(edges), left)
