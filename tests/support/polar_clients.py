"""Programs that use Polar's released SDKs: what ``tests/cases/clients.yaml`` says of each."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

import pytest

from tests.support.case_files import read_cases
from tests.support.paths import ROOT

Json: TypeAlias = dict[str, Any]

CASES: Json = read_cases("clients")
REMEDY = "run `make test-clients`, which installs the clients"


@dataclass(frozen=True)
class Client:
    name: str
    command: list[str]
    finest: Literal["microseconds", "milliseconds"]
    errors: dict[str, Json]
    unknown: list[str] = field(default_factory=list)
    null_becomes: Json = field(default_factory=dict)


CLIENTS = [Client(name=name, **client) for name, client in CASES["clients"].items()]


def require_installed(client: Client) -> None:
    program = client.command[0]
    if shutil.which(ROOT / program if "/" in program else program) is None:
        pytest.fail(f"{client.name} needs {program}, which is missing: {REMEDY}", pytrace=False)
    if not (ROOT / f".venv-clients/{client.name}.stamp").is_file():
        pytest.fail(f"{client.name} is not installed: {REMEDY}", pytrace=False)
