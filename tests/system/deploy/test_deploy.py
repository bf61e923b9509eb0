"""What kustomize makes of the manifests keeps Kubernetes' schemas and the house's rules; the workflow is sound."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path

import pytest
from kubernetes_validate.utils import validate

from tests.support.http_exchange import asked
from tests.support.kubernetes_manifests import (
    NEWEST,
    OLDEST,
    PLACE,
    REMEDY,
    RULES,
    Object,
    Rule,
    a_stop_has_the_time_that_it_takes,
    of_kind,
    pods_are_restricted,
    pods_get_nothing_that_they_do_not_ask_for,
    pods_say_what_they_need,
    ports_lead_to_the_server,
    probed,
    read,
    render,
    selectors_select,
    server_of,
    services_do_not_look_like_settings,
    the_autoscaler_alone_says_how_many,
    the_network_lets_through_what_is_needed,
    the_user_is_that_of_the_image,
    variables_are_settings,
    variables_of,
    what_is_referred_to_is_there,
    workloads,
)
from tests.support.paths import ROOT

pytestmark = pytest.mark.deploy

ACTIONLINT = ROOT / ".venv/bin/actionlint"
TREES = ("base", "overlays/memory", "overlays/postgresql")


@cache
def rendered(tree: str) -> str:
    return render(PLACE / tree)


def objects_of(tree: str) -> list[Object]:
    return read(rendered(tree))


each_tree = pytest.mark.parametrize("tree", TREES)


@each_tree
@pytest.mark.parametrize("version", [OLDEST, NEWEST])
def test_what_is_rendered_keeps_the_schemas(tree: str, version: str) -> None:
    for resource in objects_of(tree):
        validate(resource, version, strict=True)


@each_tree
@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_what_is_rendered_keeps_the_rules(tree: str, rule: Rule) -> None:
    assert [*rule(objects_of(tree))] == []


def test_every_tree_is_rendered() -> None:
    files = {file.parent.relative_to(PLACE).as_posix() for file in PLACE.rglob("kustomization.yaml")}
    assert files - {"components/contract", "components/valkey"} == {*TREES}


@each_tree
def test_server_answers_what_the_probes_ask(tree: str, server_url: str) -> None:
    for probe, path in probed(objects_of(tree)).items():
        assert asked(server_url, {"path": path}).status == 200, probe


def test_overlay_with_postgresql_has_three_replicas_with_database_and_hub() -> None:
    objects = objects_of("overlays/postgresql")
    (scaler,) = of_kind(objects, "HorizontalPodAutoscaler")
    assert scaler["spec"]["minReplicas"] == 3
    assert [resource["metadata"]["name"] for resource in of_kind(objects, "StatefulSet")] == [
        "contract-mock-server-database",
        "contract-mock-server-hub",
    ]


@each_tree
def test_no_password_is_in_a_manifest(tree: str) -> None:
    assert of_kind(objects_of(tree), "Secret") == []
    assert "://" not in rendered(tree)
    _, container = server_of(objects_of(tree))
    secret = {variable["name"] for variable in container["env"] if "secretKeyRef" in variable.get("valueFrom", {})}
    alone = {"MOCK_SERVER_ADMIN_TOKEN"}
    assert secret == (alone if tree == "overlays/memory" else {*alone, "MOCK_SERVER_STORE", "MOCK_SERVER_HUB"})


def test_changed_contract_starts_new_pods(tmp_path: Path) -> None:
    """The name of its ConfigMap has a digest in it, and the pods name it."""
    copy = tmp_path / "kubernetes"
    for file in PLACE.rglob("*.yaml"):
        target = copy / file.relative_to(PLACE)
        target.parent.mkdir(parents=True, exist_ok=True)
        text = file.read_text(encoding="utf-8")
        target.write_text(text.replace("Kullen", "Hallands Väderö"), encoding="utf-8")
    volumes = [
        [volume["configMap"]["name"] for volume in server_of(objects)[0]["volumes"] if "configMap" in volume]
        for objects in (read(render(copy / "overlays/memory")), objects_of("overlays/memory"))
    ]
    assert volumes[0] != volumes[1]


def edit_container(**changes: object) -> Callable[[list[Object]], None]:
    def edit(objects: list[Object]) -> None:
        server_of(objects)[1].update(changes)

    return edit


def edit_pod(**changes: object) -> Callable[[list[Object]], None]:
    def edit(objects: list[Object]) -> None:
        server_of(objects)[0].update(changes)

    return edit


def edit_spec(kind: str, **changes: object) -> Callable[[list[Object]], None]:
    def edit(objects: list[Object]) -> None:
        of_kind(objects, kind)[0]["spec"].update(changes)

    return edit


def add_variable(name: str, value: str) -> Callable[[list[Object]], None]:
    def edit(objects: list[Object]) -> None:
        server_of(objects)[1]["env"].append({"name": name, "value": value})

    return edit


def drop_variable(name: str) -> Callable[[list[Object]], None]:
    def edit(objects: list[Object]) -> None:
        _, container = server_of(objects)
        container["env"] = [variable for variable in container["env"] if variable["name"] != name]

    return edit


def let_all_reach_the_hub(objects: list[Object]) -> None:
    for policy in of_kind(objects, "NetworkPolicy"):
        if policy["metadata"]["name"] == "contract-mock-server-hub":
            del policy["spec"]["ingress"][0]["from"]


def drop_config(objects: list[Object]) -> None:
    objects[:] = [
        resource
        for resource in objects
        if resource["kind"] != "ConfigMap" or "settings" in resource["metadata"]["name"]
    ]


def call_the_service_mock_server(objects: list[Object]) -> None:
    of_kind(objects, "Service")[0]["metadata"]["name"] = "mock-server"


BREAKS: Sequence[tuple[Rule, Callable[[list[Object]], None]]] = (
    (pods_are_restricted, edit_container(securityContext={})),
    (pods_are_restricted, edit_pod(securityContext={})),
    (pods_are_restricted, edit_pod(hostNetwork=True)),
    (pods_are_restricted, edit_pod(volumes=[{"name": "host", "hostPath": {"path": "/"}}])),
    (pods_get_nothing_that_they_do_not_ask_for, edit_pod(enableServiceLinks=True)),
    (services_do_not_look_like_settings, call_the_service_mock_server),
    (pods_say_what_they_need, edit_container(resources={})),
    (the_user_is_that_of_the_image, edit_pod(securityContext={"runAsUser": 1})),
    (selectors_select, edit_spec("NetworkPolicy", podSelector={})),
    (selectors_select, edit_spec("PodDisruptionBudget", selector={"matchLabels": {"app": "other"}})),
    (the_autoscaler_alone_says_how_many, edit_spec("Deployment", replicas=3)),
    (the_autoscaler_alone_says_how_many, add_variable("MOCK_SERVER_STORE", "memory")),
    (the_autoscaler_alone_says_how_many, drop_variable("MOCK_SERVER_HUB")),
    (ports_lead_to_the_server, edit_container(ports=[{"name": "http", "containerPort": 8080}])),
    (the_network_lets_through_what_is_needed, edit_spec("NetworkPolicy", egress=[])),
    (the_network_lets_through_what_is_needed, let_all_reach_the_hub),
    (a_stop_has_the_time_that_it_takes, edit_pod(terminationGracePeriodSeconds=5)),
    (variables_are_settings, add_variable("MOCK_SERVER_SEDE", "7")),
    (variables_are_settings, add_variable("MOCK_SERVER_SEED", "seven")),
    (variables_are_settings, add_variable("MOCK_SERVER_FIXTURES", "/nowhere")),
    (what_is_referred_to_is_there, drop_config),
)


@pytest.mark.parametrize(("rule", "edit"), BREAKS, ids=lambda value: getattr(value, "__name__", ""))
def test_rule_finds_what_breaks_it(rule: Rule, edit: Callable[[list[Object]], None]) -> None:
    objects = objects_of("overlays/postgresql")
    assert [*rule(objects)] == []
    edit(objects)
    assert [*rule(objects)] != []


def test_every_rule_is_tried() -> None:
    assert {rule for rule, _ in BREAKS} == {*RULES}


def test_variables_of_server_are_known_here() -> None:
    variables = variables_of(objects_of("overlays/memory"))
    assert variables["MOCK_SERVER_STORE"] == "memory"
    assert variables["MOCK_SERVER_CONTRACT"] == "/contract/openapi.yaml"
    assert len(workloads(objects_of("overlays/postgresql"))) == 3


WORKFLOWS = [ROOT / "examples/github-actions.yml", *sorted((ROOT / ".github/workflows").iterdir())]


@pytest.mark.parametrize("file", WORKFLOWS, ids=lambda file: file.name)
def test_workflow_is_sound(file: Path) -> None:
    """Expressions, contexts, events and inputs, which the schema knows nothing of."""
    assert ACTIONLINT.exists(), REMEDY
    done = subprocess.run([ACTIONLINT, "-no-color", file], capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
