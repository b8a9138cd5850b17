"""Where the nodes of a lineage stand in a picture: in layers from cause to effect, few crossings, no overlaps.

The usual layered drawing (Sugiyama, Tagawa, Toda 1981) in its simplest form: longest path for the layers,
barycenters for the order in them, neighbours' centres for the places. The same lineage gives the same picture.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from streams.audit.lineage.graph import Lineage

WIDTH, HEIGHT = 236, 62
"""Of a box, in pixels."""
GAP, DROP = 24, 58
"""Between boxes of a layer, and between layers: room for an edge's word."""
ROW = 8
"""Boxes side by side at most; a layer of more continues in a further row."""
SWEEPS = 4


@dataclass(frozen=True, slots=True)
class Box:
    """A node's place: its upper left corner."""

    x: float
    y: float

    @property
    def top(self) -> tuple[float, float]:
        """Where edges arrive."""
        return self.x + WIDTH / 2, self.y

    @property
    def bottom(self) -> tuple[float, float]:
        """Where they leave."""
        return self.x + WIDTH / 2, self.y + HEIGHT


def layout(lineage: Lineage) -> Mapping[str, Box]:
    """The box of each node by its id, the upper left one at 0, 0."""
    above: defaultdict[str, list[str]] = defaultdict(list)
    below: defaultdict[str, list[str]] = defaultdict(list)
    for edge in lineage.edges:
        below[edge.source].append(edge.target)
        above[edge.target].append(edge.source)
    rows = _rows(_ordered(_layers([node.id for node in lineage.nodes], above, below), above, below))
    return _placed(rows, above, below)


def _layers(
    nodes: Sequence[str], above: Mapping[str, list[str]], below: Mapping[str, list[str]]
) -> list[list[str]]:
    """Each node one below its lowest cause; what has no cause right above its first effect."""
    depth = dict.fromkeys(nodes, 0)
    for _ in nodes:  # a path is no longer than there are nodes; ends where nothing moves (or in a circle)
        moved = False
        for node in nodes:
            least = max((depth[it] + 1 for it in above.get(node, ())), default=0)
            if least > depth[node] and least < len(nodes):
                depth[node], moved = least, True
        if not moved:
            break
    for node in nodes:
        if not above.get(node) and below.get(node):
            depth[node] = max(0, min(depth[it] for it in below[node]) - 1)
    used = sorted(set(depth.values()))
    return [[node for node in nodes if depth[node] == level] for level in used]


def _ordered(
    layers: list[list[str]], above: Mapping[str, list[str]], below: Mapping[str, list[str]]
) -> list[list[str]]:
    """Each layer by the mean place of its neighbours above, then below, some times over."""
    for sweep in range(SWEEPS):
        downward = sweep % 2 == 0
        neighbours = above if downward else below
        place = {node: number / len(layer) for layer in layers for number, node in enumerate(layer)}
        for layer in layers if downward else reversed(layers):
            layer.sort(key=lambda node: _mean((place[it] for it in neighbours.get(node, ())), place[node]))
            place |= {node: number / len(layer) for number, node in enumerate(layer)}
    return layers


def _rows(layers: Iterable[list[str]]) -> list[list[str]]:
    return [layer[start : start + ROW] for layer in layers for start in range(0, len(layer), ROW)]


def _placed(
    rows: list[list[str]], above: Mapping[str, list[str]], below: Mapping[str, list[str]]
) -> dict[str, Box]:
    """Each row near the centres of its neighbours, first from above, then once more from below."""
    x = {node: number * (WIDTH + GAP) * 1.0 for row in rows for number, node in enumerate(row)}
    widest = max((len(row) for row in rows), default=0)
    for row in rows:
        shift = (widest - len(row)) * (WIDTH + GAP) / 2
        x |= {node: x[node] + shift for node in row}
    for neighbours, order in ((above, rows), (below, rows[::-1]), (above, rows)):
        for row in order:
            x |= _spread(row, [_mean((x[it] for it in neighbours.get(node, ())), x[node]) for node in row])
    left = min(x.values(), default=0.0)
    return {node: Box(round(x[node] - left, 1), y * (HEIGHT + DROP)) for y, row in enumerate(rows) for node in row}


def _spread(row: Sequence[str], wanted: Sequence[float]) -> dict[str, float]:
    """As near to what is wanted as goes without overlap, in this order: the mean of packing from either side."""
    step = WIDTH + GAP
    rightward, leftward = list(wanted), list(wanted)
    for at in range(1, len(row)):
        rightward[at] = max(rightward[at], rightward[at - 1] + step)
    for at in range(len(row) - 2, -1, -1):
        leftward[at] = min(leftward[at], leftward[at + 1] - step)
    return {node: (one + other) / 2 for node, one, other in zip(row, rightward, leftward, strict=True)}


def _mean(values: Iterable[float], otherwise: float) -> float:
    found = list(values)
    return sum(found) / len(found) if found else otherwise
