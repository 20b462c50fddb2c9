"""Cells of another storage class than their column declares, which DuckDB cannot see: SQLite is asked for them."""

from __future__ import annotations

import duckdb

from audit.staging.source import Source
from audit.staging.warehouse import quote_literal

_KEYS_OF_OTHER_TABLES = ("phase", "snapshot_created_at_ms", "ordinal", "block_id", "content_hash", "entity_id")


def stage_storage_faults(source: Source) -> None:
    """Note every cell of an attached file whose class is another than its column declares."""
    for table, declared in sorted(source.declared.items()):
        columns = [(column, kind.lower()) for column, kind in declared if column in source.columns(table)]
        if columns and not (table == "turn_block_membership" and _block_lists_are_plain(source.connection)):
            source.run(_storage_fault_query(source, table, columns), table)


def _block_lists_are_plain(connection: duckdb.DuckDBPyConnection) -> bool:
    """Tell whether the grouped block lists show no cell of a wrong class; then the long table need not be read again.

    Its block ids and hashes are left out: a cell of another class refers to no block, which is found as such.
    """
    row = connection.execute("SELECT coalesce(bool_or(odd_class), false) FROM snapshots").fetchone()
    return row == (False,)


def _storage_fault_query(source: Source, table: str, columns: list[tuple[str, str]]) -> str:
    """One scan in SQLite that returns the rows with a cell of another class than declared, one result row a cell."""
    names = {column for column, _ in columns}
    ids = ", ".join(f"{c}" if c in names else f"'' AS {c}" for c in ("conv_id", "session_id", "turn_id"))
    key_columns = [c for c in _KEYS_OF_OTHER_TABLES if c in names]
    key = "json_object(" + ", ".join(f"'{c}', CAST({c} AS TEXT)" for c in key_columns) + ")" if key_columns else "''"
    wrong = " OR ".join(f"typeof({column}) NOT IN ('{kind}', 'null')" for column, kind in columns)
    classes = ", ".join(f"typeof({column}) AS {column}_class" for column, _ in columns)
    rows = source.sqlite(f"SELECT {ids}, {key} AS row_key, {classes} FROM {table} WHERE {wrong}")
    cells = ", ".join(f"{{'name': '{c}', 'expected': '{kind}', 'found': {c}_class}}" for c, kind in columns)
    return (
        f"INSERT INTO storage_faults SELECT {quote_literal(source.role)}, {quote_literal(table)}, shown(conv_id), "
        "shown(session_id), shown(turn_id), shown(row_key), cell.name, cell.expected, cell.found "
        f"FROM (SELECT conv_id, session_id, turn_id, row_key, unnest([{cells}]) AS cell FROM {rows}) "
        "WHERE cell.found NOT IN (cell.expected, 'null')"
    )
