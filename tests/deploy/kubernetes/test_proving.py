"""No pod has a right or a route that the flow doesn't give, and none lacks one; and an object that was tampered
with, or left out, is found.
"""

from __future__ import annotations

import copy
import dataclasses

import pytest

from deploy.kubernetes import proving
from deploy.kubernetes.cluster import Place, ranges
from deploy.kubernetes.making import made
from deploy.kubernetes.placing import placed
from deploy.kubernetes.proving import faults, pod_of
from deploy.kubernetes.routes import to
from schemas.errors import ConfigError
from topology.access import vault_policies
from topology.rights import named

ANYWHERE = {"to": [{"ipBlock": {"cidr": "0.0.0.0/0"}}]}


def found(objects, kind, name):
    return next(it for it in objects if it["kind"] == kind and it["metadata"]["name"] == name)


def pod(objects, name="redact-demo"):
    return pod_of(found(objects, "StatefulSet", name))["spec"]


def sources(objects, name="redact-demo"):
    return pod(objects, name)["volumes"][0]["projected"]["sources"]


def acls(objects, name):
    return found(objects, "KafkaUser", name)["spec"]["authorization"]["acls"]


def route(objects, name):
    return found(objects, "NetworkPolicy", name)["spec"]


def test_what_is_made_is_what_the_flow_gives(objects, topology, cluster):
    assert faults(objects, topology, cluster) == ()


def test_who_has_no_rights_in_vault_has_no_route_there(objects, topology, cluster):
    way = to(cluster.vault)
    reaching = {
        it["spec"]["podSelector"]["matchLabels"]["veilstream/identity"]
        for it in objects
        if it["kind"] == "NetworkPolicy" and way in it["spec"]["egress"]
    }
    assert reaching <= vault_policies(topology).keys()
    assert "watch.platform" not in reaching


def entered(objects, by):
    """The policies that let in whom `by` says of a peer."""
    return {
        it["metadata"]["name"]
        for it in objects
        if it["kind"] == "NetworkPolicy"
        for rule in it["spec"].get("ingress", ())
        if all(by(peer) for peer in rule["from"])
    }


def test_browsers_come_to_fronts_and_the_console_and_only_fronts_to_label(objects):
    by_browsers = entered(
        objects, lambda it: it["namespaceSelector"]["matchLabels"] == {"veilstream/gateway": "true"}
    )
    assert by_browsers == {"front-demo", "front-letters", "console-platform"}
    for project in ("demo", "letters"):
        front = {"veilstream/identity": f"front.{project}"}
        assert entered(objects, lambda it, front=front: it.get("podSelector", {}).get("matchLabels") == front) == {
            f"label-{project}"
        }
    prometheus = {"app.kubernetes.io/name": "prometheus"}
    others = entered(objects, lambda it: it.get("podSelector", {}).get("matchLabels") != prometheus)
    assert others == {*by_browsers, "label-demo", "label-letters"}


def test_prometheus_comes_to_all_but_jobs_and_nobody_else_does_on_that_port(objects, topology, cluster):
    way = {"from": [cluster.prometheus.peer()], "ports": [{"port": 9464, "protocol": "TCP"}]}
    policies = [it for it in objects if it["kind"] == "NetworkPolicy" and it["metadata"]["name"] != "nobody"]
    asked = {it["metadata"]["name"] for it in policies if way in it["spec"]["ingress"]}
    assert asked == {who.name for who in placed(topology) if not who.is_job}
    rules = [rule for it in policies for rule in it["spec"]["ingress"] if rule != way]
    assert {port["port"] for rule in rules for port in rule["ports"]} == {8443}
    assert {it["metadata"]["name"] for it in policies if not it["spec"]["ingress"]} == {
        "backup-platform",
        "inspector-platform",
    }


def test_fronts_reach_label_of_their_project_and_names_and_nobody_else(objects, cluster):
    label = {"veilstream/identity": "label.demo"}
    names, behind = route(objects, "front-demo")["egress"]
    assert names == to(cluster.names)
    assert [it["podSelector"]["matchLabels"] for it in behind["to"]] == [label]
    assert behind["ports"] == [{"port": 8443, "protocol": "TCP"}]


