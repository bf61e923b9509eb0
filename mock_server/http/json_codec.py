"""Responses and findings as JSON between processes. Bytes are in base64 (RFC 4648, 4).

Both ends are of one version of this program, so that a form has no version of its own.
"""

from __future__ import annotations

from binascii import a2b_base64, b2a_base64
from collections.abc import Sequence
from typing import TypedDict

from mock_server.core.diagnostics import Diagnostic
from mock_server.http.messages import (
    Headers,
    Response,
    ResponseSource,
    Stream,
    TransportFault,
)


class ResponseJson(TypedDict):
    """A :class:`Response` as JSON; it is validated before another process gets it, so ``validated`` is left out."""

    status: int
    headers: Sequence[Sequence[str]]
    body: str
    source: str
    scenario: str
    delay: int
    wire: TransportFaultJson | None
    stream: StreamJson | None


class StreamJson(TypedDict):
    """A :class:`Stream` as JSON."""

    operation: str
    response: str
    media: int
    count: int
    seed: int
    identity: str
    interval: int
    is_exemplary: bool
    is_validated: bool
    given: Sequence[str] | None
    patches: Sequence[str]
    breaks: Sequence[Sequence[str]]
    garble: str
    garbled: int
    sent: int
    end: str


class TransportFaultJson(TypedDict):
    """A :class:`TransportFault` as JSON."""

    cut: str
    trickle: int
    overstate: bool
    hang: bool
    cut_after: int | None


class DiagnosticJson(TypedDict):
    """A :class:`Diagnostic` as JSON."""

    rule: str
    location: str
    found: str
    expected: str
    pointer: str
    remedy: str
    severity: str


def bytes_to_json(data: bytes) -> str:
    """Return bytes as a text in base64."""
    return b2a_base64(data, newline=False).decode("ascii")


def bytes_from_json(form: str) -> bytes:
    """Return the bytes of a text in base64."""
    return a2b_base64(form)


def response_to_json(answer: Response) -> ResponseJson:
    """Return an answer as JSON."""
    wire = answer.wire
    return {
        "status": answer.status,
        "headers": answer.headers,
        "body": bytes_to_json(answer.body),
        "source": answer.source.value,
        "scenario": answer.scenario,
        "delay": answer.delay,
        "wire": None
        if wire is None
        else {
            "cut": wire.cut,
            "trickle": wire.trickle,
            "overstate": wire.overstate,
            "hang": wire.hang,
            "cut_after": wire.cut_after,
        },
        "stream": None if answer.stream is None else _stream_form(answer.stream),
    }


def _stream_form(stream: Stream) -> StreamJson:
    return {
        "operation": stream.operation,
        "response": stream.response,
        "media": stream.media,
        "count": stream.count,
        "seed": stream.seed,
        "identity": stream.identity,
        "interval": stream.interval,
        "is_exemplary": stream.is_exemplary,
        "is_validated": stream.is_validated,
        "given": stream.given,
        "patches": stream.patches,
        "breaks": stream.breaks,
        "garble": stream.garble,
        "garbled": stream.garbled,
        "sent": stream.sent,
        "end": stream.end,
    }


def _stream_of(form: StreamJson) -> Stream:
    return Stream(
        operation=form["operation"],
        response=form["response"],
        media=form["media"],
        count=form["count"],
        seed=form["seed"],
        identity=form["identity"],
        interval=form["interval"],
        is_exemplary=form["is_exemplary"],
        is_validated=form["is_validated"],
        given=None if form["given"] is None else tuple(form["given"]),
        patches=tuple(form["patches"]),
        breaks=tuple((pointer, value) for pointer, value in form["breaks"]),
        garble=form["garble"],
        garbled=form["garbled"],
        sent=form["sent"],
        end=form["end"],
    )


def response_from_json(form: ResponseJson) -> Response:
    """Return the answer of a form."""
    return Response(
        status=form["status"],
        headers=_headers(form["headers"]),
        body=bytes_from_json(form["body"]),
        source=ResponseSource(form["source"]),
        scenario=form["scenario"],
        delay=form["delay"],
        wire=None if form["wire"] is None else TransportFault(**form["wire"]),
        stream=None if form["stream"] is None else _stream_of(form["stream"]),
    )


def diagnostic_to_json(finding: Diagnostic) -> DiagnosticJson:
    """Return a finding as JSON."""
    return {
        "rule": finding.rule,
        "location": finding.location,
        "found": finding.found,
        "expected": finding.expected,
        "pointer": finding.pointer,
        "remedy": finding.remedy,
        "severity": finding.severity,
    }


def diagnostic_from_json(form: DiagnosticJson) -> Diagnostic:
    """Return the finding of a form."""
    return Diagnostic(**form)


def _headers(form: Sequence[Sequence[str]]) -> Headers:
    return tuple([(name, value) for name, value in form])
