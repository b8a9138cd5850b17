from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.errors import ConfigError, Reason, Refused
from schemas.records import FieldShape, LabelSpan, SupportedChoice, SupportedSpan, Verdict, VerdictStatus
from streams.label.forms import LabelsView, LeaseView
from streams.label.studio import names, reading, writing
from streams.label.studio.offsets import Unit, to_code_points

FILES = Path(__file__).parent / "files"
TEXTS = {"customer.note": "😀 [PERSON_1] is angry\nvery", "subject": "hello"}
LABELS = LabelsView(spans=["NAME", "COMPLAINT"], choices={"tone": ["calm", "angry"]})
LEASE = LeaseView(
    lease_id="x-1",
    fencing_token=1,
    expires_at=1,
    task_id=f"{1:032x}",
    fields=TEXTS,
    placeholders={},
    labels=LABELS,
)
EXPORTED = (FILES / "exported.json").read_bytes()


def exported(change=lambda _: None) -> bytes:
    """The file with its first task changed."""
    content = json.loads(EXPORTED)
    change(content[0])
    return json.dumps(content).encode()


def regions(task: dict[str, Any]) -> list[dict[str, Any]]:
    return task["annotations"][0]["result"]


def test_an_exported_file_becomes_answers_with_the_same_offsets() -> None:
    first, second = reading.read(EXPORTED, "file")
    answer = reading.result(first, TEXTS, Unit.CODE_POINTS)
    assert answer.spans == (
        LabelSpan("customer.note", 2, 12, "NAME"),
        LabelSpan("customer.note", 2, 26, "COMPLAINT"),
        LabelSpan("customer.note", 2, 26, "NAME"),
        LabelSpan("subject", 0, 5, "COMPLAINT"),
    )
    assert answer.choices == {"tone": "angry"}
    assert second.annotation.was_cancelled


def test_utf_16_offsets_of_older_versions_are_converted_exactly_and_never_guessed() -> None:
    def older(task: dict[str, Any]) -> None:
        for region in regions(task)[:2]:
            region["value"]["start"] += 1
            region["value"]["end"] += 1

    (given, _) = reading.read(exported(older), "file")
    expected = reading.result(reading.read(EXPORTED, "file")[0], TEXTS, Unit.CODE_POINTS)
    assert reading.result(given, TEXTS, Unit.UTF_16) == expected
    with pytest.raises(Refused, match="quotes another text; are its offsets code-points"):
        reading.result(given, TEXTS, Unit.CODE_POINTS)


