"""`mask`: one width for all, since a length tells of a value; of a card number the ends, if a policy says."""

from __future__ import annotations

from streams.redact.detect.shadow import fold
from topology.policies import Keep, Treatment

MASK = "*****"
CARD_GAP = "******"  # between first six and last four: as wide for a card of 13 digits as for one of 19
MIN_CARD = 13  # digits; of fewer, ten in clear would be nearly all


class Mask:
    """Implements `transform.Transform`."""

    def replace(self, value: str, kind: str, treatment: Treatment) -> str | None:  # noqa: ARG002 - the same for all
        if treatment.keep is not Keep.ENDS:
            return MASK
        digits = "".join(filter(str.isdigit, fold(value)))
        return f"{digits[:6]}{CARD_GAP}{digits[-4:]}" if len(digits) >= MIN_CARD else MASK
