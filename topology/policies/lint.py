"""What a well-formed policy may still get wrong, in words for a privacy officer. Pure; changes nothing."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from enum import StrEnum

from topology.policies.actions import Action, Scope, Treatment
from topology.policies.model import FieldRule, Policy, Publish, TagRule
from topology.policies.review import review_of
from topology.project import Project

SKIPS = 1
"""Of the people a task is shown to, one may say that they can't answer; fewer annotators leave it undecided."""
_FREE_TEXT = re.compile(
    r"(?:^|_)(?:text|note|notes|comment|comments|message|messages|body|description|feedback|remark|remarks|subject"
    r"|summary|review|question|answer|reason|content|title|transcript|memo|diagnosis|complaint)(?:\[\])*$"
)
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


class Concern(StrEnum):
    """What a remark is about. Add, never rename: scripts select by it."""

    LINKABLE_TOKEN = "linkable_token"  # noqa: S105 - a concern
    OPEN_PASS = "open_pass"  # noqa: S105 - a concern
    SHOWN_CATEGORY = "shown_category"
    HIDDEN_TEXT = "hidden_text"
    NOTHING_SEARCHED = "nothing_searched"
    UNKNOWN_CATEGORY = "unknown_category"
    REVIEW_NEAR = "review_near"
    REVIEW_OVER = "review_over"
    NO_SUBJECT = "no_subject"
    NO_ANSWER = "no_answer"
    FEW_ANNOTATORS = "few_annotators"
    NO_GOLD = "no_gold"
    OPEN_TEXTS = "open_texts"
    NOT_OPENED = "not_opened"


@dataclass(frozen=True, slots=True)
class Remark:
    """One thing to think about: where in the policy, what follows from it, what to do instead."""

    concern: Concern
    where: str
    text: str


def remarks(policy: Policy, now: int, categories: AbstractSet[str]) -> list[Remark]:
    """What to say of the policy alone. `categories` are those that detection can find; `now` in milliseconds."""
    return [
        *_tokens(policy),
        *_passes(policy),
        *_texts(policy),
        *_unknown(policy, categories),
        *_review(policy, now),
        *_purpose(policy),
        *_publish(policy),
    ]


def project_remarks(policy: Policy, project: Project) -> list[Remark]:
    """What to say of the policy in a project: whether enough people are there to decide its tasks, and whether
    anybody opens them.
    """
    return [*_too_few(policy, project), *_unopened(policy, project)]


def _too_few(policy: Policy, project: Project) -> Iterator[Remark]:
    needed, there = policy.overlap + policy.extra + SKIPS, len(project.persons.annotators)
    if there >= needed:
        return
    text = (
        f"a task may need {needed} annotators ({policy.overlap} labels, {policy.extra} more where they disagree, "
        f"{SKIPS} who can't answer), and {project.name} has {there}: some tasks would stay undecided. Name more "
        "annotators, or lower `overlap` or `extra`"
    )
    yield Remark(Concern.FEW_ANNOTATORS, "overlap", text)


def _unopened(policy: Policy, project: Project) -> Iterator[Remark]:
    if policy.publish is Publish.OPEN and not project.open_texts:
        text = (
            f"the file of {project.name} does not say `open_texts: true`, so no process opens them and "
            f"open.{project.name} stays empty"
        )
        yield Remark(Concern.NOT_OPENED, "publish", text)


def _tokens(policy: Policy) -> Iterator[Remark]:
    for where, treatment in _treatments(policy):
        if treatment.action is Action.TOKEN and treatment.scope is not Scope.RECORD:
            within = "this project" if treatment.scope is Scope.PROJECT else "all records under this policy's name"
            text = (
                f"the same value has the same token in {within}: records can be linked, and whoever can publish a "
                "guess can confirm it. Unless you need the link, write `scope: record`"
            )
            yield Remark(Concern.LINKABLE_TOKEN, where, text)


def _passes(policy: Policy) -> Iterator[Remark]:
    for rule in policy.fields:
        if rule.action is Action.PASS and _is_text(rule.path):
            text = "looks like free text, and whatever people write there is shown unsearched. Write `detect`"
            yield Remark(Concern.OPEN_PASS, f"fields.{rule.path}", text)
    for category, treatment in policy.categories:
        if treatment.action is Action.PASS:
            text = f"every {category} that is found in free text stays readable"
            yield Remark(Concern.SHOWN_CATEGORY, f"categories.{category}", text)