def test_fronts_run_on_machines_of_their_own(objects):
    spec = pod_of(found(objects, "Deployment", "front-letters"))["spec"]
    assert [it["topologyKey"] for it in spec["topologySpreadConstraints"]] == [
        "kubernetes.io/hostname",
        "topology.kubernetes.io/zone",
    ]


def test_fronts_write_nowhere_and_hold_no_login(objects):
    spec = pod_of(found(objects, "Deployment", "front-letters"))["spec"]
    kinds = [next(it for it in volume if it != "name") for volume in spec["volumes"]]
    assert kinds == ["projected", "emptyDir", "secret"]
    assert all(mount["readOnly"] for mount in spec["containers"][0]["volumeMounts"])
    (files,) = spec["volumes"][0]["projected"]["sources"]
    assert [it["path"] for it in files["secret"]["items"]] == ["run/signin.json", "run/front.json"]
    assert not any(it["kind"] == "KafkaUser" and "front" in it["metadata"]["name"] for it in objects)


def test_there_is_a_front_for_every_eight_people_and_another_while_one_starts(objects, topology):
    persons = topology.project("demo").persons
    people = len({*persons.annotators, *persons.adjudicators})
    many = dataclasses.replace(persons, annotators=tuple(f"p{it}" for it in range(40)))
    project = dataclasses.replace(topology.project("demo"), persons=many)
    more = dataclasses.replace(topology, projects={"demo": project})
    counts = {it.identity.name: it.processes for it in (*placed(topology), *placed(more)) if it.is_front}
    assert people <= 16
    assert counts["front.letters"] == 2
    assert counts["front.demo"] == -(-len({*many.annotators, *many.adjudicators}) // 8)


def test_who_reads_raw_records_is_apart_from_who_serves_annotators(objects):
    where = {it["metadata"]["name"]: it["metadata"]["namespace"] for it in objects if it["kind"] == "StatefulSet"}
    assert {name for name, it in where.items() if it == "veil-ingestion"} == {
        *("redact-demo", "replay-demo", "redact-letters", "replay-letters")
    }
    assert {name for name, it in where.items() if it == "veil-annotation"} == {"label-demo", "label-letters"}


def test_nobody_reveals_anything_where_nobody_may_ask(objects):
    names = {it["metadata"]["name"] for it in objects if it["kind"] == "StatefulSet"}
    assert "reveal-letters" in names
    assert "reveal-demo" not in names


def test_strimzi_has_no_user_that_warden_may_end(objects, topology):
    users = {it["metadata"]["name"] for it in objects if it["kind"] == "KafkaUser"}
    assert not users & {f"person.{who}" for who in named(topology)}


def test_who_is_told_is_reached_by_the_ports_of_that_project_and_nobody_else_reaches_out(objects):
    outside = {
        it["metadata"]["name"]: [port["port"] for port in rule["ports"]]
        for it in objects
        if it["kind"] == "NetworkPolicy"
        for rule in it["spec"]["egress"]
        if any("ipBlock" in to for to in rule["to"])
    }
    assert outside == {"notify-letters": [443, 8443]}


def test_the_secrets_of_webhooks_are_that_pod_s_alone(objects):
    found = {
        it["metadata"]["name"]
        for it in objects
        if it["kind"] in {"StatefulSet", "Deployment", "CronJob"}
        for source in pod_of(it)["spec"]["volumes"][0]["projected"]["sources"]
        for item in source.get("secret", {}).get("items", ())
        if item["path"].startswith("webhooks/")
    }
    assert found == {"notify-letters"}


def test_the_log_of_vault_is_shipper_s_to_read_and_nobody_s_to_write(objects):
    claims = {
        it["metadata"]["name"]: volume["persistentVolumeClaim"]
        for it in objects
        if it["kind"] in {"StatefulSet", "Deployment", "CronJob"}
        for volume in pod_of(it)["spec"]["volumes"]
        if "persistentVolumeClaim" in volume
    }
    assert claims["shipper-platform"] == {"claimName": "vault-log", "readOnly": True}
    assert claims.keys() == {"shipper-platform", "backup-platform"}


def test_where_no_pod_can_read_the_log_nobody_ships_and_nobody_matches(topology, cluster):
    unlogged = dataclasses.replace(cluster, ships=False)
    objects = [it for file in made(topology, unlogged, {"letters"}).values() for it in file if "metadata" in it]
    names = {it["metadata"]["name"] for it in objects if it["kind"] == "StatefulSet"}
    assert not names & {"shipper-platform", "matcher-platform"}
    assert faults(objects, topology, unlogged) == ()
    assert "shipper.platform: has no pods" in faults(objects, topology, cluster)


def front(objects):
    return pod_of(found(objects, "Deployment", "front-demo"))["spec"]


def scrape(objects, name="redact-demo"):
    """The way in for Prometheus."""
    return route(objects, name)["ingress"][-1]


def monitored(objects):
    return next(it for it in objects if it["kind"] == "PodMonitor")["spec"]["podMetricsEndpoints"][0]


def hosts(objects):
    return next(it for it in pod(objects)["containers"][0]["env"] if it["name"] == "VEIL_HEALTH_HOST")


TAMPERED = {
    "no way for prometheus": lambda it: route(it, "redact-demo")["ingress"].clear(),
    "no way for prometheus to a front": lambda it: route(it, "front-demo")["ingress"].pop(),
    "prometheus at every port": lambda it: scrape(it).pop("ports"),
    "prometheus at a port more": lambda it: scrape(it)["ports"].append({"port": 8443, "protocol": "TCP"}),
    "prometheus at another port": lambda it: scrape(it)["ports"][0].update(port=8443),
    "prometheus at a range of ports": lambda it: scrape(it)["ports"][0].update(endPort=65535),
    "metrics for all of monitoring": lambda it: scrape(it)["from"][0].pop("podSelector"),
    "metrics for whoever is called so": lambda it: scrape(it)["from"][0].pop("namespaceSelector"),
    "metrics for any namespace": lambda it: scrape(it)["from"][0].update(namespaceSelector={}),
    "metrics for an address": lambda it: scrape(it)["from"].append({"ipBlock": {"cidr": "10.0.0.0/8"}}),
    "metrics for everybody": lambda it: scrape(it).pop("from"),
    "metrics for neighbours": lambda it: route(it, "redact-demo")["ingress"].append(
        {"from": [{"podSelector": {}}], "ports": scrape(it)["ports"]}
    ),
    "prometheus at a job": lambda it: route(it, "backup-platform")["ingress"].append(scrape(it)),
    "prometheus at all of a namespace": lambda it: next(
        o["spec"] for o in it if o["metadata"] == {"name": "nobody", "namespace": "veil-platform"}
    ).update(ingress=[scrape(it)]),
    "a way to prometheus": lambda it: route(it, "redact-demo")["egress"].append(
        {"to": scrape(it)["from"], "ports": scrape(it)["ports"]}
    ),
    "metrics on every address": lambda it: pod(it)["containers"][0]["env"].__setitem__(
        1,
        {"name": "VEIL_HEALTH_HOST", "value": "0.0.0.0"},  # noqa: S104 - what must not be
    ),
    "metrics on the machine's address": lambda it: hosts(it)["valueFrom"]["fieldRef"].update(
        fieldPath="status.hostIP"
    ),
    "no metrics": lambda it: pod(it)["containers"][0]["env"].remove(hosts(it)),
    "metrics of a job": lambda it: pod_of(found(it, "CronJob", "backup-platform"))["spec"]["containers"][0][
        "env"
    ].append(hosts(it)),
    "a port of the machine's": lambda it: pod(it)["containers"][0]["ports"][0].update(hostPort=9464),
    "a port more": lambda it: pod(it)["containers"][0]["ports"].append({"containerPort": 22}),
    "no port to be found by": lambda it: pod(it)["containers"][0].pop("ports"),
    "others' labels believed": lambda it: monitored(it).update(honorLabels=True),
    "prometheus sent elsewhere": lambda it: monitored(it).update(followRedirects=True),
    "another path": lambda it: monitored(it).update(path="/healthz"),
    "answers without end": lambda it: next(o for o in it if o["kind"] == "PodMonitor")["spec"].pop("sampleLimit"),
    "everybody's pods asked": lambda it: next(o for o in it if o["kind"] == "PodMonitor")["spec"].update(
        namespaceSelector={"any": True}
    ),
    "a monitor more": lambda it: it.append(
        copy.deepcopy(next(o for o in it if o["kind"] == "PodMonitor"))
        | {"metadata": {"name": "x", "namespace": "veil-ingestion"}}
    ),
    "an alert less": lambda it: found(it, "PrometheusRule", "veilstream")["spec"]["groups"][0]["rules"].pop(),
    "a process that nobody misses": lambda it: found(it, "PrometheusRule", "veilstream")["spec"]["groups"][1][
        "rules"
    ].pop(),
    "another dashboard": lambda it: found(it, "ConfigMap", "veilstream-dashboard")["data"].clear(),
    "a dashboard that nobody finds": lambda it: found(it, "ConfigMap", "veilstream-dashboard")["metadata"].pop(
        "labels"
    ),
    "a front that writes into memory that stays": lambda it: front(it)["containers"][0]["volumeMounts"].pop(1),
    "a front that may write there after all": lambda it: front(it)["containers"][0]["volumeMounts"][1].pop(
        "readOnly"
    ),
    "a front that writes": lambda it: front(it)["volumes"].append({"name": "x", "emptyDir": {"medium": "Memory"}}),
    "a front with a login": lambda it: front(it)["volumes"][0]["projected"]["sources"].append(sources(it)[-1]),
    "a front with another's files": lambda it: front(it)["volumes"][0]["projected"]["sources"][0]["secret"].update(
        name="label.demo"
    ),
    "a front to kafka": lambda it: route(it, "front-demo")["egress"].append(route(it, "label-demo")["egress"][1]),
    "a front to another's label": lambda it: route(it, "front-demo")["egress"].append(
        route(it, "front-letters")["egress"][1]
    ),
    "no fronts": lambda it: found(it, "Deployment", "front-demo")["spec"].update(replicas=0),
    "one front": lambda it: found(it, "Deployment", "front-demo")["spec"].update(replicas=1),
    "as many fronts as nobody has said": lambda it: found(it, "Deployment", "front-demo")["spec"].pop("replicas"),
    "browsers at label": lambda it: route(it, "label-demo")["ingress"].extend(route(it, "front-demo")["ingress"]),
    "another's fronts": lambda it: route(it, "label-demo")["ingress"].extend(
        route(it, "label-letters")["ingress"]
    ),
    "a front that is not ended in peace": lambda it: front(it).update(terminationGracePeriodSeconds=1),
    "a log that may be changed": lambda it: pod(it, "shipper-platform")["volumes"][-1][
        "persistentVolumeClaim"
    ].update(readOnly=False),
    "another's claim": lambda it: pod(it, "shipper-platform")["volumes"][-1]["persistentVolumeClaim"].update(
        claimName="backups"
    ),
    "the log for somebody else": lambda it: pod(it, "matcher-platform")["volumes"].append(
        pod(it, "shipper-platform")["volumes"][-1]
    ),
    "a port more to others": lambda it: route(it, "notify-letters")["egress"][-1]["ports"].append(
        {"port": 25, "protocol": "TCP"}
    ),
    "all ports to others": lambda it: route(it, "notify-letters")["egress"][-1].pop("ports"),
    "a private network": lambda it: route(it, "notify-letters")["egress"][-1]["to"][0]["ipBlock"]["except"].remove(
        "10.0.0.0/8"
    ),
    "whom another project tells": lambda it: route(it, "decide-letters")["egress"].append(
        route(it, "notify-letters")["egress"][-1]
    ),
    "no way to others": lambda it: route(it, "notify-letters")["egress"].pop(),
    "all that a Secret holds": lambda it: sources(it, "keeper-letters")[0]["secret"].update(items=[]),
    "another's webhooks": lambda it: sources(it, "keeper-letters")[0]["secret"]["items"].append(
        {"key": "webhooks__letters.crm", "path": "webhooks/letters.crm"}
    ),
    "an acl more": lambda it: acls(it, "label.demo").append(
        {"resource": {"type": "topic", "name": "raw.demo"}, "operations": ["Read"]}
    ),
    "an operation more": lambda it: acls(it, "label.demo")[0]["operations"].append("All"),
    "an acl for a prefix": lambda it: acls(it, "label.demo")[0]["resource"].update(patternType="prefix"),
    "an acl that denies": lambda it: acls(it, "label.demo")[0].update(type="deny"),
    "an acl less": lambda it: acls(it, "redact.demo").pop(),
    "a user without rules": lambda it: found(it, "KafkaUser", "join.demo")["spec"]["authorization"].update(
        type="x"
    ),
    "a user under another password": lambda it: found(it, "KafkaUser", "join.demo")["spec"]["authentication"][
        "password"
    ]["valueFrom"]["secretKeyRef"].update(name="given.redact.demo"),
    "a topic that is kept longer": lambda it: found(it, "KafkaTopic", "raw.demo")["spec"]["config"].update(
        {"retention.ms": "-1"}
    ),
    "a topic with one copy": lambda it: found(it, "KafkaTopic", "raw.demo")["spec"].update(replicas=1),
    "a way to anywhere": lambda it: route(it, "redact-demo")["egress"].append(ANYWHERE | {"ports": []}),
    "a way to every port": lambda it: route(it, "redact-demo")["egress"][1].pop("ports"),
    "a way to a range of ports": lambda it: route(it, "redact-demo")["egress"][1]["ports"][0].update(endPort=9999),
    "a way to all of a namespace": lambda it: route(it, "redact-demo")["egress"][1]["to"][0].pop("podSelector"),
    "a way to vault": lambda it: route(it, "watch-platform")["egress"].append(
        route(it, "redact-demo")["egress"][3]
    ),
    "a way less": lambda it: route(it, "redact-demo")["egress"].pop(),
    "a way in": lambda it: route(it, "redact-demo")["ingress"].extend(route(it, "front-demo")["ingress"]),
    "a policy for all that opens": lambda it: it.append(
        {
            "kind": "NetworkPolicy",
            "metadata": {"name": "open", "namespace": "veil-review"},
            "spec": {"podSelector": {"matchExpressions": []}, "policyTypes": ["Egress"], "egress": [{}]},
        }
    ),
    "a token": lambda it: pod(it).update(automountServiceAccountToken=True),
    "another's account": lambda it: pod(it).update(serviceAccountName="label.demo"),
    "another's files": lambda it: pod(it)["volumes"][0]["projected"]["sources"][0]["secret"].update(
        name="join.demo"
    ),
    "a token of the API server": lambda it: sources(it).append({"serviceAccountToken": {"path": "token"}}),
    "a folder of the machine": lambda it: pod(it)["volumes"].append({"name": "x", "hostPath": {"path": "/"}}),
    "a folder on a disk": lambda it: pod(it)["volumes"][1]["emptyDir"].pop("medium"),
    "a container beside": lambda it: pod(it)["containers"].append(copy.deepcopy(pod(it)["containers"][0])),
    "an init container": lambda it: pod(it).update(initContainers=[copy.deepcopy(pod(it)["containers"][0])]),
    "another role": lambda it: pod(it)["containers"][0]["args"].__setitem__(0, "keeper"),
    "another program": lambda it: pod(it)["containers"][0].update(command=["python"]),
    "a variable": lambda it: pod(it)["containers"][0]["env"].append({"name": "PYTHONPATH", "value": "/x"}),
    "a secret in a variable": lambda it: pod(it)["containers"][0].update(envFrom=[{"secretRef": {"name": "x"}}]),
    "a token for who has no business in vault": lambda it: sources(it, "watch-platform").append(sources(it)[-1]),
    "a token for others": lambda it: sources(it)[-1]["serviceAccountToken"].pop("audience"),
    "no token": lambda it: sources(it).pop(),
    "an open ear": lambda it: pod(it)["containers"][0].update(stdin=True),
    "root": lambda it: pod(it)["securityContext"].update(runAsUser=0),
    "every call": lambda it: pod(it)["securityContext"]["seccompProfile"].update(type="Unconfined"),
    "a root that is written": lambda it: pod(it)["containers"][0]["securityContext"].update(
        readOnlyRootFilesystem=False
    ),
    "capabilities": lambda it: pod(it)["containers"][0]["securityContext"]["capabilities"].update(add=["NET_RAW"]),
    "privileges": lambda it: pod(it)["containers"][0]["securityContext"].update(privileged=True),
    "the machine's network": lambda it: pod(it).update(hostNetwork=True),
    "an end when vault is away": lambda it: pod(it)["containers"][0].update(livenessProbe={}),
    "pods of nobody": lambda it: pod_of(found(it, "StatefulSet", "redact-demo"))["metadata"]["labels"].clear(),
    "pods in another namespace": lambda it: found(it, "StatefulSet", "redact-demo")["metadata"].update(
        namespace="veil-annotation"
    ),
    "no pods": lambda it: it.remove(found(it, "StatefulSet", "keeper-demo")),
    "no denial": lambda it: it.remove(found(it, "NetworkPolicy", "nobody")),
    "no routes": lambda it: it.remove(found(it, "NetworkPolicy", "redact-demo")),
    "a namespace without limits": lambda it: found(it, "Namespace", "veil-ingestion")["metadata"][
        "labels"
    ].clear(),
    "a role": lambda it: it.append({"kind": "RoleBinding", "metadata": {"name": "x", "namespace": "veil-review"}}),
    "a deployment": lambda it: it.append(
        {**copy.deepcopy(found(it, "StatefulSet", "redact-demo")), "kind": "Deployment"}
    ),
    "a deployment of another kind": lambda it: it.append(
        {
            "kind": "Deployment",
            "metadata": {"name": "x", "namespace": "y"},
            "spec": {"template": {"metadata": {}, "spec": {}}},
        }
    ),
    "a person's user": lambda it: it.append(
        copy.deepcopy(found(it, "KafkaUser", "join.demo"))
        | {"metadata": {"name": "person.ada", "namespace": "kafka"}}
    ),
    "a user of nobody": lambda it: it.append(
        copy.deepcopy(found(it, "KafkaUser", "join.demo")) | {"metadata": {"name": "mallory"}}
    ),
    "more processes than there are partitions": lambda it: found(it, "ScaledObject", "redact-demo")["spec"].update(
        maxReplicaCount=100
    ),
    "another's secret for keda": lambda it: found(it, "TriggerAuthentication", "scaler.demo")["spec"][
        "secretTargetRef"
    ][0].update(name="redact.demo"),
    "scaling of nobody's": lambda it: it.append(
        copy.deepcopy(found(it, "ScaledObject", "redact-demo")) | {"metadata": {"name": "x", "namespace": "y"}}
    ),
    "a policy by a label that Kubernetes gives": lambda it: it.append(
        {
            "apiVersion": "networking.k8s.io/v1",
            "kind": "NetworkPolicy",
            "metadata": {"name": "x", "namespace": "veil-ingestion"},
            "spec": {
                "podSelector": {"matchLabels": {"apps.kubernetes.io/pod-index": "0"}},
                "policyTypes": ["Egress"],
                "egress": [{}],
            },
        }
    ),
    "a range of ports that ends at ours": lambda it: route(it, "redact-demo")["egress"][1]["ports"][0].update(
        port=1, endPort=9093
    ),
    "another thing of a known kind's name": lambda it: it.append(
        {
            "apiVersion": "serving.knative.dev/v1",
            "kind": "Service",
            "metadata": {"name": "x", "namespace": "veil-ingestion"},
        }
    ),
    "what applies other things": lambda it: it.append(
        {
            "apiVersion": "kustomize.toolkit.fluxcd.io/v1",
            "kind": "Kustomization",
            "metadata": {"name": "x", "namespace": "y"},
        }
    ),
    "a user of the same name elsewhere": lambda it: it.append(
        copy.deepcopy(found(it, "KafkaUser", "redact.demo"))
        | {"metadata": {"name": "redact.demo", "namespace": "other"}}
    ),
    "another name in a certificate": lambda it: next(o for o in it if o["kind"] == "Certificate")["spec"].update(
        dnsNames=["console.veil.example"]
    ),
    "a page for everybody": lambda it: next(o for o in it if o["kind"] == "Service")["spec"].update(
        type="LoadBalancer"
    ),
    "an argument more": lambda it: pod(it)["containers"][0]["args"].extend(["--root", "/x"]),
    "a probe that runs something": lambda it: pod(it)["containers"][0]["readinessProbe"].update(
        exec={"command": ["x"]}
    ),
    "a disk for each": lambda it: found(it, "StatefulSet", "redact-demo")["spec"].update(
        volumeClaimTemplates=[{"metadata": {"name": "tmp"}}]
    ),
    "a container that something else puts in": lambda it: pod_of(found(it, "StatefulSet", "redact-demo"))[
        "metadata"
    ].update(annotations={"sidecar.istio.io/inject": "true"}),
    "an account of a cloud": lambda it: found(it, "ServiceAccount", "redact.demo")["metadata"].update(
        annotations={"eks.amazonaws.com/role-arn": "x"}
    ),
    "no keeper": lambda it: found(it, "StatefulSet", "keeper-demo")["spec"].update(replicas=0),
    "two labels": lambda it: found(it, "StatefulSet", "label-demo")["spec"].update(replicas=2),
    "a suspended backup": lambda it: found(it, "CronJob", "backup-platform")["spec"].update(suspend=True),
    "a backup for somebody else": lambda it: pod_of(found(it, "CronJob", "backup-platform"))["spec"]["containers"][
        0
    ]["args"].__setitem__(3, "age1attacker"),
    "another folder in it": lambda it: pod(it)["containers"][0]["volumeMounts"].append(
        {"name": "tmp", "mountPath": "/opt"}
    ),
    "a variable from an annotation": lambda it: pod(it)["containers"][0]["env"].append(
        {"name": "LD_PRELOAD", "valueFrom": {"fieldRef": {"fieldPath": "metadata.annotations['x']"}}}
    ),
    "a user of another cluster": lambda it: found(it, "KafkaUser", "redact.demo")["metadata"]["labels"].clear(),
    "a budget that stops draining": lambda it: found(it, "PodDisruptionBudget", "redact-demo")["spec"].update(
        maxUnavailable=0
    ),
    "a thing twice": lambda it: it.append(copy.deepcopy(found(it, "KafkaTopic", "raw.demo"))),
}


@pytest.mark.parametrize("what", TAMPERED)
def test_it_is_found(objects, topology, cluster, what):
    TAMPERED[what](objects)
    assert faults(objects, topology, cluster)


def test_what_an_overlay_may_change_is_no_fault(objects, topology, cluster):
    found(objects, "ScaledObject", "redact-demo")["spec"].update(minReplicaCount=3, maxReplicaCount=3)
    found(objects, "Deployment", "front-demo")["spec"]["replicas"] = 5
    pod(objects).update(nodeSelector={"disk": "fast"}, tolerations=[{"operator": "Exists"}])
    pod(objects)["containers"][0].update(image="registry.example/veilstream:1", resources={})
    found(objects, "CronJob", "backup-platform")["spec"]["schedule"] = "0 3 * * *"
    for kind in ("PodMonitor", "PrometheusRule", "ConfigMap"):
        for it in (it for it in objects if it["kind"] == kind):
            it["metadata"].setdefault("labels", {}).update(release="kube-prometheus-stack")
    assert faults(objects, topology, cluster) == ()


@pytest.mark.parametrize(
    "kind", ["KafkaTopic", "KafkaUser", "ServiceAccount", "Namespace", "CronJob", "PodMonitor", "PrometheusRule"]
)
def test_each_that_is_left_out_is_missed(objects, topology, cluster, kind):
    for it in [it for it in objects if it["kind"] == kind]:
        assert faults([other for other in objects if other is not it], topology, cluster), it["metadata"]


def test_a_right_that_the_flow_no_longer_gives_is_found(objects, topology, cluster):
    label = dataclasses.replace(topology.flow.roles["label"], reads=("tasks", "work", "label-state"))
    flow = dataclasses.replace(topology.flow, roles={**topology.flow.roles, "label": label})
    said = faults(objects, dataclasses.replace(topology, flow=flow), cluster)
    assert "User:label.demo: READ on topic people.demo: the flow does not give it" in said


OF_METRICS = list(TAMPERED)[: list(TAMPERED).index("others' labels believed")]


@pytest.mark.parametrize("what", OF_METRICS)
def test_who_may_ask_for_metrics_is_judged_by_itself_not_by_how_it_is_made(
    objects, topology, cluster, what, monkeypatch
):
    monkeypatch.setattr(proving, "_others", lambda *_: ())
    assert faults(objects, topology, cluster) == ()
    TAMPERED[what](objects)
    assert faults(objects, topology, cluster)


SAID = {
    "no way for prometheus": ["no route from Prometheus"],
    "prometheus at a port more": [
        "a route from anywhere, which the flow does not give",
        "no route from Prometheus",
    ],
    "metrics for all of monitoring": ["a route from anywhere", "no route from Prometheus"],
    "metrics for neighbours": ["a route from anywhere"],
    "prometheus at a job": ["CronJob veil-platform/backup-platform: a route from anywhere"],
    "metrics on the machine's address": ["serves metrics elsewhere than on its own address"],
    "a port of the machine's": ["has other ports than the one for metrics"],
}


@pytest.mark.parametrize("what", SAID)
def test_what_is_wrong_about_who_is_asked_for_metrics_is_said(objects, topology, cluster, what):
    TAMPERED[what](objects)
    said = faults(objects, topology, cluster)
    assert all(any(words in fault for fault in said) for words in SAID[what])


def test_machines_come_from_where_it_is_said_and_from_nowhere_else(topology, cluster):
    """Of a network that keeps a machine from its own pods."""
    probed = dataclasses.replace(cluster, probed_from=ranges(["169.254.7.127/32"]))
    objects = [it for file in made(topology, probed, {"letters"}).values() for it in file if "metadata" in it]
    front = route(objects, "front-demo")["ingress"]
    port = {"port": 9464, "protocol": "TCP"}
    assert {"from": [{"ipBlock": {"cidr": "169.254.7.127/32"}}], "ports": [port]} in front
    assert faults(objects, topology, probed) == ()
    assert any("a route from anywhere" in it for it in faults(objects, topology, cluster))
    route(objects, "front-demo")["ingress"].pop()
    assert any("no route from machines that probe" in it for it in faults(objects, topology, probed))


@pytest.mark.parametrize("wrong", ["10.0.0.1/24", "here", "10.0.0.0/33", ""])
def test_what_is_no_range_of_addresses_is_said(wrong):
    with pytest.raises(ConfigError, match="give a range of addresses"):
        ranges([wrong])


@pytest.mark.parametrize("wide", ["0.0.0.0/0", "::/0", "8.0.0.0/7", "2000::/3"])
def test_who_probes_can_t_be_everybody(wide):
    with pytest.raises(ConfigError, match="more than machines"):
        ranges(["10.0.0.0/8", "fd00:7::/64", wide])


def test_nor_can_they_be_many_ranges_that_are_everybody_together():
    with pytest.raises(ConfigError, match="more than machines"):
        ranges([f"{number}.0.0.0/8" for number in range(16, 32)])


def test_another_cluster_s_prometheus_is_no_prometheus(objects, topology, cluster):
    elsewhere = dataclasses.replace(cluster, prometheus=Place("elsewhere", {"app": "prometheus"}, 9464))
    assert any("no route from Prometheus" in fault for fault in faults(objects, topology, elsewhere))


def test_another_cluster_s_vault_is_no_vault(objects, topology, cluster):
    elsewhere = dataclasses.replace(cluster, vault=Place("elsewhere", {"app": "vault"}, 8200))
    assert any("vault" in fault for fault in faults(objects, topology, elsewhere))
