"""A YAML loader for the core schema of YAML 1.2 (section 10.3), with keys as texts."""

from __future__ import annotations

import re
from math import isfinite
from typing import Any

import yaml


class CoreSchemaLoader(yaml.CSafeLoader):
    """Loads the scalars of YAML 1.2's core schema and keys as texts; refuses a key that occurs twice."""

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
        """Return the members that the merge keys of a mapping bring (a mapping or a list of them, the first wins)."""
        merges = yaml.MappingNode(node.tag, [pair for pair in node.value if pair[0].tag == "tag:yaml.org,2002:merge"])
        self.flatten_mapping(merges)
        return {key.value: self.construct_object(value, deep=True) for key, value in merges.value}


def _mapping(loader: CoreSchemaLoader, node: yaml.MappingNode) -> dict[Any, Any]:
    return loader.construct_mapping(node)


CoreSchemaLoader.yaml_implicit_resolvers = {}
for _tag, _pattern, _first in (
    ("null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    ("bool", r"true|True|TRUE|false|False|FALSE", list("tTfF")),
    ("int", r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+", list("-+0123456789")),
    ("float", r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?", list("-+.0123456789")),
    ("merge", r"<<", ["<"]),
):
    CoreSchemaLoader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(f"^(?:{_pattern})$"), _first)


def _int(loader: CoreSchemaLoader, node: yaml.ScalarNode) -> int:
    # PyYAML reads 010 by YAML 1.1, as octal.
    text = node.value
    return int(text, 0) if text[:2] in ("0o", "0x") else int(text)


def _float(loader: CoreSchemaLoader, node: yaml.ScalarNode) -> float | str:
    # PyYAML wants a sign in the exponent; 1.2 does not. What JSON cannot say stays a text.
    number = float(node.value)
    return number if isfinite(number) else str(node.value)


CoreSchemaLoader.add_constructor("tag:yaml.org,2002:map", _mapping)
CoreSchemaLoader.add_constructor("tag:yaml.org,2002:int", _int)
CoreSchemaLoader.add_constructor("tag:yaml.org,2002:float", _float)
