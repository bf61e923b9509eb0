"""What an answer says of itself beside its body: that its operation is deprecated, which preferences were applied."""

from __future__ import annotations

from dataclasses import replace

from mock_server.http.messages import Response, ResponseSource
from mock_server.http.preferences import NO_PREFERENCES, Preferences
from mock_server.openapi.security import Credentials


def deprecated(answer: Response) -> Response:
    """Return the answer of a deprecated operation, with the header ``Deprecation``.

    RFC 9745 wants the date of the deprecation; a contract has none, so the value is that of the drafts before it. A
    contract that has the date documents the header.
    """
    if answer.header("deprecation") is not None:
        return answer
    return replace(answer, headers=(*answer.headers, ("Deprecation", "true")))


def finished(answer: Response, preferences: Preferences, credentials: Credentials, *, is_refused: bool) -> Response:
    """Return the answer with its delay, and with the preferences that were applied."""
    if preferences is NO_PREFERENCES or preferences == NO_PREFERENCES:
        return replace(answer, delay=credentials.delay) if credentials.delay else answer
    # Preference-Applied (RFC 7240, 3) lists only the preferences that had an effect on this answer.
    honoured = {"delay", "validation"} | ({"code"} if answer.source is not ResponseSource.PROBLEM else set())
    if answer.stream is not None:
        honoured |= {"items", "interval"}
    if answer.source is ResponseSource.EXAMPLE or is_refused:
        honoured |= {"example"}
    if answer.source is ResponseSource.GENERATED:
        honoured |= {"dynamic", "seed", "variant"}
    if preferences.dynamic is False and answer.source is not ResponseSource.PROBLEM:
        honoured |= {"dynamic"}
    applied = preferences.applied(frozenset(honoured))
    headers = (*answer.headers, ("Preference-Applied", applied)) if applied else answer.headers
    return replace(answer, headers=headers, delay=credentials.delay + preferences.delay)
