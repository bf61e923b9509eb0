"""The house keeps the rules that its plan writes down: floors, doors, names, sizes."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

from tests.support.paths import ROOT

PACKAGE = ROOT / "mock_server"
TESTS = ROOT / "tests"
FLOORS = (
    (
        "errors",
        "settings",
        "exchange",
        "log",
        "bundle",
        "outfile",
        "deadline",
        "memo",
        "json_text",
        "footprint",
        "eviction",
    ),
    ("contract", "generate", "store", "bundled", "prefer", "problem", "negotiation", "payload"),
    ("framing", "lifecycle", "pointer", "programme", "xml_body"),
    (
        "encode",
        "request_id",
        "bounded",
        "instruction",
        "clock",
        "merge_patch",
        "listening",
        "workers",
        "end_guard",
        "end_guard_program",
        "hang_up",
    ),
    ("fixtures", "fixture_file", "intake", "maker", "recordfile", "refusal"),
    ("examples", "drawn", "response_headers", "value_pattern", "request_pattern"),
    ("failures",),
    (
        "limits",
        "scenarios",
        "scenario_files",
        "stage",
        "secret_names",
        "redacted_body",
        "redaction",
        "ledger",
        "journal",
        "coverage",
        "tally",
        "readiness",
    ),
    ("worlds", "logged_request", "har"),
    ("engine", "answer", "performance", "audit", "export", "question", "streams"),
    (
        "assembly",
        "routing",
        "wire",
        "cors",
        "fast",
        "ready",
        "vitals",
        "watched",
        "connection",
        "connection_limits",
        "capacity",
        "transmission",
    ),
    (
        "server",
        "application",
        "foreign",
        "api",
        "aside",
        "access_log",
        "control",
        "peers",
        "watchers",
        "stall",
        "tracing",
        "testing",
        "healthcheck",
    ),
    ("cli", "pytest_plugin", "__main__"),
)
"""The rooms from the ground up. A room imports from floors below, or from its own floor without going in circles."""
DOORS = {
    "connexion": "mock_server.openapi.routing.connexion_adapter",
    "psycopg": "mock_server.storage.sql.postgresql",
    "openapi_core": "mock_server.openapi.validation.openapi_core_adapter",
    "prometheus_client": "mock_server.admin.prometheus",
    "opentelemetry": "mock_server.server.observability.tracing",
    "pytest": "mock_server.pytest_plugin",
}
"""Libraries that one module alone may import."""
VAGUE = {"util", "utils", "base", "common", "helpers", "factories", "managers", "misc", "tools"}
LONGEST = 450


def name_of(file: Path) -> str:
    return ".".join(file.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


MODULES = {name_of(file): file for file in sorted(PACKAGE.rglob("*.py"))}
FILES = [file for place in (PACKAGE, TESTS) for file in sorted(place.rglob("*.py")) if "node_modules" not in file.parts]

each_module = pytest.mark.parametrize("module", MODULES)
each_file = pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(ROOT)))


@cache
def tree(file: Path) -> ast.Module:
    return ast.parse(file.read_text(encoding="utf-8"))


def imports(module: str) -> Iterator[str]:
    """Everything that a module imports anywhere: at the top, within functions, for types alone."""
    for node in ast.walk(tree(MODULES[module])):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module} imports by a relative name"
            for alias in node.names:
                whole = f"{node.module}.{alias.name}"
                yield whole if whole in MODULES else str(node.module)


def runs(module: str) -> Iterator[str]:
    """The modules of the house that are imported when a module is."""
    for node in tree(MODULES[module]).body:
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            names = [node.module or ""] if isinstance(node, ast.ImportFrom) else [alias.name for alias in node.names]
            yield from (name for name in names if name in MODULES)


def room(module: str) -> str:
    return module.split(".")[1] if "." in module else ""


def floor(module: str) -> int:
    (level,) = [level for level, rooms in enumerate(FLOORS) if room(module) in rooms]
    return level


@each_module
def test_every_room_is_on_a_floor(module: str) -> None:
    assert module == "mock_server" or any(room(module) in rooms for rooms in FLOORS)


@each_module
def test_imports_lead_downward(module: str) -> None:
    own = [name for name in imports(module) if name.startswith("mock_server.")]
    above = len(FLOORS) if module == "mock_server" else floor(module)
    assert [name for name in own if floor(name) > above] == []


def test_imports_between_the_rooms_of_a_floor_go_in_no_circle() -> None:
    graph: dict[str, set[str]] = {}
    for module in MODULES:
        known = {room(name) for name in imports(module) if name.startswith("mock_server.")}
        graph.setdefault(room(module), set()).update(known - {room(module)})
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(" → ".join(error.args[1]))


def test_imports_within_a_room_go_in_no_circle() -> None:
    try:
        TopologicalSorter({module: {*runs(module)} - {module} for module in MODULES}).prepare()
    except CycleError as error:
        pytest.fail(" → ".join(error.args[1]))


@pytest.mark.parametrize(("library", "door"), DOORS.items())
def test_a_library_comes_in_by_one_door(library: str, door: str) -> None:
    assert [module for module in MODULES if any(name.split(".")[0] == library for name in imports(module))] == [door]


def test_a_room_is_asked_and_not_reached_into() -> None:
    """Names with an underscore are their module's own."""
    reached = [
        f"{module}: {node.module}.{alias.name}"
        for module, file in MODULES.items()
        for node in ast.walk(tree(file))
        if isinstance(node, ast.ImportFrom) and str(node.module).startswith("mock_server")
        for alias in node.names
        if alias.name.startswith("_")
    ]
    assert reached == []


@each_file
def test_a_file_is_called_after_a_noun_and_is_of_a_size_to_be_read(file: Path) -> None:
    assert file.stem.removeprefix("test_") not in VAGUE
    assert len(file.read_text(encoding="utf-8").splitlines()) <= LONGEST


@each_module
def test_public_names_are_sorted_constants_and_classes_first(module: str) -> None:
    for node in tree(MODULES[module]).body:
        if isinstance(node, ast.Assign) and any(getattr(target, "id", "") == "__all__" for target in node.targets):
            names = ast.literal_eval(node.value)
            assert names == sorted(names, key=lambda name: (not name.isupper(), not name[0].isupper(), name))


def test_a_room_of_several_modules_says_what_is_public_or_nothing() -> None:
    for module, file in MODULES.items():
        if file.name == "__init__.py" and any(isinstance(node, ast.ImportFrom) for node in tree(file).body):
            assert any(
                getattr(target, "id", "") == "__all__"
                for node in tree(file).body
                if isinstance(node, ast.Assign)
                for target in node.targets
            ), module


@each_module
def test_a_module_says_what_it_is_for(module: str) -> None:
    assert ast.get_docstring(tree(MODULES[module]))


@pytest.mark.parametrize("file", sorted((TESTS / "cases").iterdir()), ids=lambda file: file.name)
def test_every_file_of_cases_is_used(file: Path) -> None:
    texts = {path: path.read_text(encoding="utf-8") for path in FILES if path.is_relative_to(TESTS)}
    users = [path for path, text in texts.items() if f'"{file.stem}"' in text or f"cases/{file.name}" in text]
    assert users != []


def test_tests_mirror_the_package() -> None:
    rooms = {
        file.relative_to(TESTS).parts[0] for file in TESTS.rglob("test_*.py") if len(file.relative_to(TESTS).parts) > 1
    }
    outside = {"clients", "conformance", "deploy", "fuzz", "image", "sdks", "wild"}
    assert rooms - outside <= {path.name for path in PACKAGE.iterdir() if path.is_dir()}
