"""The examples for CI, Compose and Kubernetes name what there is: settings, ports, paths, the health check."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from check_jsonschema import main as check_jsonschema
from click.testing import CliRunner, Result

from mock_server.settings import OTHER_VARIABLES, PREFIX, ROWS, read_settings
from tests.support.paths import ROOT

EXAMPLES = ROOT / "examples"
CONTAINERFILE = (ROOT / "Containerfile").read_text(encoding="utf-8")
SCHEMAS = {
    "compose.replicas.yaml": "vendor.compose-spec",
    "compose.store.yaml": "vendor.compose-spec",
    "compose.yaml": "vendor.compose-spec",
    "github-actions.yml": "vendor.github-workflows",
    "gitlab-ci.yml": "vendor.gitlab-ci",
}
PAGES = [ROOT / "docs" / name for name in ("ci.md", "container.md", "kubernetes.md")]
FILES = [
    ROOT / "Containerfile",
    *PAGES,
    *(file for place in (EXAMPLES, ROOT / "deploy") for file in sorted(place.rglob("*")) if file.is_file()),
]
VARIABLES = {row.variable for row in ROWS} | OTHER_VARIABLES
PORT = re.findall(r"^EXPOSE (\d+)$", CONTAINERFILE, re.MULTILINE)[0]
HEALTH = json.loads(re.findall(r"^HEALTHCHECK .* CMD (\[.*\])$", CONTAINERFILE, re.MULTILINE)[0])

each_example = pytest.mark.parametrize("name", SCHEMAS)


def load(name: str) -> Any:
    return yaml.safe_load((EXAMPLES / name).read_text(encoding="utf-8"))


def validator(file: Path, schema: str) -> Result:
    """What the schema says of a file; the schema comes with the program that is asked."""
    return CliRunner().invoke(check_jsonschema, ["--builtin-schema", schema, str(file)])


def services(name: str) -> list[dict[str, Any]]:
    """The mocks that an example starts, whatever it calls their parts."""
    data = load(name)
    if name.startswith("compose"):
        return [service for service in data["services"].values() if service["image"] == "mock-server"]
    if name.startswith("github"):
        return [job["services"]["mock"] for job in data["jobs"].values() if "services" in job]
    return [service for job in data.values() for service in job.get("services", [])]


def test_every_example_is_validated() -> None:
    assert {file.name for file in EXAMPLES.iterdir() if file.suffix in (".yaml", ".yml")} == {*SCHEMAS}


@each_example
def test_example_keeps_its_schema(name: str) -> None:
    done = validator(EXAMPLES / name, SCHEMAS[name])
    assert done.exit_code == 0, done.output


@pytest.mark.parametrize("file", sorted((ROOT / ".github/workflows").iterdir()), ids=lambda file: file.name)
def test_workflows_are_valid_and_read_only(file: Path) -> None:
    done = validator(file, "vendor.github-workflows")
    assert done.exit_code == 0, done.output
    workflow = yaml.safe_load(file.read_text(encoding="utf-8"))
    assert workflow["permissions"] == {"contents": "read"}
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    commands = [step["run"] for job in workflow["jobs"].values() for step in job["steps"] if "run" in step]
    matrices = [job.get("strategy", {}).get("matrix", {}) for job in workflow["jobs"].values()]
    calls = {command.removeprefix("make ") for command in commands if command.startswith("make ")}
    assert calls
    assert (calls - {"${{ matrix.target }}"}).union(*(matrix.get("target", ()) for matrix in matrices)) <= targets


@pytest.mark.parametrize(
    ("name", "right", "wrong"),
    [
        ("compose.yaml", "read_only:", "readonly:"),
        ("github-actions.yml", "runs-on:", "runs_on:"),
        ("gitlab-ci.yml", "entrypoint: [", "entry: ["),
    ],
)
def test_schema_finds_a_mistake(name: str, right: str, wrong: str, tmp_path: Path) -> None:
    text = (EXAMPLES / name).read_text(encoding="utf-8")
    assert right in text
    (tmp_path / name).write_text(text.replace(right, wrong), encoding="utf-8")
    assert validator(tmp_path / name, SCHEMAS[name]).exit_code == 1


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(ROOT)))
def test_named_variables_are_settings(file: Path) -> None:
    named = set(re.findall(rf"\b{PREFIX}[A-Z][A-Z0-9_]*", file.read_text(encoding="utf-8")))
    assert named <= VARIABLES


@each_example
def test_what_an_example_sets_can_be_read(name: str) -> None:
    for service in services(name):
        variables = service.get("environment") or service.get("env") or service.get("variables")
        assert variables
        assert all(isinstance(value, str) for value in variables.values())
        read_settings({}, {name: value for name, value in variables.items() if "${" not in value})


@each_example
def test_example_publishes_port_of_image(name: str) -> None:
    text = (EXAMPLES / name).read_text(encoding="utf-8")
    assert {*re.findall(r"\b\d{4}\b", re.sub(r"(?m)^\s*#.*|@database:5432|@hub:6379|127.0.0.1:4011", "", text))} == {
        PORT
    }
    for service in services(name):
        for published in service.get("ports", []):
            assert published.rpartition(":")[2] == PORT


@pytest.mark.parametrize("name", ["compose.yaml", "compose.store.yaml", "compose.replicas.yaml"])
def test_compose_builds_this_image_and_asks_its_healthcheck(name: str) -> None:
    for service in services(name):
        build = service["build"]
        assert (EXAMPLES / build["context"] / build["dockerfile"]).samefile(ROOT / "Containerfile")
        assert service["healthcheck"]["test"] == ["CMD", *HEALTH]
        assert service["read_only"] is True
        for volume in service.get("volumes", []):
            source, destination, _ = volume.split(":")
            assert (EXAMPLES / source).is_dir()
            assert f"/image{destination}" in CONTAINERFILE


def test_compose_has_two_replicas_that_share_all() -> None:
    first, second = services("compose.replicas.yaml")
    assert first["environment"] == second["environment"]
    assert {"MOCK_SERVER_HUB", "MOCK_SERVER_STORE"} <= first["environment"].keys()
    assert first["ports"] != second["ports"]


@pytest.mark.parametrize("file", [*PAGES, EXAMPLES / "github-actions.yml"], ids=lambda file: file.name)
def test_what_is_mounted_is_mounted_where_image_has_place(file: Path) -> None:
    mounted = re.findall(r"\$PWD/\w+:(/\w+)", file.read_text(encoding="utf-8"))
    assert {f"/image{place}" for place in mounted} <= set(re.findall(r"/image/\w+", CONTAINERFILE))
    assert mounted or file.name in ("ci.md", "kubernetes.md")


def test_contract_of_the_examples_is_one() -> None:
    kubernetes = ROOT / "deploy/kubernetes/components/contract/openapi.yaml"
    assert kubernetes.read_bytes() == (EXAMPLES / "openapi/openapi.yaml").read_bytes()


def test_build_context_is_minimal() -> None:
    """Docker reads the one file, Podman and Buildah the other."""
    assert (ROOT / ".dockerignore").readlink() == Path(".containerignore")
    lines = (ROOT / ".containerignore").read_text(encoding="utf-8").splitlines()
    assert lines[1] == "*"
    assert all((ROOT / line.removeprefix("!")).exists() for line in lines if line.startswith("!"))


def test_image_has_version_of_project() -> None:
    version = re.findall(r'^version = "(.*)"$', (ROOT / "pyproject.toml").read_text(encoding="utf-8"), re.MULTILINE)
    assert re.findall(r"^ARG VERSION=(.*)$", CONTAINERFILE, re.MULTILINE) == version


@pytest.mark.skipif(shutil.which("bash") is None, reason="bash is not installed")
def test_steps_of_the_workflow_are_bash() -> None:
    steps = [
        step["run"] for job in load("github-actions.yml")["jobs"].values() for step in job["steps"] if "run" in step
    ]
    for step in steps:
        subprocess.run(["bash", "-n"], input=step, text=True, check=True)
