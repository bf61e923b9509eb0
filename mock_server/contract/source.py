"""Text to data: one YAML or JSON text, with the line of every node.

YAML is read as data by the schema of YAML 1.2 (core): ``NO`` is a text, a date is a text, keys are
texts. Nothing is rendered, nothing is executed, and a text built to exhaust the reader is refused.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from http.client import HTTPException
from math import isfinite
from pathlib import Path
from typing import Any, Protocol, cast
from urllib.error import URLError
from urllib.parse import urlsplit
from urllib.request import urlopen

import yaml

from mock_server.contract.lines import line_in_json, line_in_yaml
from mock_server.errors import ContractError, MockServerError
from mock_server.exchange import JSON

MAX_BYTES = 64 * 1024 * 1024
"""The largest text that is read. GitHub's contract, one of the largest known, has 13 MB."""
MAX_DEPTH = 200
"""The deepest nesting; libyaml's composer overruns the stack somewhere above 5,000."""
MAX_EXPANSION = 20
"""How many times larger than itself a text may become when its YAML aliases are written out."""
URL_SECONDS = 10.0
"""How long an address may take for all that it has."""


class _Loader(yaml.CSafeLoader):
    """YAML 1.2 core scalars, keys as texts, no key twice."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        own = [pair for pair in node.value if pair[0].tag != "tag:yaml.org,2002:merge"]
        mapping = self._merged(node) if len(own) < len(node.value) else {}
        seen: set[str] = set()
        for key, value in own:
            if not isinstance(key, yaml.ScalarNode):
                raise yaml.constructor.ConstructorError(None, None, "a key that is not a text", key.start_mark)
            if key.value in seen:
                raise yaml.constructor.ConstructorError(None, None, f"the key {key.value!r} twice", key.start_mark)
            seen.add(key.value)
            mapping[key.value] = self.construct_object(value, deep=True)
        return mapping

    def _merged(self, node: yaml.MappingNode) -> dict[Any, Any]:
        """What the merge keys of a mapping bring (a mapping or a list of them, the first to win)."""
        merges = yaml.MappingNode(node.tag, [one for one in node.value if one[0].tag == "tag:yaml.org,2002:merge"])
        self.flatten_mapping(merges)
        return {key.value: self.construct_object(value, deep=True) for key, value in merges.value}


def _mapping(loader: _Loader, node: yaml.MappingNode) -> dict[Any, Any]:
    return loader.construct_mapping(node)


_Loader.yaml_implicit_resolvers = {}
for _tag, _pattern, _first in (
    ("null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    ("bool", r"true|True|TRUE|false|False|FALSE", list("tTfF")),
    ("int", r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+", list("-+0123456789")),
    ("float", r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?", list("-+.0123456789")),
    ("merge", r"<<", ["<"]),
):
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(f"^(?:{_pattern})$"), _first)


def _int(loader: _Loader, node: yaml.ScalarNode) -> int:
    # PyYAML reads 010 by YAML 1.1, as octal.
    text = node.value
    return int(text, 0) if text[:2] in ("0o", "0x") else int(text)


def _float(loader: _Loader, node: yaml.ScalarNode) -> float | str:
    # PyYAML wants a sign in the exponent; 1.2 does not. What JSON cannot say stays a text.
    number = float(node.value)
    return number if isfinite(number) else str(node.value)


_Loader.add_constructor("tag:yaml.org,2002:map", _mapping)
_Loader.add_constructor("tag:yaml.org,2002:int", _int)
_Loader.add_constructor("tag:yaml.org,2002:float", _float)


@dataclass(frozen=True, slots=True)
class Source:
    """A text, where it came from, and the data in it.

    ``name`` is what messages call it. ``data`` holds only what JSON knows, with texts as keys.
    """

    name: str
    text: str = field(repr=False)
    data: JSON = field(repr=False)

    def line(self, pointer: str) -> int | None:
        """The line (from 1) of the node at a JSON Pointer, or of its nearest ancestor that is in the text.

        Reads the text once more: lines are wanted only for messages.
        """
        parts = pointer_parts(pointer)
        if _looks_like_json(self.name, self.text):
            return line_in_json(self.text, parts)
        return line_in_yaml(self.text, parts, _Loader)

    def location(self, pointer: str) -> str:
        """``polar.yaml:12`` for a JSON Pointer."""
        line = self.line(pointer)
        return self.name if line is None else f"{self.name}:{line}"

    def place(self, pointer: str) -> str:
        """The location and the JSON Pointer itself."""
        return f"{self.location(pointer)} {pointer}".rstrip()


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a part came from: the node at ``pointer`` of the document stands at ``at`` of ``source``."""

    pointer: str
    source: Source
    at: str


