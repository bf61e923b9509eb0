"""The manifests of Kubernetes as they stand, and the rules that judge them: each rule finds what breaks it."""

from __future__ import annotations

from pathlib import Path

import pytest
from kubernetes_validate.utils import ValidationError, validate

from tests.support.kubernetes_manifests import NEWEST, OLDEST, files_of_objects, read
from tests.support.paths import ROOT

each_file = pytest.mark.parametrize("file", files_of_objects(), ids=lambda file: str(file.relative_to(ROOT)))


@each_file
@pytest.mark.parametrize("version", [OLDEST, NEWEST])
def test_object_keeps_its_schema(file: Path, version: str) -> None:
    objects = read(file.read_text(encoding="utf-8"))
    assert objects
    for resource in objects:
        validate(resource, version, strict=True)


def test_schema_finds_a_mistake() -> None:
    (budget,) = read((ROOT / "deploy/kubernetes/base/disruption.yaml").read_text(encoding="utf-8"))
    broken = {**budget, "spec": {**budget["spec"], "maxUnavailble": 1}}
    with pytest.raises(ValidationError):
        validate(broken, OLDEST, strict=True)
