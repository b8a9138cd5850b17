"""A real Label Studio imports what is exported in its form, texts and labels, and gives the same back."""

from __future__ import annotations

import json

import pytest

from deploy.export.label_studio import label_studio
from streams.label.forms import LabelsView
from streams.label.studio.reading import read
from streams.label.studio.writing import configuration
from tests.deploy.export.test_text_forms import CROSSED, CUT, WHOLE
from tests.support.label_studio import running

pytestmark = pytest.mark.label_studio

LABELS = LabelsView(
    spans=["PRODUCT", "WHO ELSE", "A", "B", "C"], choices={"tone": ["negative", "positive"], "size": ["big"]}
)


@pytest.fixture(scope="module")
def studio(tmp_path_factory):
    with running(tmp_path_factory.mktemp("label-studio") / "data") as there:
        yield there


@pytest.mark.parametrize("documents", [[WHOLE], [CUT, CROSSED]], ids=["two fields", "one field"])
def test_what_is_exported_is_imported_there_with_every_label_on_its_text(studio, documents):
    written = label_studio(documents)
    config = configuration(list(documents[0].texts), LABELS)
    made = studio.http.post("/api/projects/", json={"title": "exported", "label_config": config})
    assert made.status_code == 201, made.text
    number = made.json()["id"]
    imported = studio.http.post(f"/api/projects/{number}/import", json=json.loads(written))
    assert imported.status_code == 201, imported.text
    assert (imported.json()["task_count"], imported.json()["annotation_count"]) == (len(documents), len(documents))
    back = studio.http.get(f"/api/projects/{number}/export", params={"exportType": "JSON"}).content
    assert read(back, "given back") == read(written, "written")
    for task, document in zip(json.loads(back), documents, strict=True):
        regions = [it for it in task["annotations"][0]["result"] if it["type"] == "labels"]
        places = [
            (it["to_name"], it["value"]["start"], it["value"]["end"], it["value"]["labels"]) for it in regions
        ]
        paths = list(document.texts)
        assert places == [
            (f"field_{paths.index(it.field)}", it.start, it.end, [it.label]) for it in document.verdict.spans
        ]
