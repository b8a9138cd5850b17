"""Whether an answer fits its task: the fields it names, their lengths, and the policy's label schema."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from schemas.errors import Reason, Refused
from schemas.records import FieldShape, LabelSpan
from streams.label.commands import Result
from streams.label.settings import ResultLimits
from topology.policies.model import LabelSchema

# No message names a field, label or choice: what a client sends is not ours to repeat.


def check_result(result: Result, fields: Sequence[FieldShape], schema: LabelSchema, limits: ResultLimits) -> None:
    """Raise Refused unless the answer fits: spans and their labels, choices and their options, counts."""
    check_spans(result.spans, fields, limits)
    if any(span.label not in schema.spans for span in result.spans):
        raise Refused(Reason.UNKNOWN_LABEL, "a span has a label that the policy does not know")
    _check_choices(result.choices, schema)


def check_spans(spans: Sequence[LabelSpan], fields: Sequence[FieldShape], limits: ResultLimits) -> None:
    """Raise Refused unless every span lies in a field of the task and none comes twice. Labels are not checked."""
    if len(spans) > limits.spans:
        raise Refused(Reason.TOO_MANY_SPANS, f"{len(spans)} spans; {limits.spans} are allowed")
    if len(set(spans)) < len(spans):
        raise Refused(Reason.DUPLICATE, "a span is given twice")
    _check_ranges(spans, {shape.path: shape.length for shape in fields})


def _check_ranges(spans: Iterable[LabelSpan], lengths: Mapping[str, int]) -> None:
    for span in spans:
        length = lengths.get(span.field)
        if length is None:
            raise Refused(Reason.UNKNOWN_FIELD, "a span names a field that the task does not have")
        if not 0 <= span.start < span.end <= length:
            raise Refused(Reason.SPAN_OUT_OF_RANGE, "a span is empty or lies outside its field")


def _check_choices(choices: Mapping[str, str], schema: LabelSchema) -> None:
    options = {choice.name: choice.options for choice in schema.choices}
    for name, value in choices.items():
        if name not in options:
            raise Refused(Reason.UNKNOWN_CHOICE, "a choice is not in the policy")
        if value not in options[name]:
            raise Refused(Reason.UNKNOWN_CHOICE, "a choice has an option that is not in the policy")
