"""A receiver of webhooks for people: it verifies what arrives, tells of it, and answers as it was told."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from time import strftime, time

from mock_server.core.text import cut
from mock_server.core.types import JSON
from mock_server.core.value_class import value_class
from mock_server.http.asgi import ClientGoneError, Receive, Scope, Send, read_body, send_answer
from mock_server.http.messages import Response
from mock_server.openapi.webhook_extensions import SCHEMES, KeyForm, SigningScheme
from mock_server.webhooks.signature import key_of, verification_trouble

LONGEST_BODY = 16 * 1024 * 1024
"""Bytes of a body that are read; a longer one is a 413."""
SHOWN = 20_000
"""Characters of a body that are printed."""
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


@value_class
class ReceiverManners:
    """How a receiver answers and verifies.

    Each ``every``-th request gets ``status``, all others get 200. Without a ``secret`` nothing is verified; ``schemes``
    are those that a signature may be of, the first that fits the headers counts.
    """

    status: int = 200
    every: int = 1
    secret: str = ""
    schemes: Sequence[SigningScheme] = ()


def receiver_schemes(name: str) -> list[SigningScheme]:
    """Return the schemes that signatures may be of: that of a name, or (empty) all that have headers of their own."""
    return [SCHEMES[name]] if name else [scheme for scheme in SCHEMES.values() if scheme.headers]


class WebhookReceiver:
    """An ASGI application that takes any request. ``tell`` gets the lines of each one."""

    def __init__(self, manners: ReceiverManners, tell: Callable[[str], None]) -> None:
        self._manners = manners
        self._tell = tell
        self._count = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        try:
            body = await read_body(scope, receive, LONGEST_BODY)
        except ClientGoneError:
            return
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        self._count += 1
        manners = self._manners
        status = 413 if body is None else manners.status if self._count % manners.every == 0 else 200
        account = self._account(scope, headers, body or b"", status)
        self._tell(_UNPRINTABLE.sub("\N{REPLACEMENT CHARACTER}", account))  # a terminal would obey them
        await send_answer(Response(status), send)

    def _account(self, scope: Scope, headers: Mapping[str, str], body: bytes, status: int) -> str:
        value = _value(body)
        name = value.get("type") if isinstance(value, dict) else None
        parts = [strftime("%H:%M:%S"), str(scope["method"]), str(scope["path"])]
        parts += [name] if isinstance(name, str) else []
        line = f"{'  '.join(cut(part) for part in parts)}  {self._verdict(headers, body)}  -> {status}"
        signs = [f"    {key}: {cut(value)}" for key, value in headers.items() if _is_of_webhooks(key)]
        return "\n".join([line, *signs, *(f"    {text}" for text in _text(value, body).splitlines())])

    def _verdict(self, headers: Mapping[str, str], body: bytes) -> str:
        if not self._manners.secret:
            return "not verified (no --secret)"
        schemes = [
            scheme for scheme in self._manners.schemes if all(header.lower() in headers for header, _ in scheme.headers)
        ]
        if not schemes:
            return "NOT SIGNED"
        trouble = ""
        for scheme in schemes:
            for form in _forms(scheme, self._manners.secret):
                trouble = verification_trouble(replace(scheme, key=form), self._manners.secret, headers, body, time())
                if not trouble:
                    return f"signature good ({scheme.name}, key {form})"
        return f"SIGNATURE WRONG: {trouble}"


def _forms(scheme: SigningScheme, secret: str) -> list[KeyForm]:
    """Return the forms of key to try: that of the scheme, and the text as it stands, which some APIs take."""
    forms: list[KeyForm] = [scheme.key] if scheme.key == "utf8" else [scheme.key, "utf8"]
    return [form for form in forms if _is_key(secret, form)]


def _is_key(secret: str, form: KeyForm) -> bool:
    try:
        key_of(secret, form)
    except ValueError:
        return False
    return True


def _value(body: bytes) -> JSON:
    try:
        value: JSON = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return value


def _text(value: JSON, body: bytes) -> str:
    text = body.decode("utf-8", "replace") if value is None else json.dumps(value, ensure_ascii=False, indent=2)
    return text if len(text) <= SHOWN else text[:SHOWN] + "..."


def _is_of_webhooks(name: str) -> bool:
    return name.startswith("webhook-") or "signature" in name or name in ("mock-fault", "x-github-event")
