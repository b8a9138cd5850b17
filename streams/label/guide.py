"""What a project tells its annotators, as the page gets it: guidelines, tasks to practise on, the label schema."""

from __future__ import annotations

from collections.abc import Callable

from pydantic import AliasChoices, BaseModel, ConfigDict, Field

from streams.label.forms import LabelsView, labels_view
from streams.label.onboarding import Progress, by_id
from topology.guidance import PracticeTask
from topology.permissions import Action
from topology.policies.model import LabelSchema
from topology.project import Project


class KnownSpanView(BaseModel):
    """A span of a known answer: code points, end-exclusive."""

    field: str
    start: int
    end: int
    label: str


class PracticeView(BaseModel):
    """A task to practise on, with its answer and the reason for it. `id` names it to `POST …/onboarding/<id>`;
    `passed`: the caller has answered it right.
    """

    id: str
    passed: bool
    fields: dict[str, str]
    spans: list[KnownSpanView]
    choices: dict[str, str]
    explains: str


class GuideView(BaseModel):
    """`schema` is that of the policy in force; a leased task brings its own. `onboarding_required`: no task for
    who has not answered all of `onboarding` right; `onboarded`: whether the caller has.
    `contact`: whom to ask or alarm. `comments`: whether the caller may read what is commented on the task in hand;
    `leads`: on every open one.
    """

    model_config = ConfigDict(serialize_by_alias=True)

    guidelines: str
    contact: str
    blur: bool
    onboarding: list[PracticeView]
    onboarding_required: bool
    onboarded: bool
    comments: bool
    leads: bool
    labels: LabelsView = Field(
        serialization_alias="schema", validation_alias=AliasChoices("schema", "labels")
    )  # pydantic has an attribute of that name


def guide_view(
    project: Project, schema: LabelSchema, progress: Progress, may: Callable[[Action], bool]
) -> GuideView:
    """The guidance of a project for a client, whose onboarding is so far, and who `may` do what."""
    guidance = project.guidance
    return GuideView(
        guidelines=guidance.guidelines,
        contact=project.escalation,
        blur=guidance.blur,
        onboarding=[_practice(name, task, progress) for name, task in by_id(guidance.onboarding).items()],
        onboarding_required=project.access.onboarding,
        onboarded=progress.done,
        comments=may(Action.COMMENTS),
        leads=may(Action.THREADS) and may(Action.THREAD),
        labels=labels_view(schema),
    )


def _practice(name: str, task: PracticeTask, progress: Progress) -> PracticeView:
    spans = [KnownSpanView(field=it.field, start=it.start, end=it.end, label=it.label) for it in task.spans]
    return PracticeView(
        id=name,
        passed=name in progress.passed,
        fields=dict(task.fields),
        spans=spans,
        choices=dict(task.choices),
        explains=task.explains,
    )
