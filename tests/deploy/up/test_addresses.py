from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploy.local.endpoints import Endpoints, KafkaEndpoint, RegistryEndpoint, VaultEndpoint
from deploy.stages.roles import PLATFORM_ROLES, PROJECT_ROLES, platform_roles
from deploy.up.addresses import Address, assign, read_addresses, write_addresses
from deploy.up.processes import slots_of, spec_of
from schemas.errors import StackError
from topology.flow import Scope
from topology.loading import load_topology

PORTS = list(range(20_000, 20_100))


def test_only_redact_has_several_processes_and_all_follow_the_way_of_the_data() -> None:
    assert [identity.slot(number) for identity, number in slots_of(["a"], 2)] == [
        "replay.a.0",
        "redact.a.0",
        "redact.a.1",
        "opener.a.0",
        "label.a.0",
        "decide.a.0",
        "notify.a.0",
        "join.a.0",
        "keeper.a.0",
        "reveal.a.0",
        "contain.a.0",
        "seal.platform.0",
        "shipper.platform.0",
        "watch.platform.0",
        "matcher.platform.0",
        "warden.platform.0",
    ]


def test_what_serves_all_projects_runs_once_however_many_there_are() -> None:
    found = [identity.slot(number) for identity, number in slots_of(["a", "b"], 1)]
    assert found.count("seal.platform.0") == 1
    platform = ("seal", "shipper", "watch", "matcher", "warden")
    assert found[-5:] == [f"{role}.platform.0" for role in platform]


def test_roles_run_by_project_or_once_as_the_flow_declares() -> None:
    roles = load_topology().flow.roles
    assert {roles[role].scope for role in PROJECT_ROLES} == {Scope.PROJECT}
    assert {roles[role].scope for role in PLATFORM_ROLES} == {Scope.PLATFORM}


def test_a_vault_whose_log_is_out_of_reach_is_not_shipped_and_not_matched(tmp_path: Path) -> None:
    file = tmp_path / "file"
    kafka, registry = KafkaEndpoint("kafka:9092", file, "admin", file), RegistryEndpoint("https://registry", file)
    ours, theirs = VaultEndpoint("https://vault", file, file, file), VaultEndpoint("https://vault", file, file)
    assert platform_roles(Endpoints(kafka, ours, registry)) == PLATFORM_ROLES
    assert platform_roles(Endpoints(kafka, theirs, registry)) == ("seal", "watch", "warden")


def test_label_processes_that_stand_by_follow_the_first() -> None:
    found = [identity.slot(number) for identity, number in slots_of(["a"], 1, standbys=2)]
    assert [name for name in found if name.startswith("label")] == ["label.a.0", "label.a.1", "label.a.2"]


def test_label_processes_have_a_port_each_and_share_the_one_that_browsers_know() -> None:
    found = [it for it in assign(slots_of(["a"], 1, standbys=2), {}, PORTS, lambda _: True) if it.role == "label"]
    assert len({it.api_url for it in found}) == 1
    assert len({it.own_url for it in found} | {found[0].api_url}) == 4


def test_the_port_that_browsers_know_stays_however_many_stand_by() -> None:
    known: dict[str, Address] = {}
    urls = []
    for standbys in (0, 2, 1, 0):
        found = assign(slots_of(["a"], 1, standbys), known, PORTS, lambda _: True)
        known = {it.process: it for it in found}
        urls.append(known["label.a.0"].api_url)
        ports = [port for it in found for port in (it.health_port, it.api_port)]
        assert len({port for port in ports if port}) == len([port for port in ports if port])
    assert len(set(urls)) == 1


def test_only_label_has_an_api() -> None:
    found = assign(slots_of(["a"], 1), {}, PORTS, lambda _: True)
    assert [it.role for it in found if it.api_url] == ["label"]


@given(taken=st.sets(st.sampled_from(PORTS), max_size=80), redact=st.integers(1, 6), seed=st.randoms())
def test_ports_are_free_distinct_and_the_same_at_the_next_start(
    taken: set[int], redact: int, seed: object
) -> None:
    slots = slots_of(["a"], redact)
    first = assign(slots, {}, PORTS, lambda port: port not in taken)
    ports = [port for it in first for port in (it.health_port, it.api_port) if port]
    assert len(set(ports)) == len(ports)
    assert not taken & set(ports)
    again = assign(slots, {it.process: it for it in first}, PORTS[::-1], lambda port: port not in taken)
    assert again == first


def test_a_port_that_somebody_took_meanwhile_is_replaced_and_no_other() -> None:
    slots = slots_of(["a"], 1)
    first = assign(slots, {}, PORTS, lambda _: True)
    lost = first[0].health_port
    again = assign(slots, {it.process: it for it in first}, PORTS, lambda port: port != lost)
    assert again[0].health_port != lost
    assert again[1:] == first[1:]


def test_too_few_ports_are_said_in_words() -> None:
    with pytest.raises(StackError, match="No free port"):
        assign(slots_of(["a"], 1), {}, PORTS[:3], lambda _: True)


def test_addresses_are_kept_in_a_file(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    assert read_addresses(tmp_path) == ()
    found = assign(slots_of(["a"], 1), {}, PORTS, lambda _: True)
    write_addresses(tmp_path, found)
    assert read_addresses(tmp_path) == found


def test_a_damaged_file_of_addresses_is_named(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "addresses.json").write_text("[{")
    with pytest.raises(StackError, match=r"addresses\.json is damaged"):
        read_addresses(tmp_path)


class Nobody:
    """A starter that is never asked."""


def test_a_process_inherits_nothing_of_our_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "canary")
    spec = spec_of(tmp_path, Address("label.a.0", "label", "a", 0, 20_001, 20_002), Nobody())
    assert "canary" not in spec.env.values()
    assert spec.argv[1:] == (
        "-m", "deploy.run", "label", "a", "--root", str(tmp_path), "--slot", "0",
        "--health-port", "20001", "--port", "20002",
    )  # fmt: skip
    assert spec.log_file == tmp_path / "logs" / "label.a.0.jsonl"
