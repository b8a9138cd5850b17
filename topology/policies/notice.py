"""What a policy does, in words for the people whom records speak of. Pure; nothing of a record is in it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from topology.flow import Scope as FlowScope
from topology.loading import Topology
from topology.policies.actions import Action, Keep, Scope, Target, Treatment
from topology.policies.hints import Hint
from topology.policies.model import FieldRule, Policy, Publish, TagRule
from topology.project import Project
from topology.topics import TopicSpec, compacted_ms, kept_ms, topics

HOUR_MS, DAY_MS = 3_600_000, 86_400_000
SWEPT_MS = HOUR_MS
"""How late keeper may be with what is over, before it is told (`veil purge --dry-run`)."""
_WORDS = {
    Action.PASS: "shown as it is",
    Action.DETECT: "read by the program, which hides what it finds",
    Action.TOKEN: "replaced by a code",
    Action.SURROGATE: "replaced by an invented value of the same form",
    Action.PLACEHOLDER: "replaced by its kind and a number, as [PERSON_1]",
    Action.MASK: "covered",
    Action.DROP: "left out",
}
_TARGETS = {
    Target.AGE_TO_89: "replaced by the age, from 90 on as one",
    Target.BAND: "replaced by ten years of age",
    Target.YEAR: "replaced by the year",
    Target.YEAR_TO_89: "replaced by the year, where nobody of it may be 90",
    Target.DECADE: "replaced by the decade",
    Target.RANGE: "replaced by a range",
    Target.REGION: "replaced by the region",
    Target.COUNTRY: "replaced by the country",
    Target.ZIP3: "replaced by the first three digits, where many people live",
}
_HINTS = {
    Hint.COUNTRY: "what kind of place it is, and in which country",
    Hint.DECADE: "in which ten years it falls",
    Hint.BAND: "between which ages, ten years wide",
}
_SCOPES = {
    Scope.PROJECT: "the same wherever it stands in this project",
    Scope.DATASET: "the same wherever it stands in this dataset",
    Scope.RECORD: "the same within one record only",
}
_KEPT = (
    ("raw", "what you have sent or said, encrypted; the program alone can open it"),
    ("again", "a copy of it, where it has to be made unrecognisable once more"),
    ("quarantine", "what the program could not be sure about, encrypted"),
    ("tasks", "the text without what is hidden, encrypted"),
    ("finds", "what somebody has reported as not hidden well enough, covered"),
    ("comments", "what somebody has written about it, encrypted; the program alone can open it"),
    ("notes", "that, without what is hidden, encrypted"),
    ("labels", "the answers of those who read it, as positions in the text"),
    ("verdicts", "what the answers amount to, as positions"),
    ("audit", "the record of who saw what, without any of it"),
)
"""Kinds of topics, in the order data passes through them, in the words of who is concerned."""
_OPEN = "open"
"""The kind of topic on which other programs find texts."""
_AFTER_ERASURE = (
    "Of who was erased one thing stays for ever: a number, made with a secret key of what names them, by which"
    " later records about them are left out; nobody can read the name from it, but who may erase can tell by it"
    " that they were erased."
)


@dataclass(frozen=True, slots=True)
class Handled:
    """What happens to some kinds of data, which are named in words."""

    how: str
    kinds: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Kept:
    """What is kept for how long at most: after that it is told as overdue."""

    what: str
    how_long: str


@dataclass(frozen=True, slots=True)
class Notice:
    """Who answers for it, what happens to which data, how long what is kept. `can_erase`: whether people can be
    found by the policy, so that all of theirs can be erased; `can_see`: whether the project names people who may
    agree that somebody sees what was hidden; `opened`: whether other programs read the texts, too. `told`: what
    who reads a text may ask of a hidden piece in it, of `pieces` at most. `after_erasure`: what outlives one for
    ever; empty where nobody can be found.
    """

    project: str
    policy: str
    owner: str
    contact: str
    review_by: str
    handled: tuple[Handled, ...]
    otherwise: str
    kept: tuple[Kept, ...]
    can_erase: bool
    can_see: bool
    opened: bool
    told: tuple[Handled, ...]
    pieces: int
    after_erasure: str


def notice(policy: Policy, topology: Topology, name: str) -> Notice:
    """Of one policy in the project of this name. Raises ConfigError where there is no such project."""
    project = topology.project(name)
    return Notice(
        project=project.name,
        policy=policy.id,
        owner=policy.owner,
        contact=policy.escalation or project.escalation or policy.owner,
        review_by=policy.review_by,
        handled=tuple(_handled(policy)),
        otherwise=treatment_words(policy.default),
        kept=tuple(_kept(policy, project, topology)),
        can_erase=bool(policy.subject),
        told=tuple(_told(policy)),
        pieces=policy.hints.per_task,
        after_erasure=_AFTER_ERASURE if policy.subject else "",
        opened=_opens(policy, project),
        can_see=all(project.persons.holding(role) for role in ("requester", "grantor-a", "grantor-b")),
    )


def treatment_words(treatment: Treatment) -> str:
    """What happens to a value."""
    if treatment.to is not None:
        return _TARGETS[treatment.to]
    if treatment.keep is Keep.ENDS:
        return "covered but for the first six and last four digits"
    words = _WORDS[treatment.action]
    return f"{words}, {_SCOPES[treatment.scope]}" if treatment.scope is not None else words


def kind_words(category: str) -> str:
    """`PHONE_NUMBER` as people say it. Abbreviations of three letters and fewer stay as they are."""
    return " ".join(word if len(word) <= 3 else word.lower() for word in category.split("_"))  # noqa: PLR2004


def time_words(milliseconds: int) -> str:
    """`7 days`, `36 hours`: whole ones, rounded up, since it is a limit."""
    if milliseconds % DAY_MS == 0 or milliseconds >= 3 * DAY_MS:
        return _counted(-(-milliseconds // DAY_MS), "day")
    return _counted(-(-milliseconds // HOUR_MS), "hour")


def _counted(number: int, unit: str) -> str:
    return f"{number} {unit}" if number == 1 else f"{number:,} {unit}s"


def _handled(policy: Policy) -> Iterator[Handled]:
    """What leaves most first. A kind is told under each treatment that it may get."""
    found: dict[tuple[tuple[int, int, int], str], set[str]] = {}
    for treatment, kind in _kinds(policy):
        found.setdefault((treatment.strength, treatment_words(treatment)), set()).add(kind)
    for (_, how), kinds in sorted(found.items()):
        yield Handled(how, tuple(sorted(kinds, key=str.casefold)))


def _kinds(policy: Policy) -> Iterator[tuple[Treatment, str]]:
    rules: tuple[FieldRule | TagRule, ...] = (*policy.fields, *policy.tags)
    for rule in rules:
        if rule.action is Action.DETECT:
            yield rule.treatment, "free text"
        elif rule.category is not None:
            yield rule.treatment, kind_words(rule.category)
        else:
            yield rule.treatment, "other fields"
    yield from ((treatment, kind_words(category)) for category, treatment in policy.categories)
    yield from (
        (treatment, kind_words(category)) for one in policy.conditions for category, treatment in one.categories
    )


def _told(policy: Policy) -> Iterator[Handled]:
    for hint, how in _HINTS.items():
        kinds = tuple(kind_words(category) for category, own in policy.hints.categories if own is hint)
        if kinds:
            yield Handled(how, kinds)


def _opens(policy: Policy, project: Project) -> bool:
    return policy.publish is Publish.OPEN and bool(project.open_texts)


def _kept(policy: Policy, project: Project, topology: Topology) -> Iterable[Kept]:
    specs = _specs(project, topology)
    hidden_ms = policy.segment_hours * HOUR_MS + SWEPT_MS
    for kind, what in _KEPT:
        if kind in project.retention_ms:
            yield Kept(what, time_words(kept_ms(specs[kind])))
    if _opens(policy, project):
        yield Kept(
            "the text without what is hidden, where other programs fetch it",
            time_words(hidden_ms + compacted_ms(specs[_OPEN])),
        )
    yield Kept("the labels, as positions in what you have sent or said, without any of it", "until it is erased")
    yield Kept(
        "what each hidden piece was, locked with two keys that two groups of people hold", time_words(hidden_ms)
    )


def _specs(project: Project, topology: Topology) -> Mapping[str, TopicSpec]:
    """The project's topics, by kind."""
    by_name = {spec.name: spec for spec in topics(topology)}
    kinds = [kind for kind in topology.flow.topics.values() if kind.scope is FlowScope.PROJECT]
    return {kind.name: by_name[kind.topic(project.name)] for kind in kinds}
