"""The settings: one row each, from which flags, variables, ``--help`` and docs/settings.md are made.

A row is a field of :class:`Settings`, with its default and its help. Order of precedence: flag, ``MOCK_SERVER_NAME``,
(for the port) ``PORT``, default.

A new setting is a row here, and a line in :class:`mock_server.testing.runners.Options`, the only other list: type
checkers need its names written out. Tests hold it, and the tables of docs/settings.md and docs/security.md, against the
rows, and try each row; only one with a text of a form of its own needs an example in ``test_settings.py``.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any, TypeAlias, cast

from mock_server.core.errors import UsageError
from mock_server.core.text import did_you_mean
from mock_server.core.value_class import value_class
from mock_server.http.preferences import STRICTNESS
from mock_server.plugins import has_plugins

PREFIX = "MOCK_SERVER_"
_TRUE = frozenset({"1", "true", "yes", "on"})
_FALSE = frozenset({"0", "false", "no", "off", ""})

Value: TypeAlias = "str | int | bool | tuple[str, ...]"


def _text(text: str) -> str:
    return text


def _switch(text: str) -> bool:
    if text.lower() in _TRUE:
        return True
    if text.lower() in _FALSE:
        return False
    raise ValueError("true or false (also 1 and 0, yes and no, on and off)")


def _paths(text: str) -> tuple[str, ...]:
    # The colons of an address (after the scheme, within an IPv6 host, before the port) do not separate two paths.
    between = re.escape(os.pathsep)
    address = rf"https?://(?:\[[^\]/]*\]|[^/{between}\[]*)(?::\d+(?=/|{between}|$))?[^{between}]*"
    return tuple(re.findall(rf"{address}|[^{between}]+", text))


def _names(text: str) -> tuple[str, ...]:
    return tuple(name for name in re.split(rf"[\s,{re.escape(os.pathsep)}]+", text) if name)


def _hosts(text: str) -> tuple[str, ...]:
    # The colons of an IPv6 address do not separate two hosts.
    return tuple(host for host in re.split(r"[\s,]+", text) if host)


def _urls(text: str) -> tuple[str, ...]:
    urls = tuple(url for url in re.split(r"[\s,]+", text) if url)
    if not all(url.startswith(("http://", "https://")) for url in urls):
        raise ValueError("a URL that begins with http:// or https://, or several with commas between them")
    return urls


def _origins(text: str) -> tuple[str, ...]:
    origins = tuple(origin for origin in re.split(r"[\s,]+", text) if origin)
    if "*" in origins:
        raise ValueError("each origin by its name: with * every page that a browser shows could use the admin API")
    return tuple(map(_origin, origins))


_ORIGIN = re.compile(r"(https?)://([0-9a-z._-]+|\[[0-9a-f:.]+\])(?::([0-9]{1,5}))?")
_PORTS = {"http": "80", "https": "443"}


def _origin(text: str) -> str:
    """Return an origin as browsers write it (RFC 6454, 6.2): in lower case, without the usual port."""
    match = _ORIGIN.fullmatch(text.lower())
    if match is None:
        raise ValueError("an origin: http or https, a host, perhaps a port, and no path, such as http://localhost:3000")
    scheme, host, port = match.groups()
    return f"{scheme}://{host}" + ("" if port in (None, _PORTS[scheme]) else f":{port}")


def _pointers(text: str) -> tuple[str, ...]:
    pointers = tuple(pointer for pointer in re.split(r"[\s,]+", text) if pointer)
    if not all(pointer.startswith("/") for pointer in pointers):
        raise ValueError("a JSON Pointer that begins with /, or several with commas between them")
    return pointers


def _whole(low: int | None = None, high: int | None = None) -> Callable[[str], int]:
    bounds = "" if low is None else f" of at least {low}" if high is None else f" from {low} to {high}"

    def read(text: str) -> int:
        try:
            number = int(text)
        except ValueError:
            raise ValueError(f"a whole number{bounds}") from None
        if (low is not None and number < low) or (high is not None and number > high):
            raise ValueError(f"a whole number{bounds}")
        return number

    return read


def _count(text: str) -> str:
    return str(_whole(0, 1_000_000_000)(text)) if text else ""


class _OneOf:
    """Reads one of several words."""

    def __init__(self, *choices: str) -> None:
        self.choices = choices

    def __call__(self, text: str) -> str:
        if text not in self.choices:
            raise ValueError(" or ".join(self.choices))
        return text


def _store(text: str) -> str:
    is_built_in = text == "memory" or text.startswith(("sqlite:///", "postgresql://"))
    # Of another scheme only the plugins can tell, which are loaded when all settings are known.
    if not is_built_in and not (re.match(r"[a-z][a-z0-9+.-]+:", text) and has_plugins()):
        raise ValueError("memory, sqlite:///FILE or postgresql://USER@HOST/DATABASE")
    return text


def _hub(text: str) -> str:
    if text != "memory" and not text.startswith(("valkey://", "valkeys://", "redis://", "rediss://")):
        raise ValueError("memory, valkey://USER@HOST:PORT or redis://USER@HOST:PORT (with TLS valkeys: or rediss:)")
    return text


def _row(
    default: Any, help: str, metavar: str, read: Callable[[str], Value], *, bound: bool = False, short: str = ""
) -> Any:
    metadata = {"help": help, "metavar": metavar, "read": read, "bound": bound, "short": short}
    return field(default=default, metadata=metadata)


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings of a server. Build them with :func:`read_settings`."""

    contract: tuple[str, ...] = _row(
        (),
        "Path or http(s) URL of a contract, or of several, or `polar` for all of Polar; its Get Customer if none.",
        "CONTRACT...",
        _paths,
    )
    host: str = _row("127.0.0.1", "Address to listen on.", "ADDRESS", _text)
    port: int = _row(
        4010, "Port to listen on; 0 picks a free one. PORT is read too.", "NUMBER", _whole(0, 65535), short="-p"
    )
    uds: str = _row("", "Unix socket to listen on, in place of a port.", "PATH", _text)
    tls: bool = _row(
        False, "Serve with TLS, by a certificate that is made on the spot; needs the extra tls.", "", _switch
    )
    tls_cert: str = _row("", "Serve with TLS, by this certificate with its chain (PEM).", "FILE", _text)
    tls_key: str = _row("", "Key of --tls-cert (PEM), where that file does not have it too.", "FILE", _text)
    fixtures: str = _row("", "Directory of fixture files, one per resource.", "DIR", _text)
    overlay: tuple[str, ...] = _row((), "OpenAPI Overlay to apply; may be repeated.", "FILE", _paths)
    store: str = _row(
        "memory", "Where records are kept: memory, sqlite:///FILE or postgresql://USER@HOST/DATABASE.", "URL", _store
    )
    seed_store: str = _row(
        "if-empty",
        "When fixtures are loaded into the store: always, if-empty or never.",
        "WHEN",
        _OneOf("always", "if-empty", "never"),
    )
    scenario: tuple[str, ...] = _row((), "Scenario that every world begins with; may be repeated.", "NAME", _names)
    seed: int = _row(0, "Seed of all generated data.", "NUMBER", _whole())
    dynamic: bool = _row(False, "Generate answers instead of using examples.", "", _switch, short="-d")
    state: str = _row(
        "",
        "What operations remember: auto (what this world made, changed or deleted), strict (as a real API: what is"
        " unknown is 404) or off (nothing). If not said, as the contract says, or else auto.",
        "MODE",
        _OneOf("auto", "strict", "off"),
    )
    records: str = _row(
        "",
        "Records that each resource begins with; if not said, those in the contract's examples, or else 3.",
        "NUMBER",
        _count,
    )
    fill: int = _row(
        2,
        "Levels of objects in generated answers that have optional members; deeper ones have required members only.",
        "LEVELS",
        _whole(0, 12),
    )
    stream_interval: int = _row(20, "Milliseconds between two items of a stream.", "MS", _whole(0, 600000))
    validate_requests: str = _row(
        "strict",
        "How strictly requests are validated: strict, lenient, warn or off.",
        "HOW",
        _OneOf(*STRICTNESS),
    )
    workers: int = _row(1, "Processes that answer.", "NUMBER", _whole(1, 64))
    hub: str = _row(
        "memory",
        "What replicas share beside records: memory (nothing), or a Valkey or Redis server, valkey://USER@HOST:PORT.",
        "URL",
        _hub,
    )
    reload: bool = _row(False, "Reload contract, overlays and fixtures when they change.", "", _switch)
    no_cors: bool = _row(False, "Send no CORS headers and answer no preflight, except to --admin-origin.", "", _switch)
    no_fill_properties: bool = _row(False, "Generate no properties beyond those the schema names.", "", _switch)
    allow_remote_refs: bool = _row(False, "Follow references to URLs from a contract that is a file.", "", _switch)
    no_cache: bool = _row(False, "Neither read nor write the cache of contracts.", "", _switch)
    no_fast_path: bool = _row(
        False, "Select and validate every answer again, also one that was sent before.", "", _switch
    )
    record_memory: int = _row(
        64, "Megabytes of the cache of records of a database.", "NUMBER", _whole(1, 65536), bound=True
    )
    state_memory: int = _row(
        256,
        "Megabytes that the records of all worlds may have in memory, beside the fixtures.",
        "NUMBER",
        _whole(1, 65536),
        bound=True,
    )
    answer_memory: int = _row(20, "Megabytes of the response cache.", "NUMBER", _whole(1, 65536), bound=True)
    max_worlds: int = _row(
        10000,
        "Worlds (isolated environments, at base URLs with a prefix /~NAME) that are kept.",
        "NUMBER",
        _whole(1, 1000000),
        bound=True,
    )
    journal_size: int = _row(
        1000, "Requests that each world's journal keeps; 0 for none.", "NUMBER", _whole(0, 1000000), bound=True
    )
    journal_memory: int = _row(
        256, "Megabytes that all journals may have in total.", "NUMBER", _whole(1, 65536), bound=True
    )
    max_head: int = _row(
        64, "Kilobytes of request line and headers that a request may have.", "NUMBER", _whole(1, 1024), bound=True
    )
    max_header_lines: int = _row(200, "Header lines that a request may have.", "NUMBER", _whole(1, 10000), bound=True)
    max_connections: int = _row(
        10000,
        "Connections of a process, as far as its limit of files allows.",
        "NUMBER",
        _whole(8, 1000000),
        bound=True,
    )
    first_byte_timeout: int = _row(
        10, "Seconds that a new connection may stay silent; 0 for no limit.", "SECONDS", _whole(0, 86400), bound=True
    )
    keep_alive_timeout: int = _row(
        75,
        "Seconds that a connection may wait for its next request; 0 for no limit.",
        "SECONDS",
        _whole(0, 86400),
        bound=True,
    )
    head_timeout: int = _row(
        30,
        "Seconds within which request line and headers have to arrive; 0 for no limit.",
        "SECONDS",
        _whole(0, 86400),
        bound=True,
    )
    min_body_rate: int = _row(
        1024,
        "Bytes a second, over ten seconds, that a request body has to arrive at; 0 for no limit.",
        "BYTES",
        _whole(0, 1000000000),
        bound=True,
    )
    send_timeout: int = _row(
        60,
        "Seconds within which a client has to read some of an answer that is being sent; 0 for no limit.",
        "SECONDS",
        _whole(0, 86400),
        bound=True,
    )
    stall_timeout: int = _row(
        5,
        "Seconds after which an event loop that is blocked is logged, and a worker is replaced; 0 for never.",
        "SECONDS",
        _whole(0, 86400),
        bound=True,
    )
    no_webhooks: bool = _row(False, "Deliver no events; they are kept all the same.", "", _switch)
    webhook: tuple[str, ...] = _row(
        (), "URL to which the events of every world are delivered; may be repeated.", "URL", _urls
    )
    webhook_secret: str = _row("", "Secret with which deliveries to --webhook are signed.", "SECRET", _text)
    webhook_allow: tuple[str, ...] = _row(
        (),
        "Host, address or network that events may be delivered to, in addition to this machine; may be repeated.",
        "HOST",
        _hosts,
    )
    max_deliveries: int = _row(
        10000,
        "Deliveries of events that may wait in each world.",
        "NUMBER",
        _whole(1, 1000000),
        bound=True,
    )
    redact_header: tuple[str, ...] = _row(
        (), "Header whose value no journal shows, in addition to those of credentials; may be repeated.", "NAME", _names
    )
    redact_body: tuple[str, ...] = _row(
        (),
        "JSON Pointer to a member of bodies that no journal shows, in addition to those whose names say that they are"
        " secret; * is any member; may be repeated.",
        "POINTER",
        _pointers,
    )
    no_redaction: bool = _row(
        False, "Show credentials in journals too, except what --redact-header and --redact-body name.", "", _switch
    )
    admin_token: str = _row("", "Token with which other machines may use /__admin.", "TOKEN", _text)
    allowed_host: tuple[str, ...] = _row(
        (),
        "Name of this host by which /__admin may be called, in addition to localhost; may be repeated.",
        "NAME",
        _names,
    )
    admin_origin: tuple[str, ...] = _row(
        (),
        "Origin whose web pages may use /__admin, such as http://localhost:3000; may be repeated.",
        "ORIGIN",
        _origins,
    )
    no_plugins: bool = _row(False, "Load none of the plugins that are installed.", "", _switch)
    strict: bool = _row(False, "Refuse a contract with defects instead of repairing and reporting them.", "", _switch)
    quiet: bool = _row(False, "Write no line for each request on a terminal.", "", _switch, short="-q")
    verbose: bool = _row(
        False,
        "Write operation, source and all findings of each request, in a pipe too.",
        "",
        _switch,
        short="-v",
    )
    open: bool = _row(False, "Open the console in the browser.", "", _switch)
    access_log: bool = _row(False, "Log a line for each request.", "", _switch)
    otel: bool = _row(
        False, "Send traces to where the variables of OpenTelemetry (OTEL_...) say; needs the extra otel.", "", _switch
    )
    log_format: str = _row("text", "Form of the log: text or json.", "FORMAT", _OneOf("text", "json"))


