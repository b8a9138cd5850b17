"""What an annotator may ask of one placeholder of the task in hand: a coarse class, never the value. Pure.

The vocabulary is closed: a hint says a country, a decade or ten years of age, of values whose kind it is. There is
none for what names somebody, since whatever is left of a name tells of few.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from topology.policies.actions import Action, Target, Treatment

LEAST = 10
"""So many values have to share a hint, unless a policy asks for more: fewer would be a list to guess from."""


class Hint(StrEnum):
    """What may be told of a value."""

    COUNTRY = "country"
    """In which country a city or a state lies; of a country, that it is one."""
    DECADE = "decade"
    BAND = "band"
    """Between which ages, ten years wide; 90 and more as one."""

    @property
    def treatment(self) -> Treatment:
        """What would show as much in the text itself: packs and tiers have a say about that."""
        return Treatment(Action.GENERALIZE, Target(self.value))


OF_CATEGORY: Mapping[str, Hint] = {
    "AGE": Hint.BAND,
    **dict.fromkeys(("DATE_OF_BIRTH", "DATE_TIME", "YEAR"), Hint.DECADE),
    **dict.fromkeys(("CITY", "LOCATION"), Hint.COUNTRY),
}
"""The one hint there is for each kind of value; for all others there is none."""
RULED: Mapping[Hint, int] = {Hint.DECADE: 10, Hint.BAND: 10}
"""How many values share each hint where a rule makes it. How many cities share a country is looked up."""


@dataclass(frozen=True, slots=True)
class Hints:
    """The hints of a policy, by category. Times and tasks are those of one person.

    `least`: how many values have to share a hint. `apps`: whether calls with a token may ask, robots' among them.
    """

    categories: tuple[tuple[str, Hint], ...] = ()
    least: int = LEAST
    per_task: int = 0
    per_hour: int = 0
    apps: bool = False
    _index: Mapping[str, Hint] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_index", dict(self.categories))

    def __bool__(self) -> bool:
        return bool(self.categories)

    def of(self, category: str) -> Hint | None:
        """What may be asked of a placeholder of this kind."""
        return self._index.get(category)


NO_HINTS = Hints()
"""Of a policy that says nothing of hints: nobody may ask."""
