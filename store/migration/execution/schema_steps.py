"""The steps that change the schema: columns, missing tables, indexes."""

from __future__ import annotations

import time

import apsw

from store.migration import failpoints, ledger
from store.migration.connection import step_transaction
from store.migration.inspection.layout import missing_indexes, read_layout
from store.migration.inspection.shapes import Recognition
from store.migration.progress import Progress
from store.sqlite.database import quote_identifier
from store.turns.schema import turn_schema_sql

INDEX_STEP = "indexes"


def add_columns(connection: apsw.Connection, recognition: Recognition) -> None:
    """Add the columns that `turns` lacks; costs the same at any number of rows. Inside the caller's transaction."""
    for column in recognition.columns:
        connection.execute(f"ALTER TABLE turns ADD COLUMN {column.declaration}")
        failpoints.reach(f"column {column.name}")


def create_missing_tables(connection: apsw.Connection, recognition: Recognition) -> None:
    """Make the tables the file lacks, with their indexes; inside the caller's transaction."""
    if recognition.detached_membership:
        connection.execute("DROP TABLE turn_block_membership")
    if not recognition.tables and not recognition.detached_membership:
        return
    made = {*recognition.tables, *(["turn_block_membership"] if recognition.detached_membership else [])}
    for statement in schema_statements():
        words = statement.split()
        table = words[words.index("EXISTS") + 1] if words[1] == "TABLE" else words[words.index("ON") + 1]
        if table.split("(")[0] in made:
            connection.execute(statement)
            failpoints.reach("table")


def schema_statements() -> list[str]:
    """The statements of the target schema, one by one, without comments."""
    lines = [line for line in turn_schema_sql().splitlines() if not line.lstrip().startswith("--")]
    return [statement.strip() for statement in "\n".join(lines).split(";") if statement.strip()]


def create_indexes(connection: apsw.Connection, migration_id: str, progress: Progress) -> float:
    """Make every index that is absent or holds its name with another definition; ms spent under the lock.

    Each index is one transaction: the lock cannot be given back while one is built.
    """
    spent = 0.0
    progress.begin(INDEX_STEP, len(missing_indexes(read_layout(connection))))
    while True:
        with step_transaction(connection, INDEX_STEP):
            began = time.perf_counter()
            layout = read_layout(connection)
            absent = missing_indexes(layout)
            _, counts = ledger.read_step(connection, migration_id, INDEX_STEP)
            built = counts.get("built", [])
            if absent:
                index = absent[0]
                if index.name in layout.indexes:
                    connection.execute(f"DROP INDEX {quote_identifier(index.name)}")
                connection.execute(index.sql)
                built = [*built, index.name]
            state = "running" if len(absent) > 1 else "completed"
            spent += (time.perf_counter() - began) * 1000
            counts = {"built": built, "lock_ms": round(counts.get("lock_ms", 0) + spent)}
            ledger.write_step(connection, migration_id, INDEX_STEP, state, counts)
        progress.advance(min(1, len(absent)))
        if len(absent) <= 1:
            progress.finish()
            return spent
