"""A lineage as a picture: SVG 1.1 text for a page or a file. Pure: the same lineage gives the same bytes.

Nothing in it runs or is fetched. What comes from the log is escaped, and what doesn't print is replaced. Colours
are attributes, so that a page that forbids styles still shows it in light; a style of its own adds the dark form.
Its title and description say in words what is drawn; each box says in its tooltip what didn't fit.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from xml.sax.saxutils import escape

from streams.audit.lineage.graph import Edge, Lineage, Node
from streams.audit.lineage.layout import HEIGHT, WIDTH, Box, layout
from streams.audit.lineage.words import moment, phrases, summary, title
from streams.audit.printable import printable

MARGIN, HEAD = 20, 44
_BIG, _SMALL = 13, 11
_BIG_WIDTH, _SMALL_WIDTH = 8.4, 5.9
"""Pixels of an average character at these sizes, on the safe side; the outline of a box clips what is wider."""
_INSIDE = WIDTH - 24
_FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif"
# Fill and border in light; border in dark. All text reaches 7:1 on its fill (WCAG 2.2, 1.4.6).
_PAPER, _INK, _QUIET, _LINE = "#ffffff", "#1b1f24", "#474f59", "#6b7480"
_DARK_PAPER, _DARK_INK, _DARK_QUIET, _DARK_LINE, _DARK_BOX = "#14171c", "#f0f2f5", "#bcc4cf", "#8b95a3", "#1f242c"
_COLOURS = {
    "raw": ("#fdeaea", "#b3261e", "#ff8a80"),
    "batch": ("#eef0f3", "#5a6472", "#9aa5b4"),
    "bundle": ("#eef0f3", "#5a6472", "#9aa5b4"),
    "policy": ("#f1ebfb", "#6a3fb5", "#b99cf0"),
    "control": ("#f1ebfb", "#6a3fb5", "#b99cf0"),
    "task": ("#e7f0fd", "#1a5fb4", "#82b1ff"),
    "lease": ("#e6f4f1", "#0b6b5b", "#6fd0bd"),
    "label": ("#e6f4f1", "#0b6b5b", "#6fd0bd"),
    "comment": ("#e6f4f1", "#0b6b5b", "#6fd0bd"),
    "comments": ("#e6f4f1", "#0b6b5b", "#6fd0bd"),
    "verdict": ("#e9f5e6", "#2e6b1f", "#93d67f"),
    "joined": ("#e9f5e6", "#2e6b1f", "#93d67f"),
    "denied": ("#fff1df", "#9a4b00", "#ffb366"),
    "refused": ("#fff1df", "#9a4b00", "#ffb366"),
    "find": ("#fff1df", "#9a4b00", "#ffb366"),
}
_OTHER = ("#eef0f3", "#5a6472", "#9aa5b4")


def svg(lineage: Lineage, prefix: str = "lineage") -> str:
    """The whole document. `prefix` begins every id and class in it, for pages with several pictures."""
    boxes = layout(lineage)
    width = max((box.x for box in boxes.values()), default=0) + WIDTH + 2 * MARGIN
    height = max((box.y for box in boxes.values()), default=0) + HEIGHT + 2 * MARGIN + HEAD
    asked, arriving = frozenset(lineage.subjects), Counter(edge.target for edge in lineage.edges)
    parts = [
        _opening(lineage, prefix, width, height),
        *(_edge(edge, boxes, prefix) for edge in lineage.edges),
        *(_word(edge, boxes, arriving[edge.target] > 1, prefix) for edge in lineage.edges),
        *(_node(node, boxes[node.id], node.id in asked, prefix) for node in lineage.nodes),
        "</g></svg>",
    ]
    return "\n".join(parts) + "\n"


def _opening(lineage: Lineage, prefix: str, width: float, height: float) -> str:
    name, said = f"Lineage of {lineage.asked} in {lineage.project}", summary(lineage)
    wide, tall = f"{width:.0f}", f"{height:.0f}"
    return f"""\
