"""The small parts of policy and pack files, checked by pydantic: names, shares, treatments, rules."""

from __future__ import annotations

import re
from typing import Annotated, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, model_validator

from topology.policies.actions import Action, Keep, Scope, Target, Tier, Treatment

# A key outside this alphabet can't be named: its name may itself be somebody's, so it stays denied.
PATH_REGEX = r"^[A-Za-z_][A-Za-z0-9_-]{0,63}(\[\])*(\.[A-Za-z_][A-Za-z0-9_-]{0,63}(\[\])*){0,15}$"
CARD = "CREDIT_CARD"
MAX_STEP = 1_000_000_000
MILLION = 1_000_000
USUAL_TARGETS = {
    "AGE": Target.BAND,
    "DATE_OF_BIRTH": Target.YEAR,
    "DATE_TIME": Target.YEAR,
    "LOCATION": Target.REGION,
    "ZIP_CODE": Target.ZIP3,
}
_DATED = (Target.YEAR, Target.YEAR_TO_89, Target.DECADE)
_PLACED = (Target.REGION, Target.COUNTRY)
_PLACES = ("ADDRESS", "CITY", "COORDINATES", "GEO_COORDINATES", "LOCATION", "REGION", "UK_POSTCODE")
OWN_TARGETS: dict[str, tuple[Target, ...]] = {
    "AGE": (Target.AGE_TO_89, Target.BAND),
    **dict.fromkeys(("DATE_OF_BIRTH", "DATE_TIME", "YEAR"), _DATED),
    **dict.fromkeys(_PLACES, _PLACED),
    "ZIP_CODE": (Target.ZIP3,),
    "NUMBER": (Target.RANGE,),
}
"""Where generalizing takes no other target: only those for one kind of value can be ranked by what they leave."""
_WITHOUT_CATEGORY = frozenset({Action.DETECT, Action.PASS, Action.DROP})
_FRACTION = re.compile(r"(\d{1,7})/(\d{1,7})")
_PERCENT = re.compile(r"(\d{1,3})(?:\.(\d{1,4}))? ?%")

Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{0,39}$")]
Category = Annotated[str, StringConstraints(pattern=r"^[A-Z][A-Z0-9_]{0,39}$")]
FieldPath = Annotated[str, StringConstraints(pattern=PATH_REGEX)]
LabelName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_-]{0,39}$")]


def _share_of(whole: int) -> BeforeValidator:
    """0.05, `5 %` and `50/1000` as a number of `whole`ths, exactly."""

    def read(value: object) -> int:
        part = _millionths(value)
        if part is None or not 0 <= part <= MILLION:
            raise ValueError("must be a share between 0 and 1, as 0.05 or `5 %`")
        if part * whole % MILLION:
            raise ValueError(f"is finer than one in {whole:,}; round it")
        return part * whole // MILLION

    return BeforeValidator(read)


def _millionths(value: object) -> int | None:
    if isinstance(value, str):
        if fraction := _FRACTION.fullmatch(value):
            part, of = int(fraction[1]), int(fraction[2])
            return part * MILLION // of if of and part * MILLION % of == 0 else None
        percent = _PERCENT.fullmatch(value)
        return int(percent[1]) * 10_000 + int((percent[2] or "").ljust(4, "0")) if percent else None
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    return round(value * MILLION) if 0 <= value <= 1 else None


Permille = Annotated[int, _share_of(1_000)]
Ppm = Annotated[int, _share_of(MILLION)]


def one_or_many(value: object) -> object:
    """`x` where a list is allowed means `[x]`."""
    return [value] if isinstance(value, str) else value


def printable(value: str) -> str:
    """Text that looks on a screen as it is: a mark that turns or erases its line would mislead who reviews it."""
    if not value.isprintable():
        raise ValueError("must be printable: no control or invisible characters")
    return value


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class TreatmentEntry(Strict):
    """`mask`, or `{action: generalize, to: year}`, `{action: token, scope: project}`."""

    action: Action
    to: Target | None = None
    step: Annotated[int, Field(ge=2, le=MAX_STEP, strict=True)] | None = None
    scope: Scope | None = None
    keep: Keep | None = None

    @model_validator(mode="before")
    @classmethod
    def _shorthand(cls, value: object) -> object:
        return {"action": value} if isinstance(value, str) else value

    def treatment(self, category: str | None) -> Treatment:
        """The treatment, with what isn't said filled in for `category`. Raises ValueError for what can't be."""
        return complete(self.action, self, category)


class RuleEntry(Strict):
    """`{category, action}`, `{category}` (its category's action), `{tier}` (its weakest) or `detect`."""

    category: Category | None = None
    action: Action | None = None
    to: Target | None = None
    step: Annotated[int, Field(ge=2, le=MAX_STEP, strict=True)] | None = None
    scope: Scope | None = None
    keep: Keep | None = None
    tier: Tier | None = None

    @model_validator(mode="before")
    @classmethod
    def _shorthand(cls, value: object) -> object:
        if isinstance(value, dict) and "detect" in value:  # `{category: X, detect: true}`
            if "action" in value or value["detect"] is not True:
                raise ValueError("say either `detect: true` or an action, not both")
            return {key: item for key, item in value.items() if key != "detect"} | {"action": Action.DETECT}
        return {"action": value} if isinstance(value, str) else value

    @model_validator(mode="after")
    def _complete(self) -> Self:
        says = self.tier is not None if self.action is None else self.action in _WITHOUT_CATEGORY
        if self.category is None and not says:
            raise ValueError("needs a category (for example PERSON), or one of: detect, pass, drop")
        self.treatment()
        return self

    def treatment(self) -> Treatment | None:
        """What the rule itself says; None: what its category gets, or its tier's weakest."""
        if self.action is None:
            return None
        return complete(self.action, self, self.category)


def complete(action: Action, entry: TreatmentEntry | RuleEntry, category: str | None) -> Treatment:
    """The treatment that `action` and its parameters make. Raises ValueError for parameters it doesn't take."""
    to = entry.to or (USUAL_TARGETS.get(category or "") if action is Action.GENERALIZE else None)
    scope = entry.scope or (Scope.RECORD if action is Action.TOKEN else None)
    _check(action is Action.GENERALIZE, to, f"`to` ({', '.join(Target)}) goes with the action generalize")
    _check(to is Target.RANGE, entry.step, "`step`, a number as 1000, goes with `to: range`")
    own = OWN_TARGETS.get(category or "", tuple(Target))
    if to and to not in own:
        raise ValueError(f"`to: {to}` is not for {category}; allowed: {', '.join(own)}")
    _check(action is Action.TOKEN, scope, "`scope` goes with the action token")
    if entry.keep and (action is not Action.MASK or category != CARD):
        raise ValueError(f"`keep` goes with the action mask for {CARD}")
    return Treatment(action, to, entry.step or 0, scope, entry.keep)


def _check(wanted: bool, given: object, rule: str) -> None:
    if wanted and not given:
        raise ValueError(f"{rule}, which needs it")
    if given and not wanted:
        raise ValueError(rule)
