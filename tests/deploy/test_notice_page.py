"""The notice as a page: everything of it, escaped, nothing from elsewhere."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from deploy.notice_page import page
from topology.loading import load_topology
from topology.policies import load_policy
from topology.policies.notice import notice

FOUND = notice(load_policy("demo"), load_topology(), "demo")


class Reading(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[str] = []
        self.text = ""

    def handle_starttag(self, tag, attrs) -> None:
        self.tags.append(tag)
        self.attributes += [name for name, _ in attrs]

    def handle_data(self, data) -> None:
        self.text += data


def read(html: str) -> Reading:
    reading = Reading()
    reading.feed(html)
    return reading


def test_what_may_be_asked_is_on_the_page_where_anything_may():
    assert "what kind of place it is, and in which country (location)" in " ".join(read(page(FOUND)).text.split())
    assert "may ask" not in read(page(replace(FOUND, told=()))).text


def test_that_other_programs_read_the_texts_is_on_the_page_where_it_is_so():
    assert "Other programs" not in read(page(replace(FOUND, opened=False))).text
    assert "Other programs of those responsible" in " ".join(read(page(replace(FOUND, opened=True))).text.split())


def test_all_that_the_notice_says_is_on_the_page():
    text = read(page(FOUND)).text.lower()
    for one in FOUND.handled:
        assert one.how.lower() in text
        assert all(kind.lower() in text for kind in one.kinds)
    for each in FOUND.kept:
        assert each.what.lower() in text
        assert each.how_long in text
    assert FOUND.after_erasure.lower() in text
    assert all(it.lower() in text for it in (FOUND.owner, FOUND.contact, FOUND.policy, FOUND.review_by))


def test_it_runs_nothing_and_takes_nothing_from_elsewhere():
    html = page(FOUND)
    reading = read(html)
    assert not {"script", "img", "link", "iframe", "form"} & set(reading.tags)
    assert not {"src", "href", "onload"} & set(reading.attributes)
    assert not re.search(r"https?:|url\(|@import", html)


@pytest.mark.parametrize("name", ["owner", "contact", "review_by", "policy", "project", "otherwise"])
def test_what_a_file_says_is_text_and_no_markup(name):
    html = page(replace(FOUND, **{name: "<script>alert(1)</script>"}))
    assert "script" not in read(html).tags
    assert "&lt;script&gt;" in html


def test_what_can_not_be_done_is_not_promised():
    unfound = page(replace(FOUND, can_erase=False))
    assert "destroyed" not in unfound
    assert FOUND.after_erasure not in unfound
    assert "have to agree" not in page(replace(FOUND, can_see=False))
