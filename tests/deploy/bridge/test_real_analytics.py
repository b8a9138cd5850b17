"""A real Label Studio as it comes, which tells its vendor what is asked of it: no text goes there."""

from __future__ import annotations

import pytest

from deploy.bridge.projects import StudioProjects
from deploy.bridge.server import Server
from schemas.errors import ConfigError
from tests.deploy.bridge.memory import FIELDS, LABELS, MARK
from tests.support.label_studio import TOKEN, running

pytestmark = pytest.mark.label_studio

NOWHERE = "http://127.0.0.1:9"
ON = {"COLLECT_ANALYTICS": "true", "HTTP_PROXY": NOWHERE, "HTTPS_PROXY": NOWHERE, "NO_PROXY": "127.0.0.1"}
"""As it comes; what it would tell its vendor goes nowhere."""


def test_a_server_whose_analytics_are_on_gets_no_project(tmp_path):
    with running(tmp_path / "data", **ON) as studio, Server(studio.url, TOKEN) as server:
        with pytest.raises(ConfigError, match="COLLECT_ANALYTICS=false"):
            StudioProjects(server, MARK, "demo · analytics", FIELDS).check(LABELS)
        assert studio.http.get("/api/projects/").json()["results"] == []