<svg xmlns="http://www.w3.org/2000/svg" class="{prefix}" role="img" \
aria-labelledby="{prefix}-title {prefix}-text" font-family="{_FONT}" \
width="{wide}" height="{tall}" viewBox="0 0 {wide} {tall}">
<title id="{prefix}-title">{_text(name)}</title>
<desc id="{prefix}-text">{_text(_told(lineage))}</desc>
<style>{_style(prefix)}</style>
<defs><marker id="{prefix}-tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" \
orient="auto"><path class="{prefix}-tip" d="M0 0 8 4 0 8z" fill="{_LINE}"/></marker></defs>
<rect class="{prefix}-paper" width="100%" height="100%" fill="{_PAPER}"/>
<text class="{prefix}-ink" x="{MARGIN}" y="{MARGIN + 8}" font-size="15" font-weight="600" fill="{_INK}">\
{_text(_fit(name, width - 2 * MARGIN, 8.2))}</text>
<text class="{prefix}-quiet" x="{MARGIN}" y="{MARGIN + 27}" font-size="{_SMALL}" fill="{_QUIET}">\
{_text(_fit(said, width - 2 * MARGIN, _SMALL_WIDTH))}</text>
<g transform="translate({MARGIN} {MARGIN + HEAD})">"""


def _told(lineage: Lineage) -> str:
    """The picture in words: every box, in the order of time."""
    boxes = "; ".join(" ".join(it for it in (title(node), moment(node)) if it) for node in lineage.nodes)
    return f"{summary(lineage)}. {boxes}."


def _style(prefix: str) -> str:
    """The dark form, for who prefers it."""
    dark = {
        "paper": f"fill:{_DARK_PAPER}",
        "ink": f"fill:{_DARK_INK}",
        "quiet": f"fill:{_DARK_QUIET}",
        "line": f"stroke:{_DARK_LINE}",
        "tip": f"fill:{_DARK_LINE}",
        "halo": f"stroke:{_DARK_PAPER};fill:{_DARK_QUIET}",
        "box": f"fill:{_DARK_BOX};stroke:{_OTHER[2]}",
        **{kind: f"stroke:{colours[2]}" for kind, colours in _COLOURS.items()},
    }
    rules = "".join(f".{prefix}-{name}{{{rule}}}" for name, rule in dark.items())
    return f"@media (prefers-color-scheme:dark){{{rules}}}"


def _node(node: Node, box: Box, asked: bool, prefix: str) -> str:
    fill, border, _ = _COLOURS.get(node.kind, _OTHER)
    kind = f" {prefix}-{node.kind}" if node.kind in _COLOURS else ""
    lines = _lines(node)
    middle = box.x + 12
    rows = "".join(
        f'<text class="{prefix}-{ink}" x="{middle:g}" y="{box.y + down:g}" font-size="{size}"{weight} '
        f'fill="{colour}">{_text(line)}</text>'
        for line, (down, size, ink, colour, weight) in zip(lines, _rows(), strict=True)
        if line
    )
    whole = "\n".join([node.id, title(node), moment(node), *phrases(node), *node.events[:3]])
    return (
        f'<g><title>{_text(whole)}</title><rect class="{prefix}-box{kind}" x="{box.x:g}" y="{box.y:g}" '
        f'width="{WIDTH}" height="{HEIGHT}" rx="7" fill="{fill}" stroke="{border}" '
        f'stroke-width="{3 if asked else 1.2}"/>{rows}</g>'
    )


def _rows() -> tuple[tuple[int, int, str, str, str], ...]:
    """Of a box's three lines: how far down, size, class, colour, weight."""
    return (
        (20, _BIG, "ink", _INK, ' font-weight="600"'),
        (37, _SMALL, "quiet", _QUIET, ""),
        (52, _SMALL, "quiet", _QUIET, ""),
    )


def _lines(node: Node) -> tuple[str, str, str]:
    below = [it for it in (", ".join(phrases(node)), moment(node)) if it]
    first, second = (*(_fit(it, _INSIDE, _SMALL_WIDTH) for it in below), "", "")[:2]
    return _fit(title(node), _INSIDE, _BIG_WIDTH), first, second


def _edge(edge: Edge, boxes: Mapping[str, Box], prefix: str) -> str:
    """From the foot of one box to the head of the other; straight down, then aside."""
    (x1, y1), (x2, y2) = boxes[edge.source].bottom, boxes[edge.target].top
    bend = max(24.0, (y2 - y1) / 2)
    curve = f"M{x1:g} {y1:g}C{x1:g} {y1 + bend:g} {x2:g} {y2 - bend:g} {x2:g} {y2 - 1:g}"
    return (
        f'<path class="{prefix}-line" d="{curve}" '
        f'fill="none" stroke="{_LINE}" stroke-width="1.2" marker-end="url(#{prefix}-tip)"/>'
    )


def _word(edge: Edge, boxes: Mapping[str, Box], crowded: bool, prefix: str) -> str:
    """What the edge says: near its head, or on its first third where several arrive together. An outline in the
    colour of the paper keeps it readable across lines.
    """
    (x1, y1), (x2, y2) = boxes[edge.source].bottom, boxes[edge.target].top
    x, y = (x1 + (x2 - x1) * 0.28, y1 + (y2 - y1) * 0.38 + 4) if crowded else (x2 + (x1 - x2) * 0.12, y2 - 15)
    return (
        f'<text class="{prefix}-halo" x="{x:.1f}" y="{y:.1f}" font-size="{_SMALL}" text-anchor="middle" '
        f'fill="{_QUIET}" stroke="{_PAPER}" stroke-width="4" paint-order="stroke">'
        f"{_text(edge.relation.replace('_', ' '))}</text>"
    )


def _fit(text: str, width: float, character: float) -> str:
    """As much as goes into so many pixels."""
    most = max(1, int(width / character))
    return text if len(text) <= most else f"{text[: most - 1].rstrip(' ,')}…"


def _text(text: str) -> str:
    """Line breaks stay (tooltips have them); all else that doesn't print is replaced."""
    return escape("\n".join(map(printable, text.split("\n"))), {'"': "&quot;"})
