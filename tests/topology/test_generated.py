from __future__ import annotations

from pathlib import Path

import pytest

from topology.access import entities, hmac_keys, signed_in_policies, transit_keys, vault_policies
from topology.acls import Operation, Resource, acls
from topology.flow import Cleanup, Content
from topology.identity import Identity
from topology.loading import load_topology
from topology.picture import flow_picture, with_picture
from topology.topics import Environment, topics
from vault.entities import entity_of

ROOT = Path(__file__).parents[2]
TOPOLOGY = load_topology(extra_projects=[Path(__file__).parent / "projects"])


def test_topics_are_named_by_kind_and_project_with_the_settings_of_the_design():
    specs = {spec.name: spec for spec in topics(TOPOLOGY)}
    assert {
        "control",
        "audit.platform",
        "checkpoints",
        "seal-state",
        "raw.demo",
        "label-state.alpha",
        "joined.beta",
    } <= set(specs)
    assert len(specs) == 11 + 3 * 31
    assert {
        specs[name].partitions
        for name in (
            *("control", "audit.platform", "checkpoints", "vault-log", "alerts.platform"),
            *("seal-state", "watch-state", "shipper-state", "matcher-state", "matching"),
        )
    } == {1}
    assert specs["raw.demo"].partitions == 4
    assert specs["raw.alpha"].partitions == 2
    for spec in specs.values():
        assert spec.config["message.timestamp.type"] == "LogAppendTime"
        assert spec.config["max.message.bytes"] == "2097152"
        if spec.config["cleanup.policy"] == "delete":
            assert int(spec.config["segment.ms"]) <= int(spec.config["retention.ms"]) / 4
        else:
            assert "retention.ms" not in spec.config
    compacted = {spec.name.split(".")[0] for spec in specs.values() if spec.config["cleanup.policy"] == "compact"}
    states = {
        "replay-state",
        "redact-state",
        "opener-state",
        "label-state",
        "decide-state",
        "notify-state",
        "join-state",
        "keeper-state",
        "reveal-state",
        "contain-state",
        "seal-state",
        "watch-state",
        "shipper-state",
        "matcher-state",
        "warden-state",
    }
    assert compacted == {"control", "segments", "open", "joined", "people", "metrics", "matching"} | states
    assert {name for name, spec in specs.items() if "min.compaction.lag.ms" in spec.config} == {"control"}
    assert specs["control"].config["min.compaction.lag.ms"] == "9223372036854775807"
    soon = {name.split(".")[0] for name, spec in specs.items() if "max.compaction.lag.ms" in spec.config}
    assert soon == compacted - {"control"}, "what was erased leaves every other within a day"
    lags = {spec.config["max.compaction.lag.ms"] for name, spec in specs.items() if name.startswith("open.")}
    assert lags == {"3600000"}, "and what lay there in clear within an hour"


def test_tombstones_stay_for_32_days_where_others_keep_content_that_is_taken_back():
    name = "delete.retention.ms"
    longer = {it.name.split(".")[0]: it.config[name] for it in topics(TOPOLOGY) if name in it.config}
    assert longer == {"open": "2764800000", "joined": "2764800000"}
    states = {role.state for role in TOPOLOGY.flow.roles.values()}
    for kind in TOPOLOGY.flow.topics.values():
        if kind.cleanup is Cleanup.COMPACT and kind.name not in longer:
            assert kind.name in states or kind.holds is Content.METADATA, "nothing of it is kept elsewhere"


def test_audit_outlives_everything_and_raw_nothing():
    for project in TOPOLOGY.projects.values():
        assert project.retention_ms["audit"] == max(project.retention_ms.values())
        assert project.retention_ms["raw"] == min(project.retention_ms.values())


@pytest.mark.parametrize(("environment", "copies", "in_sync"), [("LOCAL", 1, "1"), ("PRODUCTION", 3, "2")])
def test_replication_follows_the_environment(environment, copies, in_sync):
    for spec in topics(TOPOLOGY, Environment[environment]):
        assert spec.replication == copies
        assert spec.config["min.insync.replicas"] == in_sync


def test_what_a_backup_is_written_into_keeps_times_and_ends_nothing_and_is_else_as_it_will_be():
    later = {spec.name: spec for spec in topics(TOPOLOGY)}
    for spec in topics(TOPOLOGY, Environment.RESTORING):
        assert spec.config["message.timestamp.type"] == "CreateTime"
        assert spec.config.get("retention.ms", "-1") == "-1"
        wanted = later[spec.name]
        differing = {name for name, value in wanted.config.items() if spec.config.get(name) != value}
        assert differing <= {"message.timestamp.type", "retention.ms"}
        assert (spec.partitions, spec.config.keys()) == (wanted.partitions, wanted.config.keys())


def test_redact_gets_the_smallest_set_of_acls():
    mine = {
        (acl.resource, acl.name, acl.prefixed, acl.operation)
        for acl in acls(TOPOLOGY)
        if acl.principal == "User:redact.demo"
    }
    topic = Resource.TOPIC
    reads = {
        (topic, name, False, Operation.READ)
        for name in ("raw.demo", "again.demo", "comments.demo", "segments.demo", "control", "redact-state.demo")
    }
    writes = {
        (topic, name, False, Operation.WRITE)
        for name in (
            "tasks.demo",
            "notes.demo",
            "segments.demo",
            "geometry.demo",
            "values.demo",
            "quarantine.demo",
            "audit.demo",
            "redact-state.demo",
        )
    }
    assert mine == reads | writes | {
        (Resource.GROUP, "redact.demo", False, Operation.READ),
        (Resource.TRANSACTIONAL_ID, "redact.demo.", True, Operation.WRITE),
    }


