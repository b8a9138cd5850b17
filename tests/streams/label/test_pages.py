from __future__ import annotations

import re
from importlib import resources

import pytest

from streams.label.onboarding import practice_id
from streams.web.pages import CONTENT_SECURITY_POLICY, HEADERS, MEDIA, Page
from tests.streams.label.conftest import GUIDANCE

PAGE = Page.load("streams.label")
SCRIPTS = sorted(name for name in PAGE.files if name.endswith(".js"))


def test_index_is_served_at_the_root(api):
    answer = api.http.get(f"{api.url}/")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.content == PAGE.files["index.html"]


@pytest.mark.parametrize("name", sorted(PAGE.files))
def test_every_file_is_served_with_its_type_and_all_headers_once(api, name):
    answer = api.http.get(f"{api.url}/page/{name}")
    assert answer.content == PAGE.files[name]
    assert answer.headers["content-type"].startswith(MEDIA["." + name.rpartition(".")[2]])
    for header, value in HEADERS.items():
        assert answer.headers.get_list(header) == [value]
    assert answer.headers.get_list("cache-control") == ["no-store"]
    assert answer.headers.get_list("x-content-type-options") == ["nosniff"]
    assert answer.headers.get_list("referrer-policy") == ["no-referrer"]


def test_policy_allows_own_files_only_and_no_script_from_text():
    rules = dict(rule.split(" ", 1) for rule in CONTENT_SECURITY_POLICY.split("; "))
    assert rules.pop("default-src") == "'none'"
    assert rules.pop("require-trusted-types-for") == "'script'"
    assert rules.pop("trusted-types") == "'none'"
    assert rules["frame-ancestors"] == rules["base-uri"] == "'none'"
    assert set(rules.values()) == {"'self'", "'none'"}


def test_everything_else_keeps_the_policy_that_allows_nothing(api):
    for path in ("/v1/me", "/openapi.json", "/page/nothing.js"):
        policy = api.http.get(api.url + path).headers.get_list("content-security-policy")
        assert policy == ["default-src 'none'; frame-ancestors 'none'"]


@pytest.mark.parametrize(
    "name",
    [
        "../app.py", "..%2fapp.py", "%2e%2e/app.py", "%2e%2e%2fapp.py", "..%5capp.py", "....//app.py",
        "/etc/passwd", "%2fetc%2fpasswd", "app.js%00.html", "app.js/", "APP.JS", "", "app.py",
        "%c0%ae%c0%ae%c0%afapp.py",
    ],
)  # fmt: skip
def test_nothing_outside_the_list_is_served(api, name):
    answer = api.http.get(f"{api.url}/page/{name}", follow_redirects=False)
    assert answer.status_code == 404
    assert answer.json()["error"]["reason"] == "not_found"


def test_the_page_takes_no_other_method(api):
    assert api.http.post(f"{api.url}/").status_code == 405
    assert api.http.head(f"{api.url}/").status_code == 200


def test_every_file_of_the_folder_belongs_to_the_page_and_is_explained():
    readme = resources.files("streams.label").joinpath("page", "README.md").read_text("utf-8")
    assert [name for name in PAGE.files if f"`{name}`" not in readme and name not in ("app.js", "icon.svg")] == []
    folder = resources.files("streams.label").joinpath("page")
    common = {file.name for file in resources.files("streams.web").joinpath("page").iterdir()}
    assert {file.name for file in folder.iterdir()} | common == {*PAGE.files, "README.md"}
    assert not {file.name for file in folder.iterdir()} & common


@pytest.mark.parametrize("name", SCRIPTS)
def test_scripts_import_only_what_is_served(name):
    for imported in re.findall(r'from "([^"]+)"', PAGE.files[name].decode()):
        assert imported.removeprefix("./") in PAGE.files


@pytest.mark.parametrize("name", sorted(PAGE.files))
def test_page_has_no_third_party_no_sink_and_no_storage(name):
    """What the policy would refuse at run time, and what it can't: anything that outlives the window."""
    source = PAGE.files[name].decode()
    forbidden = r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|new Function|localStorage"
    forbidden += r"|sessionStorage|indexedDB|caches\.|document\.cookie|serviceWorker|clipboard\.|\son\w+=|style="
    assert not re.findall(forbidden, source)
    hosts = set(re.findall(r"\w+://[\w.]+", source))
    assert hosts <= {"http://www.w3.org"}  # the name of SVG's vocabulary, which nobody fetches


def test_guide_tells_guidelines_practice_and_schema(api):
    answer = api.call("/v1/projects/demo/guide", method="GET")
    assert answer.json() == {
        "guidelines": "Mark every name.",
        "contact": "",
        "blur": True,
        "onboarding": [
            {
                "id": practice_id(GUIDANCE.onboarding[0]),
                "passed": False,
                "fields": {"text": "[PERSON_1] waits"},
                "spans": [{"field": "text", "start": 0, "end": 10, "label": "NAME"}],
                "choices": {"tone": "calm"},
                "explains": "A name.",
            }
        ],
        "onboarding_required": False,
        "onboarded": False,
        "comments": True,
        "leads": False,
        "schema": {"spans": ["NAME", "COMPLAINT"], "choices": {"tone": ["calm", "angry"]}},
    }


def test_guide_of_another_project_is_403(api):
    assert api.call("/v1/projects/other/guide", method="GET").status_code == 403


def test_guide_waits_for_a_policy(api):
    api.loop.policies.clear()
    answer = api.call("/v1/projects/demo/guide", method="GET")
    assert (answer.status_code, answer.json()["error"]["reason"]) == (503, "no_policy")
