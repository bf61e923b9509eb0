"""``mock-server check`` and ``mock-server routes``: what a contract holds, and whether it holds."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click
from click.shell_completion import CompletionItem

from mock_server.cli.check_report import (
    CheckReport,
    ContractReport,
    as_json,
    name_of,
    report_of,
    severity_of,
    summary_line,
    summary_of,
    text_lines,
)
from mock_server.cli.help_pages import HelpfulCommand, with_examples
from mock_server.cli.progress import shown
from mock_server.cli.setting_flags import LOADING, mounts_of, read_flags, settings_of
from mock_server.cli.tables import plain_lines, show_rows, show_text
from mock_server.cli.unloaded_contract import UnloadedContract
from mock_server.core.bundled import default_contract_path
from mock_server.core.errors import ContractError, FixtureError, MockServerError, UsageError
from mock_server.core.logging import log_to_stderr
from mock_server.core.terminal import escaped, is_terminal
from mock_server.core.text import did_you_mean

if TYPE_CHECKING:
    from mock_server.mocking.contract_audit import AuditedResponse
    from mock_server.mocking.mounts import ApiMount
    from mock_server.settings import Settings


FORMATS = ("text", "json", "sarif", "junit")
"""Forms of the report of ``check``."""
MOST_ROWS = 200
"""Answers that a table shows, valid ones too; of more the valid ones are counted."""


def _formats(ctx: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    return [CompletionItem(form) for form in FORMATS if form.startswith(incomplete)]


@click.command(cls=HelpfulCommand, short_help="Try every documented answer, and validate it.")
@click.option(
    "--format",
    "form",
    metavar="FORMAT",
    default="text",
    shell_complete=_formats,
    help="Form of the report: text, json, sarif (2.1.0) or junit (XML). Default: text.",
)
@settings_of(LOADING)
def check(*, form: str, **flags: Any) -> None:
    """Try every documented answer of CONTRACT and validate it. Exit code 1 where something is found."""
    if form not in FORMATS:
        raise UsageError(f"--format: found {form!r}{did_you_mean(form, FORMATS)}; expected one of {', '.join(FORMATS)}")
    settings = read_flags(flags)
    log_to_stderr("text")
    try:
        with shown("Reading the contract"):
            mounts = mounts_of(settings)
    except (ContractError, FixtureError) as error:
        _write(form, [_unloaded(settings, error)])
        raise
    reports = [_tried(mount, is_streamed=form == "text") for mount in mounts]
    _write(form, reports)
    if form == "text" and is_terminal(sys.stdout):
        show_text(summary_line(summary_of(reports)), is_bold=True)
    sys.exit(1 if any(report.all_findings for report in reports) else 0)


def _write(form: str, reports: Sequence[CheckReport]) -> None:
    """Write a report for programs; that for people is written as answers come."""
    if form == "json":
        click.echo(json.dumps(as_json(reports), ensure_ascii=False, indent=2))
    elif form == "sarif":
        from mock_server.cli.sarif_report import as_sarif

        click.echo(json.dumps(as_sarif(reports), ensure_ascii=False, indent=2))
    elif form == "junit":
        from mock_server.cli.junit_report import as_junit

        click.echo(as_junit(reports), nl=False)


def _unloaded(settings: Settings, error: MockServerError) -> UnloadedContract:
    """Return the report of what cannot be loaded: of several contracts the message says which."""
    places = settings.contract or (str(default_contract_path()),)
    named = (place for place in places if str(error).startswith(place))
    return UnloadedContract(next(named, places[0]), error)


def _tried(mount: ApiMount, *, is_streamed: bool) -> ContractReport:
    """Try the answers of one contract; where the report is text, print it."""
    is_person = is_terminal(sys.stdout)

    with shown(f"Trying the answers of {escaped(mount.contract.title)}") as count:

        def tell(answer: AuditedResponse) -> None:
            count(1)
            if is_streamed and not is_person:
                result = "no" if answer.findings else "ok"
                click.echo(f"{result:<3} {answer.operation} {name_of(answer)} ({answer.source})")

        report = report_of(mount, tell)
    if is_streamed:
        if is_person:
            _show(report)
        else:
            for line in text_lines(report):
                click.echo(line)
    return report


def _show(report: ContractReport) -> None:
    """Show a report to a person: a table of answers, findings in colours, notes, and the total."""
    is_long = len(report.answers) > MOST_ROWS
    rows = [
        ("no" if answer.findings else "ok", answer.operation, name_of(answer), answer.source)
        for answer in report.answers
        if answer.findings or not is_long
    ]
    if rows:
        show_rows([("", "OPERATION", "ANSWER", "FROM"), *rows], ())
    if is_long:
        show_text(f"{len(report.answers) - len(rows):,} valid answers are not shown", is_dim=True)
    for entry in report.all_findings:
        show_text(str(entry.finding), "red" if severity_of(entry.finding) == "error" else "yellow")
    for operation, note in report.notes.items():
        show_text(f"note: {operation}: {note}", is_dim=True)
    show_text(report.total)


@click.command(cls=HelpfulCommand, short_help="Show operations, and where answers come from.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON, with the resources of the contract, for tools.")
@click.option("--unsure", is_flag=True, help="Show only operations whose part in a resource needs a look.")
@click.option("--webhooks", is_flag=True, help="Show webhooks and callbacks instead, and the resource of each.")
@settings_of(LOADING)
def routes(*, as_json: bool, unsure: bool, webhooks: bool, **flags: Any) -> None:
    """Show the operations of CONTRACT: security, statuses, where answers come from, what each does and why."""
    from mock_server.mocking.route_table import json_of, route_rows
    from mock_server.mocking.webhook_table import webhook_rows, webhooks_as_json

    if unsure and webhooks:
        raise UsageError("--unsure: found it together with --webhooks; expected one of the two")
    settings = read_flags(flags)
    with shown("Reading the contract"):
        served = mounts_of(settings)
    if as_json:
        report = webhooks_as_json(served) if webhooks else json_of(served, only_unsure=unsure)
        click.echo(json.dumps(report, ensure_ascii=False, indent=2))
        return
    with shown("Looking at operations"):
        rows = webhook_rows(served) if webhooks else route_rows(served, only_unsure=unsure)
    show_rows(rows, plain_lines(rows))


with_examples(
    check,
    "docs/contracts.md",
    ("mock-server check openapi.yaml", "Every documented answer, and what is wrong with it"),
    ("mock-server check openapi.yaml --format sarif > check.sarif", "For a code host, beside the lines it is about"),
    ("mock-server check openapi.yaml --overlay corrections.yaml --strict", "With corrections, and nothing repaired"),
)
with_examples(
    routes,
    "docs/state.md",
    ("mock-server routes openapi.yaml", "What each operation does"),
    ("mock-server routes openapi.yaml --unsure", "What needs a look"),
    ("mock-server routes polar --webhooks", "What it tells others"),
)
