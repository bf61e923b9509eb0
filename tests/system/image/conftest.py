"""One image for all tests of it, built from the checkout, and containers of it."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial

import pytest

from tests.support.container import Container, Start
from tests.support.container_engine import Engine, Image, why_not

FIGURES = pytest.StashKey[list[str]]()


@pytest.fixture(scope="session")
def figures(request: pytest.FixtureRequest) -> list[str]:
    """What was measured, for the end of the report."""
    return request.config.stash.setdefault(FIGURES, [])


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Print what was measured."""
    if figures := config.stash.get(FIGURES, []):
        terminalreporter.section("the image")
        for figure in figures:
            terminalreporter.write_line(figure)


@pytest.fixture(scope="session")
def engine() -> Iterator[Engine]:
    """What builds and runs, for as long as the tests take."""
    if reason := why_not():
        if os.environ.get("CI"):
            pytest.fail(reason, pytrace=False)
        pytest.skip(reason)
    with Engine() as engine:
        yield engine


@pytest.fixture(scope="session")
def image(engine: Engine, figures: list[str]) -> Image:
    """The image of the checkout."""
    start = time.perf_counter()
    built = engine.build()
    seconds = time.perf_counter() - start
    size, base = (round(number / 1e6) for number in (sum(built.layers), built.layers[0]))
    figures.append(f"size: {size} MB, {base} MB of it the base; built in {seconds:.0f} s")
    return built


@pytest.fixture(scope="session")
def root(engine: Engine, image: Image) -> str:
    """Where the file system of the image is, to be read."""
    return engine.mount(image)


@pytest.fixture
def start(engine: Engine, image: Image, root: str) -> Iterator[Start]:
    """Start containers of the image: a command, and ``environment``, ``mounts`` and ``user``."""
    with ExitStack() as started:

        def enter(*command: str, **options: object) -> Container:
            create = partial(Container, engine, image, root, command)
            return started.enter_context(create(**options))  # type: ignore[arg-type]

        yield enter