@value_class
class Option:
    """A setting as users see it.

    ``bound`` tells that it limits what a server takes on; health shows it. ``short`` is the flag of one letter, empty
    where it has none.
    """

    name: str
    default: Value
    help: str
    metavar: str
    read: Callable[[str], Value]
    bound: bool
    short: str

    @property
    def choices(self) -> tuple[str, ...]:
        """The words of which its value is one; empty where it may be another text."""
        return self.read.choices if isinstance(self.read, _OneOf) else ()

    @property
    def flag(self) -> str:
        """The flag, such as ``--log-format``; empty for the contracts, which are arguments."""
        return "" if self.name == "contract" else "--" + self.name.replace("_", "-")

    @property
    def variable(self) -> str:
        """The variable, such as ``MOCK_SERVER_LOG_FORMAT``."""
        return PREFIX + self.name.upper()

    @property
    def is_switch(self) -> bool:
        """Whether the flag takes no value."""
        return isinstance(self.default, bool)


ROWS: tuple[Option, ...] = tuple(
    Option(row.name, cast("Value", row.default), **row.metadata) for row in fields(Settings)
)
REMOVED: Mapping[str, str] = {
    "peers": "replicas share a Valkey or Redis server now: --hub valkey://HOST:PORT, instead of naming one another"
}
"""Settings of before, and what to use in their place."""
OTHER_VARIABLES = frozenset({PREFIX + "URL"})
"""Variables that are not settings of a server: the address for ``healthcheck``."""


