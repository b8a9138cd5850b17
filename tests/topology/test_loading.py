from __future__ import annotations

from datetime import date
from importlib import resources
from pathlib import Path

import pytest

from schemas.errors import ConfigError
from topology.acceptance import Acceptance, VerdictMethod
from topology.loading import load_topology, parse_flow, parse_project
from topology.project import SegmentStore
from topology.qualifications import Qualification
from topology.rights import identities

FLOW = resources.files("topology").joinpath("flow.yaml").read_text("utf-8")
PROJECTS = Path(__file__).parent / "projects"
DAY_MS = 86_400_000
PROJECT = """
name: p
owner: o
persons: {authors: [a], approvers: [b]}
"""


def test_packaged_topology_loads_with_more_project_folders():
    topology = load_topology(extra_projects=[PROJECTS])
    assert sorted(topology.projects) == ["alpha", "beta", "demo"]
    assert topology.project("beta").retention_ms["raw"] == 3_600_000
    assert topology.project("beta").retention_ms["again"] == 3_600_000, "copies are kept as their originals are"
    assert topology.project("alpha").retention_ms["raw"] == 86_400_000


def test_annotators_have_no_identity_of_their_own():
    names = {identity.name for identity in identities(load_topology(extra_projects=[PROJECTS]))}
    assert "person.alice" in names
    assert not names & {"person.amy", "person.ben", "person.ann-1"}


def test_a_project_says_how_verdicts_are_reached_and_who_adjudicates():
    text = PROJECT.replace("approvers: [b]", "approvers: [b], annotators: [c], adjudicators: [d]")
    project = parse_project(
        text + "verdict: dawid-skene\nagreement: {least: 0.6}\n", "p.yaml", load_topology().flow
    )
    assert project.acceptance == Acceptance(VerdictMethod.DAWID_SKENE, 0.6)
    assert project.persons.labeling == ("c", "d")
    assert project.persons.holding("adjudicator") == ("d",)
    assert load_topology().project("demo").acceptance == Acceptance(VerdictMethod.MAJORITY, None)


def test_a_project_says_until_when_people_are_trained_and_what_they_can():
    text = PROJECT.replace("approvers: [b]", "approvers: [b], annotators: [c]")
    project = parse_project(
        text + "qualifications: {c: {trained_until: 2027-06-30, skills: [de, medical]}}\n",
        "p.yaml",
        load_topology().flow,
    )
    assert project.qualification("c") == Qualification(date(2027, 6, 30), frozenset({"de", "medical"}))
    assert project.qualification("b") == Qualification()


def test_unknown_project_is_named_with_those_declared():
    with pytest.raises(ConfigError, match="no project nope; declared are: demo"):
        load_topology().project("nope")


def test_same_project_twice_is_refused(tmp_path):
    (tmp_path / "again.yaml").write_text(PROJECT.replace("name: p", "name: demo"))
    with pytest.raises(ConfigError, match=r"again\.yaml: project demo is declared twice"):
        load_topology(extra_projects=[tmp_path])


@pytest.mark.parametrize("name", ["eve", "fay", "gus", "hal", "ivy"])
def test_an_app_by_the_name_of_a_person_of_another_project_is_refused(tmp_path, name):
    """Both would be `person.<name>`: one key in Vault and one credentials file."""
    persons = "{authors: [eve], approvers: [fay], operators: [gus], annotators: [hal], adjudicators: [ivy]}"
    (tmp_path / "other.yaml").write_text(f"name: other\nowner: o\npersons: {persons}\n")
    text = PROJECT.replace("approvers: [b]", "approvers: [b], annotators: [c]")
    (tmp_path / "p.yaml").write_text(text + f"apps: {{{name}: {{acts_for: [c]}}}}\n")
    with pytest.raises(ConfigError, match=f"p: apps.{name}: is the name of a person in other"):
        load_topology(extra_projects=[tmp_path])
    (tmp_path / "other.yaml").write_text(text.replace("name: p", "name: other") + "apps: {bot: {acts_for: [c]}}\n")
    (tmp_path / "p.yaml").write_text(text + "apps: {bot: {acts_for: [c]}}\n")
    assert load_topology(extra_projects=[tmp_path]).project("p").persons.apps == {"bot": ("c",)}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("surprise: 1", "surprise: Extra inputs"),
        ("partitions: many", "partitions: Input should be"),
        ("partitions: 0", "partitions: Input should be greater"),
        ("retention_ms: {gold: 7776000000}", "gold whose truth is gone would be joined as if it were real"),
        (
            "retention_ms: {nope: 100000}",
            "retention_ms.nope: no such topic; allowed here: again, alerts, audit, comments, finds, geometry",
        ),
        ("retention_ms: {segments: 100000}", "retention_ms.segments: no such topic"),
        ("retention_ms: {raw: 60000, again: 60001}", "copies of raw records are kept no longer than raw"),
        ("retention_ms: {raw: 5}", "retention_ms.raw: at least 60000"),
        ("retention_ms: {audit: 100000}", "audit is kept at least as long"),
        ("segments: elsewhere", "segments: Input should be 'vault' or 'topics'"),
        (f"segments: topics\nretention_ms: {{geometry: {400 * DAY_MS}}}", "audit is kept at least as long"),
        ("verdict: coin", "verdict: Input should be 'majority' or 'dawid-skene'"),
        ("agreement: {least: 1.5}", "agreement.least: Input should be less than or equal to 1"),
        ("agreement: {least: .nan}", "agreement.least: Input should be"),
        ("agreement: {least: '0.5'}", "agreement.least: Input should be a valid number"),
        ("agreement: {most: 1}", "agreement.most: Extra inputs"),
        ("qualifications: {a: {skills: [de]}}", "qualifications: a labels nothing here"),
        ("qualifications: {c: {trained_until: 20270630}}", "trained_until: must be a date"),
        ("qualifications: {c: {trained_until: 2027-02-30}}", "trained_until: Input should be a valid date"),
        ("name: q", "p.yaml:5: name is given twice"),
        ("a: &x 1\nb: *x", "aliases are not allowed"),
        ("a: [", "p.yaml:"),
        ("partitions: 0x_", "p.yaml:5: is no number"),
        ("partitions: yes", "partitions: Input should be a valid integer"),
        ("retention_ms: {raw: yes}", "raw: Input should be a valid integer"),
        ("due: 2027-02-30", "due: Extra inputs"),
        ("!!merge x: {partitions: 8}", "p.yaml:5: YAML tags"),
        ("<<: {partitions: 8}", "<<: Extra inputs"),
    ],
)
def test_wrong_project_file_names_file_path_and_what_is_allowed(change, message):
    flow = load_topology().flow
    with pytest.raises(ConfigError, match=r"^p\.yaml") as caught:
        parse_project(PROJECT.strip() + "\n\n" + change, "p.yaml", flow)
    assert message in str(caught.value)


