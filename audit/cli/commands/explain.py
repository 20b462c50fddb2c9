"""``turntruth explain``: what one check means."""

from __future__ import annotations

import json
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from audit.checks.check import Check
    from audit.explanation.explanation import Explanation


class ExplanationFormat(StrEnum):
    """How the explanation is printed."""

    TEXT = "text"
    JSON = "json"


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command("explain")(explain)


def explain(
    check: Annotated[str, typer.Argument(help="Name of a check, as `turntruth checks` lists it.", show_default=False)],
    output: Annotated[ExplanationFormat, typer.Option("--format", help="How to print it.")] = ExplanationFormat.TEXT,
    checks: Annotated[
        list[Path] | None, typer.Option(help="Folder of own checks; by default those of turntruth.toml.")
    ] = None,
    sqlite: Annotated[
        bool, typer.Option("--sqlite", help="Print only its query, in words that any SQLite shell runs on the file.")
    ] = False,
    ledger: Annotated[
        bool, typer.Option(help="With --sqlite: the file holds the record that `turntruth migrate` leaves in it.")
    ] = True,
    cutover: Annotated[
        str, typer.Option(help="With --sqlite: time of the migration, for a file without that record.")
    ] = "",
) -> None:
    """Tell what a check means, what to do about its findings, its SQL, and every view that the SQL reads.

    Example: turntruth explain pointer_agrees

    Example: turntruth explain runtime_complete --sqlite | sqlite3 -readonly turns.db
    """
    from audit.processes.address_space import LOADED_BYTES, require_address_space

    require_address_space(LOADED_BYTES)
    from audit.cli.own_checks import catalog_with_own
    from audit.cli.text_output import print_lines
    from audit.explanation.explanation import explain as explain_check

    explanation = explain_check(check, catalog_with_own(checks))
    if sqlite:
        typer.echo(_statement(explanation.check, ledger=ledger, cutover=cutover))
        return
    if output is ExplanationFormat.JSON:
        typer.echo(json.dumps(explanation.to_json(), indent=2, ensure_ascii=False))
    else:
        print_lines(_lines(explanation))


def _statement(check: Check, *, ledger: bool, cutover: str) -> str:
    from audit.errors import UsageError
    from audit.great_expectations.sqlite_statements import SqliteStatements
    from audit.pipeline.settings import parse_cutover

    with SqliteStatements(ledger=ledger, cutover_ms=parse_cutover(cutover) if cutover else None) as statements:
        sql, reason = statements.of(check)
    if reason:
        raise UsageError(
            f"{check.name} has no query for SQLite: {reason}. Run it with turntruth audit --select {check.name}"
        )
    return f"{sql};"


def _lines(explanation: Explanation) -> Iterator[str]:
    check = explanation.check
    yield f"{check.suite}/{check.name}: {check.title}"
    yield ""
    yield f"severity    {check.severity}"
    yield f"skipped     {'; or '.join(explanation.skipped_when) or 'never'}"
    yield f"scans       {check.scans}"
    yield f"names       {', '.join(check.identity)}"
    yield f"what to do  {check.remedy}"
    yield f"file        {check.path}"
    yield ""
    yield "A row of this query is a finding:"
    yield from _indented(check.sql)
    if explanation.views:
        yield ""
        yield f"The views it reads, over the staged tables {', '.join(explanation.tables)}:"
    for view in explanation.views:
        yield ""
        yield from (f"    -- {line}".rstrip() for line in view.comment.splitlines())
        yield from _indented(f"CREATE {view.kind} {view.name} AS\n{view.query}")
    yield ""
    if check.untested:
        yield "It is untested: its file says of no damage that it would find it (`breaks`)."
    else:
        yield "What breaks it, tried by a test on clean files:"
    for target, sql in check.breaks:
        yield from _indented(f"{target}: {sql}")
    if explanation.consequences:
        yield f"The same damage is also found by {', '.join(explanation.consequences)}."
    if check.consequence_of:
        yield f"A finding can be the consequence of what {', '.join(check.consequence_of)} finds on the same keys."


def _indented(text: str) -> Iterator[str]:
    return (f"    {line}".rstrip() for line in text.splitlines())
