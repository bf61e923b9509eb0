"""The pytest plugin: ``mock_server``, one server for the session, and ``mock_world``, a world of its own per test.

Under pytest-xdist the server belongs to the controller, and workers ask the controller for its URL when a test first
needs it: a run without such tests starts nothing. Only the fixtures import the server.
"""

from __future__ import annotations

import hashlib
import re
import sys
from collections.abc import Generator, Iterator, Sequence
from contextlib import ExitStack
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from mock_server.testing import MockServer, World
    from mock_server.testing.pytest_session import Session

_SESSION = pytest.StashKey["Session"]()
_PLACES = ("contract", "overlay", "fixtures")


class _PlainImports:
    """Finds modules of the server before pytest does, which rewrites the asserts of all that a plugin's wheel brings.

    The server's asserts are no test's. Rewriting took seconds where no bytecode is written, and the server's thread
    did it beside the tests: CPython 3.11 ends in ``SystemError: AST constructor recursion depth mismatch`` where two
    threads parse at once.
    """

    @staticmethod
    def find_spec(name: str, path: Sequence[str] | None = None, target: ModuleType | None = None) -> ModuleSpec | None:
        """Return how to import a module of the server; None for all others."""
        return PathFinder.find_spec(name, path, target) if name.startswith("mock_server.") else None


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the flags, and settings of the same names in the configuration file, for flags that are not given."""
    group = parser.getgroup("mock-server", "a mock server from an OpenAPI contract")
    several: dict[str, Any] = {"action": "append", "default": []}
    _add(parser, group, "contract", "linelist", "PATH", "path or URL of a contract, or polar; repeatable", **several)
    _add(parser, group, "overlay", "linelist", "FILE", "OpenAPI Overlay to apply; may be repeated", **several)
    _add(parser, group, "fixtures", "string", "DIR", "directory of fixture files")
    _add(parser, group, "seed", "string", "NUMBER", "seed of all generated data")
    _add(parser, group, "url", "string", "URL", "a server that runs already, to be used in place of an own one")
    _add(parser, group, "admin-token", "string", "TOKEN", "what the admin API of that server expects")
    _add(parser, group, "route", "linelist", "ORIGIN", "origin that every mock_world is routed from", **several)
    _add(parser, group, "fail-under", "string", "PERCENT", "fail where fewer of the operations were exercised")


def _add(
    parser: pytest.Parser, group: pytest.OptionGroup, name: str, kind: Any, metavar: str, help: str, **options: Any
) -> None:
    field = f"mock_{name.replace('-', '_')}"
    group.addoption(f"--mock-{name}", dest=field, metavar=metavar, help=help, **options)
    parser.addini(field, help, type=kind)


def pytest_configure(config: pytest.Config) -> None:
    """Refuse invalid settings before the first test; no server is started yet."""
    sys.meta_path.insert(0, _PlainImports)
    config.addinivalue_line(
        "markers", "mock_route(origin, ...): have requests to an origin go to the mock_world instead"
    )
    _routed_origins(config)
    options = {name: _given(config, name) for name in (*_PLACES, "seed", "url", "admin_token", "fail_under")}
    if any(options.values()):
        config.stash[_SESSION] = _session(config, options)


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop the server, where there is one."""
    if _PlainImports in sys.meta_path:
        sys.meta_path.remove(_PlainImports)
    session = config.stash.get(_SESSION, None)
    if session is not None:
        session.close()


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tell a worker of pytest-xdist where to ask for the server."""
    node.workerinput["mock_server"] = _of(node.config).invite()


@pytest.fixture(scope="session")
def mock_server(pytestconfig: pytest.Config) -> MockServer:
    """Return the server of this test run; with pytest-xdist all workers share it. For an isolated world: mock_world."""
    from mock_server.core.errors import MockServerError

    trouble = ""
    try:
        return _of(pytestconfig).server()
    except MockServerError as error:
        trouble = str(error)
    pytest.fail(f"mock-server: {trouble}", pytrace=False)


@pytest.fixture
def mock_world(mock_server: MockServer, request: pytest.FixtureRequest) -> Iterator[World]:
    """Yield a world for this test alone, removed after it; its journal is in the report of a failure.

    Requests to the origins of ``--mock-route`` and of the marker ``mock_route`` go to it.
    """
    marked = [origin for marker in request.node.iter_markers("mock_route") for origin in marker.args]
    origins = [*_routed_origins(request.config), *marked]
    with ExitStack() as routes, mock_server.world(_name(request.node, _of(request.config).identity)) as world:
        if origins:
            routes.enter_context(world.route(*origins))
        yield world


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Add to the report of a failing test what its world was asked and answered, and what came nearest."""
    report = yield
    world = getattr(item, "funcargs", {}).get("mock_world")
    if report.failed and report.when != "teardown" and world is not None:
        from mock_server.testing.failure_report import sections_of

        report.sections += sections_of(world, call.excinfo.value if call.excinfo else None)
    return report