def test_the_audit_may_end_before_topics_that_stay_empty():
    text = PROJECT.strip() + f"\nretention_ms: {{geometry: {400 * DAY_MS}}}"
    assert parse_project(text, "p.yaml", load_topology().flow).segments is SegmentStore.VAULT


@pytest.mark.parametrize("name", ["platform", "person", "Demo", "a.b", "", "x" * 41])
def test_project_names_that_would_collide_are_refused(name):
    with pytest.raises(ConfigError, match="name"):
        parse_project(PROJECT.replace("name: p", f"name: '{name}'"), "p.yaml", load_topology().flow)


def test_a_project_s_name_ends_as_names_in_kubernetes_have_to():
    with pytest.raises(ConfigError, match="ends with a hyphen"):
        parse_project(PROJECT.replace("name: p", "name: demo-"), "p.yaml", load_topology().flow)
    named = parse_project(PROJECT.replace("name: p", "name: d-3"), "p.yaml", load_topology().flow)
    assert named.name == "d-3"


@pytest.mark.parametrize(
    ("persons", "message"),
    [
        ("{authors: [a], approvers: [a]}", "two persons"),
        ("{authors: [a]}", "two persons"),
        ("{authors: [a], approvers: [b], annotators: [a]}", "persons.annotators: a may hold no other role"),
        ("{authors: [a], approvers: [b], adjudicators: [b]}", "persons.adjudicators: b may hold no other role"),
        (
            "{authors: [a], approvers: [b], annotators: [c], adjudicators: [c]}",
            "persons.adjudicators: c may hold no other role",
        ),
    ],
)
def test_conflicting_duties_are_refused(persons, message):
    text = PROJECT.replace("{authors: [a], approvers: [b]}", persons)
    with pytest.raises(ConfigError, match=message):
        parse_project(text, "p.yaml", load_topology().flow)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "reads: [verdicts, geometry, gold, control]",
            "reads: [verdict, geometry, gold, control]",
            "unknown: verdict; declared are: again, alerts, alerts.platform, audit",
        ),
        ("decrypt: [geometry]", "decrypt: [geometri]", "unknown: geometri"),
        ("sees: [geometry]", "sees: [everything]", "Input should be"),
        ("one_of_any: [label, keeper, operator, contain]", "one_of_any: [nobody]", "unknown: nobody"),
        ("or_alone: [contain]", "or_alone: [nobody]", "unknown: nobody"),
        (
            "one_of_any: [label, keeper, operator, contain]",
            "one_of_any: [label], one_of_each: [label]",
            "either `one_of_each` or `one_of_any`",
        ),
        ("cleanup: compact", "cleanup: compact, retention_ms: 100000", "a compacted one has none"),
        ("retention_ms: 86400000", "retention_ms: '86400000'", "topics.raw.retention_ms: Input should be a valid"),
        (
            "work:           {cleanup: delete",
            "work: {keeps_all: true, cleanup: delete",
            "goes with cleanup `compact`",
        ),
        (
            "segments:       {cleanup: compact",
            "segments: {by_place: true, cleanup: compact",
            "`by_place` goes with cleanup",
        ),
        (
            "work:           {cleanup: delete",
            "work: {compacted_within_ms: 3600000, cleanup: delete",
            "`compacted_within_ms` goes with cleanup",
        ),
    ],
)
def test_wrong_flow_is_refused_with_its_place(old, new, message):
    assert old in FLOW
    with pytest.raises(ConfigError, match=message):
        parse_flow(FLOW.replace(old, new), "flow.yaml")


def test_a_project_file_that_would_be_passed_over_is_named(tmp_path):
    (tmp_path / "mine.yml").write_text("name: mine")
    with pytest.raises(ConfigError, match=r"mine\.yml would be passed over; project files end with \.yaml"):
        load_topology(extra_projects=[tmp_path])


def test_missing_folder_is_one_sentence(tmp_path):
    with pytest.raises(ConfigError, match=r"flow.yaml: No such file"):
        load_topology(tmp_path)
