"""What a project tells its annotators, as the page gets it: guidelines, tasks to practise on, the label schema."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from streams.label.forms import LabelsView, labels_view
from topology.guidance import Guidance, PracticeTask
from topology.policies.model import LabelSchema


class KnownSpanView(BaseModel):
    """A span of a known answer: code points, end-exclusive."""

    field: str
    start: int
    end: int
    label: str


class PracticeView(BaseModel):
    """A task to practise on, with its answer and the reason for it."""

    fields: dict[str, str]
    spans: list[KnownSpanView]
    choices: dict[str, str]
    explains: str


class GuideView(BaseModel):
    """`schema` is that of the policy in force; a leased task brings its own."""

    model_config = ConfigDict(serialize_by_alias=True)

    guidelines: str
    blur: bool
    onboarding: list[PracticeView]
    labels: LabelsView = Field(serialization_alias="schema")  # pydantic has an attribute of that name


def guide_view(guidance: Guidance, schema: LabelSchema) -> GuideView:
    """The guidance of a project for clients."""
    return GuideView(
        guidelines=guidance.guidelines,
        blur=guidance.blur,
        onboarding=[_practice(task) for task in guidance.onboarding],
        labels=labels_view(schema),
    )


def _practice(task: PracticeTask) -> PracticeView:
    spans = [KnownSpanView(field=it.field, start=it.start, end=it.end, label=it.label) for it in task.spans]
    return PracticeView(fields=dict(task.fields), spans=spans, choices=dict(task.choices), explains=task.explains)
