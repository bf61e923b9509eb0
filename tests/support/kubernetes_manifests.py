"""Manifests of Kubernetes as data, and what of them a schema cannot say: each rule tells what it finds wrong."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

import yaml

from mock_server.core.errors import UsageError
from mock_server.settings import PREFIX, read_settings
from tests.support.paths import ROOT

Object: TypeAlias = dict[str, Any]
Rule: TypeAlias = Callable[[Sequence[Object]], Iterator[str]]

KUSTOMIZE = ROOT / ".venv/bin/kustomize"
REMEDY = "make test-deploy builds it"
PLACE = ROOT / "deploy/kubernetes"
CONTAINERFILE = (ROOT / "Containerfile").read_text(encoding="utf-8")
PORT = int(re.findall(r"^EXPOSE (\d+)$", CONTAINERFILE, re.MULTILINE)[0])
IMAGE_USER = int(re.findall(r"^USER (\d+):", CONTAINERFILE, re.MULTILINE)[0])
PAGE = (ROOT / "docs/kubernetes.md").read_text(encoding="utf-8")
SERVER = {"app.kubernetes.io/name": "contract-mock-server", "app.kubernetes.io/component": "server"}
SECONDS_TO_STOP = 2
_SECRET_VALUES = {"store": "memory", "hub": "valkey://user:secret@hub:6379/0", "admin-token": "s3cret"}
"""Values that the keys of the Secret may have, so that settings can be read."""
OLDEST, NEWEST = "1.30", "1.37"
"""The first whose pods can wait before they stop without a program that waits; the last that is known here."""
PROBES = ("startupProbe", "livenessProbe", "readinessProbe")


def read(text: str) -> list[Object]:
    """The objects of a stream of YAML."""
    return [resource for resource in yaml.safe_load_all(text) if resource]


def render(place: Path) -> str:
    """What kustomize makes of a directory."""
    assert KUSTOMIZE.exists(), REMEDY
    done = subprocess.run([KUSTOMIZE, "build", place], capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def files_of_objects() -> list[Path]:
    """The files that hold whole objects: neither kustomize's own nor patches, nor what a ConfigMap is made of."""
    others = [PLACE / "overlays/postgresql/database.yaml", PLACE / "components/valkey/valkey.yaml"]
    files = [*(PLACE / "base").glob("*.yaml"), *others]
    return sorted(file for file in files if file.name != "kustomization.yaml")


def of_kind(objects: Sequence[Object], *kinds: str) -> list[Object]:
    """The objects of these kinds."""
    return [resource for resource in objects if resource["kind"] in kinds]


def name_of(resource: Object) -> str:
    """How a finding calls an object."""
    return f"{resource['kind']}/{resource['metadata']['name']}"


def workloads(objects: Sequence[Object]) -> list[Object]:
    """What has pods."""
    return of_kind(objects, "Deployment", "StatefulSet")


def pod_of(workload: Object) -> Object:
    """The specification of a workload's pods."""
    spec: Object = workload["spec"]["template"]["spec"]
    return spec


def server_of(objects: Sequence[Object]) -> tuple[Object, Object]:
    """The server's pod and, in it, its container."""
    (workload,) = of_kind(objects, "Deployment")
    pod = pod_of(workload)
    (container,) = pod["containers"]
    return pod, container


def probed(objects: Sequence[Object]) -> dict[str, str]:
    """The path that each probe asks."""
    _, container = server_of(objects)
    return {probe: container[probe]["httpGet"]["path"] for probe in PROBES}


def variables_of(objects: Sequence[Object]) -> dict[str, str]:
    """The variables of the server with the values that stand in the manifests; those of a Secret are not among them."""
    _, container = server_of(objects)
    variables: dict[str, str] = {}
    for source in container["envFrom"]:
        (settings,) = _named(objects, "ConfigMap", source["configMapRef"]["name"])
        variables |= settings["data"]
    return variables | {variable["name"]: variable["value"] for variable in container["env"] if "value" in variable}


def pods_are_restricted(objects: Sequence[Object]) -> Iterator[str]:
    """The profile "restricted" of Kubernetes' Pod Security Standards, and a file system that is read-only."""
    for workload in workloads(objects):
        pod = pod_of(workload)
        context = pod.get("securityContext", {})
        required = {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}}
        yield from (f"{name_of(workload)}: {key}" for key, value in required.items() if context.get(key) != value)
        if not context.get("runAsUser"):
            yield f"{name_of(workload)}: no user by number"
        if any(pod.get(key) for key in ("hostNetwork", "hostPID", "hostIPC")):
            yield f"{name_of(workload)}: shares with its host"
        kinds = {key for volume in pod.get("volumes", []) for key in volume} - {"name"}
        yield from (
            f"{name_of(workload)}: volume {kind}" for kind in sorted(kinds - {"configMap", "emptyDir", "secret"})
        )
        for container in pod["containers"]:
            expected = {
                "allowPrivilegeEscalation": False,
                "readOnlyRootFilesystem": True,
                "capabilities": {"drop": ["ALL"]},
            }
            if container.get("securityContext") != expected:
                yield f"{name_of(workload)}: securityContext of {container['name']}"


