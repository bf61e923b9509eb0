"""Tests import what they share from `tests.support`, never one another."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.paths import ROOT, TESTS

FILES = [
    file
    for folder in (TESTS, ROOT / "benchmarks", ROOT / "docs")
    for file in sorted(folder.rglob("*.py"))
    if "node_modules" not in file.parts
]

KINDS = {"unit", "wire", "cli", "system", "repository"}
"""Units by package; suites on the wire; the command line; systems of processes and tools; the checkout itself."""
OTHERS = {"cases", "fuzz", "golden", "support"}


def is_test_module(name: str) -> bool:
    """Return whether a dotted name of a module, or of something within one, is of a test module or a conftest."""
    parts = name.split(".")
    return parts[0] == "tests" and any(part == "conftest" or part.startswith("test_") for part in parts)


def imported_names(tree: ast.AST) -> Iterator[str]:
    """Yield the dotted names that a module imports, those in programs that it holds as text included."""
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=names):
                yield from (alias.name for alias in names)
            case ast.ImportFrom(module=str(module), names=names):
                yield from (f"{module}.{alias.name}" for alias in names)
            case ast.Constant(value=str(text)) if "import " in text:
                try:
                    yield from imported_names(ast.parse(text))
                except SyntaxError:
                    continue


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(ROOT)))
def test_no_test_module_is_imported(file: Path) -> None:
    tree = ast.parse(file.read_text(encoding="utf-8"))
    assert [name for name in imported_names(tree) if is_test_module(name)] == []


def test_imports_are_found_anywhere() -> None:
    text = "from {0}.conftest import A\ndef f():\n    import {0}.wire.test_b\nC = 'from {0} import test_d'\n".format(
        "tests"
    )
    names = [name for name in imported_names(ast.parse(text)) if is_test_module(name)]
    assert sorted(names) == ["tests.conftest.A", "tests.test_d", "tests.wire.test_b"]


@pytest.mark.parametrize("file", sorted(TESTS.joinpath("support").glob("*.py")), ids=lambda file: file.stem)
def test_support_holds_no_tests_and_is_used(file: Path) -> None:
    functions = [
        node for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))) if isinstance(node, ast.FunctionDef)
    ]
    assert [function.name for function in functions if function.name.startswith("test_")] == []
    if file.stem != "__init__":
        name = f"tests.support.{file.stem}"
        assert any(name in user.read_text(encoding="utf-8") for user in FILES if user != file)


def test_helpers_are_in_support() -> None:
    loose = {file.name for file in TESTS.glob("*.py")} - {"__init__.py", "conftest.py"}
    assert [name for name in sorted(loose) if not name.startswith("test_")] == []


def test_folders_are_kinds_of_tests() -> None:
    assert {file.relative_to(TESTS).parts[0] for file in TESTS.rglob("test_*.py")} <= KINDS | {"fuzz"}
    folders = {folder.name for folder in TESTS.iterdir() if folder.is_dir() and folder.name != "__pycache__"}
    assert folders == KINDS | OTHERS


def test_unit_folders_are_packages() -> None:
    folders = {folder.name for folder in (TESTS / "unit").iterdir() if folder.is_dir() and folder.name != "__pycache__"}
    packages = {path.name.removesuffix(".py") for path in (ROOT / "mock_server").iterdir()}
    assert folders - packages <= {"benchmarks", "docs", "supply", "tools"}
