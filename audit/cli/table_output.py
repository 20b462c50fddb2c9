"""Answers of the runtime history on standard output: for people, and for programs as JSON, CSV or parquet."""

from __future__ import annotations

import csv
import json
import shutil
import sys
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any, Protocol, cast

import typer

if TYPE_CHECKING:
    from audit.history.answer import Answer
    from audit.results.records import Coverage


NoCache = Annotated[bool, typer.Option("--no-cache", help="Read the file anew, and keep no copy of what was read.")]


class Table(Protocol):
    """Named columns and rows of values."""

    @property
    def columns(self) -> tuple[str, ...]:
        """Their names."""

    def __iter__(self) -> Iterator[tuple[Any, ...]]:
        """The rows."""


class TableFormat(StrEnum):
    """How an answer is printed."""

    TEXT = "text"
    JSON = "json"
    CSV = "csv"
    PARQUET = "parquet"


def write_table(answers: Mapping[str, Table], form: TableFormat, coverage: Coverage | None = None) -> None:
    """Print answers by name; a form that has one table prints the first."""
    first = next(iter(answers.values()))
    if form is TableFormat.JSON:
        _write_json(answers, coverage)
    elif form is TableFormat.CSV:
        _write_csv(first)
    elif form is TableFormat.PARQUET:
        _write_parquet(cast("Answer", first))
    else:
        _print_text(answers, coverage)


def _write_json(answers: Mapping[str, Table], coverage: Coverage | None) -> None:
    from audit.results.record_json import plain

    document: dict[str, Any] = {
        name: [_plain(answer.columns, row) for row in answer] for name, answer in answers.items()
    }
    if coverage is not None:
        document["coverage"] = plain(coverage)
    sys.stdout.write(json.dumps(document, indent=2) + "\n")


def _plain(columns: Sequence[str], row: Sequence[object]) -> dict[str, object]:
    values = [_iso(value) if isinstance(value, datetime) else value for value in row]
    return dict(zip(columns, values, strict=True))


def _iso(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds") + "Z"


def _write_csv(answer: Table) -> None:
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(answer.columns)
    for row in answer:
        writer.writerow([_iso(value) if isinstance(value, datetime) else value for value in row])


def _write_parquet(answer: Answer) -> None:
    from audit.files.private_folder import PrivateFolder

    with PrivateFolder() as folder:
        table = folder / "answer.parquet"
        answer.write_parquet(table)
        with table.open("rb") as stream:
            shutil.copyfileobj(stream, sys.stdout.buffer)


def _print_text(answers: Mapping[str, Table], coverage: Coverage | None) -> None:
    from audit.cli.text_output import print_lines, print_table

    for name, answer in answers.items():
        found = [dict(zip(answer.columns, row, strict=True)) for row in answer]
        if not found:
            print_lines([f"{name}: none"])
            continue
        # The number behind a time is for programs; people want to see it where it is no time.
        columns = [column for column in answer.columns if not _is_behind(column, answer.columns)]
        print_lines([name])
        headings = {column: column.replace("_at", " (UTC)").replace("_", " ") for column in columns}
        texts = {column for column in columns if isinstance(found[0][column], str)}
        rows = [[_shown(column, row) for column in columns] for row in found]
        print_table([*headings.values()], rows, whole=[headings[column] for column in columns if column not in texts])
    if coverage is not None:
        print_lines([f"known: {coverage.runtime_known:,} of {coverage.turns:,} turns name their runtime"])


def _is_behind(column: str, columns: Sequence[str]) -> bool:
    return column.endswith("_ms") and f"{column.removesuffix('ms')}at" in columns


def _shown(column: str, row: Mapping[str, object]) -> str:
    value = row[column]
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M:%S}"
    if value is None:
        behind = f"{column.removesuffix('at')}ms"
        return f"no time ({row[behind]})" if column.endswith("_at") and behind in row else "-"
    if isinstance(value, float):
        return f"{value:.1%}" if column == "share" else f"{value:,}"
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    return str(value) or "(unknown)"