def pods_get_nothing_that_they_do_not_ask_for(objects: Sequence[Object]) -> Iterator[str]:
    """No variables made of the names of Services, which would be taken for settings; no token of the cluster's."""
    for workload in workloads(objects):
        pod = pod_of(workload)
        for key in ("enableServiceLinks", "automountServiceAccountToken"):
            if pod.get(key) is not False:
                yield f"{name_of(workload)}: {key}"


def services_do_not_look_like_settings(objects: Sequence[Object]) -> Iterator[str]:
    """Of a Service's name Kubernetes makes variables for other pods, where the command line may run too."""
    for service in of_kind(objects, "Service"):
        if f"{service['metadata']['name']}_".upper().replace("-", "_").startswith(PREFIX):
            yield name_of(service)


def pods_say_what_they_need(objects: Sequence[Object]) -> Iterator[str]:
    """What to reserve, and the memory that is too much."""
    for workload in workloads(objects):
        for container in pod_of(workload)["containers"]:
            resources = container.get("resources", {})
            if {"cpu", "memory"} - resources.get("requests", {}).keys() or "memory" not in resources.get("limits", {}):
                yield f"{name_of(workload)}: resources of {container['name']}"


def the_user_is_that_of_the_image(objects: Sequence[Object]) -> Iterator[str]:
    """The image can run as another, but there is no reason why it should."""
    pod, _ = server_of(objects)
    if pod["securityContext"]["runAsUser"] != IMAGE_USER:
        yield f"user {pod['securityContext']['runAsUser']}; expected {IMAGE_USER}"


def selectors_select(objects: Sequence[Object]) -> Iterator[str]:
    """Each finds pods of one workload, and never all there are."""
    templates = [workload["spec"]["template"]["metadata"]["labels"] for workload in workloads(objects)]
    for owner, labels in _selectors(objects):
        matches = [template for template in templates if labels and labels.items() <= template.items()]
        if len(matches) != 1:
            yield f"{owner}: selects {len(matches)} workloads"


def the_autoscaler_alone_says_how_many(objects: Sequence[Object]) -> Iterator[str]:
    """Replicas of the Deployment would be set back at every apply; several need a store and a hub that they share."""
    (deployment,) = of_kind(objects, "Deployment")
    scalers = of_kind(objects, "HorizontalPodAutoscaler")
    for scaler in scalers:
        target = scaler["spec"]["scaleTargetRef"]
        if (target["kind"], target["name"]) != ("Deployment", deployment["metadata"]["name"]):
            yield f"{name_of(scaler)}: another target"
        if "replicas" in deployment["spec"]:
            yield f"{name_of(deployment)}: replicas beside an autoscaler"
        if not of_kind(objects, "PodDisruptionBudget"):
            yield f"{name_of(scaler)}: no budget for disruptions"
        if variables_of(objects).get("MOCK_SERVER_STORE") == "memory":
            yield f"{name_of(scaler)}: replicas that share no records"
        if "hub" not in _keys_of_the_secret(objects):
            yield f"{name_of(scaler)}: replicas that share no worlds"
    if not scalers and deployment["spec"].get("replicas") != 1:
        yield f"{name_of(deployment)}: how many?"


def ports_lead_to_the_server(objects: Sequence[Object]) -> Iterator[str]:
    """Services, probes and the policy of the network mean the port that the image has."""
    _, container = server_of(objects)
    if [port["containerPort"] for port in container["ports"]] != [PORT]:
        yield f"the container's ports; expected {PORT}"
    known = {PORT, *(port["name"] for port in container["ports"])}
    yield from (probe for probe in PROBES if container[probe]["httpGet"]["port"] not in known)
    for service in of_kind(objects, "Service"):
        if service["spec"]["selector"] == SERVER:
            yield from (name_of(service) for port in service["spec"]["ports"] if port["targetPort"] not in known)
            yield from (name_of(service) for port in service["spec"]["ports"] if port["port"] != PORT)


def the_network_lets_through_what_is_needed(objects: Sequence[Object]) -> Iterator[str]:
    """In: the port. Out: names, the database, the hub, each by port; nobody but the server reaches these two."""
    (policy,) = [
        resource
        for resource in of_kind(objects, "NetworkPolicy")
        if resource["spec"]["podSelector"].get("matchLabels") == SERVER
    ]
    spec = policy["spec"]
    if sorted(spec["policyTypes"]) != ["Egress", "Ingress"]:
        yield f"{name_of(policy)}: policyTypes"
    ways = {way: [port["port"] for rule in spec[way] for port in rule["ports"]] for way in ("ingress", "egress")}
    if ways["ingress"] != [PORT]:
        yield f"{name_of(policy)}: in by {ways['ingress']}"
    if sorted(ways["egress"]) != [53, 53, 5432, 6379]:
        yield f"{name_of(policy)}: out by {ways['egress']}"
    for workload in of_kind(objects, "StatefulSet"):
        labels = workload["spec"]["selector"]["matchLabels"]
        policies = [
            resource["spec"]
            for resource in of_kind(objects, "NetworkPolicy")
            if resource["spec"]["podSelector"].get("matchLabels") == labels
        ]
        if [(spec.get("egress", []), _callers(spec)) for spec in policies] != [([], [SERVER])]:
            yield f"{name_of(workload)}: reached by others than the server, or lets out"


