"""A lineage as a tree: each node once, beneath what it came of; what governs it first.

A verdict stands beneath its task rather than beneath one of the labels it rests on.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from schemas.resources import Kind, task_resource
from streams.audit.lineage.graph import Edge, Lineage, Node, Relation
from streams.audit.lineage.words import INTO


@dataclass(frozen=True, slots=True)
class Branch:
    """A node and what hangs on it. `relation`: of the edge that leads here, `upward` if against its direction."""

    node: Node
    relation: Relation | None
    upward: bool
    asked: bool
    branches: tuple[Branch, ...]


def tree(lineage: Lineage) -> tuple[Branch, ...]:
    """From the raw records down, where there are any, else from what was asked for. Every node is in it."""
    grower = _Grower(lineage)
    raws = [node.id for node in lineage.nodes if node.kind == Kind.RAW]
    tasks = [node.id for node in lineage.nodes if node.kind == Kind.TASK]
    roots = [*sorted(raws), *tasks, *lineage.subjects, *(node.id for node in lineage.nodes)]
    return tuple(grower.grow(root, None, upward=False) for root in roots if root not in grower.placed)


class _Grower:
    def __init__(self, lineage: Lineage) -> None:
        self._nodes = {node.id: node for node in lineage.nodes}
        self._asked = frozenset(lineage.subjects)
        self._down: defaultdict[str, list[Edge]] = defaultdict(list)
        self._up: defaultdict[str, list[Edge]] = defaultdict(list)
        self.placed: set[str] = set()
        for edge in map(self._moved, lineage.edges):
            self._down[edge.source].append(edge)
            self._up[edge.target].append(edge)

    def grow(self, node_id: str, relation: Relation | None, *, upward: bool) -> Branch:
        """The branch of a node that is not placed yet. Depth is that of the graph: under twenty."""
        self.placed.add(node_id)
        above = [edge for edge in self._up[node_id] if edge.relation in INTO]
        branches = [*self._grown(above, upward=True)]
        if not upward:
            branches += self._grown(self._down[node_id], upward=False)
        return Branch(self._nodes[node_id], relation, upward, node_id in self._asked, tuple(branches))

    def _grown(self, edges: Iterable[Edge], *, upward: bool) -> Iterable[Branch]:
        for edge in sorted(edges, key=lambda it: self._order(it, upward=upward)):
            other = edge.source if upward else edge.target
            if other not in self.placed:
                yield self.grow(other, edge.relation, upward=upward)

    def _order(self, edge: Edge, *, upward: bool) -> tuple[bool, int, str]:
        node = self._nodes[edge.source if upward else edge.target]
        return node.at is None, node.at or 0, node.id

    def _moved(self, edge: Edge) -> Edge:
        task = task_resource(self._nodes[edge.target].name)
        if edge.relation is Relation.COUNTED and task in self._nodes:
            return Edge(task, Relation.DECIDED, edge.target)
        return edge
