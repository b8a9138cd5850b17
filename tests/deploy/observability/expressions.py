"""What alerts and panels ask Prometheus for, and by which labels."""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import promql_parser
import yaml
from prometheus_client import REGISTRY
from promql_parser import AggModifierType, LabelModifierType

import deploy.compose.census
import deploy.handing.renewal  # noqa: F401 - as the census, declares what it counts
import streams
import vault
from deploy.kubernetes.watching import DECLARED
from deploy.observability.dashboard import FOLDER, PANELS

RULES = FOLDER / "rules.yaml"
BY_PROMETHEUS: dict[str, set[str]] = {
    "up": set(),
    "process_start_time_seconds": set(),
    DECLARED: {"role", "project"},
}
"""Its own, its client's, and what rules in Kubernetes record; with the labels that are not the target's."""
SUFFIXES = ("_bucket", "_count", "_sum", "_total")
GRAFANA = {"$project": "demo"}

Labels = Callable[[str], set[str]]
"""Of a metric, by its name."""


@cache
def rules() -> list[dict[str, Any]]:
    (group,) = yaml.safe_load(RULES.read_text())["groups"]
    return group["rules"]


@cache
def panels() -> list[dict[str, Any]]:
    return [panel for row in yaml.safe_load(PANELS.read_text())["rows"] for panel in row["panels"]]


def parsed(expression: str) -> promql_parser.Expr:
    for name, value in GRAFANA.items():
        expression = expression.replace(name, value)
    return promql_parser.parse(expression)


def expressions() -> dict[str, str]:
    said = {f"alert {rule['alert']}": rule["expr"] for rule in rules()}
    return said | {f"panel {number} {panel['title']}": panel["expr"] for number, panel in enumerate(panels())}


def told() -> dict[str, set[str]]:
    """The labels that people are told of what is found, by the names of `expressions`."""
    said = {f"alert {rule['alert']}": _named_in(rule["annotations"]["summary"]) for rule in rules()}
    legends = {f"panel {number} {it['title']}": it.get("legend", "") for number, it in enumerate(panels())}
    return said | {name: set(re.findall(r"{{(\w+)}}", legend)) for name, legend in legends.items()}


def _named_in(summary: str) -> set[str]:
    return set(re.findall(r"\$labels\.(\w+)", summary))


def selectors(expression: promql_parser.Expr) -> Iterator[promql_parser.VectorSelector]:
    """Every metric that is asked for."""
    if isinstance(expression, promql_parser.VectorSelector):
        yield expression
    for inner in _parts(expression):
        yield from selectors(inner)


def _parts(expression: promql_parser.Expr) -> Iterator[promql_parser.Expr]:
    for name in ("lhs", "rhs", "expr", "vector_selector", "args", "param"):
        inner = getattr(expression, name, None)
        for one in inner if isinstance(inner, list) else [inner]:
            if isinstance(one, promql_parser.Expr):
                yield one


def all_metrics() -> dict[str, set[str]]:
    """Labels by name, of everything that our processes declare."""
    for package in (streams, vault):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if module.name.endswith(("metrics", "gauges", "shown_certificate")):
                importlib.import_module(module.name)
    declared = set(REGISTRY._collector_to_names)
    return {one._name: set(one._labelnames) for one in declared if getattr(one, "_name", "").startswith("veil_")}


def base_of(name: str, known: dict[str, set[str]]) -> str:
    """Without what Prometheus's client puts behind it."""
    bases = [name, *(name.removesuffix(suffix) for suffix in SUFFIXES if name.endswith(suffix))]
    return next((base for base in bases if base in known), "")


def labels_of(known: dict[str, set[str]], target: set[str]) -> Labels:
    """What Prometheus has of a metric: its own labels and those of the target that serves it."""

    def found(name: str) -> set[str]:
        if name == DECLARED:
            return BY_PROMETHEUS[name]
        own = BY_PROMETHEUS.get(name, known.get(base_of(name, known), set()))
        return own | target | ({"le"} if name.endswith("_bucket") else set())

    return found


def left(expression: promql_parser.Expr, of: Labels) -> set[str]:
    """The labels of what an expression gives. AssertionError where it asks for one that is not there."""
    match expression:
        case promql_parser.VectorSelector():
            there = of(expression.name)
            assert {it.name for it in expression.matchers.matchers} <= there, expression
            return there
        case promql_parser.AggregateExpr():
            return _grouped(expression, left(expression.expr, of))
        case promql_parser.BinaryExpr():
            return _matched(expression, left(expression.lhs, of), left(expression.rhs, of))
        case _:
            return set().union(*(left(it, of) for it in _parts(expression)))


def _grouped(expression: promql_parser.AggregateExpr, there: set[str]) -> set[str]:
    if expression.modifier is None:
        return set()
    assert expression.modifier.type is AggModifierType.By
    assert set(expression.modifier.labels) <= there, expression
    return set(expression.modifier.labels)


def _matched(expression: promql_parser.BinaryExpr, lhs: set[str], rhs: set[str]) -> set[str]:
    numbers = any(not list(selectors(it)) for it in (expression.lhs, expression.rhs))
    matching = expression.modifier.matching if expression.modifier else None
    if matching is not None:
        assert matching.type is LabelModifierType.Include
        assert set(matching.labels) <= lhs & rhs, expression
    else:
        assert numbers or lhs == rhs, expression
    return lhs | rhs if numbers else lhs