@given(st.text(max_size=30), st.integers(-3, 70))
def test_a_utf_16_offset_is_where_that_many_code_units_end(text: str, offset: int) -> None:
    text = "".join(char for char in text if not "\ud800" <= char <= "\udfff")
    found = to_code_points(text, offset, Unit.UTF_16)
    ends = [len(text[:at].encode("utf-16-le")) // 2 for at in range(len(text) + 1)]
    assert found == (ends.index(offset) if offset in ends else None)


def test_an_offset_within_a_surrogate_pair_is_refused() -> None:
    assert to_code_points("😀a", 1, Unit.UTF_16) is None
    assert to_code_points("😀a", 2, Unit.UTF_16) == 1


WHITE = "A kettle\r\nof  iron, tea\tcups\n\nend \u00a0 here last.\n    indented   words\nfin"
DISPLAYED = [
    ("of  iron", "of iron"),
    ("tea\tcups", "tea cups"),
    ("last.\n    indented", "last.\\nindented"),
    ("indented   words", "indented words"),
    ("kettle\r\nof", "kettle\\n\\nof"),
    ("cups\n\nend", "cups\\n\\nend"),
    ("end \u00a0 here", "end \u00a0 here"),
]
"""Pieces of it, and how Label Studio 1.23 quoted each in Chromium, which collapses white space."""


def white(start: int, end: int, said: str) -> reading.Given:
    """A region of `WHITE`."""
    value = {"start": start, "end": end, "text": said, "labels": ["NAME"]}
    region = {"from_name": "labels_0", "to_name": "field_0", "type": "labels", "value": value}
    return reading.Given("x", ("note",), reading.Annotation.model_validate({"result": [region]}))


@pytest.mark.parametrize(("piece", "said"), DISPLAYED)
def test_a_region_is_quoted_as_a_browser_displays_it_and_its_offsets_stand(piece: str, said: str) -> None:
    start = WHITE.index(piece)
    end = start + len(piece)
    answer = reading.result(white(start, end, said), {"note": WHITE}, Unit.CODE_POINTS)
    assert answer.spans == (LabelSpan("note", start, end, "NAME"),)
    with pytest.raises(Refused, match="quotes another text"):
        reading.result(white(start + 1, end + 1, said), {"note": WHITE}, Unit.CODE_POINTS)


def set_value(number: int, **changes: object):
    def change(task: dict[str, Any]) -> None:
        regions(task)[number]["value"] |= changes

    return change


def set_region(number: int, **changes: object):
    def change(task: dict[str, Any]) -> None:
        regions(task)[number] |= changes

    return change


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (set_value(0, end=99), Reason.SPAN_OUT_OF_RANGE),
        (set_value(0, start=-1), Reason.SPAN_OUT_OF_RANGE),
        (set_value(0, end=2), Reason.SPAN_OUT_OF_RANGE),
        (set_value(0, text="Jane"), Reason.SPAN_OUT_OF_RANGE),
        (set_value(0, labels=[]), Reason.BAD_REQUEST),
        (set_value(0, start=None), Reason.BAD_REQUEST),
        (set_region(0, to_name="field_2"), Reason.UNKNOWN_FIELD),
        (set_region(0, to_name="field_²"), Reason.UNKNOWN_FIELD),
        (set_region(0, to_name="text"), Reason.UNKNOWN_FIELD),
        (set_region(0, type="rectanglelabels"), Reason.BAD_REQUEST),
        (set_region(3, from_name="mood"), Reason.UNKNOWN_CHOICE),
        (set_value(3, choices=["angry", "calm"]), Reason.UNKNOWN_CHOICE),
        (lambda task: regions(task).append(copy.deepcopy(regions(task)[3]) | {"value": {"choices": ["calm"]}}),
         Reason.UNKNOWN_CHOICE),
    ],
)  # fmt: skip
def test_a_region_that_does_not_fit_its_task_is_refused_and_not_quoted(change, reason: Reason) -> None:
    given, _ = reading.read(exported(change), "file")
    with pytest.raises(Refused) as caught:
        reading.result(given, TEXTS, Unit.CODE_POINTS)
    assert caught.value.reason is reason
    assert "Jane" not in str(caught.value)


@pytest.mark.parametrize(
    "content",
    [
        b"nonsense",
        b"{}",
        b"[1]",
        b'[{"data": {"text": "a Jane"}, "annotations": []}]',
        b"[" * 100_000,
        exported(lambda task: task["annotations"].append(task["annotations"][0])),
        exported(lambda task: task["data"].update(veil_task=f"{2:032x}")),
        exported(set_value(0, start="Jane")),
        exported(lambda task: task.update(annotations="Jane")),
    ],
)
def test_a_file_that_is_none_of_ours_is_refused_and_not_quoted(content: bytes) -> None:
    with pytest.raises(ConfigError) as caught:
        reading.read(content, "file")
    assert str(caught.value).startswith("file: ")
    assert "Jane" not in str(caught.value)


spans = st.builds(
    lambda field, at, length, label: LabelSpan(field, at, at + length, label),
    st.sampled_from(list(TEXTS)), st.integers(0, 3), st.integers(1, 2), st.sampled_from(LABELS.spans),
)  # fmt: skip


@given(st.lists(spans, unique=True), st.sampled_from([{}, {"tone": "calm"}]))
def test_what_is_written_is_read_back(found: list[LabelSpan], choices: dict[str, str]) -> None:
    result = writing.results(list(TEXTS), found, choices, TEXTS)
    content = [writing.task(LEASE) | {"annotations": [{"result": result}]}]
    (given_,) = reading.read(json.dumps(content).encode(), "file")
    answer = reading.result(given_, TEXTS, Unit.CODE_POINTS)
    assert (answer.spans, answer.choices) == (tuple(found), choices)


