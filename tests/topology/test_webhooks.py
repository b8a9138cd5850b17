from __future__ import annotations

import pytest

from schemas.errors import ConfigError
from topology.loading import load_topology, parse_project
from topology.webhooks import Webhook, WebhookEvent, fault

FLOW = load_topology().flow
PROJECT = """
name: some
owner: tests
persons: {{authors: [amy], approvers: [ben], annotators: [dan]}}
webhooks:
  - {entry}
"""


def parsed(entry: str):
    return parse_project(PROJECT.format(entry=entry), "some.yaml", FLOW)


def test_a_project_names_who_is_told_what() -> None:
    project = parsed('{name: warehouse, url: "https://hooks.example/x?y=1", events: [task.withdrawn]}')
    assert project.webhooks == (
        Webhook("warehouse", "https://hooks.example/x?y=1", frozenset({WebhookEvent.TASK_WITHDRAWN})),
    )


@pytest.mark.parametrize(
    ("url", "private"),
    [
        ("http://hooks.example/", True),
        ("ftp://hooks.example/", False),
        ("http://127.0.0.1/", False),
        ("https://user:token-of-mine@hooks.example/", False),
        ("https://hooks.example/#token-of-mine", False),
        ("https:///token-of-mine", False),
        ("https://hooks.example:99999/token-of-mine", False),
        ("https://hooks.example:0/", False),
        ("https://hooks.example/token-of-mine\r\nHost: other", False),
        ("https://hooks.example/ä", False),
        ("nonsense", False),
        ("https://a..b/token-of-mine", False),
        ("https://.example.com/token-of-mine", False),
        (f"https://{'a' * 64}.example.com/token-of-mine", False),
    ],
)
def test_an_address_that_cannot_be_told_anything_is_refused_and_not_quoted(url: str, private: bool) -> None:
    said = fault(url, private=private)
    assert said is not None
    assert "token-of-mine" not in said


@pytest.mark.parametrize(
    "url",
    [
        "https://hooks.example/",
        "https://hooks.example./",
        "https://[2606:4700::1111]:8443/",
        "http://localhost:1/",
        f"https://{'a' * 63}.example/",
    ],
)
def test_good_addresses(url: str) -> None:
    assert fault(url, private=True) is None


@pytest.mark.parametrize(
    ("entry", "where"),
    [
        ('{name: a, url: "http://hooks.example/", events: [task.withdrawn]}', "webhooks.0.url"),
        ('{name: a, url: "https://hooks.example/", events: []}', "webhooks.0.events"),
        ('{name: a, url: "https://hooks.example/", events: [everything]}', "webhooks.0.events"),
        ('{name: A b, url: "https://hooks.example/", events: [task.closed]}', "webhooks.0.name"),
        ('{name: a, url: "https://hooks.example/", events: [task.closed], secret: x}', "webhooks.0.secret"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(entry: str, where: str) -> None:
    with pytest.raises(ConfigError, match=where):
        parsed(entry)


def test_no_two_endpoints_have_one_name() -> None:
    entry = '{name: a, url: "https://hooks.example/", events: [task.closed]}'
    with pytest.raises(ConfigError, match="twice"):
        parsed(f"{entry}\n  - {entry}")


def test_an_endpoint_does_not_show_its_address() -> None:
    assert "token" not in repr(Webhook("warehouse", "https://hooks.example/?token=t", frozenset()))
