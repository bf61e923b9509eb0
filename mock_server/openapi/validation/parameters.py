"""Parameters: from the raw parts of a request to the values that a contract's Parameter Objects describe.

OpenAPI 3.1, "Parameter Object" and "Style Values"; RFC 6570 for the origin of the styles. openapi-core reads parameters
too, but from texts that are decoded already, where a delimiter and the same character in a value look alike; so they
are read here, and its validators validate the values.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from urllib.parse import unquote, unquote_plus

from mock_server.core.diagnostics import UnreadableError
from mock_server.core.json_text import read_json
from mock_server.core.text import describe_value
from mock_server.core.types import JSON
from mock_server.core.value_class import value_class
from mock_server.http.bracket_notation import Leaf, tree_of
from mock_server.http.form_pairs import Pairs, cookie_pairs, form_pairs, objects_of
from mock_server.http.media_types import essence_of, is_json
from mock_server.http.messages import Request, Route
from mock_server.http.preferences import other_preferences
from mock_server.openapi.coercion import READINGS, Raw, Reading, Resolve, TypeHints

IGNORED_HEADERS = frozenset({"accept", "content-type", "authorization"})
"""OpenAPI 3.1, "Parameter Object", ``name``: definitions of these are ignored."""

_STYLES = {"query": "form", "cookie": "form", "path": "simple", "header": "simple"}
_DELIMITERS = {"spaceDelimited": ("%20", "+", " "), "pipeDelimited": ("|", "%7C", "%7c")}
"""Neither a space nor a bar may be in a query unencoded (RFC 3986, 3.4), so these delimiters come encoded."""

Decode = Callable[[str], str]


class RequestParts:
    """The parts of a request that parameters are read from. Each is parsed once, when it is first needed."""

    def __init__(self, request: Request, route: Route) -> None:
        self.request = request
        self.path = route.path_parameters

    @cached_property
    def query(self) -> Pairs[str]:
        return form_pairs(self.request.query)

    @cached_property
    def cookies(self) -> Pairs[str]:
        return cookie_pairs(self.request.header_values("cookie"))

    def header(self, name: str) -> str | None:
        """Return all field lines of a name, joined by commas (RFC 9110, 5.3); None where there are none.

        Of ``Prefer`` what is for this server counts as not sent: contracts that have the header list other values.
        """
        values = self.request.header_values(name)
        if name == "prefer":
            return other_preferences(", ".join(values)) or None
        return ", ".join(values) if values else None


@value_class
class Parameter:
    """A Parameter Object, ready to read requests. ``taken`` are the names of the other parameters in its place."""

    name: str
    place: str
    required: bool
    style: str
    explode: bool
    may_be_empty: bool
    shape: TypeHints
    is_json: bool = False
    is_content: bool = False
    is_form: bool = False
    reserved: frozenset[str] = frozenset()

    @property
    def location(self) -> str:
        return f"{self.place} {self.name}"

    def readings(self, sent: RequestParts, ways: tuple[Reading, ...] = READINGS) -> Iterator[JSON] | None:
        """Return the values that may be meant, the likeliest first; None where the parameter was not sent.

        Raises :class:`UnreadableError` for what is not of the parameter's style.
        """
        raws = self._raws(sent)
        return None if raws is None else self._values(raws, ways)

    def is_empty(self, sent: RequestParts) -> bool:
        """Tell whether the name was sent without a value, where the contract has ``allowEmptyValue``."""
        return self.may_be_empty and "" in sent.query.under(self.name)

    def _values(self, raws: list[Raw], ways: tuple[Reading, ...]) -> Iterator[JSON]:
        if self.is_json and isinstance(raws[0], str):
            yield _json(raws[0])
            return
        for way in ways:
            for raw in raws:
                yield self.shape.value(raw, way)

    def _raws(self, sent: RequestParts) -> list[Raw] | None:
        if self.place == "header":
            value = sent.header(self.name.lower())
            return None if value is None else self._undivided(value, _as_it_is)
        if self.place == "path":
            value = sent.path.get(self.name)
            return None if value is None else self._undivided(value, unquote)
        if self.place == "querystring":
            return self._whole_query(sent) if sent.request.query else None
        if self.place == "cookie":
            return self.of_pairs(sent.cookies, _as_it_is if self.style == "cookie" else unquote)
        raws = self.of_pairs(sent.query, unquote_plus)
        return [{}] if raws is None and self._is_sent_by_members else raws

    @property
    def _is_sent_by_members(self) -> bool:
        """Whether nothing in the query is the only way to send an empty object, which the contract asks for.

        An object without members leaves no trace there (RFC 6570, 3.2.1: it is undefined), so its schema decides.
        """
        is_object_alone = self.shape.is_object and not (self.shape.is_array or self.shape.is_scalar)
        by_members = self.style == "deepObject" or (self.explode and not self.is_content)
        return self.required and is_object_alone and by_members

    def _whole_query(self, sent: RequestParts) -> list[Raw]:
        """Return the value of OpenAPI 3.2's ``in: querystring``: the members of a form, or the whole as a text."""
        if not self.is_form:
            return [unquote_plus(sent.request.query)]
        entries = [(name, unquote_plus(value)) for name, value in sent.query if not name.startswith("__")]
        return [objects_of(Pairs(entries), self.shape.names)]

    def of_pairs(self, sent: Pairs[str], decode: Decode) -> list[Raw] | None:
        """Return what the pairs of this name may mean, as texts; None where there are no such pairs.

        Raises :class:`UnreadableError` for brackets that cannot be read, and for a repeated name where that has no
        meaning.
        """
        own = sent.under(self.name)
        below = self.below(sent)
        if below or (own and self.style == "deepObject"):
            plain = [] if self.is_list_name else own
            entries = [*((list[str](), value) for value in plain), *below]
            tree: Raw = tree_of((steps, decode(value)) for steps, value in entries)
            if isinstance(tree, list) and not plain and self.shape.is_object and not self.shape.is_array:
                tree = {"": tree[0] if len(tree) == 1 else tree}  # where no list can be meant, a member without a name
            return [tree]
        if self.style == "deepObject":
            return None
        exploded = self.explode and not self.is_content
        # An exploded object has no name in the query: its members are the names.
        if exploded and self.shape.is_object and not own:
            return self._members(sent, decode)
        if not own:
            return None
        # Whatever the style, some clients write an object as JSON.
        if len(own) == 1 and self.shape.structure(decode(own[0])) is not None:
            return [decode(own[0])]
        if exploded and self.shape.is_array:
            # A single value may be the one item or, where the schema allows it, a scalar.
            whole: Raw = [decode(value) for value in own]
            return [decode(own[0]), whole] if self.shape.is_scalar and len(own) == 1 else [whole]
        if len(own) > 1:
            expected = f"it once{', with its items divided' if self.shape.is_array else ''}"
            raise UnreadableError(f"{len(own)} times {self.name}", expected)
        return self._undivided(own[0], decode)

    @property
    def is_list_name(self) -> bool:
        """Whether the contract names the parameter as clients write the items of a list: ``include[]``."""
        return self.name.endswith("[]") and len(self.name) > 2 and (self.shape.is_array or not self.shape.types)

    @property
    def stem(self) -> str:
        """The name before the brackets of an item."""
        return self.name[:-2] if self.is_list_name else self.name

    def below(self, sent: Pairs[Leaf]) -> list[tuple[list[str], Leaf]]:
        """Return the values that were sent in brackets after the name, where the schema accepts a list or an object.

        In a query, brackets after the name of a scalar make another name, as undeclared ones may be; in a form there
        can be no other. Raises :class:`UnreadableError` for brackets that cannot be read.
        """
        is_scalar = not (self.shape.is_array or self.shape.is_object) and self.shape.types
        if is_scalar and self.style != "deepObject" and self.place != "form":
            return []
        return sent.below(self.stem, self.reserved - {self.name})

    def _members(self, sent: Pairs[str], decode: Decode) -> list[Raw] | None:
        """Return an object whose members were sent as parameters of their own; None where none was sent.

        Its members are those that it names, and, if it is open, the parameters that belong to nothing else.
        """
        members: dict[str, list[Raw]] = {}
        is_open = self.shape.is_open
        for name, value in sent:
            listed = name in self.shape.names and name not in self.reserved  # which is a parameter of its own
            is_claimed = name in self.reserved or name.partition("[")[0] in self.reserved or name.startswith("__")
            if listed or (is_open and not is_claimed):
                members.setdefault(name, []).append(decode(value))
        return (
            [{name: values[0] if len(values) == 1 else values for name, values in members.items()}] if members else None
        )

    def _undivided(self, raw: str, decode: Decode) -> list[Raw]:
        """Return what one text may mean that may hold a whole array or object.

        Raises :class:`UnreadableError` where it cannot be read in any way.
        """
        if self.is_content or self.shape.structure(decode(raw)) is not None:
            return [decode(raw)]
        raws: list[Raw] = []
        refusal: UnreadableError | None = None
        shape = self.shape
        prefixed = self.style in ("label", "matrix")
        if shape.is_scalar:
            raws.append(decode(self._unprefixed(raw) if prefixed else raw))
        for delimiters in self._delimiters(raw):
            parts = self._parts(raw, delimiters)
            if shape.is_array:
                raws.append([decode(self._unnamed(part)) for part in parts])
            if shape.is_object:
                try:
                    raws.append(self._object(parts, decode))
                except UnreadableError as problem:
                    refusal = refusal or problem
        if not raws and refusal is not None:
            raise refusal
        return raws

    def _delimiters(self, raw: str) -> Iterator[tuple[str, ...]]:
        """Yield the delimiters by which a text may be divided, the specified ones first."""
        if self.style == "matrix":
            yield (";",) if self.explode else (",",)
        elif self.style == "label":
            # Without `explode` RFC 6570 has commas where OpenAPI up to 3.1.0 showed dots.
            yield from [(".",)] if self.explode else [(",",), (".",)]
        elif self.style in _DELIMITERS:
            yield _DELIMITERS[self.style]
        else:
            yield (",",)
            if self.place in ("query", "cookie") and "," not in raw and "%2c" in raw.lower():
                # An encoded comma is data; where that is not valid, the client has encoded the delimiters too.
                yield ("%2C", "%2c")

    def _parts(self, raw: str, delimiters: tuple[str, ...]) -> list[str]:
        prefix = {"label": ".", "matrix": ";"}.get(self.style, "")
        if not raw.startswith(prefix):
            raise self._unfit(raw)
        if self.style in ("label", "matrix"):
            raw = raw[1:] if self.style == "label" or self.explode else self._unprefixed(raw)
        for delimiter in delimiters[1:]:
            raw = raw.replace(delimiter, delimiters[0])
        parts = raw.split(delimiters[0]) if raw else []
        return [part.strip() for part in parts] if self.place == "header" else parts

    def _unprefixed(self, raw: str) -> str:
        """Return what follows the dot of ``label`` or the ``;name=`` of ``matrix``; raises :class:`UnreadableError`."""
        if self.style == "label":
            if not raw.startswith("."):
                raise self._unfit(raw)
            return raw[1:]
        name, _, value = raw[1:].partition("=")
        if not raw.startswith(";") or unquote(name) != self.name:
            raise self._unfit(raw)
        return value

    def _unfit(self, raw: str) -> UnreadableError:
        label = "a dot before the value (style label)"
        matrix = f"a value that begins with ;{self.name}= (style matrix)"
        return UnreadableError(describe_value(raw), label if self.style == "label" else matrix)

    def _unnamed(self, part: str) -> str:
        """Return an item of an exploded matrix without its name."""
        return self._unprefixed(";" + part) if self.style == "matrix" and self.explode else part

    def _object(self, parts: list[str], decode: Decode) -> Raw:
        if self.explode and self.style not in _DELIMITERS:
            if not all("=" in part for part in parts):
                raise UnreadableError(describe_value(",".join(parts)), "members written as name=value")
            return {decode(name): decode(value) for part in parts for name, _, value in [part.partition("=")]}
        if len(parts) % 2:
            raise UnreadableError(
                describe_value(",".join(parts)), "names and values in turn, divided as the style has it"
            )
        return {decode(name): decode(value) for name, value in zip(parts[::2], parts[1::2], strict=True)}


