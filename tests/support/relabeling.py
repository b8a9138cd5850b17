"""What becomes of a PodMonitor: Prometheus's configuration, as its operator writes it, and labels by that.

Of the operator's rules those that a target of ours meets (`pkg/prometheus/promcfg.go`, 0.93.0), of Prometheus's
actions those that are used. Where there is a Prometheus, a test holds this against it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

Rule = Mapping[str, Any]
Labels = Mapping[str, str]
META = "__meta_kubernetes_pod_"


def configured(monitor: Mapping[str, Any]) -> dict[str, Any]:
    """The scrape configuration of a PodMonitor with one endpoint, but for whom it asks."""
    place, spec = monitor["metadata"], monitor["spec"]
    (endpoint,) = spec["podMetricsEndpoints"]
    return {
        "job_name": f"podMonitor/{place['namespace']}/{place['name']}/0",
        "metrics_path": endpoint["path"],
        "scrape_interval": endpoint["interval"],
        "scrape_timeout": endpoint["scrapeTimeout"],
        "honor_labels": endpoint["honorLabels"],
        "honor_timestamps": endpoint["honorTimestamps"],
        "follow_redirects": endpoint["followRedirects"],
        "sample_limit": spec["sampleLimit"],
        "body_size_limit": spec["bodySizeLimit"],
        "label_limit": spec["labelLimit"],
        "label_name_length_limit": spec["labelNameLengthLimit"],
        "label_value_length_limit": spec["labelValueLengthLimit"],
        "relabel_configs": [*_operators(monitor), *map(_spelled, endpoint["relabelings"])],
        "metric_relabel_configs": [*map(_spelled, endpoint["metricRelabelings"])],
    }


def _operators(monitor: Mapping[str, Any]) -> list[dict[str, Any]]:
    place, spec = monitor["metadata"], monitor["spec"]
    port = spec["podMetricsEndpoints"][0]["port"]
    chosen = [
        {"source_labels": [meta(f"label_{name}"), meta(f"labelpresent_{name}")], "regex": f"({value});true"}
        for name, value in spec["selector"]["matchLabels"].items()
    ]
    return [
        {"source_labels": [meta("phase")], "regex": "(Failed|Succeeded)", "action": "drop"},
        *({**it, "action": "keep"} for it in chosen),
        {"source_labels": [meta("container_port_name")], "regex": port, "action": "keep"},
        {"source_labels": ["__meta_kubernetes_namespace"], "target_label": "namespace"},
        {"source_labels": [meta("container_name")], "target_label": "container"},
        {"source_labels": [meta("name")], "target_label": "pod"},
        {"target_label": "job", "replacement": f"{place['namespace']}/{place['name']}"},
        {"source_labels": [meta(f"label_{spec['jobLabel']}")], "target_label": "job", "regex": "(.+)"},
        {"target_label": "endpoint", "replacement": port},
    ]


def meta(name: str) -> str:
    """As service discovery spells it."""
    return META + re.sub("[^a-zA-Z0-9_]", "_", name)


def _spelled(rule: Rule) -> dict[str, Any]:
    return {re.sub("[A-Z]", lambda it: f"_{it[0].lower()}", name): value for name, value in rule.items()}


def relabeled(labels: Labels, rules: Iterable[Rule]) -> dict[str, str] | None:
    """The labels that stay; None where nobody is asked."""
    found = dict(labels)
    for rule in rules:
        values = [found.get(it, "") for it in rule.get("source_labels", ())]
        matched = re.fullmatch(rule.get("regex", "(.*)"), rule.get("separator", ";").join(values))
        match rule.get("action", "replace"):
            case "keep" | "drop" as action:
                if (matched is not None) != (action == "keep"):
                    return None
            case "labelmap":
                found |= {new: it for name, it in found.items() if (new := _mapped(rule, name))}
            case "labeldrop":
                found = {name: it for name, it in found.items() if not re.fullmatch(rule["regex"], name)}
            case "replace" if matched is not None:
                found[rule["target_label"]] = matched.expand(_as_ours(rule.get("replacement", "$1")))
            case "replace":
                pass
            case action:
                raise AssertionError(action)
    return {name: it for name, it in found.items() if it}


def _mapped(rule: Rule, name: str) -> str:
    matched = re.fullmatch(rule["regex"], name)
    return matched.expand(_as_ours(rule["replacement"])) if matched else ""


def _as_ours(replacement: str) -> str:
    return re.sub(r"\$(\d)", r"\\\1", replacement)


def scraped(metric: Labels, target: Labels, rules: Iterable[Rule]) -> dict[str, str]:
    """The labels of a series: of one that a metric and its target have, the metric's is put aside."""
    aside = {f"exported_{name}" if name in target else name: it for name, it in metric.items()}
    found = relabeled({**target, **aside}, rules)
    assert found is not None
    return found