def a_stop_has_the_time_that_it_takes(objects: Sequence[Object]) -> Iterator[str]:
    """The wait before it, and the stop itself."""
    pod, container = server_of(objects)
    needed = container["lifecycle"]["preStop"]["sleep"]["seconds"] + SECONDS_TO_STOP
    if pod["terminationGracePeriodSeconds"] <= needed:
        yield f"{pod['terminationGracePeriodSeconds']} s; expected more than {needed}"


def variables_are_settings(objects: Sequence[Object]) -> Iterator[str]:
    """Their values can be read, and the files that they name are mounted."""
    _, container = server_of(objects)
    variables = variables_of(objects)
    secret = {
        variable["name"]: _SECRET_VALUES[variable["valueFrom"]["secretKeyRef"]["key"]]
        for variable in container["env"]
        if "valueFrom" in variable
    }
    try:
        settings = read_settings({}, {**secret, **variables})
    except UsageError as error:
        yield str(error)
        return
    mounts = [volume["mountPath"] for volume in container["volumeMounts"]]
    for name in (*settings.contract, *settings.overlay, *filter(None, [settings.fixtures])):
        if not any(Path(name).is_relative_to(mount) for mount in mounts):
            yield f"{name}: not mounted"
        elif Path(name).name not in {key for resource in of_kind(objects, "ConfigMap") for key in resource["data"]}:
            yield f"{name}: in no ConfigMap"


def what_is_referred_to_is_there(objects: Sequence[Object]) -> Iterator[str]:
    """ConfigMaps are among the objects; the page says how the Secret is made, and with which keys."""
    texts = json.dumps(list(objects))
    for name in re.findall(r'"configMap(?:Ref)?": \{"name": "([^"]+)"', texts):
        if not _named(objects, "ConfigMap", name):
            yield f"ConfigMap {name}"
    for workload in workloads(objects):
        for container in pod_of(workload)["containers"]:
            sources = [variable.get("valueFrom") for variable in container.get("env", [])]
            for secret in [source["secretKeyRef"] for source in sources if source]:
                if f"generic {secret['name']} " not in PAGE or f"--from-literal={secret['key']}=" not in PAGE:
                    yield f"Secret {secret['name']}, key {secret['key']}: not in the page"


RULES: tuple[Rule, ...] = (
    pods_are_restricted,
    pods_get_nothing_that_they_do_not_ask_for,
    services_do_not_look_like_settings,
    pods_say_what_they_need,
    the_user_is_that_of_the_image,
    selectors_select,
    the_autoscaler_alone_says_how_many,
    ports_lead_to_the_server,
    the_network_lets_through_what_is_needed,
    a_stop_has_the_time_that_it_takes,
    variables_are_settings,
    what_is_referred_to_is_there,
)


def _named(objects: Sequence[Object], kind: str, name: str) -> list[Object]:
    return [resource for resource in of_kind(objects, kind) if resource["metadata"]["name"] == name]


def _keys_of_the_secret(objects: Sequence[Object]) -> list[str]:
    """The keys of the Secret that become variables of the server."""
    _, container = server_of(objects)
    sources = [variable.get("valueFrom", {}) for variable in container["env"]]
    return [source["secretKeyRef"]["key"] for source in sources if "secretKeyRef" in source]


def _callers(policy: Object) -> list[Mapping[str, str]]:
    """The labels of those that a policy lets in."""
    return [peer["podSelector"]["matchLabels"] for rule in policy["ingress"] for peer in rule.get("from", [])]


def _selectors(objects: Sequence[Object]) -> Iterator[tuple[str, Mapping[str, str]]]:
    for resource in objects:
        spec = resource.get("spec", {})
        if resource["kind"] == "Service":
            yield name_of(resource), spec["selector"]
        elif resource["kind"] == "NetworkPolicy":
            yield name_of(resource), spec["podSelector"].get("matchLabels", {})
            for peer in [peer for rule in [*spec.get("ingress", []), *spec.get("egress", [])] for peer in _peers(rule)]:
                yield f"{name_of(resource)}: a peer", peer["podSelector"]["matchLabels"]
        elif resource["kind"] in ("Deployment", "StatefulSet", "PodDisruptionBudget"):
            yield name_of(resource), spec.get("selector", {}).get("matchLabels", {})
            for spread in spec.get("template", {}).get("spec", {}).get("topologySpreadConstraints", []):
                yield f"{name_of(resource)}: spread", spread["labelSelector"]["matchLabels"]


def _peers(rule: Object) -> list[Object]:
    return [*rule.get("from", []), *rule.get("to", [])]
