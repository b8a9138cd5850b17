from __future__ import annotations

import re
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.audit.lineage.graph import Edge, Lineage, Node, Relation
from streams.audit.lineage.layout import HEIGHT, WIDTH, layout
from streams.audit.lineage.svg import svg
from streams.audit.lineage.tracing import trace
from tests.streams.audit.lineage.stories import PROJECT, TASK, whole

SVG = "{http://www.w3.org/2000/svg}"
ANYTHING = st.text(min_size=1, max_size=30)
KINDS = st.sampled_from(["task", "lease", "label", "event", "policy", "odd"])


def drawn(lineage):
    return ET.fromstring(svg(lineage))  # noqa: S314 - our own


def traced():
    found = trace(whole(), PROJECT, TASK)
    assert found is not None
    return found


@st.composite
def lineages(draw):
    """Any graph, circles too, with any text in every place."""
    names = draw(st.lists(ANYTHING, min_size=1, max_size=12, unique=True))
    times = st.none() | st.integers(0, 2**62)
    nodes = [
        Node(f"{draw(KINDS)}/{name}", draw(times), draw(ANYTHING), facts={"type": draw(ANYTHING)})
        for name in names
    ]
    ends = st.sampled_from([node.id for node in nodes])
    edges = draw(st.lists(st.builds(Edge, ends, st.sampled_from(list(Relation)), ends), max_size=20))
    return Lineage(draw(ANYTHING), draw(ANYTHING), (nodes[0].id,), tuple(nodes), tuple(edges), {"lease": 3})


@given(lineages())
def test_whatever_is_in_a_lineage_the_picture_is_well_formed_and_runs_and_fetches_nothing(lineage):
    text = svg(lineage)
    root = ET.fromstring(text)  # noqa: S314 - our own
    allowed = {"svg", "title", "desc", "style", "defs", "marker", "path", "rect", "text", "g"}
    assert {element.tag.removeprefix(SVG) for element in root.iter()} <= allowed
    attributes = {name: value for element in root.iter() for name, value in element.attrib.items()}
    assert [name for name in attributes if name.startswith("on") or "href" in name] == []
    assert re.findall(r"url\([^#]", text) == []
    assert text.count("http") == text.count("http://www.w3.org/2000/svg") + sum(
        element.text.count("http") for element in root.iter() if element.text and element.tag != f"{SVG}style"
    )


@given(lineages())
def test_no_box_lies_on_another(lineage):
    boxes = list(layout(lineage).values())
    assert len(boxes) == len(lineage.nodes)
    for number, one in enumerate(boxes):
        for other in boxes[number + 1 :]:
            assert abs(one.x - other.x) >= WIDTH - 0.2 or abs(one.y - other.y) >= HEIGHT


def test_causes_stand_above_their_effects():
    found = traced()
    boxes = layout(found)
    assert all(boxes[edge.source].y < boxes[edge.target].y for edge in found.edges)


def test_the_picture_has_a_name_and_says_in_words_what_is_in_it():
    root = drawn(traced())
    named = root.attrib["aria-labelledby"].split()
    title, text = (next(it for it in root if it.attrib.get("id") == name) for name in named)
    assert root.attrib["role"] == "img"
    assert title.text == f"Lineage of {TASK} in demo"
    for word in ("1 raw record", "seen by ann", "seen by cleo", "signed by ada", "verdict agreed"):
        assert word in text.text


def test_ids_and_classes_begin_with_the_prefix():
    text = svg(traced(), "second")
    assert set(re.findall(r'(?:id|class)="(\w+)', text)) == {"second"}
    assert "lineage-" not in text


def test_text_that_steers_is_replaced_and_markup_escaped():
    node = Node("event/x", 0, "", "", {"type": '<script>"&\u202e\x00'})
    text = svg(Lineage("p", "</title><script>", ("event/x",), (node,), ()))
    assert "<script>" not in text
    assert "\u202e" not in text
    assert "\x00" not in text


def test_the_same_lineage_gives_the_same_bytes():
    assert svg(traced()) == svg(traced())


COLOUR = re.compile(r"#[0-9a-f]{6}")


def luminance(colour):
    """Relative luminance as WCAG 2.2 defines it."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [it / 12.92 if it <= 0.04045 else ((it + 0.055) / 1.055) ** 2.4 for it in parts]
    return sum(weight * it for weight, it in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(one, other):
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def of_style(root, name):
    style = next(element.text for element in root.iter() if element.tag == f"{SVG}style")
    return COLOUR.search(re.search(rf"\.lineage-{name}{{[^}}]*fill:(#\w+)", style)[1])[0]


@pytest.mark.parametrize("ink", ["ink", "quiet"])
def test_all_text_can_be_read_in_light_and_in_dark(ink):
    root = drawn(traced())
    fills = {element.attrib["fill"] for element in root.iter(f"{SVG}rect")}
    inks = {
        element.attrib["fill"]
        for element in root.iter(f"{SVG}text")
        if element.attrib["class"] == f"lineage-{ink}"
    }
    assert all(contrast(one, fill) >= 7 for one in inks for fill in fills)
    assert all(contrast(of_style(root, ink), of_style(root, fill)) >= 7 for fill in ("paper", "box"))
