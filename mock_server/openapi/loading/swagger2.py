"""Conversion of OpenAPI 2.0 to 3.0, so that all other modules know one form. Nothing is lost.

Sections are those of the OpenAPI Specification 2.0. The origin of each node is remembered, so that a message names the
line in the file that was written.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import cast

from mock_server.core.json_pointer import mapping_at, pointer_of
from mock_server.core.types import JSON
from mock_server.http.media_types import essence_of, is_json
from mock_server.openapi.media_types import ALLOW_EMPTY
from mock_server.openapi.traversal import METHODS, Document, resolved

_SECTIONS = {
    "definitions": "schemas",
    "parameters": "parameters",
    "responses": "responses",
    "securityDefinitions": "securitySchemes",
}
_TYPED = (
    "type",
    "format",
    "items",
    "default",
    "maximum",
    "exclusiveMaximum",
    "minimum",
    "exclusiveMinimum",
    "maxLength",
    "minLength",
    "pattern",
    "maxItems",
    "minItems",
    "uniqueItems",
    "enum",
    "multipleOf",
    "x-nullable",
    "x-faker",
)
"""The members of a parameter or a header (4.3.5.1, 4.3.13) that make its schema."""
_STYLES: Mapping[str, tuple[str, bool]] = {
    "multi": ("form", True),
    "csv": ("form", False),
    "ssv": ("spaceDelimited", False),
    "pipes": ("pipeDelimited", False),
    "tsv": ("form", False),
}
"""``collectionFormat`` as ``style`` and ``explode``. 3.0 has no style for tabs: commas are used for them."""
_FLOWS = {
    "implicit": "implicit",
    "password": "password",
    "application": "clientCredentials",
    "accessCode": "authorizationCode",
}
_SCHEMA_MAPS = ("properties", "definitions", "patternProperties")
_SCHEMA_LISTS = ("allOf", "anyOf", "oneOf")
_SCHEMAS = ("items", "additionalProperties", "not")
_FORMS = ("multipart/form-data", "application/x-www-form-urlencoded")


Remark = tuple[str, str, str, str, str]
"""What was read differently from 2.0: rule, pointer (after the conversion), found, expected, what was done."""


def convert_to_openapi3(document: Document) -> tuple[Document, dict[str, str], list[Remark]]:
    """Return the document in OpenAPI 3.0, the old pointers of moved nodes by their new ones, and remarks."""
    conversion = _Conversion(document)
    return (*conversion.whole(), conversion.remarks)


class _Conversion:
    """One conversion. ``moves`` collects the new and the old pointer of each moved node."""

    def __init__(self, document: Document) -> None:
        self.old = document
        self.moves: list[tuple[str, str]] = []
        self.remarks: list[Remark] = []
        self._bodies = {
            name: parameter
            for name, parameter in mapping_at(document, "parameters").items()
            if isinstance(parameter, dict) and parameter.get("in") in ("body", "formData")
        }

    def whole(self) -> tuple[Document, dict[str, str]]:
        old = self.old
        moved = (*_SECTIONS, "swagger", "host", "basePath", "schemes", "consumes", "produces", "paths")
        new: Document = {"openapi": "3.0.3", **{key: value for key, value in old.items() if key not in moved}}
        self.moves += [("/openapi", "/swagger"), ("/servers", "/basePath" if "basePath" in old else "/host")]
        new["servers"] = self._servers()
        if "paths" in old:
            new["paths"] = old["paths"]
            if isinstance(old["paths"], dict):
                new["paths"] = {
                    path: self._path(pointer_of("paths", path), item) for path, item in old["paths"].items()
                }
        new["components"] = self._components()
        return new, dict(self.moves)

    def _servers(self) -> JSON:
        base = self.old.get("basePath")
        path = "/" + base.strip("/") if isinstance(base, str) and base.strip("/") else ""
        host = self.old.get("host")
        if not isinstance(host, str) or not host:
            return [{"url": path or "/"}]
        schemes = self.old.get("schemes")
        return [{"url": f"{scheme}://{host}{path}"} for scheme in (schemes if isinstance(schemes, list) else ["https"])]

    def _components(self) -> JSON:
        components: Document = {}
        for section, name in _SECTIONS.items():
            table = self.old.get(section)
            if not isinstance(table, dict):
                continue
            self.moves.append((pointer_of("components", name), pointer_of(section)))
            components[name] = {
                key: self._component(section, pointer_of("components", name, key), pointer_of(section, key), node)
                for key, node in table.items()
                if not (section == "parameters" and key in self._bodies)
            }
        return components

    def _component(self, section: str, now: str, before: str, node: JSON) -> JSON:
        if section == "definitions":
            return self._schema(node)
        if section == "parameters":
            return self._parameter(now, before, node)
        if section == "responses":
            is_said = "produces" in self.old
            return self._response(now, before, node, self._types(self.old, "produces"), is_said=is_said)
        return _scheme(node)

    def _types(self, node: Mapping[str, JSON], key: str, otherwise: list[str] | None = None) -> list[str]:
        listed = node.get(key)
        types = [name for name in listed if isinstance(name, str)] if isinstance(listed, list) else (otherwise or [])
        return list(dict.fromkeys(types)) or ["application/json"]

    def _path(self, pointer: str, item: JSON) -> JSON:
        if not isinstance(item, dict) or pointer.startswith("/paths/x-"):
            return item
        path_item: Document = {key: value for key, value in item.items() if key not in (*METHODS, "parameters")}
        shared = item.get("parameters")
        shared = shared if isinstance(shared, list) else []
        plain: list[JSON] = [*self._listed(pointer, pointer, shared)]
        if plain:
            path_item["parameters"] = plain
        for method in METHODS:
            operation = item.get(method)
            if isinstance(operation, dict):
                path_item[method] = self._operation(f"{pointer}/{method}", operation, pointer, shared)
            elif method in item:
                path_item[method] = operation
        return path_item

    def _listed(self, now: str, before: str, parameters: list[JSON]) -> Iterator[JSON]:
        """Yield the parameters that are still parameters in 3.0, and note their new pointers."""
        number = 0
        for index, parameter in enumerate(parameters):
            resolved_parameter = resolved(self.old, parameter)
            if isinstance(resolved_parameter, dict) and resolved_parameter.get("in") in ("body", "formData"):
                continue
            place = f"{now}/parameters/{number}"
            self.moves.append((place, f"{before}/parameters/{index}"))
            number += 1
            yield self._parameter(place, f"{before}/parameters/{index}", parameter)

    def _operation(self, pointer: str, old: Document, item: str, shared: list[JSON]) -> Document:
        consumes = self._types(old, "consumes", self._types(self.old, "consumes"))
        produces = self._types(old, "produces", self._types(self.old, "produces"))
        gone = ("consumes", "produces", "schemes", "parameters", "responses")
        operation: Document = {key: value for key, value in old.items() if key not in gone}
        own = old.get("parameters")
        own = own if isinstance(own, list) else []
        parameters: list[JSON] = [*self._listed(pointer, pointer, own)]
        if parameters:
            operation["parameters"] = parameters
        body = self._request_body(
            pointer,
            [
                *((f"{pointer}/parameters/{at}", node) for at, node in enumerate(own)),
                *((f"{item}/parameters/{at}", node) for at, node in enumerate(shared)),
            ],
            consumes,
        )
        if body is not None:
            operation["requestBody"] = body
        responses = old.get("responses")
        if isinstance(responses, dict):
            is_said = "produces" in old or "produces" in self.old
            places = {status: f"{pointer}{pointer_of('responses', status)}" for status in responses}
            operation["responses"] = {
                status: response
                if status.startswith("x-")
                else self._response(places[status], places[status], response, produces, is_said=is_said)
                for status, response in responses.items()
            }
        elif "responses" in old:
            operation["responses"] = responses
        return operation

    def _request_body(self, pointer: str, parameters: list[tuple[str, JSON]], consumes: list[str]) -> JSON:
        """Return the request body of ``in: body`` or ``in: formData`` (4.3.5); None where there is neither."""
        fields: list[tuple[str, Document]] = []
        for where, entry in parameters:
            parameter = resolved(self.old, entry)
            if not isinstance(parameter, dict):
                continue
            if parameter.get("in") == "body":
                return self._body(f"{pointer}/requestBody", where, parameter, consumes)
            if parameter.get("in") == "formData":
                fields.append((where, parameter))
        if not fields:
            return None
        self.moves.append((f"{pointer}/requestBody", fields[0][0]))
        return self._form([field for _, field in fields], consumes)

    def _body(self, now: str, before: str, parameter: Document, consumes: list[str]) -> Document:
        schema = self._schema(parameter.get("schema", {}))
        self.moves.append((now, before))
        for name in consumes:
            self.moves.append((f"{now}{pointer_of('content', name, 'schema')}", f"{before}/schema"))
        media: Document = {"schema": schema}
        example = parameter.get("x-example", parameter.get("example"))
        if example is not None:
            media["example"] = example
        required: Document = {"required": True} if parameter.get("required") is True else {}
        return {**_kept(parameter, ("description",)), **required, "content": {name: dict(media) for name in consumes}}

    def _form(self, fields: list[Document], consumes: list[str]) -> Document:
        properties: Document = {}
        encoding: Document = {}
        for field in fields:
            name = str(field.get("name", ""))
            properties[name] = {**self._typed(field), **_kept(field, ("description",))}
            if field.get("type") == "array":
                style, explode = _STYLES.get(str(field.get("collectionFormat", "csv")), ("form", False))
                encoding[name] = {"style": style, "explode": explode}
            if field.get("allowEmptyValue") is False:  # 3.x has it for queries alone
                encoding[name] = {**mapping_at(encoding, name), ALLOW_EMPTY: False}
        needed: list[JSON] = [str(field.get("name", "")) for field in fields if field.get("required") is True]
        schema: Document = {"type": "object", "properties": properties}
        if needed:
            schema["required"] = needed
        elif properties:  # a form may have unknown members, but not only those
            known: list[JSON] = [{"required": [name]} for name in properties]
            schema["anyOf"] = [*known, {"maxProperties": 0}]
        has_file = any(field.get("type") == "file" for field in fields)
        types = [name for name in consumes if name in _FORMS] or [_FORMS[0] if has_file else _FORMS[1]]
        # A form with a file can only be sent as multipart.
        if has_file:
            types = [name for name in types if name == _FORMS[0]] or [_FORMS[0]]
        content: Document = {name: {"schema": schema, **({"encoding": encoding} if encoding else {})} for name in types}
        return {"content": content, **({"required": True} if needed else {})}

    def _parameter(self, now: str, before: str, node: JSON) -> JSON:
        """Return a parameter (4.3.5), with the members that describe its value in a schema."""
        if not isinstance(node, dict):
            return node
        if isinstance(node.get("$ref"), str):
            return {"$ref": _moved_reference(str(node["$ref"]))}
        parameter = _kept(node, ("name", "in", "description", "required", "allowEmptyValue", "deprecated"))
        self.moves.append((f"{now}/schema", before))
        parameter["schema"] = self._typed(node)
        if parameter.get("in") == "path":
            parameter["required"] = True
        example = node.get("x-example", node.get("example"))
        if example is not None:
            parameter["example"] = example
        if node.get("type") == "array":
            style, explode = _STYLES.get(str(node.get("collectionFormat", "csv")), ("form", False))
            is_listed = node.get("in") in ("query", "cookie")
            parameter |= {"style": style, "explode": explode} if is_listed else {"style": "simple"}
        return parameter

    def _typed(self, node: Document) -> Document:
        """Return the schema of a parameter, an item or a header."""
        return cast("Document", self._schema({key: node[key] for key in _TYPED if key in node}))

    def _response(self, now: str, before: str, node: JSON, produces: list[str], *, is_said: bool) -> JSON:
        """Return a response (4.3.12), with its schema once for each media type, and its examples next to it.

        ``is_said`` tells whether the contract itself has ``produces``, or the default is used.
        """
        if not isinstance(node, dict):
            return node
        if isinstance(node.get("$ref"), str):
            return {"$ref": _moved_reference(str(node["$ref"]))}
        response: Document = {key: value for key, value in node.items() if key not in ("schema", "examples", "headers")}
        headers = node.get("headers")
        if isinstance(headers, dict):
            response["headers"] = {
                name: {**_kept(header, ("description",)), "schema": self._typed(header)}
                if isinstance(header, dict)
                else header
                for name, header in headers.items()
            }
        types = [*produces] if "schema" in node else []
        examples = self._examples(now, mapping_at(node, "examples"), types if is_said else [], types)
        types += [name for name in examples if name not in types]
        if "schema" in node and mapping_at(node, "schema").get("type") == "file" and "produces" not in self.old:
            types = [name for name in types if name != "application/json"] or ["application/octet-stream"]
        content: Document = {}
        for name in types:
            media = now + pointer_of("content", name)
            self.moves.append((f"{media}/schema", f"{before}/schema"))
            described: Document = {"schema": self._schema(node["schema"])} if "schema" in node else {}
            said = examples.get(name, {})
            for key, value in said.items():
                place = "/example" if len(said) == 1 else pointer_of("examples", key, "value")
                self.moves.append((media + place, before + pointer_of("examples", key)))
                described |= {"example": value} if len(said) == 1 else {}
            if len(said) > 1:
                described["examples"] = {key: {"value": value} for key, value in said.items()}
            content[name] = described
        return {**response, **({"content": content} if content else {})}

    def _examples(
        self, now: str, examples: Mapping[str, JSON], produced: list[str], types: list[str]
    ) -> dict[str, dict[str, JSON]]:
        """Return the examples by media type and by the key that they are under.

        2.0 has them by media types that the operation produces (4.3.13, "Example Object"). Under another type that is
        written alike (JSON for JSON), or under a key that is not a media type, an example of what is produced is meant.
        ``produced`` are the types that the contract names; empty where it names none.
        """
        groups: dict[str, dict[str, JSON]] = {}
        for key, value in examples.items():
            if key.startswith("x-"):
                continue
            alike = [name for name in types if essence_of(name) == essence_of(key)]
            if not alike and ("/" not in key or (produced and is_json(key))):
                alike = [name for name in types if is_json(name)] or ([] if "/" in key else types)
            name = key if key in types or not alike else alike[0]
            groups.setdefault(name, {})[key] = value
            if key not in types and (produced or "/" not in key):
                done = f"it is taken for one of {name!r}" if alike else f"{key!r} is taken for one more"
                self.remarks.append(
                    (
                        "example-type",
                        now + pointer_of("content", name),
                        f"an example of {key!r}",
                        "a media type that the operation produces",
                        done,
                    )
                )
        return groups

    def _schema(self, node: JSON) -> JSON:
        """Return a schema (4.3.20) in the form of 3.0. Pointers within it stay as they are."""
        if not isinstance(node, dict):
            return node
        schema = dict(node)
        if schema.pop("x-nullable", None) is True:
            schema["nullable"] = True
        if isinstance(schema.get("$ref"), str):
            return {**schema, "$ref": _moved_reference(str(schema["$ref"]))}
        for key in _SCHEMA_MAPS:
            if isinstance(schema.get(key), dict):
                schema[key] = {name: self._schema(child) for name, child in cast("Document", schema[key]).items()}
        for key in _SCHEMA_LISTS:
            if isinstance(schema.get(key), list):
                schema[key] = [self._schema(child) for child in cast("list[JSON]", schema[key])]
        for key in _SCHEMAS:
            if key in schema:
                part = schema[key]
                schema[key] = [self._schema(child) for child in part] if isinstance(part, list) else self._schema(part)
        if schema.get("type") == "file":
            schema |= {"type": "string", "format": "binary"}
        if isinstance(schema.get("discriminator"), str):
            schema["discriminator"] = {"propertyName": schema["discriminator"]}
        return schema


def _kept(node: Mapping[str, JSON], keys: tuple[str, ...]) -> Document:
    return {key: value for key, value in node.items() if key in keys or (key.startswith("x-") and key not in _TYPED)}


def _moved_reference(reference: str) -> str:
    for section, name in _SECTIONS.items():
        if reference.startswith(f"#/{section}/"):
            return f"#/components/{name}/" + reference.removeprefix(f"#/{section}/")
    return reference


def _scheme(node: JSON) -> JSON:
    """Return a security scheme (4.3.24) in the form of 3.0."""
    if not isinstance(node, dict):
        return node
    if node.get("type") == "basic":
        return {**_kept(node, ("description",)), "type": "http", "scheme": "basic"}
    if node.get("type") != "oauth2":
        return dict(node)
    flow = _FLOWS.get(str(node.get("flow")), "implicit")
    urls = {"implicit": ("authorizationUrl",), "authorizationCode": ("authorizationUrl", "tokenUrl")}
    definition: Document = {key: node.get(key, "/") for key in urls.get(flow, ("tokenUrl",))}
    definition["scopes"] = {
        name: str(text) for name, text in mapping_at(node, "scopes").items() if not name.startswith("x-")
    }
    return {**_kept(node, ("description",)), "type": "oauth2", "flows": {flow: definition}}