def read_settings(flags: Mapping[str, str | bool | tuple[str, ...]], environ: Mapping[str, str]) -> Settings:
    """Return the settings from the command line (``flags``, by field name) and the environment.

    Raises :class:`UsageError` for an invalid value and for an unknown ``MOCK_SERVER_`` variable.
    """
    _refuse_unknown(environ)
    values: dict[str, Any] = {row.name: _value(row, flags, environ) for row in ROWS}
    return Settings(**values)


def bounds_of(settings: Settings) -> dict[str, int]:
    """Return the bounds on what a server takes on, by the name of their setting."""
    return {row.name: getattr(settings, row.name) for row in ROWS if row.bound}


def bounds_table() -> str:
    """Return the Markdown table of docs/security.md: the settings that limit what a server takes on."""
    lines = ["| setting | default | |", "|---|---|---|"]
    lines += [f"| `{row.flag} {row.metavar}` | `{row.default}` | {row.help} |" for row in ROWS if row.bound]
    return "\n".join(lines) + "\n"


def _value(row: Option, flags: Mapping[str, str | bool | tuple[str, ...]], environ: Mapping[str, str]) -> Value:
    value = flags.get(row.name)
    if isinstance(value, tuple) and value:
        return value if row.read is _paths else tuple(part for text in value for part in _parts(row, text))
    if value is True:
        return value
    if isinstance(value, str):
        return _read(row, value, row.flag or row.metavar)
    names = [row.variable, "PORT"] if row.name == "port" else [row.variable]
    for name in names:
        if name in environ:
            return _read(row, environ[name], f"variable {name}")
    return row.default


def _parts(row: Option, text: str) -> tuple[str, ...]:
    """Return what one of several values of a flag says: the shell has told paths apart, and nothing else."""
    parts = _read(row, text, row.flag)
    assert isinstance(parts, tuple)
    return parts


def _read(row: Option, text: str, source: str) -> Value:
    try:
        return row.read(text)
    except ValueError as error:
        # What follows the scheme of an address may be a password.
        excerpt = re.sub(r":.+", ":...", text, flags=re.DOTALL) if row.name in ("store", "hub") else text
        raise UsageError(f"{source}: found {excerpt!r}; expected {error}") from None


def _refuse_unknown(environ: Mapping[str, str]) -> None:
    for name, instead in REMOVED.items():
        if PREFIX + name.upper() in environ:
            raise UsageError(f"variable {PREFIX}{name.upper()}: there is no such setting any more; {instead}.")
    known = {row.variable for row in ROWS} | OTHER_VARIABLES
    for name in sorted(environ):
        if name.startswith(PREFIX) and name not in known:
            raise UsageError(f"variable {name}: there is no such setting{did_you_mean(name, sorted(known))}")
