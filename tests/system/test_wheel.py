"""The wheel carries all that the server needs, and serves from anywhere."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import sysconfig
import venv
import zipfile
from importlib.metadata import distribution
from pathlib import Path

import pytest

from tests.support.http_exchange import me
from tests.support.paths import ROOT
from tests.support.server_process import RunningServer

NAME = "contract-mock-server"


def run(*command: str | Path, directory: Path) -> str:
    done = subprocess.run(command, cwd=directory, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of the files that git knows or would add."""
    if shutil.which("git") is None or not (ROOT / ".git").exists():
        pytest.skip("this is no checkout with git: nothing says which files belong to the project")
    copy = tmp_path_factory.mktemp("copy")
    listed = run("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", directory=ROOT)
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file():  # and not deleted since
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, copy / name)
    run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", copy / "dist", directory=copy)
    (built,) = (copy / "dist").iterdir()
    return built


def test_wheel_carries_contract_overlays_and_fixtures(wheel: Path) -> None:
    carried = [
        file for directory in ("openapi", "fixtures") for file in (ROOT / directory).rglob("*") if file.is_file()
    ]
    assert len(carried) >= 5
    with zipfile.ZipFile(wheel) as archive:
        for file in carried:
            assert archive.read(f"mock_server/bundle/{file.relative_to(ROOT).as_posix()}") == file.read_bytes()
        assert "mock_server/py.typed" in archive.namelist()


def test_wheel_carries_code_and_no_tests(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    code = {file.relative_to(ROOT).as_posix() for file in (ROOT / "mock_server").rglob("*.py")}
    assert code == {name for name in names if name.endswith(".py")}
    assert {name.split("/")[0] for name in names} == {
        "mock_server",
        f"{NAME.replace('-', '_')}-{distribution(NAME).version}.dist-info",
    }


def test_wheel_brings_the_pytest_plugin(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        (name,) = [name for name in archive.namelist() if name.endswith(".dist-info/entry_points.txt")]
        assert "[pytest11]\nmock_server = mock_server.pytest_plugin\n" in archive.read(name).decode()


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment with the wheel; its dependencies are those of the environment of the tests."""
    place = tmp_path_factory.mktemp("environment")
    venv.create(place, symlinks=True)
    python = place / "bin" / "python"
    site = Path(run(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))", directory=place).strip())
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--python", str(python)]
    run(*pip, "install", "--quiet", "--no-deps", "--no-index", wheel, directory=place)
    # A path file adds a directory and does not process the path files in it, which is how the checkout is installed.
    (site / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n", encoding="utf-8")
    return place


def test_wheel_environment_has_one_copy(installed: Path, tmp_path: Path) -> None:
    python = installed / "bin" / "python"
    file = run(python, "-c", "import mock_server; print(mock_server.__file__)", directory=tmp_path).strip()
    assert Path(file).is_relative_to(installed)
    output = run(installed / "bin" / "mock-server", "--version", directory=tmp_path)
    assert output == f"mock-server, version {distribution(NAME).version}\n"


def test_installed_server_serves_from_other_directory(
    installed: Path, tmp_path: Path, server_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with RunningServer(program=[str(installed / "bin" / "mock-server")]) as server:
        for handle in ("individual", "SE", "anybody"):
            assert me(server.url, handle).body == me(server_url, handle).body
        assert json.loads(me(server.url).body)["email"] == "harriet.winslade@example.com"
        assert server.stop() == 0
    assert server.errors == ""
    assert [*tmp_path.iterdir()] == []


def test_installed_command_checks_bundle(installed: Path, tmp_path: Path) -> None:
    output = run(installed / "bin" / "mock-server", "check", directory=tmp_path)
    assert output.endswith(" 0 findings\n")
