"""What builds images and runs containers where there is no container engine: buildah and crun, in a place of their own.

The place is a namespace of mounts and of processes. It ends with the process that holds it, which ends when nobody
holds its standard input any more; with it go every mount, container and process within, however the tests end.
"""

from __future__ import annotations

import configparser
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

import psutil

from tests.support.paths import ROOT

ENVIRONMENTS = ROOT / ".venv-image"
BASE = ENVIRONMENTS / "base.tar"
PROGRAMS = ("buildah", "crun", "ip", "nsenter", "unshare")
SECONDS = 300
"""For a build, registry included."""
HOLD = """
import signal, subprocess, sys
subprocess.run(["mount", "-t", "cgroup2", "cgroup2", "/sys/fs/cgroup"], check=True)
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
print("held", flush=True)
sys.stdin.read()
"""
"""The program that holds the place. crun reads cgroups of version 2 alone; a machine that has both shows it the new
ones. Processes whose parent has ended are this one's, which lets them go by ignoring what becomes of them."""


def why_not() -> str:
    """Why no image can be built and run here; nothing when it can."""
    if sys.platform != "linux":
        return "images are built on Linux"
    if os.geteuid() != 0:
        return "building an image without a container engine takes root: its mounts are private, but mounts"
    missing = [program for program in PROGRAMS if shutil.which(program) is None]
    if missing:
        return f"{', '.join(missing)} missing: make test-image installs what it takes"
    return "" if BASE.is_file() else "there is no base image: make test-image makes one"


@dataclass(frozen=True)
class Image:
    """A built image: its name, its configuration in Docker's words, the bytes of its layers from its base up."""

    name: str
    config: Mapping[str, Any]
    layers: Sequence[int]

    @property
    def command(self) -> list[str]:
        """What a container runs when it is told nothing."""
        return [*self.config["Entrypoint"], *self.config["Cmd"]]

    @property
    def environment(self) -> dict[str, str]:
        """The variables that it sets."""
        return dict(variable.split("=", 1) for variable in self.config["Env"])


class Engine:
    """Runs commands in the place, until the end of the ``with``."""

    def __init__(self) -> None:
        self.directory = Path(tempfile.mkdtemp(prefix="engine.", dir=ENVIRONMENTS))
        self._holder = subprocess.Popen(
            ["unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc", sys.executable, "-c", HOLD],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._holder.stdout is not None
        assert self._holder.stdout.readline() == "held\n"
        (self._held,) = psutil.Process(self._holder.pid).children()

    def __enter__(self) -> Engine:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._holder.communicate(timeout=30)
        shutil.rmtree(self.directory)

    def command(self, *arguments: str, network_of: int | None = None) -> list[str]:
        """The command that runs ``arguments`` within the place, and maybe in the network of a process."""
        network = [] if network_of is None else [f"--net=/proc/{network_of}/ns/net"]
        return ["nsenter", "--target", str(self.pid), "--mount", "--pid", *network, "--", *arguments]

    @property
    def pid(self) -> int:
        """The process that holds the place."""
        return self._held.pid

    def run(self, *arguments: str, network_of: int | None = None) -> str:
        """Run a command within the place; what it printed."""
        done = subprocess.run(
            self.command(*arguments, network_of=network_of),
            env={**os.environ, "TMPDIR": str(self.directory)},
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )
        assert done.returncode == 0, f"{arguments}: {done.stdout[-5000:]}{done.stderr[-5000:]}"
        return done.stdout

    def buildah(self, *arguments: str) -> str:
        """Run buildah on images and containers of the place's own."""
        return self.run(*self.buildah_command(*arguments)).strip()

    def buildah_command(self, *arguments: str) -> list[str]:
        """``buildah`` with the directories of this place."""
        places = ["--root", str(self.directory / "storage"), "--runroot", str(self.directory / "run")]
        return ["buildah", *places, "--storage-driver", "overlay", *arguments]

    def build(self) -> Image:
        """Build the image of the checkout, as the Containerfile says, on the base of Debian's packages."""
        place = self.directory / "base"
        place.mkdir()
        os.link(BASE, place / "base.tar")
        (place / "Containerfile").write_text("FROM scratch\nADD base.tar /\n", encoding="utf-8")
        self.build_from(place, "base")
        return self.build_from(ROOT, "mock-server", "--build-arg", "BASE=localhost/base", *self._secrets())

    def build_from(self, place: Path, name: str, *options: str) -> Image:
        """Build the image that the Containerfile of a directory describes."""
        options = ("--isolation", "chroot", "--format", "docker", "--tag", name, *options)
        self.buildah("bud", "--quiet", *options, "--file", str(place / "Containerfile"), str(place))
        description = json.loads(self.buildah("inspect", "--type", "image", name))
        layers: Sequence[Mapping[str, int]] = json.loads(description["Manifest"])["layers"]
        return Image(name, description["Docker"]["config"], [layer["size"] for layer in layers])

    def mount(self, image: Image) -> str:
        """Where the file system of an image is, within the place."""
        return self.buildah("mount", self.buildah("from", image.name))

    def _secrets(self) -> list[str]:
        """How pip reaches its registry on this machine, for the build alone."""
        listed = subprocess.run(
            [sys.executable, "-m", "pip", "config", "list"], capture_output=True, text=True, check=True
        ).stdout
        settings = configparser.ConfigParser(interpolation=None)
        settings["global"] = {}
        for line in listed.splitlines():
            key, _, value = line.partition("=")
            name = key.rpartition(".")[2]
            if name in ("index-url", "extra-index-url", "trusted-host", "proxy", "default-timeout"):
                settings["global"][name] = value.strip("'")
        pip = self.directory / "pip.conf"
        secrets = ["--secret", f"id=pip,src={pip}"]
        certificates = Path("/etc/ssl/certs/ca-certificates.crt")
        if certificates.is_file():
            settings["global"]["cert"] = "/run/secrets/ca"
            secrets += ["--secret", f"id=ca,src={certificates}"]
        with pip.open("w", encoding="utf-8") as file:
            settings.write(file)
        return secrets
