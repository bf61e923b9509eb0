"""Values of effects: literals, pointers, times, drawn texts and a few functions; each is evaluated from readings."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal, DecimalException
from hashlib import sha256
from typing import Literal, Protocol, runtime_checkable
from uuid import UUID
from zlib import crc32

from mock_server.core.json_pointer import pointer_of
from mock_server.core.types import JSON
from mock_server.core.value_class import value_class
from mock_server.openapi.effects.moments import moment_in, moved, unit_of

Function = Literal["sum", "difference", "product", "quotient", "min", "max", "first", "count"]
ITEM = "#item"
"""The first part of a pointer that leads into the item of a selection."""
_BASE_62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_EXACT = Decimal("1E+20")
"""The size from which on numbers are whole anyway, as far as floats go."""
_LARGEST = Decimal("1E+300")
"""The size from which on numbers are refused: floats of JSON end there."""
_CHECKSUM = 6
"""Characters of a CRC-32 in base 62."""


class EffectValueError(ValueError):
    """Raised where a value cannot be computed; the message says what was found and what was expected."""


class Readings(Protocol):
    """What values are read from: a request, records of a world as they are by now, its clock."""

    @property
    def now(self) -> float:
        """Return the time of the world, in seconds since 1970."""

    def at(self, parts: tuple[str, ...]) -> JSON:
        """Return what the parts of a pointer lead to; None where that is nothing."""

    def records(self, resource: str) -> Iterator[JSON]:
        """Yield the values of all records of a resource."""

    def drawn(self, place: str, bound: int) -> int:
        """Return a number from 0 up to ``bound``, without it: always the same of one place and one cause."""

    def time_text(self, moment: float) -> str:
        """Return a moment, in seconds since 1970, as texts of records have it."""


@runtime_checkable
class Value(Protocol):
    """Something that is worked out when a step runs."""

    def evaluate(self, readings: Readings) -> JSON:
        """Return the value; raises :class:`EffectValueError` where it cannot be computed."""


class EffectCondition(Protocol):
    """Something that holds or does not when a step runs."""

    def holds(self, readings: Readings) -> bool:
        """Tell whether it holds; raises :class:`EffectValueError` where a value in it cannot be computed."""


class ItemReadings:
    """Readings of one pass over records or items: pointers of a selection lead into ``item``, others are read once."""

    def __init__(self, readings: Readings) -> None:
        self.item: JSON = None
        self._readings = readings
        self._known: dict[tuple[str, ...], JSON] = {}

    @property
    def now(self) -> float:
        return self._readings.now

    def at(self, parts: tuple[str, ...]) -> JSON:
        if parts[0] == ITEM:
            return value_in(self.item, parts[1:])
        if parts not in self._known:
            self._known[parts] = self._readings.at(parts)
        return self._known[parts]

    def records(self, resource: str) -> Iterator[JSON]:
        return self._readings.records(resource)

    def drawn(self, place: str, bound: int) -> int:
        return self._readings.drawn(place, bound)

    def time_text(self, moment: float) -> str:
        return self._readings.time_text(moment)


@value_class
class Constant:
    """A literal."""

    value: JSON

    def evaluate(self, readings: Readings) -> JSON:
        return self.value


@value_class
class Place:
    """What a pointer leads to: into the request, a record, or the item of a selection."""

    parts: tuple[str, ...]

    def evaluate(self, readings: Readings) -> JSON:
        return readings.at(self.parts)

    def __str__(self) -> str:
        return pointer_of(*self.parts)


@value_class
class Listed:
    """A list of values."""

    items: tuple[Value, ...]

    def evaluate(self, readings: Readings) -> JSON:
        return [item.evaluate(readings) for item in self.items]


@value_class
class Composed:
    """An object of values."""

    members: tuple[tuple[str, Value], ...]

    def evaluate(self, readings: Readings) -> JSON:
        return {name: value.evaluate(readings) for name, value in self.members}


@value_class
class ClockValue:
    """A moment: the present, or that of ``start``, moved by units and by ``count`` intervals."""

    start: Value | None = None
    shifts: tuple[tuple[str, Value], ...] = ()
    interval: Value | None = None
    count: Value | None = None

    def moment(self, readings: Readings) -> float | None:
        """Return the moment in seconds since 1970; None where ``start`` or the interval is none."""
        moment = readings.now if self.start is None else moment_in(self.start.evaluate(readings))
        if moment is None:
            return None
        try:
            for unit, value in self.shifts:
                moment = moved(moment, unit, float(_number(value.evaluate(readings)) or 0))
            if self.interval is not None:
                interval = self.interval.evaluate(readings)
                if not isinstance(interval, str):
                    return None
                count = 1 if self.count is None else _number(self.count.evaluate(readings))
                moment = moved(moment, unit_of(interval), float(count or 0))
        except ValueError as error:
            raise EffectValueError(str(error)) from None
        return moment

    def evaluate(self, readings: Readings) -> JSON:
        moment = self.moment(readings)
        return None if moment is None else readings.time_text(moment)


@value_class
class DrawnUuid:
    """A UUID of version 4 (RFC 9562, 5.4), drawn."""

    place: str

    def evaluate(self, readings: Readings) -> JSON:
        return str(UUID(int=readings.drawn(self.place, 1 << 128), version=4))


@value_class
class DrawnToken:
    """A text of drawn characters after a prefix; with its CRC-32 behind, in base 62, where it ``has_checksum``."""

    place: str
    prefix: str
    length: int
    alphabet: str
    has_checksum: bool = False

    def evaluate(self, readings: Readings) -> JSON:
        size = len(self.alphabet)
        text = _in_base(readings.drawn(self.place, size**self.length), self.alphabet, self.length)
        return self.prefix + text + (_in_base(crc32(text.encode()), _BASE_62, _CHECKSUM) if self.has_checksum else "")


@value_class
class RecordSelection:
    """Records of a resource, or items of a list, that a condition selects; ``member`` is what counts of each."""

    resource: str = ""
    items: Value | None = None
    where: EffectCondition | None = None
    member: tuple[str, ...] = ()

    def selected(self, readings: Readings) -> Iterator[JSON]:
        """Yield the records or items that are selected, whole."""
        own = ItemReadings(readings)
        return (item for item in self._all(readings) if self.selects(item, own))

    def selects(self, item: JSON, own: ItemReadings) -> bool:
        """Tell whether a record or an item is selected; ``own`` are the readings of one pass over all."""
        own.item = item
        return self.where is None or self.where.holds(own)

    def values(self, readings: Readings) -> Iterator[JSON]:
        """Yield what counts of each."""
        return (value_in(item, self.member) for item in self.selected(readings))

    def _all(self, readings: Readings) -> Iterator[JSON]:
        if self.items is None:
            yield from readings.records(self.resource)
            return
        items = self.items.evaluate(readings)
        yield from items if isinstance(items, list) else ()


@value_class
class Computed:
    """A function of some values, or of what a selection has."""

    function: Function
    operands: tuple[Value, ...] | RecordSelection

    def evaluate(self, readings: Readings) -> JSON:
        if isinstance(self.operands, RecordSelection):
            values: Iterator[JSON] = self.operands.values(readings)
        else:
            values = (operand.evaluate(readings) for operand in self.operands)
        if self.function == "first":
            return next((value for value in values if value is not None), None)
        if self.function == "count":
            return sum(1 for _ in values)
        return _written(_FUNCTIONS[self.function]([_number(value) for value in values]))


@value_class
class Rounded:
    """The nearest whole number, halves to even (IEEE 754); null stays null."""

    value: Value

    def evaluate(self, readings: Readings) -> JSON:
        number = _number(self.value.evaluate(readings))
        return None if number is None else _written(number.quantize(Decimal(1)) if abs(number) < _EXACT else number)


@value_class
class Joined:
    """One text of several values; null is empty."""

    items: tuple[Value, ...]

    def evaluate(self, readings: Readings) -> JSON:
        return "".join(text_in(item.evaluate(readings)) for item in self.items)


@value_class
class Cased:
    """A text in small or capital letters; null stays null."""

    value: Value
    is_upper: bool

    def evaluate(self, readings: Readings) -> JSON:
        value = self.value.evaluate(readings)
        if value is None:
            return None
        return text_in(value).upper() if self.is_upper else text_in(value).lower()


@value_class
class Digested:
    """The SHA-256 of a text in UTF-8 (FIPS 180-4), in hexadecimal digits; null stays null."""

    value: Value

    def evaluate(self, readings: Readings) -> JSON:
        value = self.value.evaluate(readings)
        return None if value is None else sha256(text_in(value).encode("utf-8", "surrogatepass")).hexdigest()


def value_in(value: JSON, parts: Sequence[str]) -> JSON:
    """Return what parts of a pointer lead to in a value; None where that is nothing."""
    for part in parts:
        if isinstance(value, dict):
            value = value.get(part)
        elif isinstance(value, list) and part.isascii() and part.isdigit() and int(part) < len(value):
            value = value[int(part)]
        else:
            return None
    return value


def text_in(value: JSON) -> str:
    """Return a scalar as a text; empty for null. Raises :class:`EffectValueError` for an object or a list."""
    if isinstance(value, (dict, list)):
        raise EffectValueError(f"found {'an object' if isinstance(value, dict) else 'a list'}; expected a text")
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)


def number_in(value: JSON) -> Decimal | None:
    """Return a number exactly as it is written; None for what is none."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    number = Decimal(value) if isinstance(value, int) else Decimal(repr(value))
    return number if number.is_finite() else None


