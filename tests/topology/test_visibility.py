"""Each way of opening a path that shows someone more is refused when the file is loaded."""

from __future__ import annotations

from importlib import resources

import pytest

from schemas.errors import ConfigError
from topology.flow import Content
from topology.loading import load_topology, parse_flow
from topology.visibility import can_see, visibility_faults

LABEL = """\
    reads: [tasks, notes, work, people, control]
    writes: [labels, finds, comments, control, audit]
    state: label-state
    group: true
    transactions: true
    vault: {decrypt: [view], datakey"""
VAULT = "vault: {decrypt: [view], datakey: [finds, comments], sign: true, documents: {view: [read]}}"
FLOW = resources.files("topology").joinpath("flow.yaml").read_text("utf-8")


def test_declared_flow_has_no_fault():
    assert visibility_faults(load_topology().flow) == []


def test_nothing_raw_reaches_an_annotator():
    flow = load_topology().flow
    assert can_see(flow, flow.roles["annotator"]) == {Content.SANITIZED}
    assert can_see(flow, flow.roles["adjudicator"]) == {Content.SANITIZED}


def test_only_producers_redact_and_who_is_granted_a_task_see_raw_and_nobody_holds_both_halves_of_its_key():
    flow = load_topology().flow
    assert {name for name, role in flow.roles.items() if Content.RAW in can_see(flow, role)} == {
        "producer",
        "redact",
        "requester",
        "synth",
    }
    halves = {"values-a", "values-b"}
    assert not any(halves & set(role.vault.decrypt) for role in flow.roles.values())
    signed_in = {name: halves & set(role.signed_in.decrypt) for name, role in flow.roles.items()}
    assert {name: found for name, found in signed_in.items() if found} == {
        "grantor-a": {"values-a"},
        "grantor-b": {"values-b"},
    }
    ciphertexts = {name for name, role in flow.roles.items() if "read" in role.vault.documents.get("values", ())}
    assert ciphertexts == {"keeper", "reveal"}, "who can open a half reads none"
    assert not any("values" in role.signed_in.documents for role in flow.roles.values())


def test_nobody_before_the_verdict_can_tell_gold_from_other_records():
    flow = load_topology().flow
    assert {name for name, role in flow.roles.items() if "gold" in role.reads} == {"join"}
    assert {name for name, role in flow.roles.items() if "gold" in role.writes} == {"synth"}


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            LABEL,
            LABEL.replace("[tasks", "[raw, tasks").replace("[view]", "[raw, view]"),
            "roles.label.sees: declares [sanitized], its rights show it [raw, sanitized]",
        ),
        (
            VAULT,
            VAULT.replace("[view]", "[view, raw]") + "\n    brings: [raw]",
            "roles.annotator.sees: declares [sanitized], its rights show it [raw, sanitized]",
        ),
        (
            "releases: [sanitized, geometry, metadata]",
            "releases: [metadata]",
            "roles.redact: sees [raw] and writes topic tasks, which holds only sanitized",
        ),
        (
            "    sees: [geometry]\n    releases: [metadata]\n  keeper",
            "    releases: [metadata]\n  keeper",
            "join.sees",
        ),
        ("reads: [labels, scores, control]", "reads: [labels, scores, control, joined]", "which is earlier"),
        (
            "vault-log, matching, metrics, alerts, alerts.platform, control]",
            "vault-log, matching, metrics, alerts, alerts.platform, control, joined]\n    sees: [geometry]",
            "serves all projects",
        ),
        ("served_by: label", "served_by: label\n    reads: [labels]", "no rights of its own"),
        (
            "signed_in: {decrypt: [values-a], wraps: true, documents: {half-a: [read],",
            "signed_in: {decrypt: [values-a, values-b], wraps: true, documents: {values: [read],",
            "roles.grantor-a.sees: declares [], its rights show it [raw]",
        ),
        (
            "vault: {sign: true}\n  shipper",
            "vault: {sign: true}\n    signed_in: {decrypt: [view]}\n  shipper",
            "nobody else signs in",
        ),
        ("served_by: label\n    sees: [sanitized]", "served_by: join\n    sees: [geometry]", "would be shown"),
    ],
)
def test_a_path_that_raises_what_a_role_sees_is_refused(old, new, message):
    assert old in FLOW
    with pytest.raises(ConfigError) as caught:
        parse_flow(FLOW.replace(old, new), "flow.yaml")
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("vault: {decrypt: [view], sign", "vault: {decrypt: [view, raw], sign"),
        ("reads: [tasks, work, people, control]", "reads: [raw, tasks, work, people, control]"),
        ("documents: {geometry: [read]}", "documents: {geometry: [read], values: [read]}"),
    ],
)
def test_a_key_without_its_ciphertext_or_the_other_way_round_shows_nothing(old, new):
    flow = parse_flow(FLOW.replace(old, new), "flow.yaml")
    assert all(Content.RAW not in can_see(flow, flow.roles[name]) for name in ("label", "join", "annotator"))


KEY_ADMINISTRATOR = "vault: {inspect: true, sign: true}"
KEEPER = "      rewrap: [view, geometry, values-a, values-b]\n"


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        (KEY_ADMINISTRATOR, "vault: {inspect: true, sign: true, datakey: [raw]}", "administers keys"),
        (KEY_ADMINISTRATOR, "vault: {sign: true, documents: {half-a: [delete]}}", "administers keys"),
        ("signed_in: {administer: true}", "signed_in: {administer: true, decrypt: [raw]}", "administers keys"),
        (KEEPER, KEEPER + "      hmac: [record]\n", "wraps keys anew"),
    ],
)
def test_who_administers_or_rewraps_keys_can_open_nothing(old, new, fault):
    assert old in FLOW
    with pytest.raises(ConfigError, match=fault):
        parse_flow(FLOW.replace(old, new), "flow.yaml")


def test_whoever_sees_content_administers_no_key():
    flow = load_topology().flow
    administering = {
        name for name, role in flow.roles.items() if role.vault.administer or role.signed_in.administer
    }
    assert administering == {"key-administrator"}
    assert not any(can_see(flow, flow.roles[name]) for name in administering)
