"""The distributions of a lock, as ``make lock`` writes it: pinned, with hashes, and with who needs each."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from packaging.markers import Marker
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[1]
SERVE = ROOT / "requirements/serve.txt"
"""The lock of what serves, with its extras, and of what builds the wheel."""
PROJECT = "contract-mock-server"
_NEEDED_BY = re.compile(r"^    # (?:via)? *(.*)$")
_GROUP = re.compile(rf"{PROJECT} \(pyproject\.toml:.+\)")


@dataclass(frozen=True, slots=True)
class Distribution:
    """A pinned distribution. ``marker`` says for which Pythons, ``needed_by`` names others and the project."""

    name: str
    version: str
    marker: Marker | None = None
    needed_by: tuple[str, ...] = ()

    @property
    def is_for_this_python(self) -> bool:
        """Whether it is installed where this runs."""
        return self.marker is None or self.marker.evaluate()


def read_lock(file: Path = SERVE) -> tuple[Distribution, ...]:
    """Return the distributions of a lock by name. Raises :class:`ValueError` for a line that cannot be read."""
    return tuple(sorted(_distributions(file), key=lambda each: each.name))


def installed_with(project: str, lock: Iterable[Distribution]) -> tuple[Distribution, ...]:
    """Return what of a lock a project needs when it runs: not what its dependency groups alone bring (``build``)."""
    distributions = {each.name: each for each in lock}
    needed = {project}
    while True:
        more = {name for name, each in distributions.items() if needed.intersection(each.needed_by)} - needed
        if not more:
            break
        needed |= more
    return tuple(
        replace(each, needed_by=tuple(name for name in each.needed_by if name in needed))
        for name, each in distributions.items()
        if name in needed
    )


def _distributions(file: Path) -> Iterator[Distribution]:
    current: Distribution | None = None
    for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
        if line.startswith("    --hash=") or not line.strip():
            continue
        if needing := _NEEDED_BY.match(line):
            if current is not None and (name := _name(needing[1])):
                current = replace(current, needed_by=(*current.needed_by, name))
            continue
        if line.startswith(("#", "-")):
            continue
        if current is not None:
            yield current
        current = _pinned(line, f"{file.name}:{number}")
    if current is not None:
        yield current


def _pinned(line: str, place: str) -> Distribution:
    requirement = Requirement(line.rstrip("\\ "))
    pins = [pin.version for pin in requirement.specifier if pin.operator == "=="]
    if len(pins) != 1:
        raise ValueError(f"{place}: found {line!r}; expected NAME==VERSION. Write locks with make lock.")
    return Distribution(requirement.name, pins[0], requirement.marker)


def _name(text: str) -> str:
    """Return who needs a distribution: a group of the project's own stands as ``PROJECT (pyproject.toml:GROUP)``."""
    if _GROUP.fullmatch(text) or text.startswith("-c "):
        return ""
    return text.split(" ", 1)[0]
