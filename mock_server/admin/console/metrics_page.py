"""Requests a second and times of answers of a world as plots, and what the whole server has counted."""

from __future__ import annotations

from collections.abc import Generator
from time import time

from mock_server.admin.console.page import ConsolePage, PageRequest, PageRows, PageSteps
from mock_server.admin.console.plot import HEIGHT, LEFT, RIGHT, WIDTH, LinearScale, LogScale, bars, steps
from mock_server.admin.console.process_figures import ProcessFigures
from mock_server.admin.console.request_rates import PERCENTILES, RequestRates
from mock_server.admin.response_chunks import paced
from mock_server.worlds.journal import LoggedExchange

PLACE = "/console/metrics"
"""Where the page is, below ``/__admin``: ``/metrics`` is for monitors, whatever they accept."""
SPANS = ((60, "minute"), (300, "5 minutes"), (3_600, "hour"), (86_400, "day"))
"""Spans of the plots, in seconds and in words."""
LOOKED_AT = 20_000
"""Entries of the journal that are looked at for the plots, the newest ones."""
_USUAL = 300
_DURATIONS = "mock_server_request_duration_seconds"
_REMEMBERED = "mock_server_remembered_answers"


def _metrics(request: PageRequest) -> PageSteps:
    given = request.query.get("span", "")
    seconds = next((seconds for seconds, _ in SPANS if str(seconds) == given), _USUAL)
    rates, known_since = yield from _rates(request, seconds)
    figures = ProcessFigures.of(request.admin)
    values = {
        "span": seconds,
        "spans": SPANS,
        "words": dict(SPANS)[seconds],
        "rates": rates,
        "known_since": known_since,
        "plots": _plots(rates),
        "percentiles": [(share, rates.percentile(share)) for share in PERCENTILES],
        "columns": [
            (column.start, len(column.times), column.refused, [column.percentile(share) for share in PERCENTILES])
            for column in rates.columns
            if column.times
        ],
        "width": WIDTH,
        "height": HEIGHT,
        "left": LEFT,
        "right": RIGHT,
        "here": f"{request.base}{PLACE}",
        **_of_server(figures),
    }
    return ConsolePage("metrics.html", "Metrics", PLACE, values)


def _rates(request: PageRequest, seconds: int) -> Generator[float | None, None, tuple[RequestRates, float | None]]:
    """Return the requests of a span, and since when they are known where that is later than its beginning."""
    rates, journal = RequestRates(time(), seconds), request.admin.journal
    statuses: dict[LoggedExchange, int] = {}  # entries of equal requests share their contents, and are many
    looked_at, oldest = 0, None
    for entry in paced(journal.newest_first()):
        if entry is None:
            yield None
            continue
        status = statuses.get(entry.kept)
        if status is None:
            status = statuses[entry.kept] = entry.answer.status
        is_within = rates.add(entry.started, entry.elapsed, status)
        if not is_within and entry.started < rates.start:
            return rates, None
        oldest, looked_at = entry.started, looked_at + 1
        if looked_at == LOOKED_AT:
            break
    is_whole = looked_at < LOOKED_AT and looked_at < request.admin.settings.journal_size
    return rates, None if is_whole else oldest


def _plots(rates: RequestRates) -> dict[str, object]:
    percentiles = {share: [column.percentile(share) for column in rates.columns] for share in PERCENTILES}
    times = [value for values in percentiles.values() for value in values if value is not None]
    linear, logarithmic = LinearScale.of(rates.rates), LogScale.of(times)
    return {
        "rate_ticks": linear.ticks,
        "bars": bars(rates.rates, linear),
        "refused": bars(rates.refused_rates, linear),
        "highest": max(rates.rates),
        "time_ticks": logarithmic.ticks,
        "steps": [(share, steps(values, logarithmic)) for share, values in percentiles.items()],
    }


def _of_server(figures: ProcessFigures) -> dict[str, object]:
    hits = figures.sum_of(f"{_REMEMBERED}_hits_total")
    misses = figures.sum_of(f"{_REMEMBERED}_misses_total")
    reached = figures.sums_by("mock_server_bound_reached_total", "bound")
    limits = figures.highest_by("mock_server_bound", "bound")
    statuses = figures.sums_by("mock_server_requests_total", "status")
    return {
        "processes": figures.processes,
        "requests_total": int(sum(statuses.values())),
        "statuses": [(status, int(count)) for status, count in sorted(statuses.items())],
        "within": [(share, figures.within(_DURATIONS, share)) for share in PERCENTILES],
        "hits": int(hits),
        "hit_share": round(100 * hits / (hits + misses)) if hits + misses else 0,
        "held": figures.sum_of(f"{_REMEMBERED}_bytes") / (1024 * 1024),
        "reached": [(name, limits[name], int(count)) for name, count in sorted(reached.items()) if count],
        "bounds": len(reached),
    }


ROWS: PageRows = (("GET", PLACE, _metrics),)
