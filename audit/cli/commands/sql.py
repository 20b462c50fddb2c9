"""``turntruth sql``: queries over the documented views of one turn database, or statements in SQLite itself."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from audit.cli.chosen_inputs import TimelinePath
from audit.cli.leftovers import clear_temporary
from audit.cli.memory_option import DEFAULT_MEMORY_BYTES, MemoryLimit
from audit.cli.table_output import TableFormat, write_table


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command("sql")(sql)


def sql(
    path: Annotated[Path, typer.Argument(help="The turns database to ask; it is only read.", show_default=False)],
    query: Annotated[str, typer.Argument(help="The query; without one, you are asked for queries.")] = "",
    timeline: TimelinePath = None,
    baseline: Annotated[Path | None, typer.Option(help="The file from before the migration.")] = None,
    param: Annotated[
        list[str] | None, typer.Option(metavar="NAME=VALUE", help="What $NAME in the query stands for; repeatable.")
    ] = None,
    sqlite: Annotated[
        bool, typer.Option("--sqlite", help="Run the statement in SQLite itself, on the file as it is, read-only.")
    ] = False,
    no_cache: Annotated[
        bool, typer.Option("--no-cache", help="Read the file anew, and keep neither what was read nor what you type.")
    ] = False,
    memory: MemoryLimit = DEFAULT_MEMORY_BYTES,
    output: Annotated[TableFormat, typer.Option("--format", help="What to print on standard output.")] = (
        TableFormat.TEXT
    ),
) -> None:
    """Query the documented views of a turn database: turns, segments, switches, runtimes, evidence, coverage, pointers.

    `.views` lists them in the shell, and `.help` says what else it knows.

    Example: turntruth sql turns.db "SELECT runtime_key, turns FROM runtimes" --format csv
    """
    from audit.processes.address_space import require_address_space

    require_address_space()
    from audit.history.runtime_history import RuntimeHistory
    from audit.history.shell import run_shell

    clear_temporary()
    values = dict(map(_parameter, param or []))
    if sqlite:
        _in_sqlite(path, query, values, output)
        return
    with RuntimeHistory(path, timeline, baseline, cache=not no_cache, memory_bytes=memory) as history:
        if query:
            write_table({"rows": history.sql(query, values)}, output)
        else:
            run_shell(history, lambda answer: write_table({"rows": answer}, output), keep=not no_cache)


def _parameter(word: str) -> tuple[str, str]:
    name, equals, value = word.partition("=")
    if not equals or not name.isidentifier():
        raise typer.BadParameter(f"wanted NAME=VALUE, got {word!r}", param_hint="--param")
    return name, value


def _in_sqlite(path: Path, query: str, values: dict[str, str], output: TableFormat) -> None:
    """In a process of its own: two SQLite libraries must not have one file open in one process."""
    from audit.errors import UsageError
    from audit.history.sqlite_query import query_sqlite

    if not query:
        raise UsageError('--sqlite needs a statement, such as "SELECT count(*) FROM turns"')
    if output is TableFormat.PARQUET:
        raise UsageError("--sqlite prints text, json or csv: SQLite's columns have no types that parquet could keep")
    write_table({"rows": query_sqlite(path, query, values)}, output)
