"""Classes of values: what :func:`dataclasses.dataclass` makes with ``frozen`` and ``slots``, in a quarter of the time.

A start defines three hundred of them before the first answer. What :mod:`dataclasses` writes and compiles for each
takes 0.4 ms (Python 3.11), and most of it is never called. Here one function compares the values of all classes, one
hashes them and one writes them; the constructor of a class is compiled when it is first called.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import Field, dataclass, field, fields, make_dataclass
from operator import attrgetter
from reprlib import recursive_repr
from typing import Any, TypeVar, cast, dataclass_transform, overload

Class = TypeVar("Class", bound=type[Any])


@overload
@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def value_class(cls: Class, /) -> Class: ...
@overload
@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def value_class(*, slots: bool = True, eq: bool = True) -> Callable[[Class], Class]: ...
def value_class(
    cls: Class | None = None, /, *, slots: bool = True, eq: bool = True
) -> Class | Callable[[Class], Class]:
    """Make a dataclass of a class. That nothing is assigned to its members is left to the type checker.

    Without ``slots`` an object has a ``__dict__``, for what is worked out later. Without ``eq`` it is equal to itself
    alone.
    """

    def decorated(decorated_class: Class) -> Class:
        methods: dict[str, object] = {"__repr__": _text}
        if eq:
            methods |= {"__eq__": _is_equal, "__hash__": _hash}
            decorated_class._compared = _MemberReader("_compared", _is_compared)
            decorated_class._hashed = _MemberReader("_hashed", _is_hashed)
        for name, method in methods.items():
            if decorated_class.__dict__.get(name) is None:  # ``__hash__`` is None where a class has ``__eq__`` alone
                setattr(decorated_class, name, method)
        has_own_init = "__init__" in decorated_class.__dict__
        value = cast("Class", dataclass(slots=slots, eq=False, repr=False, init=False)(decorated_class))
        if not has_own_init:
            _compile_init_later(value)
        return value

    return decorated if cls is None else decorated(cls)


def _compile_init_later(value: type[Any]) -> None:
    """Give a class a constructor that puts the one of :mod:`dataclasses` in its place, and calls that."""

    def __init__(self: Any, *arguments: Any, **named: Any) -> None:  # noqa: N807 - a tool that shows it needs its name
        init: Any = _standard_init(value)
        value.__init__ = init
        init(self, *arguments, **named)

    value.__init__ = __init__


def _standard_init(value: type[Any]) -> Callable[..., None]:
    """Return the constructor that :mod:`dataclasses` makes for the members of a class."""
    members = [
        (
            entry.name,
            entry.type,
            field(default=entry.default, default_factory=entry.default_factory, init=entry.init, kw_only=entry.kw_only),
        )
        for entry in fields(value)
    ]
    namespace = {"__doc__": "A class that only lends its constructor."}  # without, it would get one of its signature
    if hasattr(value, "__post_init__"):
        namespace["__post_init__"] = value.__post_init__
    # With slots it sets the defaults of what is no parameter, too: without, the class has them, which ours need not.
    slots = any(not entry.init for entry in fields(value))
    name = value.__qualname__.rpartition(".")[2]
    lender = make_dataclass(name, members, namespace=namespace, eq=False, repr=False, slots=slots)
    init: Callable[..., None] = lender.__dict__["__init__"]
    init.__qualname__ = f"{value.__qualname__}.__init__"
    init.__module__ = value.__module__
    return init


class _MemberReader:
    """What reads some members of an object at once; it is worked out when a class is first asked for it."""

    def __init__(self, name: str, counts: Callable[[Field[Any]], bool]) -> None:
        """``name`` is the attribute of the class that it is, and in whose place it puts what it worked out."""
        self._name = name
        self._counts = counts

    def __get__(self, instance: object, owner: type[Any]) -> Callable[[Any], Hashable]:
        names = [entry.name for entry in fields(owner) if self._counts(entry)]
        reader = attrgetter(*names) if names else _nothing
        setattr(owner, self._name, staticmethod(reader))
        return reader


def _is_compared(entry: Field[Any]) -> bool:
    return entry.compare


def _is_hashed(entry: Field[Any]) -> bool:
    return entry.compare if entry.hash is None else entry.hash


def _nothing(_: object) -> tuple[()]:
    return ()


def _is_equal(self: Any, other: Any) -> object:
    if other.__class__ is not self.__class__:
        return NotImplemented
    members: Callable[[Any], Hashable] = self._compared
    return members(self) == members(other)


def _hash(self: Any) -> int:
    return hash(self._hashed(self))


@recursive_repr()
def _text(self: Any) -> str:
    members = ", ".join(f"{entry.name}={getattr(self, entry.name)!r}" for entry in fields(self) if entry.repr)
    return f"{self.__class__.__qualname__}({members})"
