from __future__ import annotations

import re
from importlib import resources

import pytest

from streams.web.pages import COMMON, Page

PAGE = Page.load("streams.console")
FOLDER = resources.files("streams.console").joinpath("page")
OWN = sorted(file.name for file in FOLDER.iterdir() if file.name != "README.md")


def test_every_file_is_explained_and_none_hides_a_common_one():
    readme = FOLDER.joinpath("README.md").read_text("utf-8")
    assert [name for name in OWN if f"`{name}`" not in readme and name != "app.js"] == []
    assert not {*OWN} & {file.name for file in resources.files(COMMON).joinpath("page").iterdir()}


@pytest.mark.parametrize("name", [name for name in OWN if name.endswith(".js")])
def test_scripts_import_only_what_is_served(name):
    for imported in re.findall(r'from "([^"]+)"', PAGE.files[name].decode()):
        assert imported.removeprefix("./") in PAGE.files


@pytest.mark.parametrize("name", OWN)
def test_page_has_no_third_party_no_sink_and_no_storage(name):
    source = PAGE.files[name].decode()
    forbidden = r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|new Function|localStorage"
    forbidden += r"|sessionStorage|indexedDB|caches\.|document\.cookie|serviceWorker|clipboard\.|\son\w+=|style="
    assert not re.findall(forbidden, source)
    assert set(re.findall(r"\w+://[\w.]+", source)) <= {"http://www.w3.org"}  # SVG's vocabulary, never fetched
