"""From texts to one valid document: bundled, converted, overlaid, repaired. Done once for each contract."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import cast

from mock_server.core.diagnostics import Diagnostic
from mock_server.core.errors import ContractError
from mock_server.core.text import count_phrase
from mock_server.openapi.loading.ambiguous_patterns import endless_patterns
from mock_server.openapi.loading.author_intent import read_intended
from mock_server.openapi.loading.bundler import Files, bundle
from mock_server.openapi.loading.metaschema_repair import repair_against_metaschema
from mock_server.openapi.loading.overlay import apply_overlay
from mock_server.openapi.loading.parser import parse_source
from mock_server.openapi.loading.repair_rules import repair
from mock_server.openapi.loading.source_map import LayeredSourceMap, Located, RelocatedSourceMap, Source
from mock_server.openapi.loading.swagger2 import Remark, convert_to_openapi3
from mock_server.openapi.loading.undocumented_streams import undocumented_streams
from mock_server.openapi.loading.unsupported import find_unsupported
from mock_server.openapi.traversal import Document

SUPPORTED = ((2, 0), (3, 0), (3, 1), (3, 2))


class ContractCompiler:
    """Compiles a contract from places and texts: those of the contract first, then those of its overlays.

    ``may_fetch`` tells whether references may lead to URLs. Methods raise :class:`ContractError` for what cannot be
    served.
    """

    def __init__(self, texts: Sequence[tuple[str, str]], may_fetch: bool) -> None:
        self._texts = texts
        self._files = Files(texts[0][0], may_fetch)
        self._idle: list[Diagnostic] = []
        """The actions of overlays that matched nothing."""
        self._remarks: list[Remark] = []
        """What was read differently from what OpenAPI 2.0 says."""

    @property
    def others(self) -> Mapping[str, str]:
        """The texts of the files that the contract refers to, by place."""
        return self._files.texts

    def layered(self) -> tuple[Document, LayeredSourceMap]:
        """Return the document with overlays, and where its parts came from."""
        base, *rest = self._texts
        source = parse_source(*base, allows_halves=True)
        _refuse_version(source)
        document, layers, findings = bundle(source, self._files)
        _refuse(layers, findings)
        below: Located = layers
        # OpenAPI 2.0 is converted first, so that overlays and repairs meet 3.x only.
        if "openapi" not in document:
            document, moves, self._remarks = convert_to_openapi3(document)
            below = RelocatedSourceMap(layers, moves)
        layers = LayeredSourceMap(below)
        for name, text in rest:
            changed, origins = apply_overlay(
                document, parse_source(name, text, what="overlay", allows_halves=True), self._idle
            )
            document, layers = cast("Document", changed), LayeredSourceMap(below, layers.origins + origins)
        return document, layers

    def sound(self) -> tuple[Document, tuple[Diagnostic, ...]]:
        """Return the document with overlays and repairs, and the findings about what was repaired."""
        document, layers = self.layered()
        # Repairs rely on what is checked here, so they come after it.
        _refuse(layers, find_unsupported(document, layers))
        findings = self._idle + [
            Diagnostic(rule, layers.location(pointer), actual, expected, pointer, f"Repaired: {done}.", "repaired")
            for rule, pointer, actual, expected, done in self._remarks
        ]
        findings += [
            *repair(document, layers),
            *read_intended(document, layers),
            *repair_against_metaschema(document, layers),
        ]
        findings += [*undocumented_streams(document, layers), *endless_patterns(document, layers)]
        _refuse(layers, findings)
        return document, tuple(findings)


def _refuse(layers: LayeredSourceMap, findings: Sequence[Diagnostic]) -> None:
    errors = [finding for finding in findings if finding.severity == "error"]
    if errors:
        raise ContractError(
            f"{layers.name}: found {count_phrase(errors)}; expected a contract that can be served.", errors
        )


def _refuse_version(source: Source) -> None:
    data = source.data if isinstance(source.data, dict) else {}
    key = "openapi" if "openapi" in data else "swagger"
    version = data.get(key)
    if version is None:
        raise ContractError(
            f"{source.location('')}: found no member openapi; expected an OpenAPI document (openapi: 3.1.0)."
            " Give the path of a contract."
        )
    match = re.fullmatch(r"(\d+)\.(\d+)(\.\d+)?(-.+)?", str(version))
    known = [release for release in SUPPORTED if (release == (2, 0)) == (key == "swagger")]
    if not match or (int(match[1]), int(match[2])) not in known:
        raise ContractError(
            f"{source.place('/' + key)}: found version {version!r}; expected OpenAPI 2.0, 3.0, 3.1 or 3.2."
            " Convert the contract."
        )
