"""Our own patterns, of every kind; they see folded text (`shadow.py`)."""

from __future__ import annotations

from streams.redact.detect.addresses import address_forms
from streams.redact.detect.credentials import credential_forms
from streams.redact.detect.dates import date_forms
from streams.redact.detect.national_ids import national_id_forms
from streams.redact.detect.net import net_forms
from streams.redact.detect.people import people_forms
from streams.redact.detect.phones import phone_forms
from streams.redact.detect.recognizers import Recognizer
from streams.redact.detect.spoken import spoken_forms
from streams.redact.detect.streets import street_forms


def load_forms(*, bare_years: bool = False) -> tuple[Recognizer, ...]:
    """The patterns of all kinds; `bare_years`: a year that stands alone is a find too."""
    return (
        *net_forms(),
        *credential_forms(),
        *phone_forms(),
        *spoken_forms(),
        *date_forms(bare_years=bare_years),
        *people_forms(),
        *street_forms(),
        *address_forms(),
        *national_id_forms(),
    )
