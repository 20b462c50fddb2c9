"""Prints what one reader of metadata says of a migrated file: a line a turn, a value and a kind a declared column.

``python evidence_readers.py READER PATH`` is a process of its own, over whatever packages its path has, and no other
has the file open.
"""

from __future__ import annotations

import json
import sqlite3
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb

from audit.checks.catalog import load_catalog
from audit.great_expectations.sqlite_relations import SqliteRelations
from audit.sqlite.attributed_column import ATTRIBUTED
from audit.staging import native_tables
from audit.staging.engine.scanner import load_scanner
from audit.staging.evidence import read_metadata
from audit.staging.warehouse import quote_literal
from store.turns.attributed_column import ATTRIBUTED as FILLED
from store.turns.metadata import evidence_of, parse_metadata


def _by_store(path: Path) -> Iterator[list[Any]]:
    for (text,) in _rows(path, "SELECT CAST(turn_metadata_json AS BLOB) FROM turns ORDER BY turn_id"):
        _, metadata = parse_metadata(text)
        said = [evidence_of(column, metadata) for column in FILLED]
        yield [part for each in said for part in (each.value, each.kind)]


def _by_second_parser(path: Path) -> Iterator[list[Any]]:
    for (text,) in _rows(path, "SELECT CAST(turn_metadata_json AS BLOB) FROM turns ORDER BY turn_id"):
        yield [part for each in read_metadata(text).said for part in (each.value, each.kind)]


def _by_duckdb(path: Path) -> Iterator[list[Any]]:
    """What SQL alone read: of a text on which parsers disagree it may be something else."""
    columns = ", ".join(f"sql_{column.word}, {column.word}_kind" for column in ATTRIBUTED)
    with closing(duckdb.connect()) as connection:
        load_scanner(connection)
        connection.execute("SET sqlite_all_varchar = true")
        connection.execute(f"ATTACH {quote_literal(str(path))} AS turns_db (TYPE sqlite, READ_ONLY)")
        native_tables.create_tables(connection)
        native_tables.stage(connection, "turns")
        yield from map(list, connection.execute(f"SELECT {columns} FROM turns ORDER BY turn_id").fetchall())


def _by_exported_sql(path: Path) -> Iterator[list[Any]]:
    columns = ", ".join(f"evidence_{column.word}, {column.word}_kind" for column in ATTRIBUTED)
    check = replace(
        load_catalog().checks[0], name="readers", sql=f"SELECT {columns} FROM turn_evidence ORDER BY turn_id"
    )
    yield from map(list, _rows(path, SqliteRelations().query(check)))


def _rows(path: Path, sql: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(sql).fetchall()


READERS: dict[str, Callable[[Path], Iterator[list[Any]]]] = {
    "store": _by_store,
    "second parser": _by_second_parser,
    "duckdb": _by_duckdb,
    "exported sql": _by_exported_sql,
}

if __name__ == "__main__":
    for line in READERS[sys.argv[1]](Path(sys.argv[2])):
        sys.stdout.write(json.dumps(line) + "\n")
