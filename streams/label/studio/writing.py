"""To Label Studio: a labeling configuration, tasks to label, verdicts as annotations. Pure.

An app that holds a lease has the text and may show it to its person in a Label Studio of its own: `task`. What
is exported from verdicts has no text, since nobody has a right to it who holds no lease: offsets, labels and
choices only.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from xml.sax.saxutils import quoteattr

from schemas.records import LabelSpan, Verdict
from streams.label.forms import LabelsView, LeaseView
from streams.label.studio import names
from streams.label.studio.offsets import quoted

Json = dict[str, Any]


def configuration(fields: Sequence[str], labels: LabelsView) -> str:
    """The labeling configuration (XML) for tasks with these fields: `Labels` for each, `Choices` after them.

    No `Labels` where spans have none: Label Studio refuses one that is empty.
    """
    lines = ["<View>"]
    for at, path in enumerate(fields):
        key = names.field_key(at)
        lines += [f"  <Header value={quoteattr(path)}/>"]
        if labels.spans:
            lines += [f"  <Labels name={quoteattr(names.labels_name(at))} toName={quoteattr(key)}>"]
            lines += [f"    <Label value={quoteattr(label)}/>" for label in labels.spans]
            lines += ["  </Labels>"]
        lines += [f"  <Text name={quoteattr(key)} value={quoteattr('$' + key)}/>"]
    for choice, options in labels.choices.items():
        name, shown = names.choice_name(choice), names.field_key(0)
        lines += [f'  <Choices name={quoteattr(name)} toName={quoteattr(shown)} choice="single">']
        lines += [f"    <Choice value={quoteattr(option)}/>" for option in options]
        lines += ["  </Choices>"]
    return "\n".join([*lines, "</View>", ""])


def task(lease: LeaseView) -> Json:
    """A leased task to label, with its text. It is the lease's holder who shows it, and only while it holds."""
    data = _data(lease.task_id, list(lease.fields))
    return {"data": data | {names.field_key(at): text for at, text in enumerate(lease.fields.values())}}


def results(
    fields: Sequence[str],
    spans: Sequence[LabelSpan],
    choices: Mapping[str, str],
    texts: Mapping[str, str] | None = None,
) -> list[Json]:
    """An answer as the `result` of an annotation or a prediction; with the text of each span where it is known."""
    places = {path: at for at, path in enumerate(fields)}
    found = [_span(f"s{number}", places[span.field], span, texts) for number, span in enumerate(spans)]
    return found + [_choice(f"c{at}", name, value) for at, (name, value) in enumerate(choices.items()) if value]


def verdict(decided: Verdict) -> Json:
    """A verdict as an annotated task, without a text and without a person."""
    fields = [shape.path for shape in decided.fields]
    spans = [LabelSpan(it.field, it.start, it.end, it.label) for it in decided.spans]
    result = results(fields, spans, {it.name: it.value for it in decided.choices})
    meta = {
        "status": decided.status.value,
        "confidence": round(decided.confidence, 4),
        "policy": decided.policy,
        "lengths": [shape.length for shape in decided.fields],
    }
    return {
        "data": _data(decided.task_id, fields),
        "meta": {"veil": meta},
        "annotations": [{"result": result, "was_cancelled": False, "ground_truth": False}],
    }


def with_texts(annotated: Json, texts: Mapping[str, str]) -> Json:
    """An exported task with the texts of its fields: for who was shown them under a lease, and kept them
    lawfully.
    """
    data = annotated["data"]
    shown = {names.field_key(at): texts[path] for at, path in enumerate(data[names.FIELDS])}
    return annotated | {"data": data | shown}


def _data(task_id: str, fields: Sequence[str]) -> Json:
    return {names.TASK: task_id, names.FIELDS: list(fields)}


def _span(region: str, at: int, span: LabelSpan, texts: Mapping[str, str] | None) -> Json:
    value: Json = {"start": span.start, "end": span.end, names.LABELS: [span.label]}
    if texts is not None:
        value["text"] = quoted(texts[span.field][span.start : span.end])
    return _result(region, names.labels_name(at), names.field_key(at), names.LABELS, value)


def _choice(region: str, name: str, value: str) -> Json:
    return _result(region, names.choice_name(name), names.field_key(0), names.CHOICES, {names.CHOICES: [value]})


def _result(region: str, from_name: str, to_name: str, kind: str, value: Json) -> Json:
    return {"id": region, "from_name": from_name, "to_name": to_name, "type": kind, "value": value}
