"""Help of commands: flags in groups, then examples and the page of the documentation."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import click

from mock_server.settings import ROWS

GROUPS: Mapping[str, tuple[str, ...]] = {
    "Serving": ("host", "port", "uds", "tls", "tls_cert", "tls_key", "workers", "reload", "open"),
    "Contract": ("overlay", "strict", "allow_remote_refs", "no_cache", "no_plugins"),
    "Answers": (
        "dynamic",
        "seed",
        "scenario",
        "validate_requests",
        "fill",
        "no_fill_properties",
        "stream_interval",
        "no_cors",
        "no_fast_path",
    ),
    "State": ("fixtures", "store", "seed_store", "state", "records", "hub"),
    "Webhooks": ("no_webhooks", "webhook", "webhook_secret", "webhook_allow", "max_deliveries"),
    "Control": ("admin_token", "allowed_host", "redact_header", "redact_body", "no_redaction"),
    "Limits": (),
    "Logs": ("quiet", "verbose", "access_log", "otel", "log_format"),
}
"""Settings by what they are about; those that bound something are limits, unless another group has them."""
_OTHERS = "Options"
_FEW = 8
"""Flags of a command that need no groups."""
_OF_SETTING = {
    **{row.name: "Limits" for row in ROWS if row.bound},
    **{name: group for group, names in GROUPS.items() for name in names},
}


def group_of(name: str) -> str:
    """Return the group of a parameter; a setting that no group names is with the one that stands before it."""
    if name in _OF_SETTING:
        return _OF_SETTING[name]
    group = _OTHERS
    for row in ROWS:
        group = _OF_SETTING.get(row.name, group)
        if row.name == name:
            return group
    return _OTHERS


class HelpfulCommand(click.Command):
    """A command whose flags are in groups, those of its own first.

    ``examples`` are command lines with what each does, ``page`` is where more is told.
    """

    examples: Iterable[tuple[str, str]] = ()
    page = ""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        sections: dict[str, list[tuple[str, str]]] = {name: [] for name in (_OTHERS, *GROUPS)}
        options = [parameter for parameter in self.get_params(ctx) if isinstance(parameter, click.Option)]
        is_grouped = sum(not option.hidden for option in options) > _FEW
        for option in options:
            record = option.get_help_record(ctx)
            if record is not None:
                sections[group_of(option.name or "") if is_grouped else _OTHERS].append(record)
        for name, records in sections.items():
            if records:
                with formatter.section(name):
                    formatter.write_dl(records)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        write_examples(formatter, self.examples, self.page)


def with_examples(command: click.Command, page: str, *examples: tuple[str, str]) -> None:
    """Give a command examples, and the page that tells more."""
    assert isinstance(command, HelpfulCommand)
    command.examples, command.page = examples, page


def write_examples(formatter: click.HelpFormatter, examples: Iterable[tuple[str, str]], page: str) -> None:
    """Write examples, each on a line below what it does, and where the documentation is."""
    with formatter.section("Examples"):
        for line, meaning in examples:
            formatter.write(f"{'':>{formatter.current_indent}}# {meaning}\n{'':>{formatter.current_indent}}{line}\n")
    if page:
        formatter.write_paragraph()
        formatter.write_text(f"More: {page} of the project, and README.md.")
