"""Leak against over-redaction as the threshold moves, and a picture of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from streams.redact.detect.find import Detector
from streams.redact.quality.annotated import AnnotatedText
from streams.redact.quality.evaluation import Evaluation, evaluate
from topology.policies import Mode, Policy

THRESHOLDS = (10, 20, 50, 100, 150, 200, 300, 400, 500, 700)
"""Per mille; dense where a policy is likely to choose."""

_WIDTH, _HEIGHT, _MARGIN = 640, 420, 56
_COLOURS = {Mode.FAST: "#b45309", Mode.STRICT: "#1d4ed8", Mode.MAX: "#047857"}
_TICKS = 5


@dataclass(frozen=True, slots=True)
class Point:
    """One threshold (probability per mille from which a word is hidden; None: the mode's own) and what it gave."""

    mode: Mode
    threshold_permille: int | None
    evaluation: Evaluation

    @property
    def threshold(self) -> str:
        return "its own" if self.threshold_permille is None else f"{self.threshold_permille / 1000:g}"


def trade_off(
    texts: Sequence[AnnotatedText],
    policy: Policy,
    build: Callable[[Policy], Detector],
    modes: Iterable[Mode],
    thresholds: Sequence[int] = THRESHOLDS,
) -> list[Point]:
    """Evaluate `policy` in each of `modes`: first with the mode's own threshold, then with each given."""
    points = []
    for mode in modes:
        for threshold in (None, *thresholds):
            detection = replace(policy.detection, mode=mode, threshold_permille=threshold)
            moved = replace(policy, detection=detection)
            points.append(Point(mode, threshold, evaluate(texts, moved, build(moved))))
    return points


def svg(points: Sequence[Point], title: str) -> str:
    """The curves of all modes as an SVG; leak upwards, over-redaction to the right, both in per cent.

    Each point carries its threshold as a tooltip; the mode's own is the large one.
    """
    widest = _round_up(max(point.evaluation.over_redaction.value for point in points) * 100)
    highest = _round_up(max(point.evaluation.leak.value for point in points) * 100)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img">',
        "<style>text { font: 12px sans-serif }</style>",
        f"<title>{_escape(title)}</title>",
        f'<rect width="{_WIDTH}" height="{_HEIGHT}" fill="#fff"/>',
        f'<text x="{_MARGIN}" y="24">{_escape(title)}</text>',
        *_grid(widest, highest),
        *(part for mode in Mode for part in _curve(points, mode, widest, highest)),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _grid(widest: float, highest: float) -> list[str]:
    parts = []
    for step in range(_TICKS + 1):
        x, y = _x(widest * step / _TICKS, widest), _y(highest * step / _TICKS, highest)
        lines = f"M{x:.1f} {_y(0, 1):.1f}V{_y(1, 1):.1f}M{_x(0, 1):.1f} {y:.1f}H{_x(1, 1):.1f}"
        parts += [
            f'<path d="{lines}" stroke="#e5e7eb"/>',
            f'<text x="{x:.1f}" y="{_HEIGHT - 34}" text-anchor="middle">{widest * step / _TICKS:g}</text>',
            f'<text x="{_MARGIN - 8}" y="{y + 4:.1f}" text-anchor="end">{highest * step / _TICKS:g}</text>',
        ]
    parts.append(f'<text x="{_WIDTH / 2}" y="{_HEIGHT - 12}" text-anchor="middle">over-redaction, per cent</text>')
    middle = _HEIGHT / 2
    parts.append(
        f'<text transform="translate(16 {middle}) rotate(-90)" text-anchor="middle">leak, per cent</text>'
    )
    return parts


def _curve(points: Sequence[Point], mode: Mode, widest: float, highest: float) -> list[str]:
    chosen = sorted(
        (one for one in points if one.mode is mode), key=lambda one: one.evaluation.over_redaction.value
    )
    if not chosen:
        return []
    colour = _COLOURS[mode]
    places = [
        (_x(one.evaluation.over_redaction.value * 100, widest), _y(one.evaluation.leak.value * 100, highest))
        for one in chosen
    ]
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
    dots = [
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{_radius(one)}" fill="{colour}"><title>{mode.value},'
        f" threshold {one.threshold}</title></circle>"
        for one, (x, y) in zip(chosen, places, strict=True)
    ]
    x, y = places[0]
    label = f'<text x="{x + 8:.1f}" y="{y - 6:.1f}" fill="{colour}" font-weight="bold">{mode.value}</text>'
    return [f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>', *dots, label]


def _radius(point: Point) -> int:
    """The mode's own threshold stands out."""
    return 6 if point.threshold_permille is None else 3


def _x(value: float, widest: float) -> float:
    return _MARGIN + (_WIDTH - 2 * _MARGIN) * value / widest


def _y(value: float, highest: float) -> float:
    return _HEIGHT - _MARGIN - (_HEIGHT - 2 * _MARGIN) * value / highest


def _round_up(value: float) -> float:
    """The next value at which five even steps have short names."""
    return next((step for step in (0.5, 1, 2, 5, 10, 20, 25, 50) if value <= step), 100.0)


def _escape(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;")