class Located(Protocol):
    """Whatever says in which file and line the node at a JSON Pointer stands."""

    @property
    def name(self) -> str: ...
    def location(self, pointer: str) -> str: ...


@dataclass(frozen=True, slots=True)
class Moved:
    """A document whose nodes were moved about: ``moves`` says where one stands that stood elsewhere ``below``."""

    below: Located
    moves: Mapping[str, str]

    @property
    def name(self) -> str:
        """The contract's name."""
        return self.below.name

    def location(self, pointer: str) -> str:
        """The place of the node before it was moved, as far as that is known."""
        now = pointer
        while now and now not in self.moves:
            now = now.rpartition("/")[0]
        return self.below.location(self.moves.get(now, "") + pointer[len(now) :])


@dataclass(frozen=True, slots=True)
class Layers:
    """A contract and what other files and overlays brought to it: says in which file and line a node stands."""

    base: Located
    origins: tuple[Origin, ...] = ()

    @property
    def name(self) -> str:
        """The contract's name."""
        return self.base.name

    def location(self, pointer: str) -> str:
        """``30-mock.yaml:12`` for a JSON Pointer into the document with all overlays applied."""
        for origin in reversed(self.origins):
            rest = pointer.removeprefix(origin.pointer)
            if pointer.startswith(origin.pointer) and rest[:1] in ("", "/"):
                try:
                    find(origin.source.data, origin.at + rest)
                except KeyError:
                    continue
                return origin.source.location(origin.at + rest)
        return self.base.location(pointer)

    def place(self, pointer: str) -> str:
        """The location and the JSON Pointer itself."""
        return f"{self.location(pointer)} {pointer}".rstrip()


class Places:
    """Where the nodes of a document stand, found out only when somebody asks: for that, the texts are read again."""

    def __init__(self, read: Callable[[], Layers]) -> None:
        self._read = read

    @cached_property
    def _layers(self) -> Layers:
        return self._read()

    def location(self, pointer: str) -> str:
        """``30-mock.yaml:12`` for a JSON Pointer into the document with all overlays applied."""
        return self._layers.location(pointer)

    def place(self, pointer: str) -> str:
        """The location and the JSON Pointer itself."""
        return self._layers.place(pointer)


def pointer_parts(pointer: str) -> list[str]:
    """The unescaped parts of a JSON Pointer (RFC 6901); a leading ``#`` is allowed."""
    return [part.replace("~1", "/").replace("~0", "~") for part in pointer.lstrip("#").split("/")[1:]]


def pointer_of(*parts: str | int) -> str:
    """The JSON Pointer made of these parts."""
    pointer = ""
    for part in parts:
        text = str(part)
        if "~" in text or "/" in text:
            text = text.replace("~", "~0").replace("/", "~1")
        pointer += "/" + text
    return pointer


def above_and_at(pointer: str) -> Iterator[str]:
    """A JSON Pointer and those of all that holds what it points to, the innermost first."""
    yield pointer
    while pointer:
        pointer = pointer.rpartition("/")[0]
        yield pointer


def find(data: JSON, pointer: str) -> JSON:
    """The value at a JSON Pointer; raises KeyError where there is none."""
    if pointer.lstrip("#") and not pointer.lstrip("#").startswith("/"):
        raise KeyError(pointer)
    for part in pointer_parts(pointer):
        if isinstance(data, dict):
            data = data[part]
        elif isinstance(data, list) and re.fullmatch("0|[1-9][0-9]*", part) and int(part) < len(data):
            data = data[int(part)]
        else:
            raise KeyError(part)
    return data


