from __future__ import annotations

import pytest

from deploy.publishing import known_routing
from schemas.errors import ConfigError
from schemas.routing import routing


def test_a_routing_that_redact_would_quarantine_is_refused_before_anything_is_published(tmp_path):
    (tmp_path / "projects").mkdir()
    file = "name: p\nowner: o\npersons: {authors: [a], approvers: [b]}\nbatches: [week-48]\nskills: [de]\n"
    (tmp_path / "projects" / "p.yaml").write_text(file)
    assert known_routing(tmp_path, "p", 7, "week-48", ["de"]) == routing(7, "week-48", ["de"])
    with pytest.raises(ConfigError, match=r"no such batch.*p has the batches: week-48; the skills: de"):
        known_routing(tmp_path, "p", 5, "week-49", [])
    with pytest.raises(ConfigError, match="a batch is a name"):
        known_routing(tmp_path, "p", 5, "Week 48", [])
