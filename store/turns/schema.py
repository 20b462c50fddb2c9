"""The tables of a turn store: making them, and telling cheaply whether a file has them."""

from __future__ import annotations

import apsw

from store.errors import MigrationNeededError, UnknownSchemaError
from store.sqlite.database import schema_sql, transaction
from store.turns.attributed_column import COLUMN_NAMES, render

_COLUMNS = {
    "turns": {
        "conv_id",
        "session_id",
        "turn_id",
        "turn_created_at_ms",
        "turn_metadata_json",
        "turn_data_json",
        "updated_at_ms",
    },
    "blocks": {
        "block_id",
        "content_hash",
        "hash_algorithm",
        "kind",
        "role",
        "payload_json",
        "block_metadata_json",
        "first_seen_at_ms",
    },
    "turn_block_membership": {
        "conv_id",
        "session_id",
        "turn_id",
        "phase",
        "snapshot_created_at_ms",
        "ordinal",
        "block_id",
        "content_hash",
    },
}
_KEYS = {
    "turns": ["conv_id", "session_id", "turn_id"],
    "blocks": ["block_id", "content_hash"],
    "turn_block_membership": ["conv_id", "session_id", "turn_id", "phase", "snapshot_created_at_ms", "ordinal"],
}

_CONVERTED = """
SELECT 1
FROM turntruth_migrations
WHERE step = 'convert' AND state LIKE 'completed%'
  AND rowid > (SELECT coalesce(max(rowid), 0) FROM turntruth_migrations WHERE step = 'drop_legacy')
LIMIT 1"""


def turn_schema_sql() -> str:
    """The statements that make the tables and indexes of a turn store where they are missing."""
    return render(schema_sql("turns"))


def create_turn_schema(connection: apsw.Connection) -> None:
    """Create what is missing of the tables and indexes, in one transaction."""
    with transaction(connection):
        connection.execute(turn_schema_sql())


def check_turn_schema(connection: apsw.Connection, path: object) -> None:
    """Refuse a file that is no turn store of the present shape; looks at its schema only, not at its rows.

    Raises
    ------
    MigrationNeededError
        It has an older shape.
    UnknownSchemaError
        It has no turn tables, or tables no version of the store has made.
    """
    turns = _columns(connection, "turns")
    if _columns(connection, "turn_snapshots"):
        raise MigrationNeededError(path, "the snapshots lie in a table of an older shape (turn_snapshots)")
    if _columns(connection, "turn_snapshots_legacy") and not texts_are_converted(connection):
        raise MigrationNeededError(path, "payload texts wait in turn_snapshots_legacy: their conversion has stopped")
    if not turns:
        raise UnknownSchemaError(path, "it has no table turns", "Give a turn database")
    if {"phase", "payload"} <= turns.keys():
        raise MigrationNeededError(path, "the turns are of an older shape (payload texts in turns)")
    if "turn_id" in turns and not turns.keys() >= set(COLUMN_NAMES):
        raise MigrationNeededError(path, f"turns has no columns {' and '.join(COLUMN_NAMES)}")
    for table, wanted in _COLUMNS.items():
        found = turns if table == "turns" else _columns(connection, table)
        if not wanted <= found.keys():
            missing = ", ".join(sorted(wanted - found.keys()))
            raise UnknownSchemaError(path, f"its table {table} lacks {missing}", "Give a turn database")
        key = sorted((position, column) for column, position in found.items() if position)
        if [column for _, column in key] != _KEYS[table]:
            raise UnknownSchemaError(path, f"its table {table} has another primary key", "Give a turn database")


def texts_are_converted(connection: apsw.Connection) -> bool:
    """Whether the ledger says of the texts in turn_snapshots_legacy that every one is a turn or in quarantine.

    What it says of a table that was dropped since says nothing about another one that has got its name.
    """
    if not _columns(connection, "turntruth_migrations"):
        return False  # another program's conversion
    return connection.execute(_CONVERTED).fetchone() is not None


def _columns(connection: apsw.Connection, table: str) -> dict[str, int]:
    """The columns of a table and their places in its primary key (0 = not in it); empty if there is no such table."""
    rows = connection.execute("SELECT name, pk FROM pragma_table_info(?)", (table,))
    return {name.lower(): position for name, position in rows}