def is_url(place: str) -> bool:
    """Whether a place is an http(s) URL and not a path."""
    return place.lower().startswith(("http://", "https://"))


def read_text(place: str, error: type[MockServerError] = ContractError, *, what: str = "contract") -> str:
    """The text at a path or an http(s) URL.

    Raises ``error`` where it is missing, unreadable, too large or not UTF-8.
    """
    raw = _fetch(place, error, what) if is_url(place) else _open(place, error, what)
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as problem:
        line = raw.count(b"\n", 0, problem.start) + 1
        raise error(
            f"{place}:{line}: found the byte 0x{raw[problem.start]:02x};"
            f" expected {_a(what)} in UTF-8. Save it as UTF-8."
        ) from None


def parse_source(
    name: str, text: str, error: type[MockServerError] = ContractError, *, what: str = "contract"
) -> Source:
    """The data in a text; raises ``error`` where it is neither YAML nor JSON or would exhaust its reader."""
    try:
        data = _parse_json(text) if _looks_like_json(name, text) else _parse_yaml(text)
    except json.JSONDecodeError as problem:
        raise error(
            f"{name}:{problem.lineno}: found {problem.msg.lower()} in column {problem.colno};"
            f" expected {_a(what)} in JSON. Mend the line or give a YAML file."
        ) from None
    except yaml.YAMLError as problem:
        raise error(f"{name}{_yaml_problem(problem)}; expected {_a(what)} in YAML or JSON. Mend the line.") from None
    except _DuplicateKeyError as problem:
        raise error(
            f"{name}:1: found the key {problem.args[0]!r} twice in one object; expected {_a(what)} in JSON."
            " Mend the object."
        ) from None
    except (RecursionError, ValueError) as problem:
        found = (
            str(problem) if isinstance(problem, _RefusedError) else "something nested too deeply or a number too long"
        )
        raise error(
            f"{name}:1: found {found}; expected {_a(what)} that can be read in a moment. Write it out."
        ) from None
    return Source(name, text, data)


def _a(what: str) -> str:
    return f"an {what}" if what[0] in "aeiou" else f"a {what}"


class _DuplicateKeyError(ValueError):
    """A JSON object that has a key twice."""


class _RefusedError(ValueError):
    """A text that would exhaust whoever reads it."""


def _open(place: str, error: type[MockServerError], what: str) -> bytes:
    try:
        with Path(place).open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
    except (OSError, ValueError) as problem:
        raise error(
            f"{place}: found {_reason(problem)}; expected {_a(what)} that can be read. Check the path."
        ) from None
    if len(raw) > MAX_BYTES:
        raise error(f"{place}: found more than {MAX_BYTES:,} bytes; expected {_a(what)} of at most that size.")
    return raw


def _reason(problem: OSError | ValueError) -> str:
    return (getattr(problem, "strerror", "") or str(problem) or "an unknown failure").lower()


def _fetch(place: str, error: type[MockServerError], what: str) -> bytes:
    """What an address has, within a time for the whole: a server that sends a byte a second is not waited for."""
    outcome: list[bytes | Exception] = []

    def download() -> None:
        try:
            with urlopen(place, timeout=URL_SECONDS) as answer:  # noqa: S310  (the scheme was checked)
                if urlsplit(answer.geturl()).scheme not in ("http", "https"):
                    raise URLError(f"a redirect to {answer.geturl()}")
                outcome.append(cast("bytes", answer.read(MAX_BYTES + 1)))
        except (HTTPException, URLError, OSError, ValueError) as problem:
            outcome.append(problem)

    thread = threading.Thread(target=download, daemon=True)
    thread.start()
    thread.join(URL_SECONDS)
    found = outcome[0] if outcome else TimeoutError(f"no whole answer within {URL_SECONDS:g} seconds")
    if isinstance(found, Exception):
        raise error(f"{place}: found {found}; expected {_a(what)} to download. Check the address.")
    if len(found) > MAX_BYTES:
        raise error(f"{place}: found more than {MAX_BYTES:,} bytes; expected {_a(what)} of at most that size.")
    return found


