"""The house keeps the rules that no linter has: names, sizes, docstrings, the map of folders."""

from __future__ import annotations

import ast
import tomllib
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from tests.support.paths import ROOT

PACKAGE = ROOT / "mock_server"
TESTS = ROOT / "tests"
VAGUE = {"util", "utils", "base", "common", "helpers", "factories", "managers", "misc", "tools"}
LONGEST = 500
"""Lines of a file."""
LOOSE = 6
"""Modules that lie beside the packages, without ``__init__`` and ``__main__``."""
NAMESAKES = {"Address", "World"}
"""``World`` is what tests have of a world, and what the server has. ``Address`` is of a place, and of a replica."""


def name_of(file: Path) -> str:
    return ".".join(file.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


MODULES = {name_of(file): file for file in sorted(PACKAGE.rglob("*.py"))}
FILES = [file for place in (PACKAGE, TESTS) for file in sorted(place.rglob("*.py")) if "node_modules" not in file.parts]

each_module = pytest.mark.parametrize("module", MODULES)
each_file = pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(ROOT)))


@cache
def tree(file: Path) -> ast.Module:
    return ast.parse(file.read_text(encoding="utf-8"))


def layers() -> Iterator[str]:
    """Yield what stands beside one another in ``mock_server``, from the top down, as import-linter is told."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    (contract,) = [item for item in project["tool"]["importlinter"]["contracts"] if item["type"] == "layers"]
    for layer in contract["layers"]:
        yield from (name.strip().removeprefix("mock_server.") for name in layer.split(":"))


def test_every_package_is_in_a_layer() -> None:
    present = {path.stem for path in PACKAGE.iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()}
    assert present - {"__init__"} == {*layers()}


def test_few_modules_lie_loose() -> None:
    loose = [path.stem for path in PACKAGE.glob("*.py") if not path.stem.startswith("__")]
    assert len(loose) <= LOOSE


def test_no_two_classes_have_one_name() -> None:
    places: defaultdict[str, list[str]] = defaultdict(list)
    for module, file in MODULES.items():
        for node in ast.walk(tree(file)):
            if isinstance(node, ast.ClassDef) and node.name not in NAMESAKES:
                places[node.name].append(module)
    assert {name: modules for name, modules in places.items() if len(modules) > 1} == {}


@each_module
def test_imports_are_absolute_and_of_public_names(module: str) -> None:
    """Names with an underscore are their module's own."""
    for node in ast.walk(tree(MODULES[module])):
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0
            private = [alias.name for alias in node.names if alias.name.startswith("_")]
            assert not str(node.module).startswith("mock_server") or private == []


@each_file
def test_a_file_is_called_after_a_noun_and_can_be_read(file: Path) -> None:
    assert file.stem.removeprefix("test_") not in VAGUE
    assert len(file.read_text(encoding="utf-8").splitlines()) <= LONGEST


@each_module
def test_public_names_are_sorted_constants_and_classes_first(module: str) -> None:
    for node in tree(MODULES[module]).body:
        if isinstance(node, ast.Assign) and any(getattr(target, "id", "") == "__all__" for target in node.targets):
            names = ast.literal_eval(node.value)
            assert names == sorted(names, key=lambda name: (not name.isupper(), not name[0].isupper(), name))


@each_module
def test_a_module_says_what_it_is_for(module: str) -> None:
    assert ast.get_docstring(tree(MODULES[module]))


@pytest.mark.parametrize("file", sorted((TESTS / "cases").glob("*.yaml")), ids=lambda file: file.name)
def test_every_file_of_cases_is_used(file: Path) -> None:
    texts = {path: path.read_text(encoding="utf-8") for path in FILES if path.is_relative_to(TESTS)}
    users = [path for path, text in texts.items() if f'"{file.stem}"' in text or f"cases/{file.name}" in text]
    assert users != []
