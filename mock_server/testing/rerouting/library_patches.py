"""Methods of libraries that are replaced for a while, of those libraries alone that the process imports."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType
from typing import Any

LIBRARIES = ("urllib3", "requests", "httpx", "aiohttp")
"""The packages, each after those that it imports."""


@dataclass(frozen=True)
class Patch:
    """A method of a class, and what takes its place."""

    owner: type
    name: str
    replacement: Callable[..., Any]


class LibraryPatches:
    """The patches of all libraries: at once of those that are imported, of the others when they are."""

    def __init__(self, patches_of: Callable[[str], Sequence[Patch]]) -> None:
        self._patches_of = patches_of
        self._applied: dict[str, list[tuple[Patch, Any]]] = {}
        self._finder = _LibraryFinder(self._apply_to)
        self._is_active = False

    def apply(self) -> None:
        """Replace the methods."""
        self._is_active = True
        sys.meta_path.insert(0, self._finder)
        for library in LIBRARIES:
            if library in sys.modules:
                self._apply_to(library)

    def undo(self) -> None:
        """Put the methods back. One that others have replaced meanwhile stays theirs."""
        self._is_active = False
        sys.meta_path.remove(self._finder)
        for applied in self._applied.values():
            for patch, original in applied:
                if patch.owner.__dict__.get(patch.name) is patch.replacement:
                    setattr(patch.owner, patch.name, original)
        self._applied.clear()

    def _apply_to(self, library: str) -> None:
        if self._is_active and library not in self._applied:
            applied = self._applied[library] = []
            for patch in self._patches_of(library):
                applied.append((patch, patch.owner.__dict__[patch.name]))
                setattr(patch.owner, patch.name, patch.replacement)


class _LibraryFinder(MetaPathFinder):
    """Has something done once one of the libraries is imported."""

    def __init__(self, then: Callable[[str], None]) -> None:
        self._then = then

    def find_spec(self, name: str, path: Sequence[str] | None, target: ModuleType | None = None) -> ModuleSpec | None:
        if name not in LIBRARIES:
            return None
        spec = PathFinder.find_spec(name, path, target)
        if spec is not None and spec.loader is not None:
            spec.loader = _LibraryLoader(spec.loader, self._then)
        return spec


class _LibraryLoader(Loader):
    """Loads a library as its own loader does, which the module has as its loader in the end."""

    def __init__(self, loader: Loader, then: Callable[[str], None]) -> None:
        self._loader = loader
        self._then = then

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return self._loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        assert module.__spec__ is not None
        module.__spec__.loader = module.__loader__ = self._loader
        self._loader.exec_module(module)
        self._then(module.__name__)