def _looks_like_json(name: str, text: str) -> bool:
    return name.lower().endswith(".json") or (text.lstrip()[:1] == "{" and text.lstrip()[1:].lstrip()[:1] in ('"', "}"))


def _parse_json(text: str) -> JSON:
    return cast("JSON", json.loads(text, object_pairs_hook=_unique, parse_constant=_refuse_number, parse_float=_finite))


def _refuse_number(name: str) -> float:
    raise _RefusedError(f"{name}, which is no number of JSON")


def _finite(text: str) -> float:
    return float(text) if isfinite(float(text)) else _refuse_number(text)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        names = [name for name, _ in pairs]
        raise _DuplicateKeyError(next(name for name in names if names.count(name) > 1))
    return members


def _parse_yaml(text: str) -> JSON:
    _refuse_depth(text)
    data = yaml.load(text, Loader=_Loader)  # noqa: S506  (a subclass of the safe loader)
    if "&" in text and "*" in text:
        _refuse_expansion(data)
        data = _written_out(data)
    return cast("JSON", data)


_NESTING = rf"[\[\]{{}}]|^[ \t?-]{{{MAX_DEPTH},}}"


def _refuse_depth(text: str) -> None:
    """Refuse nesting over the limit before libyaml's recursion meets it."""
    depth = deepest = 0
    for match in re.finditer(_NESTING, text, re.MULTILINE):
        bracket = match.group()
        depth += 1 if bracket in "[{" else -1 if bracket in "]}" else MAX_DEPTH
        deepest = max(deepest, depth)
    if deepest < MAX_DEPTH:
        return
    # The quick look also counts brackets within texts; the parser's events do not.
    level = 0
    for event in yaml.parse(text, Loader=yaml.CSafeLoader):
        level += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if level > MAX_DEPTH:
            raise _RefusedError(f"more than {MAX_DEPTH} levels of nesting")


def _refuse_expansion(data: object) -> None:
    """Refuse aliases that turn a small text into a huge document (a "billion laughs") or into a circle."""
    sizes: dict[int, int] = {}
    open_nodes: set[int] = set()

    def size(node: object) -> int:
        if not isinstance(node, (dict, list)):
            return 1
        if id(node) in open_nodes:
            raise _RefusedError("a YAML alias that contains itself")
        if id(node) not in sizes:
            open_nodes.add(id(node))
            children = node.values() if isinstance(node, dict) else node
            sizes[id(node)] = 1 + sum(size(child) for child in children)
            open_nodes.discard(id(node))
        return sizes[id(node)]

    whole = size(data)
    if whole > 100_000 and whole > MAX_EXPANSION * len(sizes):
        raise _RefusedError(f"YAML aliases that expand to {whole:,} nodes")


def _written_out(data: Any) -> Any:
    """The data with every alias written out: a change of one place must not reach its twins."""
    if isinstance(data, dict):
        return {key: _written_out(value) for key, value in data.items()}
    return [_written_out(value) for value in data] if isinstance(data, list) else data


def _yaml_problem(problem: yaml.YAMLError) -> str:
    mark = getattr(problem, "problem_mark", None) or getattr(problem, "context_mark", None)
    line = f":{mark.line + 1}" if mark is not None else ""
    found = getattr(problem, "problem", None) or str(problem).splitlines()[0]
    for start, instead in (("found ", ""), ("but found ", ""), ("did not find ", "no ")):
        if found.startswith(start):
            found = instead + found.removeprefix(start)
    return f"{line}: found {found}"


def mapping_at(data: JSON | Mapping[str, JSON], key: str) -> Mapping[str, JSON]:
    """The mapping under a key of a mapping; empty where there is none."""
    value = data.get(key) if isinstance(data, dict) else None
    return value if isinstance(value, dict) else {}
