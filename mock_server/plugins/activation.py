"""The registry of this process: filled once, then frozen.

A process has one, whatever the number of its servers: schemas are compiled and contracts are read by it.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterable
from functools import cache, reduce
from importlib import import_module
from typing import Any, NamedTuple

from mock_server.core.errors import PluginError, UsageError
from mock_server.plugins.discovery import PluginEntryPoint, find_plugins
from mock_server.plugins.registry import RegistrationError, Registry


class _Activation(NamedTuple):
    """The registry, with the plugins in it and, where they are switched off, those that are not."""

    registry: Registry
    plugins: tuple[PluginEntryPoint, ...]
    is_enabled: bool
    installed: tuple[PluginEntryPoint, ...]


_lock = threading.RLock()
_active: _Activation | None = None


def activate(*, is_enabled: bool = True) -> Registry:
    """Load the installed plugins, or none where they are switched off, and return the frozen registry.

    Raises :class:`PluginError` for a plugin that cannot be loaded, and :class:`UsageError` where this process has
    decided otherwise before.
    """
    global _active
    with _lock:
        if _active is None:
            installed = _installed()
            plugins = installed if is_enabled else ()
            _active = _Activation(load_plugins(plugins), plugins, is_enabled, installed)
        elif _active.installed and _active.is_enabled != is_enabled:
            raise UsageError(
                f"no_plugins: found {not is_enabled}, and a server of this process that began with"
                f" {not _active.is_enabled}; expected the same for all servers of a process."
                " MockServer.subprocess() has a process of its own."
            )
        return _active.registry


def registry() -> Registry:
    """Return the registry of this process. Where nobody has activated it, the installed plugins are loaded."""
    return activate() if _active is None else _active.registry


def has_plugins() -> bool:
    """Tell whether any plugin is installed, loaded or not."""
    return bool(_installed())


@cache
def _installed() -> tuple[PluginEntryPoint, ...]:
    return find_plugins(sys.path)


def is_enabled() -> bool:
    """Tell whether plugins are loaded in this process, where there are any."""
    return _active is None or _active.is_enabled


def identity() -> bytes:
    """Return the distributions of the plugins that are loaded, with versions; empty where there are none.

    What a contract says may depend on them.
    """
    registry()
    assert _active is not None
    return "\n".join(dict.fromkeys(plugin.owner for plugin in _active.plugins)).encode()


def load_plugins(plugins: Iterable[PluginEntryPoint]) -> Registry:
    """Return a frozen registry with what plugins register; raises :class:`PluginError`."""
    registry = Registry()
    for plugin in plugins:
        try:
            registry.register_as(plugin.owner, _function(plugin))
        except RegistrationError as error:
            raise PluginError(f"{plugin}: {error}. {_REMEDY}") from error
        except Exception as error:
            raise PluginError(
                f"{plugin}: found {type(error).__name__}: {error}; expected a function that registers without an error."
                f" {_REMEDY}"
            ) from error
    registry.freeze()
    return registry


_REMEDY = "Update or uninstall the distribution, or start with --no-plugins."


def _function(plugin: PluginEntryPoint) -> Callable[[Registry], object]:
    module, _, names = plugin.value.partition(":")
    function: Any = reduce(getattr, names.split(".") if names else [], import_module(module.strip()))
    if not callable(function):
        raise RegistrationError(f"found {type(function).__name__}; expected a function register(registry)")
    register: Callable[[Registry], object] = function
    return register