def pytest_sessionstart(session: pytest.Session) -> None:
    """Note the coverage at the start of the run."""
    from mock_server.core.errors import MockServerError

    own = _judging(session.config)
    try:
        if own is not None:
            own.begin()
    except MockServerError as error:
        raise pytest.UsageError(f"mock-server: {error}") from None


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail a run that passed and covered too little."""
    own = _judging(session.config)
    if own is not None:
        own.finish()
        if own.falls_short() and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Print how much of the contract was covered, where a flag asks for it."""
    own = _judging(config)
    if own is not None:
        terminalreporter.section("mock server", "-", red=own.falls_short(), green=not own.falls_short())
        for line in own.told():
            terminalreporter.write_line(line)


def _judging(config: pytest.Config) -> Session | None:
    """Return the session where this process reports coverage: not in a worker, and not where tests are only listed."""
    own = config.stash.get(_SESSION, None)
    if own is None or own.least is None or hasattr(config, "workerinput") or config.option.collectonly:
        return None
    return own


def _given(config: pytest.Config, name: str) -> Any:
    """Return a flag, or else the setting of the configuration file.

    Paths are made absolute, since tests change directories.
    """
    flag = config.getoption(f"mock_{name}")
    base = config.invocation_params.dir if flag else (config.inipath or config.rootpath / "_").parent
    value = flag or config.getini(f"mock_{name}")
    if not value or name not in _PLACES:
        return value
    return [_absolute(base, path) for path in value] if isinstance(value, list) else _absolute(base, value)


def _routed_origins(config: pytest.Config) -> list[str]:
    """Return the origins that every world is routed from; raises :class:`pytest.UsageError` for what is none."""
    origins: list[str] = _given(config, "route")
    if origins:
        from mock_server.core.errors import UsageError
        from mock_server.testing.rerouting.host_route import checked_origin

        try:
            return [checked_origin(origin) for origin in origins]
        except UsageError as error:
            raise pytest.UsageError(f"--mock-{error}") from None
    return origins


def _absolute(base: Path, place: str) -> str:
    """Return the whole path of a place; a URL stays, and so does the name of an API that comes with the server."""
    from mock_server.core.bundled import apis

    path = base / place
    is_named = place.startswith(("http://", "https://")) or (place in apis() and not path.exists())
    return place if is_named else str(path)


def _session(config: pytest.Config, options: dict[str, Any]) -> Session:
    from mock_server.core.errors import MockServerError
    from mock_server.testing.pytest_session import Session

    try:
        return Session(getattr(config, "workerinput", {}).get("mock_server"), options)
    except MockServerError as error:
        raise pytest.UsageError(f"mock-server: {error}") from None


def _of(config: pytest.Config) -> Session:
    if _SESSION not in config.stash:
        config.stash[_SESSION] = _session(config, {})
    return config.stash[_SESSION]


def _name(item: pytest.Item, identity: str) -> str:
    """Return a name for a test's world: the test's name, shortened, and what tells it from other tests and runs."""
    digest = hashlib.sha256(f"{item.nodeid} {identity}".encode()).hexdigest()[:8]
    own = re.sub(r"[^A-Za-z0-9._-]+", "-", item.name)
    worker = getattr(item.config, "workerinput", {}).get("workerid", "main")
    return f"{own[:40].strip('-.')}-{worker[:12]}-{digest}"
