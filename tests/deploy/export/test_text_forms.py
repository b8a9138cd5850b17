"""Sanitized texts with labels, in each form, read back by the tool that the form is for."""

from __future__ import annotations

import json
import warnings

import pytest
import spacy
from hypothesis import given
from hypothesis import strategies as st
from spacy.tokens import DocBin
from spacy.training.converters.conll_ner_to_docs import conll_ner_to_docs

from deploy.export.conll import conll
from deploy.export.docbin import docbin
from deploy.export.documents import Document, Tally, document_row
from deploy.export.forms import What
from deploy.export.json_lines import json_lines
from deploy.export.label_studio import label_studio
from deploy.export.parquet import parquet
from deploy.export.tokens import tokens_of
from schemas.records import FieldShape, SupportedChoice, SupportedSpan, Verdict, VerdictStatus
from streams.label.studio.reading import read
from tests.support.hugging_face import load_dataset

NOTE = "My  kettle broke,\n[PERSON_1] says\u2028“né” 👍🏽!"
KETTLE = NOTE.index("kettle")
PERSON = NOTE.index("[PERSON_1]")


def document(texts: dict[str, str], *spans: tuple[str, int, int, str], task: str = "5f") -> Document:
    verdict = Verdict(
        task_id=task * 16,
        revision=1,
        bundle="ab" * 32,
        policy="cd" * 32,
        segment_id="redact.demo.0/1/7",
        status=VerdictStatus.AGREED,
        method="majority",
        confidence=0.5,
        spans=tuple(SupportedSpan(*span, 2) for span in spans),
        choices=(SupportedChoice("tone", "negative", 3), SupportedChoice("size", "", 0)),
        contributions=(),
        fields=tuple(FieldShape(path, len(text)) for path, text in texts.items()),
        decided_at=1_700_000_000_000,
    )
    return Document(verdict, texts)


WHOLE = document(
    {"note": NOTE, "empty": ""},
    ("note", KETTLE, KETTLE + 6, "PRODUCT"),
    ("note", PERSON, PERSON + 10, "WHO ELSE"),
)
CUT = document({"note": NOTE}, ("note", KETTLE + 2, KETTLE + 8, "PRODUCT"), task="6a")
CROSSED = document(
    {"note": "red hot kettle  "}, ("note", 0, 7, "A"), ("note", 4, 14, "B"), ("note", 14, 16, "C"), task="7b"
)
ALL = [WHOLE, CUT, CROSSED]
COUNTED = {Tally.EXACT: 4, Tally.WIDENED: 1, Tally.OVERLAPPING: 1, Tally.NOWHERE: 1}


def docs_of(written: bytes) -> list:
    return list(DocBin().from_bytes(written).get_docs(spacy.blank("xx").vocab))


def read_conll(written: bytes) -> list:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return list(conll_ner_to_docs(written.decode(), n_sents=0, no_print=True))


def test_spacy_reads_a_docbin_to_the_code_point_with_every_span():
    tally = Tally()
    whole, cut, crossed = docs_of(docbin(ALL, tally))
    assert tally == COUNTED
    assert (whole.text, crossed.text) == (NOTE, "red hot kettle  ")
    assert [(it.start_char, it.text, it.label_) for it in whole.ents] == [
        (KETTLE, "kettle", "PRODUCT"),
        (PERSON, "[PERSON_1]", "WHO ELSE"),
    ]
    assert (whole.cats, whole.user_data["field"]) == ({"tone=negative": 1.0}, "note")
    assert [it.text for it in cut.ents] == ["kettle broke"]
    assert [it.text for it in crossed.ents] == ["red hot"]
    assert [(it.text, it.label_) for it in crossed.spans["sc"]] == [("red hot", "A"), ("hot kettle", "B")]


def test_spacy_reads_conll_with_the_same_entities():
    tally = Tally()
    docs = read_conll(conll(ALL, tally))
    assert tally == COUNTED
    assert [[(it.text, it.label_) for it in doc.ents] for doc in docs] == [
        [("kettle", "PRODUCT"), ("[PERSON_1]", "WHO_ELSE")],
        [("kettle broke", "PRODUCT")],
        [("red hot", "A")],
    ]


def test_json_lines_and_parquet_have_the_same_rows_and_datasets_loads_both(tmp_path):
    rows = [document_row(it) for it in ALL]
    (tmp_path / "all.jsonl").write_bytes(json_lines(rows))
    (tmp_path / "all.parquet").write_bytes(parquet(rows, What.SANITIZED))
    assert [json.loads(line) for line in (tmp_path / "all.jsonl").read_text().splitlines()] == rows
    for form, name in (("json", "all.jsonl"), ("parquet", "all.parquet")):
        assert load_dataset(form, {"train": str(tmp_path / name)}, tmp_path)["train"].to_list() == rows
    assert rows[0]["fields"][0] == {"field": "note", "text": NOTE}


@pytest.mark.parametrize("shown", ["[PERSON_1]", "[ICD10_1]", "[PERSON:abcdefgh23456789]"])
def test_whatever_stands_for_a_value_is_one_token(shown):
    text = f"the one {shown}, again"
    assert [text[it.start : it.end] for it in tokens_of(text)] == ["the", "one", shown, ",", "again"]


def test_label_studio_has_the_texts_and_the_spans_on_them():
    tasks = read(label_studio(ALL), "written")
    assert [it.task_id for it in tasks] == [it.task_id for it in ALL]
    written = json.loads(label_studio(ALL))
    assert written[0]["data"]["field_0"] == NOTE
    value = written[0]["annotations"][0]["result"][0]["value"]
    assert NOTE[value["start"] : value["end"]] == "kettle"


TEXTS = st.text(st.sampled_from("ab1_ \n\t.,[]é👍\u200b\u2028\x85\xa0-"), max_size=40)


@given(TEXTS, st.lists(st.tuples(st.integers(0, 39), st.integers(1, 12)), max_size=6))
def test_whatever_the_text_and_the_spans_all_are_counted_and_the_text_is_kept(text, places):
    spans = [("f", start, min(start + length, len(text)), "L") for start, length in places if start < len(text)]
    one, tally, in_lines = document({"f": text}, *spans), Tally(), Tally()
    docs = docs_of(docbin([one], tally))
    (read_back,) = read_conll(conll([one], in_lines)) or [None]
    assert tally == in_lines
    assert tally[Tally.EXACT] + tally[Tally.WIDENED] + tally[Tally.NOWHERE] == len(spans)
    assert [doc.text for doc in docs] == [text] * bool(text)
    entities = docs[0].ents if docs else ()
    assert len(entities) == len(spans) - tally[Tally.NOWHERE] - tally[Tally.OVERLAPPING]
    words = [text[it.start : it.end] for it in tokens_of(text)]
    assert [token.text for token in read_back or []] == words
    assert [it.label_ for it in (read_back.ents if read_back else ())] == ["L"] * len(entities)
    assert "".join(words) == "".join(text.split())


@pytest.mark.parametrize("shown", [repr(WHOLE), f"{WHOLE}"])
def test_a_document_does_not_print(shown):
    assert shown == "Document(<hidden>)"