def read_parameter(
    node: Mapping[str, JSON], resolve: Resolve, other_names: frozenset[str] = frozenset()
) -> Parameter | None:
    """Return the parameter that a Parameter Object describes; None for an ignored header, or for another object."""
    name, place = node.get("name"), node.get("in")
    if not isinstance(name, str) or place not in (*_STYLES, "querystring"):
        return None
    if place == "header" and name.lower() in IGNORED_HEADERS:
        return None
    content = node.get("content")
    media = next(iter(content.items()), None) if isinstance(content, dict) else None
    described = media[1] if media is not None and isinstance(media[1], dict) else node
    style = str(node.get("style", _STYLES.get(str(place), "form")))
    return Parameter(
        name=name,
        place=str(place),
        required=node.get("required") is True and place != "path",  # a matching path always has it
        style=style,
        explode=bool(node.get("explode", style in ("form", "cookie"))),
        may_be_empty=node.get("allowEmptyValue") is True and place == "query",
        shape=TypeHints([described.get("schema", True)], resolve),
        is_json=media is not None and is_json(essence_of(media[0])),
        is_content=media is not None,
        is_form=media is not None and essence_of(media[0]) == "application/x-www-form-urlencoded",
        reserved=other_names,
    )


def _json(raw: Raw) -> JSON:
    try:
        return read_json(str(raw))  # type: ignore[no-any-return]
    except ValueError as problem:
        raise UnreadableError(str(problem), "JSON") from None


def _as_it_is(text: str) -> str:
    return text
