"""`generalize`: of a value only the year, the band, the region is left; what can't be read is not generalized."""

from __future__ import annotations

from collections.abc import Callable

from streams.redact.detect.shadow import FOREIGN, fold
from streams.redact.transform.ages import band, to_89
from streams.redact.transform.places import country_of, region_of
from streams.redact.transform.ranges import number_range
from streams.redact.transform.years import decade_of, year_of, year_to_89
from streams.redact.transform.zip_codes import zip3
from topology.policies import Target, Treatment

MAX_LENGTH = 200  # characters; a longer value is no date, age or place

_PLAIN: dict[Target, Callable[[str], str | None]] = {
    Target.AGE_TO_89: to_89,
    Target.BAND: band,
    Target.REGION: region_of,
    Target.COUNTRY: country_of,
    Target.ZIP3: zip3,
}
_DATED: dict[Target, Callable[[str, int], str | None]] = {
    Target.YEAR: year_of,
    Target.YEAR_TO_89: year_to_89,
    Target.DECADE: decade_of,
}


class Generalize:
    """Implements `transform.Transform`. `latest_year` is the last in which the policy is used: its review's.

    There is no clock here: a policy freezes when its review is over, so that nobody is older than in that year.
    """

    __slots__ = ("_latest_year",)

    def __init__(self, latest_year: int) -> None:
        self._latest_year = latest_year

    def replace(self, value: str, kind: str, treatment: Treatment) -> str | None:  # noqa: ARG002 - `to` decides
        folded = fold(value).strip()
        if treatment.to is None or len(folded) > MAX_LENGTH or FOREIGN in folded:
            return None
        if treatment.to is Target.RANGE:
            return number_range(folded, treatment.step)
        if treatment.to in _DATED:
            return _DATED[treatment.to](folded, self._latest_year)
        return _PLAIN[treatment.to](folded)
