"""The API server would take each object: by Kubernetes' own schemas, strictly, and by those of the CRDs."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import kubernetes_validate
import pytest
import yaml
from jsonschema import Draft202012Validator

from deploy.kubernetes.making import made, text
from tests.support import kubernetes as schemas

FOLDER = Path(schemas.__file__).parent
CUSTOM = {it["kind"]: it for it in (json.loads(file.read_text()) for file in FOLDER.glob("*.json"))}
KUBECTL = shutil.which("kubectl")
VERSIONS = ("1.32", "1.35", "1.37")


def closed(schema):
    """Where the server would drop a field that it doesn't know, we take it for a slip of the pen."""
    if isinstance(schema, list):
        return [closed(it) for it in schema]
    if not isinstance(schema, dict):
        return schema
    found = {name: closed(it) for name, it in schema.items()}
    is_object = isinstance(schema.get("properties"), dict) and schema.get("type") == "object"
    if is_object and not schema.get("x-kubernetes-preserve-unknown-fields"):
        found["additionalProperties"] = False
    return found


def problems(it: dict) -> Iterator[str]:
    custom = CUSTOM.get(it["kind"])
    if custom is None:
        for version in VERSIONS:
            kubernetes_validate.validate(it, version, strict=True)
        return
    assert it["apiVersion"] == custom["apiVersion"]
    spec = custom["schema"]["properties"]["spec"]
    yield from (error.message for error in Draft202012Validator(closed(spec)).iter_errors(it["spec"]))


def test_every_object_is_valid(objects):
    assert [problem for it in objects for problem in problems(it)] == []


@pytest.mark.parametrize("kind", CUSTOM)
def test_a_slip_of_the_pen_in_a_custom_resource_is_found(objects, kind):
    it = next(it for it in objects if it["kind"] == kind)
    it["spec"]["partitons"] = 3
    assert list(problems(it))


def test_a_slip_of_the_pen_in_a_pod_is_found(objects):
    it = next(it for it in objects if it["kind"] == "StatefulSet")
    it["spec"]["template"]["spec"]["hostnetwork"] = True
    with pytest.raises(kubernetes_validate.ValidationError):
        list(problems(it))


def test_the_same_topology_gives_the_same_text(topology, cluster):
    written = [{name: text(file) for name, file in made(topology, cluster).items()} for _ in range(2)]
    assert written[0] == written[1]
    assert all(list(yaml.safe_load_all(it)) for it in written[0].values())


def test_names_are_short_enough_for_the_pods_of_a_set(objects):
    assert all(len(it["metadata"]["name"]) <= 52 for it in objects if it["kind"] in {"StatefulSet", "CronJob"})


@pytest.mark.skipif(KUBECTL is None, reason="kubectl is not on this machine")
def test_kubectl_builds_the_kustomization(topology, cluster, objects, tmp_path):
    for name, file in made(topology, cluster, {"letters"}).items():
        (tmp_path / name).write_text(text(file))
    built = subprocess.run([KUBECTL, "kustomize", tmp_path], capture_output=True, text=True, check=True)

    def key(it):
        return it["kind"], it["metadata"].get("namespace", ""), it["metadata"]["name"]

    assert sorted(yaml.safe_load_all(built.stdout), key=key) == sorted(objects, key=key)
