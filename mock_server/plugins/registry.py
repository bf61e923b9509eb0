"""Registries: one for each kind of extension, from a name to what was registered under it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from importlib import import_module
from typing import Any, Generic, TypeVar

from mock_server.core.text import did_you_mean
from mock_server.plugins.extensions import (
    FieldProvider,
    MediaTypeCodec,
    PatternKind,
    SourceFactory,
    StoreOpener,
    StringFormat,
)

_T = TypeVar("_T")
_D = TypeVar("_D")
BUILT_IN = "mock-server itself"
"""The owner of what comes with the server."""


class RegistrationError(ValueError):
    """Raised for something that cannot be registered: too late, under a name that is in use, or of a wrong kind."""


class Registry:
    """All registries. It is frozen before the first request: nothing can be added then."""

    def __init__(self) -> None:
        self.owner = BUILT_IN
        """The distribution whose function is registering."""
        self.is_frozen = False
        self.lock = threading.RLock()
        self.formats: Registrations[StringFormat] = Registrations(
            self, "string format", _instance_of(StringFormat), "mock_server.generation.string_formats:register"
        )
        self.codecs: Registrations[MediaTypeCodec] = Registrations(
            self, "media type", _instance_of(MediaTypeCodec), "mock_server.http.body_serializers:register"
        )
        self.fields: Registrations[FieldProvider] = Registrations(
            self, "field", _CALLABLE, "mock_server.generation.fake.field_providers:register"
        )
        self.patterns: Registrations[PatternKind] = Registrations(
            self, "pattern", _instance_of(PatternKind), "mock_server.scenarios.value_patterns:register"
        )
        self.stores: Registrations[StoreOpener] = Registrations(
            self, "store", _CALLABLE, "mock_server.storage.urls:register"
        )
        self.sources: Registrations[SourceFactory] = Registrations(self, "response source", _CALLABLE)

    def freeze(self) -> None:
        """Refuse every registration from now on."""
        self.is_frozen = True

    def register_as(self, owner: str, register: Callable[[Registry], object]) -> None:
        """Call a function that registers, in the name of its owner. What it raises is passed on."""
        with self.lock:
            former, self.owner = self.owner, owner
            try:
                register(self)
            finally:
                self.owner = former


class Registrations(Mapping[str, _T], Generic[_T]):
    """What is registered of one kind, by name: first what comes with the server, then what plugins added.

    ``built_in`` (``module:function``) registers what comes with the server, at the first look: its module may be a
    large one. Of media types and URL schemes the names are in lower case.
    """

    def __init__(
        self, registry: Registry, kind: str, expected: tuple[Callable[[object], bool], str], built_in: str = ""
    ) -> None:
        self._registry = registry
        self._kind = kind
        self._is_fit, self._expected = expected
        self._built_in = built_in
        self._items: dict[str, _T] = {}
        self._owners: dict[str, str] = {}

    def add(self, name: str, item: _T) -> None:
        """Register something under a name. Raises :class:`RegistrationError` where that is not possible."""
        owner = self._registry.owner
        if owner != BUILT_IN:
            self._load()
            if self._registry.is_frozen:
                raise RegistrationError(
                    f"{self._kind} {name!r}: found a registration after the start; expected all of them within the"
                    " function that the entry point names. Register it there."
                )
        if not isinstance(name, str) or not name:
            raise RegistrationError(f"{self._kind}: found the name {name!r}; expected a text that is not empty")
        if not self._is_fit(item):
            raise RegistrationError(f"{self._kind} {name!r}: found {item!r}; expected {self._expected}")
        if name in self._items:
            raise RegistrationError(
                f"{self._kind} {name!r}: found it registered by {self._owners[name]} already; expected a name that is"
                " free. Register it under another name."
            )
        self._items[name] = item
        self._owners[name] = owner

    @property
    def of_plugins(self) -> dict[str, _T]:
        """What plugins added, by name."""
        return {name: item for name, item in self.items() if self._owners[name] != BUILT_IN}

    def suggestion(self, name: str) -> str:
        """Return ``; did you mean X?`` where a registered name is similar, else an empty text."""
        return did_you_mean(name, self)

    def __getitem__(self, name: str) -> _T:
        self._load()
        return self._items[name]

    def __iter__(self) -> Iterator[str]:
        self._load()
        return iter(self._items)

    def __len__(self) -> int:
        self._load()
        return len(self._items)

    def _load(self) -> None:
        """Register what comes with the server, once."""
        if not self._built_in:
            return
        with self._registry.lock:
            if self._built_in:
                module, _, name = self._built_in.partition(":")
                self._registry.register_as(BUILT_IN, getattr(import_module(module), name))
                self._built_in = ""  # only now: another thread would find nothing yet


def _instance_of(kind: type[Any]) -> tuple[Callable[[object], bool], str]:
    return (lambda item: isinstance(item, kind)), f"a {kind.__name__} of mock_server.plugins"


_CALLABLE: tuple[Callable[[object], bool], str] = (callable, "a function")
