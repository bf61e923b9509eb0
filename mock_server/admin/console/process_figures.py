"""What a server has counted since its start, as its metrics tell it: the sums of all its processes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import TypeAlias, cast

from mock_server.admin.endpoints.metrics import process_metrics
from mock_server.admin.router import AdminRequest
from mock_server.core.types import JSON

_Sample: TypeAlias = tuple[str, Mapping[str, str], float]


class ProcessFigures:
    """The sums, by the names of the metrics. ``forms`` are the metrics of each process, as JSON."""

    def __init__(self, forms: Sequence[JSON]) -> None:
        self._samples = [*_samples(forms)]
        self.processes = len(forms)

    @classmethod
    def of(cls, request: AdminRequest) -> ProcessFigures:
        """Return the figures of this process, and of the others that were asked."""
        return cls([process_metrics(request), *request.figures])

    def sum_of(self, name: str) -> float:
        """Return the sum of all samples of a name."""
        return sum(value for sample, _, value in self._samples if sample == name)

    def sums_by(self, name: str, label: str) -> dict[str, float]:
        """Return the sums of the samples of a name, by the value of a label."""
        sums: Counter[str] = Counter()
        for sample, labels, value in self._samples:
            if sample == name:
                sums[labels[label]] += value  # type: ignore[assignment]  # a Counter of floats
        return dict(sums)

    def highest_by(self, name: str, label: str) -> dict[str, float]:
        """Return the highest of the samples of a name, by the value of a label."""
        highest: dict[str, float] = {}
        for sample, labels, value in self._samples:
            if sample == name:
                highest[labels[label]] = max(value, highest.get(labels[label], value))
        return highest

    def within(self, name: str, share: int) -> str:
        """Return the bound of a histogram, in milliseconds, within which a share of its values are; empty for none."""
        buckets = self.sums_by(f"{name}_bucket", "le")
        total = buckets.get("+Inf", 0)
        if not total:
            return ""
        inner = sorted((bound for bound in buckets if bound != "+Inf"), key=float)
        fitting = (bound for bound in inner if buckets[bound] >= total * share / 100)
        bound = next(fitting, None)
        return f"at most {float(bound) * 1000:g} ms" if bound else f"more than {float(inner[-1]) * 1000:g} ms"


def _samples(forms: Sequence[JSON]) -> Iterator[_Sample]:
    for form in forms:
        for _, _, _, samples in cast("list[tuple[str, str, str, list[_Sample]]]", form):
            yield from samples