def _texts(policy: Policy) -> Iterator[Remark]:
    rules: tuple[FieldRule | TagRule, ...] = (*policy.fields, *policy.tags)
    if not any(rule.action is Action.DETECT for rule in rules):
        text = "no field is searched: annotators see nothing but what passes whole. Write `detect` for free text"
        yield Remark(Concern.NOTHING_SEARCHED, "fields", text)
    for rule in policy.fields:
        if _is_text(rule.path) and rule.action.strength > Action.DETECT.strength and rule.category is None:
            text = "looks like free text and is hidden whole; annotators read nothing of it. Or write `detect`"
            yield Remark(Concern.HIDDEN_TEXT, f"fields.{rule.path}", text)


def _unknown(policy: Policy, categories: AbstractSet[str]) -> Iterator[Remark]:
    rules: tuple[FieldRule | TagRule, ...] = (*policy.fields, *policy.tags)
    own = {pattern.category for pattern in policy.detection.patterns}
    own |= {rule.category for rule in rules if rule.category}
    known = categories | own
    named = {f"categories.{name}": name for name, _ in policy.categories}
    for number, condition in enumerate(policy.conditions):
        named |= {f"conditions[{number}].categories.{name}": name for name, _ in condition.categories}
    named |= {f"hints.categories.{name}": name for name, _ in policy.hints.categories}
    if policy.detection.recognizers:  # a recognizer of the user's own may find anything
        return
    for where, name in named.items():
        if name not in known:
            close = difflib.get_close_matches(name, known, 1)
            hint = f" (did you mean {close[0]}?)" if close else ""
            text = f"nothing here finds a {name}{hint}, so this rule is never used"
            yield Remark(Concern.UNKNOWN_CATEGORY, where, text)


def _review(policy: Policy, now: int) -> Iterator[Remark]:
    review = review_of(policy, now)
    if review.overdue:
        text = f"the review was due by {review.due}: the policy can't be published, and raw records wait"
        yield Remark(Concern.REVIEW_OVER, "review_by", text)
    elif review.near:
        text = f"the review is due by {review.due} ({review.days_left} days left); after that raw records wait"
        yield Remark(Concern.REVIEW_NEAR, "review_by", text)


def _purpose(policy: Policy) -> Iterator[Remark]:
    if not policy.subject:
        text = (
            "no field says whom a record is about, so erasure can't find a person's tasks. Name it, or its fields"
        )
        yield Remark(Concern.NO_SUBJECT, "subject", text)
    if not policy.labels.spans and not policy.labels.choices:
        text = "there is nothing that annotators can answer: give spans or choices"
        yield Remark(Concern.NO_ANSWER, "labels", text)
    if policy.gold.share_permille == 0 and (policy.gold.bar_permille or policy.gold.leak_limit_permille):
        text = (
            "no gold is asked for, so nothing is measured that `bar` or `leak_limit` could act on. Give a `share`"
        )
        yield Remark(Concern.NO_GOLD, "gold.share", text)


def _publish(policy: Policy) -> Iterator[Remark]:
    if policy.publish is Publish.OPEN:
        text = (
            "sanitized texts lie in clear on a topic. Who may read it reads all of them, gold among them, without "
            "a lease, and no event says who read which; what is taken back stays with who has read it. Unless "
            "another queue needs them, leave `publish` out"
        )
        yield Remark(Concern.OPEN_TEXTS, "publish", text)


def _treatments(policy: Policy) -> Iterator[tuple[str, Treatment]]:
    """Each treatment the policy names, and where."""
    yield "default_action", policy.default
    yield from ((f"fields.{rule.path}", rule.treatment) for rule in policy.fields)
    yield from ((f"tags.{rule.tag}", rule.treatment) for rule in policy.tags)
    yield from _named("categories", policy.categories)
    for number, condition in enumerate(policy.conditions):
        yield from _named(f"conditions[{number}].categories", condition.categories)


def _named(where: str, treatments: Iterable[tuple[str, Treatment]]) -> Iterator[tuple[str, Treatment]]:
    return ((f"{where}.{name}", treatment) for name, treatment in treatments)


def _is_text(path: str) -> bool:
    """Whether the last name of the path is one that free text goes by: `notes[]`, `a.free_text`, `bodyText`."""
    name = path.rpartition(".")[2]
    return _FREE_TEXT.search(_CAMEL.sub("_", name).replace("-", "_").lower()) is not None
