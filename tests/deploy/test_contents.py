"""How often a segment is asked for whose texts do not open."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from deploy.contents import once_gone
from schemas.errors import Reason, Refused
from schemas.records import Task
from tests.streams.opener.making import task


@pytest.mark.parametrize(
    ("reason", "asked"), [(Reason.UNKNOWN_SEGMENT, 1), (Reason.WITHDRAWN, 3), (Reason.UNDECRYPTABLE, 3)]
)
def test_a_segment_that_is_gone_is_asked_for_once_and_one_bad_task_keeps_no_other_from_opening(reason, asked):
    """Each reading of a segment is announced; what is wrong with one task says nothing of the others."""
    seen: list[str] = []

    def opening(it: Task) -> Mapping[str, str]:
        seen.append(it.segment_id)
        raise Refused(reason, "it does not open")

    once = once_gone(opening)
    for name in "abc":
        with pytest.raises(Refused) as refused:
            once(task(name))
        assert refused.value.reason is reason
    with pytest.raises(Refused):
        once(task("d", 2))
    assert (seen.count(task("a").segment_id), len(set(seen))) == (asked, 2)
