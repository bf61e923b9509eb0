"""What the image is made of and what it says of itself, and that buildah builds and runs it."""

from __future__ import annotations

import json
import re
import shutil
import stat
import subprocess
import time
import tomllib
from pathlib import Path

import psutil
import pytest

from tests.support.container import Container
from tests.support.container_engine import Engine, Image
from tests.support.paths import ROOT

pytestmark = pytest.mark.image

PROGRAM = "/opt/mock-server/bin/mock-server"


def test_image_says_how_it_is_run(image: Image) -> None:
    config = image.config
    assert image.command == [PROGRAM, "serve"]
    assert config["Healthcheck"]["Test"] == ["CMD", PROGRAM, "healthcheck"]
    assert config["ExposedPorts"] == {"4010/tcp": {}}
    assert image.environment["MOCK_SERVER_HOST"] == "0.0.0.0"
    uid, gid = config["User"].split(":")
    assert int(uid) > 0
    assert int(gid) > 0


def test_image_says_what_it_is(image: Image) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    labels = image.config["Labels"]
    assert labels["org.opencontainers.image.version"] == project["version"]
    assert labels["org.opencontainers.image.licenses"] == project["license"]
    assert labels["org.opencontainers.image.revision"] == "unknown"
    assert {"org.opencontainers.image.title", "org.opencontainers.image.description"} <= labels.keys()


def test_image_is_small(image: Image) -> None:
    assert sum(image.layers[1:]) < 210e6  # of which aiohttp is 12 MB


def test_image_holds_runtime_only(image: Image, root: str, engine: Engine) -> None:
    (site,) = Path(f"/proc/{engine.pid}/root{root}/opt/mock-server/lib").glob("python3.*/site-packages")
    names = {re.split(r"-\d", path.name)[0].lower() for path in site.glob("*.dist-info")}
    locked = (ROOT / "requirements/serve.txt").read_text(encoding="utf-8")
    assert "contract_mock_server" in names
    assert {"pip", "setuptools", "hatchling", "editables", "pytest"} & names == set()
    assert {name.replace("_", "-") for name in names - {"contract_mock_server"}} <= set(
        re.findall(r"^([a-z][a-z0-9-]*)==", locked, re.MULTILINE)
    )
    assert not (site / "tests").exists()
    assert not (site.parents[3] / "build").exists()


def test_image_has_a_bill_of_what_is_in_it(root: str, engine: Engine) -> None:
    place = Path(f"/proc/{engine.pid}/root{root}/opt/mock-server")
    bill = json.loads((place / "share/mock-server.cdx.json").read_text(encoding="utf-8"))
    listed = {
        f"{each['name'].replace('-', '_')}-{each['version']}"
        for each in bill["components"]
        if each["purl"].startswith("pkg:pypi/")  # files of others within the wheel are no distributions
    }
    present = {
        each.name.removesuffix(".dist-info").lower() for each in place.glob("lib/python3.*/site-packages/*.dist-info")
    }
    version = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    assert present == listed | {f"contract_mock_server-{version}"}


def test_image_keeps_nothing_of_registry_that_it_was_built_from(root: str, engine: Engine) -> None:
    place = Path(f"/proc/{engine.pid}/root{root}")
    assert not (place / "etc/pip.conf").exists()
    assert not (place / "run/secrets/ca").exists()


def test_image_user_writes_database_folder_only(image: Image, root: str, engine: Engine) -> None:
    """A volume takes over whose the directory is."""
    place = Path(f"/proc/{engine.pid}/root{root}")
    uid = int(image.config["User"].split(":")[0])
    owned = [path for path in place.iterdir() if not path.is_symlink() and path.stat().st_uid == uid]
    assert owned == [place / "data"]
    written = [path for top in ("opt", "var/cache", "contract", "fixtures") for path in (place / top).rglob("*")]
    assert len(written) > 1000
    assert [path for path in written if not path.is_symlink() and path.stat().st_mode & stat.S_IWOTH] == []


def test_buildah_runs_image_until_signal(image: Image, engine: Engine, figures: list[str]) -> None:
    """As chroot isolation runs it: the user, the variables and the directories are the image's."""
    name = engine.buildah("from", "--name", "run", image.name)
    run = engine.buildah_command("run", "--isolation", "chroot", name, "--")
    network = ["unshare", "--net", "--", "sh", "-c", 'ip link set lo up && exec "$@"', "sh"]
    start = time.perf_counter()
    process = subprocess.Popen(
        engine.command(*network, *run, *image.command), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "Mock server ready at http://0.0.0.0:4010 (Polar API 0.1.0)\n"
        figures.append(f"run by buildah: ready after {time.perf_counter() - start:.2f} s")
        server, guard = [
            one
            for one in psutil.Process(process.pid).children(recursive=True)
            if one.cmdline()[:1] == ["/opt/mock-server/bin/python"]
        ]
        assert guard.ppid() == server.pid
        assert server.uids().real == int(image.config["User"].split(":")[0])
        check = [*run, *image.config["Healthcheck"]["Test"][1:]]
        engine.run(*check, network_of=server.pid)
        start = time.perf_counter()
        server.terminate()
        _, errors = process.communicate(timeout=30)
        assert time.perf_counter() - start < 2
        assert (process.returncode, errors) == (0, "")
    finally:
        process.kill()


def test_image_of_contract_serves_it(image: Image, engine: Engine) -> None:
    """As ``examples/Containerfile`` does, which runs ``check`` on the contract without being root."""
    derived = engine.build_from(ROOT / "examples", "lighthouses", "--build-arg", f"IMAGE=localhost/{image.name}")
    assert derived.config["User"] == image.config["User"]
    with Container(engine, derived, engine.mount(derived)) as container:
        assert container.ready_line == "Mock server ready at http://0.0.0.0:4010 (Lighthouses 1.0.0)\n"
        assert container.is_healthy()


def test_no_image_is_made_of_contract_with_findings(image: Image, engine: Engine, tmp_path: Path) -> None:
    shutil.copytree(ROOT / "examples", tmp_path, dirs_exist_ok=True)
    contract = tmp_path / "openapi/openapi.yaml"
    contract.write_text(contract.read_text(encoding="utf-8").replace("lit: true", "lit: maybe"), encoding="utf-8")
    with pytest.raises(AssertionError, match=r"RUN mock-server check.: exit status 1"):
        engine.build_from(tmp_path, "darkness", "--build-arg", f"IMAGE=localhost/{image.name}")
