"""Words that a surrogate may have in common with its original: they tell of a form, not of anybody."""

from __future__ import annotations

from streams.redact.transform.ages import UNITS
from streams.redact.transform.month_names import MONTHS, WEEKDAYS

# One string each: a word a line would take a page.
_HONORIFICS = (
    "dame dr frau herr lady lord madam master miss mister mme mr mrs ms mx prof professor"
    " senor senora señor señora sir"
)
_PARTICLES = "al ap bin da dal de del della den der di dos du el ibn la le of san van von y zu"
HONORIFICS = frozenset(_HONORIFICS.split())
PARTICLES = frozenset(_PARTICLES.split())
_SHORT = frozenset(name[:3] for name in (*MONTHS, *WEEKDAYS))
_ZONES = frozenset({"gmt", "utc"})
FORMS = frozenset({"the"}) | HONORIFICS | PARTICLES | UNITS | _ZONES | _SHORT | frozenset((*MONTHS, *WEEKDAYS))
