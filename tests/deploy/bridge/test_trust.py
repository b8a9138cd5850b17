"""To which Label Studio a text may go."""

from __future__ import annotations

import pytest

from deploy.bridge.trust import check_alone, check_analytics, check_configuration
from schemas.errors import ConfigError

OFF = "window.APP_SETTINGS.collect_analytics = false;"
ON = "window.APP_SETTINGS.collect_analytics = true;"


@pytest.mark.parametrize(
    "page", [OFF, f"<script>{OFF}</script> if (!window.APP_SETTINGS?.collect_analytics) return;"]
)
def test_a_server_that_says_its_analytics_are_off_is_taken(page):
    check_analytics(page)


@pytest.mark.parametrize(
    "page",
    [
        ON,
        OFF + ON,
        "",
        "<title>Sign in</title>",
        "collect_analytics = undefined",
        "collect_analytics: True",
        "false",
    ],
)
def test_one_that_does_not_say_so_is_refused(page):
    with pytest.raises(ConfigError, match="COLLECT_ANALYTICS=false"):
        check_analytics(page)


def test_whatever_hands_tasks_on_is_named():
    check_alone([], [], [])
    with pytest.raises(ConfigError, match="webhooks, target storages"):
        check_alone([{"id": 1}], [], [{"id": 2}])
    with pytest.raises(ConfigError, match="machine learning backends"):
        check_alone([], [{"id": 1}], [])


def test_a_configuration_may_differ_in_white_space_only():
    check_configuration("<View>\r\n<Text/>\r\n</View>", "<View>\n  <Text/>\n</View>\n")
    with pytest.raises(ConfigError, match="another labeling configuration"):
        check_configuration("<View>\n</View>", "<View>\n  <Text/>\n</View>\n")
