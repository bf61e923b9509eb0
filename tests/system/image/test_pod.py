"""The pod of the manifests, as one machine can have it: its container starts from the image and passes its probes."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path

import pytest

from tests.support.container import URL, Mount, Start
from tests.support.http_exchange import asked
from tests.support.kubernetes_manifests import (
    PLACE,
    SECONDS_TO_STOP,
    Object,
    of_kind,
    probed,
    read,
    render,
    server_of,
    variables_of,
)

pytestmark = pytest.mark.image


def mounts_of(objects: list[Object], directory: Path) -> list[Mount]:
    """The volumes of the pod where its container has them: empty ones, and the files of ConfigMaps."""
    pod, container = server_of(objects)
    mounts = []
    for volume in pod["volumes"]:
        (place,) = [mount["mountPath"] for mount in container["volumeMounts"] if mount["name"] == volume["name"]]
        source = None
        if "configMap" in volume:
            source = directory / volume["name"]
            source.mkdir()
            (config,) = [
                resource
                for resource in of_kind(objects, "ConfigMap")
                if resource["metadata"]["name"] == volume["configMap"]["name"]
            ]
            for name, text in config["data"].items():
                (source / name).write_text(text, encoding="utf-8")
        mounts.append(Mount(place, source))
    return mounts


def test_container_of_pod_starts_and_passes_its_probes(start: Start, tmp_path: Path) -> None:
    objects = read(render(PLACE / "overlays/memory"))
    context = server_of(objects)[0]["securityContext"]
    tmp_path.chmod(0o755)
    container = start(
        environment=variables_of(objects),
        mounts=mounts_of(objects, tmp_path),
        user=(context["runAsUser"], context["runAsGroup"]),
    )
    assert container.ready_line == "Mock server ready at http://0.0.0.0:4010 (Lighthouses 1.0.0)\n"
    statuses = {
        probe: container.asked(partial(asked, URL, {"path": path})).status for probe, path in probed(objects).items()
    }
    assert statuses == {"startupProbe": 200, "livenessProbe": 200, "readinessProbe": 200}
    answer = container.asked(partial(asked, URL, {"path": "/lighthouses/Kullen"}))
    assert json.loads(answer.body)["name"] == "Kullen"
    code, seconds = container.stop()
    assert code == 0
    assert seconds < SECONDS_TO_STOP
