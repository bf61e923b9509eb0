"""Search for the plugins that are installed."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import NamedTuple

GROUP = "mock_server.plugins"
"""The group of entry points that name the functions of plugins."""


class PluginEntryPoint(NamedTuple):
    """An entry point of the group: its name, ``module:function``, and the distribution that it comes with."""

    name: str
    value: str
    distribution: str
    version: str

    def __str__(self) -> str:
        return f"plugin {self.name!r} ({self.value}) of {self.owner}"

    @property
    def owner(self) -> str:
        """The distribution and its version."""
        return f"{self.distribution} {self.version}"


def find_plugins(places: Iterable[str]) -> tuple[PluginEntryPoint, ...]:
    """Return the entry points of the distributions in directories, by distribution and name.

    Of a distribution that stands in two directories the first counts, as in importing. importlib.metadata has the same;
    to import it and have it read every distribution takes 25 ms of a start, so it is asked only about those whose
    ``entry_points.txt`` (PyPA, "Entry points specification") has the name of the group in it. Archives (``.zip``) are
    not looked into.
    """
    seen: set[str] = set()
    plugins: list[PluginEntryPoint] = []
    for place in places:
        for directory in _distributions(place or os.curdir):
            name = os.path.basename(directory).partition("-")[0].lower()
            if name not in seen:
                seen.add(name)
                if _mentions_group(directory):
                    plugins += _entry_points(directory)
    return tuple(sorted(plugins, key=lambda plugin: (plugin.distribution, plugin.name)))


def _distributions(place: str) -> list[str]:
    """Return the directories that record a distribution (PyPA, "Recording installed projects")."""
    try:
        return [f"{place}/{name}" for name in os.listdir(place) if name.endswith((".dist-info", ".egg-info"))]
    except OSError:  # an archive, or a directory that is not there
        return []


def _mentions_group(directory: str) -> bool:
    # Without the layers of open(), which take three times as long: a hundred distributions are looked at.
    try:
        number = os.open(f"{directory}/entry_points.txt", os.O_RDONLY)
    except OSError:
        return False
    try:
        return GROUP.encode() in os.read(number, 1 << 20)
    finally:
        os.close(number)


def _entry_points(directory: str) -> list[PluginEntryPoint]:
    from importlib.metadata import Distribution
    from pathlib import Path

    distribution = Distribution.at(Path(directory))
    name, version = distribution.metadata["Name"], distribution.version
    return [
        PluginEntryPoint(entry.name, entry.value, name, version)
        for entry in distribution.entry_points.select(group=GROUP)
    ]
