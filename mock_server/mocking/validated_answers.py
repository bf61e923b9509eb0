"""What the contract has against answers: one and the same answer is validated once."""

from __future__ import annotations

from collections.abc import Hashable

from mock_server.core.diagnostics import Diagnostic
from mock_server.core.sized_cache import SizedCache
from mock_server.http.messages import Response, ResponseSource
from mock_server.openapi.validation.validator import ContractValidator

VALIDATED = 8 * 1024 * 1024
"""Bytes of answers whose judgement is kept: one and the same answer is judged once."""
_OVERHEAD = 1000
"""Bytes of a judgement beside the texts of the answer, about."""


class ValidatedAnswers:
    """Validates the answers of operations of one contract, and remembers what came of it."""

    def __init__(self, validator: ContractValidator) -> None:
        self._validator = validator
        self._known: SizedCache[tuple[Hashable, ...], tuple[Diagnostic, ...]] = SizedCache(VALIDATED)
        self._examples: dict[str, tuple[Response, tuple[Diagnostic, ...]]] = {}
        """The last example that each operation sent; it is mostly the same object."""

    def findings(self, operation: str, answer: Response) -> tuple[Diagnostic, ...]:
        """Return what the contract has against an answer; of one that was validated before, what it had then."""
        if answer.source is ResponseSource.GENERATED and self._validator.accepts(operation, answer):
            return ()  # it is new, and is hardly made another time
        latest = self._examples.get(operation)
        if latest is not None and latest[0] is answer:
            return latest[1]
        # All that the contract may have something against; whose record it was made from is no matter of it.
        key = (operation, answer.status, answer.headers, answer.body, answer.validated, answer.source, answer.stream)
        findings = self._known.get(key)
        if findings is None:
            findings = self._validator.answer(operation, answer)
            size = _OVERHEAD + len(answer.body) + len(answer.validated or b"")
            self._known.keep(key, findings, size + sum(len(value) for _, value in answer.headers))
        if answer.source is ResponseSource.EXAMPLE:
            self._examples[operation] = answer, findings
        return findings