def test_no_project_role_is_named_in_another_projects_rules():
    for acl in acls(TOPOLOGY):
        place = Identity.parse(acl.principal.removeprefix("User:")).place
        if place in TOPOLOGY.projects and acl.resource is Resource.TOPIC:
            # Contain reads what warden, which serves all projects, says it has done, and the platform's alerts.
            heard = acl.principal == f"User:contain.{place}" and acl.operation is Operation.READ
            assert acl.name in ("control", f"{acl.name.split('.')[0]}.{place}") or (
                heard and acl.name in ("audit.platform", "alerts.platform")
            )


def test_vault_policies_allow_no_wildcard_above_a_projects_folder():
    policies = vault_policies(TOPOLOGY)
    assert "model.demo" not in policies
    for name, text in policies.items():
        if name == "provisioner.platform":
            continue
        paths = [line.split('"')[1] for line in text.splitlines() if line.startswith("path")]
        assert all("*" not in path or path.startswith("veil-") for path in paths)
        place = Identity.parse(name).place
        if place in TOPOLOGY.projects:
            everybodys = ("auth/token/", "sys/wrapping/wrap")
            assert all(path.startswith(everybodys) or place in path for path in paths)


def test_only_who_has_just_signed_in_opens_a_half_or_takes_what_a_grant_gives_or_administers_keys():
    found = signed_in_policies(TOPOLOGY)
    projects = TOPOLOGY.projects.values()
    erasing = {it for project in projects for it in (*project.persons.operators, *project.persons.approvers)}
    others = {"abel", "anton", "berta", "kay", "kim", "rita"}
    assert found.keys() == others | erasing
    assert not erasing & others
    paths = {
        person: [line.split('"')[1] for line in text.splitlines() if line.startswith("path")]
        for person, text in found.items()
    }
    assert paths["abel"] == [
        "sys/wrapping/wrap",
        "transit/decrypt/values-a-alpha",
        "veil-alpha/data/half-a/*",
        "veil-alpha/data/share-a/*",
        "veil-alpha/destroy/share-a/*",
    ]
    assert paths["rita"] == [f"veil-alpha/data/{folder}/rita/*" for folder in ("entry", "share-a", "share-b")]
    assert all("read" in stanza for stanza in found["rita"].split("path")[1:])
    standing = "\n".join(text for name, text in vault_policies(TOPOLOGY).items() if name != "provisioner.platform")
    assert "decrypt/values-" not in standing
    assert "read" not in standing.partition("data/share-")[2].partition("}")[0]


def test_only_redact_and_who_erases_and_has_just_signed_in_can_tell_a_persons_hash():
    stanza = 'path "transit/decrypt/hmac-alpha-subject"'
    standing = {name for name, text in vault_policies(TOPOLOGY).items() if stanza in text}
    assert standing == {"redact.alpha"}
    found = {person for person, text in signed_in_policies(TOPOLOGY).items() if stanza in text}
    persons = TOPOLOGY.project("alpha").persons
    assert found == {*persons.operators, *persons.approvers}


def test_who_administers_keys_does_no_more_than_rotate_raise_and_trim_those_that_wrap():
    paths = {line.split('"')[1] for line in signed_in_policies(TOPOLOGY)["kim"].splitlines() if "path" in line}
    assert {path.rpartition("/")[2] for path in paths} == {"rotate", "config", "trim"}
    assert all(path.startswith("transit/keys/") and "alpha" in path and "sign-" not in path for path in paths)
    assert len(paths) == 3 * (len(TOPOLOGY.flow.keys) + len(TOPOLOGY.flow.hmac))
    standing = "\n".join(vault_policies(TOPOLOGY).values())
    assert "/rotate" not in standing
    assert "/trim" not in standing


def test_persons_and_apps_with_rights_in_vault_log_in_as_an_entity_that_the_vault_knows_by_the_same_name():
    found = entities(TOPOLOGY)
    assert {"person.ada", "person.alpha-ui"} <= set(found)
    assert not {"person.amy", "redact.demo"} & set(found)
    assert all(entity_of(Identity.parse(role).place) == entity for role, entity in found.items())


def test_only_warden_may_disable_and_only_whom_a_project_names():
    policies = vault_policies(TOPOLOGY)
    allowed = policies["warden.platform"]
    for who in ("ada", "amy", "alpha-ui"):
        stanza = allowed.partition(f'path "identity/entity/name/veil-person-{who}" {{')[2].partition("}\n")[0]
        assert 'allowed_parameters = { "disabled" = [true, false] ' in stanza
    assert "redact" not in allowed
    others = {name for name, text in policies.items() if "identity/entity" in text}
    assert others == {"warden.platform", "provisioner.platform"}


def test_keys_are_those_of_the_design_without_what_the_flow_does_not_use():
    names = {key.name: key.signs for key in transit_keys(TOPOLOGY)}
    assert not names["view-demo"]
    assert not names["values-a-beta"]
    assert not names["hmac-demo-record"]
    assert names["sign-redact.demo"]
    assert names["sign-ada"]
    assert "sign-model.demo" not in names
    assert "sign-compliance.platform" not in names
    assert len(hmac_keys(TOPOLOGY)) == 5 * 3


def test_picture_shows_the_way_of_a_record_and_no_audit_arrows():
    picture = flow_picture(TOPOLOGY.flow)
    assert 'redact -- "tasks.P (sealed)" --> label' in picture
    assert "audit" not in picture


def test_picture_in_the_readme_is_the_one_of_the_flow():
    readme = (ROOT / "topology" / "README.md").read_text(encoding="utf-8")
    assert with_picture(readme, TOPOLOGY.flow) == readme


def test_readme_without_markers_is_refused():
    with pytest.raises(ValueError, match="no markers"):
        with_picture("no picture here", TOPOLOGY.flow)
