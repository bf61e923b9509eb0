"""Write the software bill of materials, in CycloneDX 1.6 as JSON: the same lock makes the same bytes.

    python -m supply.sbom FILE                     of the wheel: all of the lock, whatever the Python
    python -m supply.sbom FILE --installed PREFIX  of an environment, which may have nothing but what is locked

What builds the wheel has the scope ``excluded``, what an extra brings ``optional``. There are no addresses within: a
distribution is known by its package URL (purl), wherever it was had from.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import tomllib
import uuid
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from cyclonedx.contrib.license.factories import LicenseFactory
from cyclonedx.model.bom import Bom, BomMetaData
from cyclonedx.model.component import Component, ComponentScope, ComponentType
from cyclonedx.output.json import JsonV1Dot6
from packageurl import PackageURL
from packaging.requirements import Requirement

from supply.browser_files import MANIFEST
from supply.licences import read_licences
from supply.lock import PROJECT, ROOT, Distribution, installed_with, read_lock
from supply.world_map import MANIFEST as MAP_MANIFEST

_NAMESPACE = uuid.UUID("9f4d2f4e-5ee0-4b58-a7b2-5c8b8f9c7d11")
"""Of the serial numbers, which come from what is listed."""


def write_bom(distributions: Sequence[Distribution]) -> str:
    """Return the bill of materials of the project with these distributions, as JSON."""
    project = _project()
    licences = read_licences().expressions
    root = _component(PROJECT, project["version"], project["license"], ComponentType.APPLICATION)
    scopes = _scopes(distributions)
    components = {
        each.name: _component(
            each.name, each.version, licences.get(each.name), ComponentType.LIBRARY, scopes[each.name]
        )
        for each in distributions
    }
    shipped = _browser_components()
    listed = "\n".join(
        [
            *(f"{each.name}=={each.version}" for each in [Distribution(PROJECT, project["version"]), *distributions]),
            *(str(each.purl) for each in shipped),
        ]
    )
    bom = Bom(
        components=[*components.values(), *shipped],
        metadata=BomMetaData(component=root),
        serial_number=uuid.uuid5(_NAMESPACE, listed),
    )
    bom.metadata.timestamp = None  # type: ignore[assignment]  # an optional member: now would be another each time
    needs: dict[str, list[Component]] = {name: [] for name in (PROJECT, *components)}
    needs[PROJECT] += shipped
    for each in distributions:
        for name in each.needed_by:
            needs[name].append(components[each.name])
    for name, needed in needs.items():
        bom.register_dependency(components.get(name, root), needed)
    return f"{JsonV1Dot6(bom).output_as_string(indent=2)}\n"


def installed_in(prefix: Path, lock: Iterable[Distribution]) -> tuple[Distribution, ...]:
    """Return what of the lock an environment of this Python has. Raises :class:`ValueError` for anything else there."""
    expected = {each.name: each for each in installed_with(PROJECT, lock) if each.is_for_this_python}
    versions = {
        re.sub(r"[-_.]+", "-", name).lower(): version
        for file in sorted(prefix.glob("lib/python3.*/site-packages/*.dist-info"))
        for name, _, version in [file.name.removesuffix(".dist-info").partition("-")]
    }
    versions.pop(PROJECT, None)
    locked = {name: each.version for name, each in expected.items()}
    if versions != locked:
        differing = sorted(set(versions.items()) ^ set(locked.items()))
        raise ValueError(f"{prefix}: found other distributions than the lock has; expected those alone: {differing}")
    return tuple(expected.values())


def _project() -> Mapping[str, str]:
    project: Mapping[str, str] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return project


def _scopes(distributions: Sequence[Distribution]) -> dict[str, ComponentScope]:
    """Return how each distribution is needed: always, for an extra, or by what builds the wheel alone."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = {Requirement(line).name.lower() for lines in project["optional-dependencies"].values() for line in lines}
    plain = [each for each in distributions if each.name not in extras]
    always = {each.name for each in installed_with(PROJECT, plain)}
    running = {each.name for each in installed_with(PROJECT, distributions)}
    return {
        each.name: ComponentScope.REQUIRED
        if each.name in always
        else ComponentScope.OPTIONAL
        if each.name in running
        else ComponentScope.EXCLUDED
        for each in distributions
    }


def _component(
    name: str, version: str, licence: str | None, kind: ComponentType, scope: ComponentScope | None = None
) -> Component:
    purl = PackageURL("pypi", name=name, version=version)
    licences = [LicenseFactory().make_from_string(licence)] if licence else []
    return Component(
        name=name, version=version, type=kind, scope=scope, licenses=licences, purl=purl, bom_ref=purl.to_string()
    )


def _browser_components() -> list[Component]:
    """Return what pages of the console have of others: files of npm packages, or what was made of them."""
    listed = [json.loads(MANIFEST.read_text(encoding="utf-8"))]
    listed += json.loads(MAP_MANIFEST.read_text(encoding="utf-8"))["packages"]
    components = []
    for package in listed:
        purl = PackageURL("npm", name=package["package"], version=package["version"])
        components.append(
            Component(
                name=package["package"],
                version=package["version"],
                type=ComponentType.LIBRARY,
                scope=ComponentScope.REQUIRED,
                licenses=[LicenseFactory().make_from_string(package["licence"])],
                purl=purl,
                bom_ref=purl.to_string(),
            )
        )
    return components


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the file that the command line names; exit code 1 where an environment is not what the lock says."""
    parser = argparse.ArgumentParser(description="Write the software bill of materials (CycloneDX 1.6, JSON).")
    parser.add_argument("file", type=Path)
    parser.add_argument("--installed", type=Path, metavar="PREFIX", help="an environment: what is installed there")
    given = parser.parse_args(arguments)
    lock = read_lock()
    try:
        distributions = lock if given.installed is None else installed_in(given.installed, lock)
    except ValueError as error:
        print(error, file=sys.stderr)
        return 1
    given.file.parent.mkdir(parents=True, exist_ok=True)
    given.file.write_text(write_bom(distributions), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
