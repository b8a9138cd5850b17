"""The picture of leak against over-redaction."""

from __future__ import annotations

from xml.etree import ElementTree as ET

from streams.redact.quality.curve import Point, svg
from streams.redact.quality.evaluation import Evaluation
from streams.redact.quality.intervals import Estimate
from topology.policies import Mode


def _point(mode: Mode, threshold: int, leak: float, over: float) -> Point:
    evaluation = Evaluation(10, 0, Estimate(leak, leak, leak), Estimate(over, over, over), {})
    return Point(mode, threshold, evaluation)


def test_each_mode_is_a_line_and_each_threshold_a_point_with_its_value() -> None:
    points = [_point(mode, 100 * n, 0.05 - n / 100, 0.1 + n / 50) for mode in Mode for n in (1, 2, 3)]
    root = ET.fromstring(svg(points, 'a "<title>"'))  # noqa: S314 - our own picture
    space = "{http://www.w3.org/2000/svg}"
    assert len(root.findall(f"{space}polyline")) == 3
    tips = [circle.find(f"{space}title") for circle in root.findall(f"{space}circle")]
    assert "fast, threshold 0.1" in [tip.text for tip in tips if tip is not None]


def test_a_curve_without_any_leak_can_be_drawn() -> None:
    assert "polyline" in svg([_point(Mode.FAST, 100, 0.0, 0.0)], "none")
