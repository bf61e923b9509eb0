"""Request bodies: from bytes to the value that a contract's Request Body Object describes.

OpenAPI 3.1, "Request Body Object", "Media Type Object", "Encoding Object". A body of a media type that does not
describe values (images, archives) is the text of its bytes, one character each.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import field
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import unquote_plus

from mock_server.core.diagnostics import UnreadableError
from mock_server.core.json_text import read_json
from mock_server.core.sized_cache import LONGEST
from mock_server.core.types import JSON
from mock_server.core.value_class import value_class
from mock_server.http.bracket_notation import Tree, indexed, tree_of
from mock_server.http.form_pairs import Pairs, form_pairs, objects_of
from mock_server.http.media_types import essence_of, is_json, plugin_codec
from mock_server.openapi.coercion import READINGS, Raw, Reading, Resolve, TypeHints
from mock_server.openapi.media_types import ALLOW_EMPTY, read_text
from mock_server.openapi.sequential_media import sequence_of
from mock_server.openapi.validation.parameters import Parameter
from mock_server.openapi.validation.sequential_bodies import ItemError, ItemReader

if TYPE_CHECKING:
    from mock_server.openapi.validation.multipart import MultipartPart

Sent = TypeVar("Sent")
FORM = "application/x-www-form-urlencoded"
_MOST_KNOWN = 256
"""Most values of Content-Type that are remembered of a body; a plain dictionary, since every request looks up."""
_RESERVED = frozenset(":/?#[]@!$&'()*,;=")
"""The reserved characters of RFC 3986, 2.2, without the plus sign, which is a space in a form."""


class MalformedError(UnreadableError):
    """Raised for a body that is not even well-formed for its media type."""


@value_class
class RequestBodySpec:
    """A Request Body Object, ready to read requests. ``content`` is by media range, as the contract writes it."""

    required: bool
    content: Mapping[str, BodyParser]
    _known: dict[str, BodyParser | None] = field(default_factory=dict, compare=False, repr=False)
    """The entries for values of Content-Type that were sent before."""

    def media(self, content_type: str) -> BodyParser | None:
        """Return the entry for a Content-Type: the most specific range that includes it (RFC 9110, 12.5.1), or None."""
        if content_type in self._known:
            return self._known[content_type]
        media = self._media(content_type)
        if len(content_type) <= LONGEST:
            if len(self._known) >= _MOST_KNOWN:
                self._known.clear()
            self._known[content_type] = media
        return media

    def _media(self, content_type: str) -> BodyParser | None:
        sent, parameters = content_type_of(content_type)
        ranges = (sent, sent.partition("/")[0] + "/*", "*/*")
        for essence in ranges:
            fits = [entry for entry in self.content.values() if entry.essence == essence]
            exact = [entry for entry in fits if entry.parameters and entry.parameters.items() <= parameters.items()]
            if fits:
                return next(iter([*exact, *(entry for entry in fits if not entry.parameters), *fits]))
        return None


@value_class
class BodyParser:
    """One entry of ``content``. ``encoding`` has the Encoding Objects by name; ``items`` reads bodies of many items."""

    name: str
    shape: TypeHints
    encoding: Mapping[str, Mapping[str, JSON]]
    members: Mapping[str, Parameter]
    """The parameters that read the members of a form, by name."""
    items: ItemReader | None = None
    items_have_a_schema: bool = False
    """Whether each item has a schema of its own (OpenAPI 3.2, ``itemSchema``)."""

    @property
    def essence(self) -> str:
        return essence_of(self.name)

    @property
    def parameters(self) -> dict[str, str]:
        return content_type_of(self.name)[1]

    def readings(self, body: bytes, content_type: str, ways: tuple[Reading, ...] = READINGS) -> Iterator[JSON]:
        """Yield the values that a body may mean, the likeliest first.

        There are none where the schema does not apply to such bytes. Raises :class:`UnreadableError` or
        :class:`MalformedError`.
        """
        essence, parameters = content_type_of(content_type)
        if self.items is not None:
            yield _items(self.items, body, parameters)
        elif is_json(essence):
            yield _json(body)
        elif (codec := plugin_codec(essence)) is not None and codec.decode is not None:
            yield _decoded(codec.decode, body, essence)
        elif essence == FORM:
            yield from self._form(read_text(body), ways)
        elif essence.startswith("multipart/"):
            if "boundary" not in parameters and not body.lstrip().startswith(b"--"):
                yield from self._form(read_text(body), ways)  # a client that announced multipart and sent a form
            elif essence == "multipart/form-data":
                yield from self._parts(read_multipart(body, parameters), ways)
        elif essence.endswith(("/xml", "+xml")):
            yield from self._xml(body)
        elif essence.startswith("text/"):
            text = read_text(body, parameters.get("charset", "utf-8"))
            yield from (self.shape.value(text, way) for way in ways)
        elif self.shape.is_scalar:
            yield body.decode("latin-1")

    def _form(self, text: str, ways: tuple[Reading, ...]) -> Iterator[JSON]:
        sent = form_pairs(text)
        self._refuse_empty(name for name, value in sent if not value)
        raws = {name: raw for name, member in self.members.items() if (raw := self._raws(member, sent))}
        extra = objects_of(Pairs((name, unquote_plus(value)) for name, value in self._undeclared(sent)), raws)
        for choice in (0, -1) if any(len(raw) > 1 for raw in raws.values()) else (0,):
            for way in ways:
                chosen = {name: raw[choice] for name, raw in raws.items()} | extra
                yield {name: self._member(name, raw, way) for name, raw in chosen.items()}

    def _undeclared(self, sent: Pairs[Sent]) -> Iterator[tuple[str, Sent]]:
        """Return the pairs that belong to no member of the schema."""
        claimed = {*self.members, *(member.stem for member in self.members.values())}
        return ((name, value) for name, value in sent if name not in claimed and name.partition("[")[0] not in claimed)

    def _refuse_empty(self, empty: Iterable[str]) -> None:
        """Raise :class:`UnreadableError` for a member that was sent without a value where it may not be."""
        for name in empty:
            if self.encoding.get(name, {}).get(ALLOW_EMPTY) is False:
                raise UnreadableError("an empty value", "a value (allowEmptyValue is false)", f"/{name}")

    def _raws(self, member: Parameter, sent: Pairs[str]) -> list[Raw] | None:
        """Return the readings of a member of a form as texts, in the style of its encoding or else in brackets."""
        own = sent.under(member.name)
        stated = self.encoding.get(member.name, {})
        if stated.get("allowReserved") is False and not member.shape.is_array and not member.shape.is_object:
            for value in own:
                if reserved := "".join(letter for letter in value if letter in _RESERVED):
                    raise UnreadableError(reserved[:200], "reserved characters percent-encoded", f"/{member.name}")
        try:
            if len(own) > 1 and not (member.explode and member.shape.is_array) and not member.below(sent):
                return [[unquote_plus(value) for value in own]]
            return member.of_pairs(sent, unquote_plus)
        except UnreadableError as problem:
            raise UnreadableError(problem.found, problem.expected, f"/{member.name}") from None

    def _member(self, name: str, raw: Raw, way: Reading) -> JSON:
        shape = self.shape.member(name)
        stated = essence_of(str(self.encoding.get(name, {}).get("contentType", "")))
        if isinstance(raw, str) and (is_json(stated) or (shape.is_object and not shape.is_scalar)):
            return _json(raw.encode("utf-8", "surrogatepass"), f"/{name}")
        return shape.value(raw, way)

    def _parts(self, parts: list[MultipartPart], ways: tuple[Reading, ...]) -> Iterator[JSON]:
        self._missing_headers(parts)
        self._refuse_empty(part.name for part in parts if not part.data and not part.is_file)
        sent: Pairs[MultipartPart] = Pairs((part.name, part) for part in parts)
        trees: dict[str, Tree[MultipartPart]] = {}
        for name, member in self.members.items():
            below = member.below(sent)
            plain = [] if below and member.is_list_name else sent.under(name)
            if plain or below:
                trees[name] = tree_of([*((list[str](), part) for part in plain), *below])
        undeclared: Pairs[MultipartPart] = Pairs(self._undeclared(sent))
        extra: dict[str, Tree[MultipartPart]] = objects_of(undeclared, [*trees])
        trees |= extra
        # A single part is the one item of a list, or else what may take the list's place: null, a text.
        for is_item in (True, False):
            for way in ways:
                yield {
                    name: self._of_tree(tree, self.shape.member(name), name, way, is_item=is_item)
                    for name, tree in trees.items()
                }

    def _of_tree(
        self, tree: Tree[MultipartPart], shape: TypeHints, name: str, way: Reading, *, is_item: bool = True
    ) -> JSON:
        """Return the value of the parts under a name; ``name`` is that of the member of the form.

        ``is_item``: a single part of a list that may be a scalar as well is an item of the list.
        """
        if isinstance(tree, dict) and shape.is_array and not shape.is_object:
            tree = indexed(tree)
        if isinstance(tree, dict):
            return {key: self._of_tree(below, shape.member(key), name, way) for key, below in tree.items()}
        if isinstance(tree, list):
            return [self._of_tree(below, shape.item(index), name, way) for index, below in enumerate(tree)]
        is_item = shape.is_array and (is_item or not shape.is_scalar)
        value = self._part(tree, shape.item(0) if is_item and way != "json" else shape, name, way)
        return [value] if is_item and not isinstance(value, list) else value

    def _part(self, part: MultipartPart, shape: TypeHints, name: str, way: Reading) -> JSON:
        stated = str(self.encoding.get(name, {}).get("contentType", ""))
        self._check_type(part, stated)
        essence = essence_of(part.content_type or stated)
        if is_json(essence) or (not part.content_type and not part.is_file and shape.is_object and not shape.is_scalar):
            return _json(part.data, f"/{part.name}")
        if part.is_file or (essence and not essence.startswith("text/")):
            return part.data.decode("latin-1")
        text = read_text(part.data, content_type_of(part.content_type)[1].get("charset", "utf-8"))
        return shape.value(text, way)

    def _check_type(self, part: MultipartPart, stated: str) -> None:
        """Raise :class:`UnreadableError` for a part whose Content-Type its encoding does not have.

        A part without a Content-Type is taken to have the right one.
        """
        types = [essence_of(media_type) for media_type in stated.split(",") if media_type.strip()]
        sent = essence_of(part.content_type)
        if types and sent and not {sent, sent.partition("/")[0] + "/*", "*/*"} & {*types}:
            raise UnreadableError(f"a part of type {sent}", " or ".join(types), f"/{part.name}")

    def _missing_headers(self, parts: list[MultipartPart]) -> None:
        for part in parts:
            headers = self.encoding.get(part.name, {}).get("headers")
            for name, header in headers.items() if isinstance(headers, dict) else ():
                required = isinstance(header, dict) and header.get("required") is True
                if required and name.lower() != "content-type" and name.lower() not in part.headers:
                    raise UnreadableError(f"a part without the header {name}", "the header", f"/{part.name}")

    def _xml(self, body: bytes) -> Iterator[JSON]:
        from mock_server.openapi.validation.xml_parser import parse_xml, value_of_xml  # few contracts have XML

        try:
            root = parse_xml(body)
        except ValueError as problem:
            raise MalformedError(str(problem), "XML") from None
        value = value_of_xml(root, self.shape)
        if value is not None:
            yield value


def read_body(node: Mapping[str, JSON], resolve: Resolve) -> RequestBodySpec:
    """Return the body that a Request Body Object describes."""
    content = node.get("content")
    entries = {name: resolve(entry) for name, entry in content.items()} if isinstance(content, dict) else {}
    media = {name: _media(name, entry, resolve) for name, entry in entries.items() if isinstance(entry, dict)}
    return RequestBodySpec(node.get("required") is True, media)


def _media(name: str, node: dict[str, JSON], resolve: Resolve) -> BodyParser:
    encoding = node.get("encoding")
    stated = (
        {key: value for key, value in encoding.items() if isinstance(value, dict)} if isinstance(encoding, dict) else {}
    )
    sequence = sequence_of(name, node, resolve)
    items = None if sequence is None else ItemReader(sequence, resolve)
    if items is not None and not items.is_opaque:
        return BodyParser(name, TypeHints([items.sequence.whole], resolve), stated, {}, items, "itemSchema" in node)
    shape = TypeHints([node.get("schema", True)], resolve)
    names = frozenset(shape.names)
    members = {key: _form_member(key, stated.get(key, {}), shape.member(key), names) for key in shape.names}
    return BodyParser(name, shape, stated, members)


def _form_member(name: str, stated: Mapping[str, JSON], shape: TypeHints, names: frozenset[str]) -> Parameter:
    style = str(stated.get("style", "form"))
    explode = bool(stated.get("explode", style == "form"))
    whole = shape.is_object and "style" not in stated  # its members are not members of the form
    return Parameter(name, "form", False, style, explode and not whole, False, shape, is_content=whole, reserved=names)


def content_type_of(header: str) -> tuple[str, dict[str, str]]:
    """Return the media type in lower case, and its parameters (RFC 9110, 8.3.1)."""
    if ";" not in header:
        return header.strip().lower(), {}
    from werkzeug.http import parse_options_header  # 20 ms and 2 MB, which JSON alone does not need

    essence, parameters = parse_options_header(header)
    return essence.strip().lower(), parameters


def read_multipart(body: bytes, parameters: Mapping[str, str]) -> list[MultipartPart]:
    """Return the parts of a multipart body; raises :class:`MalformedError` for anything else."""
    from mock_server.openapi.validation.multipart import read_parts

    try:
        return read_parts(body, parameters.get("boundary", ""))
    except ValueError as problem:
        raise MalformedError(str(problem), "a multipart body (RFC 2046, 5.1)") from None


def _json(body: bytes, pointer: str = "") -> JSON:
    try:
        return read_json(body)  # type: ignore[no-any-return]
    except ValueError as problem:
        raise MalformedError(str(problem), "JSON (RFC 8259)", pointer) from None


def _decoded(decode: Callable[[bytes], JSON], body: bytes, essence: str) -> JSON:
    """Return the value of a body by a plugin's codec; raises :class:`MalformedError`."""
    try:
        return decode(body)
    except ValueError as problem:
        raise MalformedError(str(problem) or "a body that cannot be read", essence) from None


def _items(reader: ItemReader, body: bytes, parameters: Mapping[str, str]) -> JSON:
    try:
        return [*reader.items(body, parameters)]
    except ItemError as problem:
        raise MalformedError(str(problem), problem.expected, problem.pointer) from None
