"""`mask`: one width for all, since a length tells of a value; of a valid card the ends, if a policy says."""

from __future__ import annotations

import re

from streams.redact.detect.checksums import digits_of, luhn
from streams.redact.detect.shadow import fold
from topology.policies import Keep, Treatment

MASK = "*****"
CARD_GAP = "******"  # between first six and last four: as wide for a card of 13 digits as for one of 19
# ISO/IEC 7812-1: at most 19 digits. Of fewer than 13, ten in clear would be nearly all.
_CARD = re.compile(r"\d(?:[ -]?\d){12,18}", re.ASCII)


class Mask:
    """Implements `transform.Transform`."""

    def replace(self, value: str, kind: str, treatment: Treatment) -> str | None:  # noqa: ARG002 - the same for all
        if treatment.keep is not Keep.ENDS:
            return MASK
        card = fold(value).strip()
        digits = digits_of(card)
        if _CARD.fullmatch(card) is None or not luhn(digits):  # any other number would be told by its ends
            return MASK
        shown = "".join(map(str, digits))
        return f"{shown[:6]}{CARD_GAP}{shown[-4:]}"