def _number(value: JSON) -> Decimal | None:
    number = number_in(value)
    if number is None and value is not None:
        raise EffectValueError(f"found {repr(value)[:80]}; expected a number")
    return number


def _written(number: Decimal | None) -> JSON:
    """Return a number as JSON has it: whole ones without a fraction."""
    if number is None:
        return None
    if abs(number) >= _LARGEST:
        raise EffectValueError(f"found the number {number:.3E}; expected one below 1E+300")
    return int(number) if number == number.to_integral_value() else float(number)


def _sum(numbers: Sequence[Decimal | None]) -> Decimal:
    return sum((number for number in numbers if number is not None), Decimal(0))


def _difference(numbers: Sequence[Decimal | None]) -> Decimal:
    return (numbers[0] or Decimal(0)) - _sum(numbers[1:]) if numbers else Decimal(0)


def _product(numbers: Sequence[Decimal | None]) -> Decimal:
    product = Decimal(1)
    for number in numbers:
        product *= number or Decimal(0)
    return product


def _quotient(numbers: Sequence[Decimal | None]) -> Decimal | None:
    """Return the first number divided by the others; None where one of them is 0 or null."""
    if not numbers or not all(numbers[1:]):
        return None
    quotient = numbers[0] or Decimal(0)
    try:
        for number in numbers[1:]:
            quotient /= number or Decimal(1)
    except DecimalException:
        return None
    return quotient


def _least(numbers: Sequence[Decimal | None]) -> Decimal | None:
    return min((number for number in numbers if number is not None), default=None)


def _most(numbers: Sequence[Decimal | None]) -> Decimal | None:
    return max((number for number in numbers if number is not None), default=None)


_FUNCTIONS: Mapping[str, Callable[[Sequence[Decimal | None]], Decimal | None]] = {
    "sum": _sum,
    "difference": _difference,
    "product": _product,
    "quotient": _quotient,
    "min": _least,
    "max": _most,
}


def _in_base(number: int, alphabet: str, length: int) -> str:
    """Return a number in the digits of an alphabet, with so many of them."""
    digits: list[str] = []
    for _ in range(length):
        number, digit = divmod(number, len(alphabet))
        digits.append(alphabet[digit])
    return "".join(reversed(digits))