def test_a_task_has_its_texts_under_names_that_the_configuration_shows() -> None:
    data = writing.task(LEASE)["data"]
    root = ET.fromstring(writing.configuration(list(TEXTS), LABELS))  # noqa: S314 - our own
    shown = {it.get("name"): it.get("value") for it in root.findall("Text")}
    assert {name: data[value.removeprefix("$")] for name, value in shown.items()} == {
        "field_0": TEXTS["customer.note"],
        "field_1": "hello",
    }
    for tag in (*root.findall("Labels"), *root.findall("Choices")):
        assert tag.get("toName") in shown
    assert [it.get("value") for it in root.findall("Labels/Label")] == ["NAME", "COMPLAINT"] * 2
    assert [it.get("value") for it in root.findall("Choices/Choice")] == ["calm", "angry"]


def test_a_policy_with_choices_only_asks_for_no_labels() -> None:
    labels = LabelsView(spans=[], choices=LABELS.choices)
    root = ET.fromstring(writing.configuration(list(TEXTS), labels))  # noqa: S314 - our own
    assert [it.tag for it in root] == ["Header", "Text", "Header", "Text", "Choices"]


def test_a_field_whose_name_is_no_xml_is_written_as_xml() -> None:
    hostile = "\"><Text name='x'/>&"
    root = ET.fromstring(writing.configuration([hostile], LABELS))  # noqa: S314 - our own
    assert root.find("Header").get("value") == hostile
    assert len(root.findall("Text")) == 1


VERDICT = Verdict(
    task_id=f"{1:032x}", revision=1, bundle="b", policy="p", segment_id="s", status=VerdictStatus.AGREED,
    method="majority/1", confidence=0.87654, spans=(SupportedSpan("customer.note", 2, 12, "NAME", 3),),
    choices=(SupportedChoice("tone", "angry", 2), SupportedChoice("topic", "", 0)), contributions=(),
    fields=(FieldShape("customer.note", 27), FieldShape("subject", 5)), decided_at=1,
)  # fmt: skip


def test_an_exported_verdict_has_offsets_labels_and_choices_and_no_text() -> None:
    written = writing.verdict(VERDICT)
    assert written["data"] == {names.TASK: f"{1:032x}", names.FIELDS: ["customer.note", "subject"]}
    assert written["meta"]["veil"]["confidence"] == 0.8765
    assert [it["value"] for it in written["annotations"][0]["result"]] == [
        {"start": 2, "end": 12, "labels": ["NAME"]},
        {"choices": ["angry"]},
    ]
    (given_,) = reading.read(json.dumps([written]).encode(), "file")
    assert reading.result(given_, TEXTS, Unit.CODE_POINTS).spans == (LabelSpan("customer.note", 2, 12, "NAME"),)


def test_who_has_the_texts_can_put_them_into_an_exported_task() -> None:
    assert writing.with_texts(writing.verdict(VERDICT), TEXTS)["data"]["field_1"] == "hello"


def test_the_example_of_the_readme_runs() -> None:
    readme = (Path(reading.__file__).parent / "README.md").read_text(encoding="utf-8")
    example = readme.partition("```python\n")[2].partition("```")[0]
    sent = []

    class Client:
        def lease(self) -> LeaseView:
            return LEASE

        def label(self, *answer: object) -> None:
            sent.append(answer)

    def exported_by(shown: dict[str, Any]) -> bytes:
        return json.dumps([shown | {"annotations": json.loads(EXPORTED)[0]["annotations"]}]).encode()

    given_names = {"task": writing.task, "read": reading.read, "result": reading.result, "Unit": Unit}
    exec(example, given_names | {"client": Client(), "exported_by": exported_by})  # noqa: S102 - our own README
    assert sent[0][2] == {"tone": "angry"}
