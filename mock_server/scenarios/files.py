"""Scenarios with names: the built-in ones, and those of a directory ``scenarios`` next to the fixtures."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from mock_server.core.errors import InstructionError, UsageError
from mock_server.core.text import did_you_mean
from mock_server.openapi.loading.parser import parse_source
from mock_server.openapi.loading.reader import read_text
from mock_server.scenarios.model import Scenario

_SUFFIXES = (".yaml", ".yml", ".json")


class ScenarioFiles:
    """The files of some directories, by stem; a later directory goes before an earlier one. Read when needed."""

    def __init__(self, directories: Iterable[Path]) -> None:
        self._files = {
            file.stem: file
            for directory in directories
            if directory.is_dir()
            for file in sorted(directory.iterdir())
            if file.suffix.lower() in _SUFFIXES
        }

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the scenarios that can be started."""
        return tuple(self._files)

    def get(self, name: str) -> Scenario | None:
        """Return the scenario of that name, None where there is none.

        Raises :class:`UsageError` for a file that cannot be understood.
        """
        file = self._files.get(name)
        if file is None:
            return None
        source = parse_source(str(file), read_text(str(file), what="scenario"), what="scenario")
        try:
            scenario = Scenario.from_json(source.data, name)
        except InstructionError as error:
            place = source.place(error.findings[0].pointer)
            raise UsageError(
                f"{place}: found {error.findings[0].found}; expected {error.findings[0].expected}."
            ) from None
        if scenario.name != name:
            raise UsageError(
                f"{source.place('/name')}: found {scenario.name!r}; expected {name!r}, as the file. Rename one."
            )
        return scenario

    def standing(self, names: Iterable[str]) -> tuple[Scenario, ...]:
        """Return the scenarios that ``--scenario`` names; raises :class:`UsageError` for an unknown one."""
        pairs = [(name, self.get(name)) for name in names]
        for name, scenario in pairs:
            if scenario is None:
                near = did_you_mean(name, self.names)
                raise UsageError(
                    f"--scenario: found {name!r}{near}; expected one of {', '.join(self.names)}. Files of your own go"
                    " into a directory scenarios below --fixtures."
                )
        return tuple(scenario for _, scenario in pairs if scenario is not None)
