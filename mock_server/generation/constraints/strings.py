"""Constraints of texts."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import cast

from mock_server.generation.constraints.keywords import length_of, list_of
from mock_server.generation.constraints.values import Constraints
from mock_server.generation.fake.faker_bridge import method_of
from mock_server.generation.negation import NOT_FORMATS, NOT_PATTERNS
from mock_server.generation.schema_document import SchemaNode


@dataclass(slots=True)
class StringConstraints(Constraints):
    """The constraints of a text; ``least`` and ``most`` bound its characters."""

    least: int = 0
    most: int | None = None
    patterns: list[str] = field(default_factory=list)
    not_patterns: list[str] = field(default_factory=list)
    formats: list[str] = field(default_factory=list)
    not_formats: list[str] = field(default_factory=list)
    faker: str | None = None
    media: SchemaNode | None = None
    """The schema with the ``contentMediaType`` or ``contentEncoding``."""
    is_format_alone: bool = False
    """Whether there is a format and no other constraint."""

    def _gather(self) -> None:
        for atom in self.atoms:
            self.not_patterns += cast("list[str]", list_of(atom, NOT_PATTERNS))
            self.not_formats += cast("list[str]", list_of(atom, NOT_FORMATS))
            for keyword, names in (("pattern", self.patterns), ("format", self.formats)):
                value = atom.keywords.get(keyword)
                if isinstance(value, str) and value not in names:
                    names.append(value)
            if "x-faker" in atom.keywords:
                self.faker = method_of(atom.keywords["x-faker"]) or self.faker
            if "contentMediaType" in atom.keywords or "contentEncoding" in atom.keywords:
                self.media = atom
        self.least, self.most = length_of(self.atoms, "minLength", "maxLength")
        self.is_format_alone = len(self.formats) == 1 and self._has_no_other_bound()

    def _has_no_other_bound(self) -> bool:
        others = self.patterns or self.not_patterns or self.not_formats or self.not_values or self.faker
        return not others and not self.least and self.most is None and not self.media
