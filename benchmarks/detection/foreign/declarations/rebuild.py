"""Another definition for a table of either file, its rows and what hangs on it kept."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import apsw

from benchmarks.detection.foreign.declarations.definition import Definition
from benchmarks.detection.foreign.pair_data import column_names
from benchmarks.detection.foreign.values import quoted

_UNFINISHED = "unfinished_copy"


def rebuild(
    connection: apsw.Connection,
    name: str,
    definition: Definition,
    *,
    without: Collection[str] = (),
    order: Sequence[int] = (),
) -> None:
    """Give a table a definition, as migrations do it: a new table, all rows, the old name.

    Parameters
    ----------
    without
        Columns that are not carried over.
    order
        Row numbers in the order in which the rows are written under new numbers; as they are if empty.
    """
    hanging = [
        str(sql)
        for (sql,) in connection.execute(
            "SELECT sql FROM sqlite_schema WHERE type IN ('index', 'trigger') AND lower(tbl_name) = lower(?)"
            " AND sql IS NOT NULL ORDER BY type",
            (name,),
        ).fetchall()
    ]
    columns = ", ".join(quoted(column) for column in column_names(connection, name) if column not in without)
    connection.execute(definition.called(quoted(_UNFINISHED)).sql)
    if order:
        sql = f"INSERT INTO {_UNFINISHED} ({columns}) SELECT {columns} FROM {quoted(name)} WHERE rowid = ?"
        connection.executemany(sql, [(number,) for number in order])
    else:
        carried = f"INSERT INTO {_UNFINISHED} (rowid, {columns}) SELECT rowid, {columns} FROM {quoted(name)}"
        connection.execute(carried)
    connection.execute(f"DROP TABLE {quoted(name)}")
    connection.execute(f"ALTER TABLE {_UNFINISHED} RENAME TO {quoted(name)}")
    for sql in hanging:
        connection.execute(sql)
