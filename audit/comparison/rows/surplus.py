"""Rows that nothing tells apart: equal ones are counted in both files, and the surplus of a side is told."""

from __future__ import annotations

from collections.abc import Sequence

import apsw
import orjson

from audit.comparison.files.tables import Column, Table, quote_identifier


def find_surplus(
    connection: apsw.Connection, before: Table, after: Table, columns: Sequence[tuple[Column, Column]]
) -> list[tuple[int, int, list[int]]]:
    """Contents that occur more often on one side: the side (-1 before, 1 after), how often, which rows.

    ``columns`` are what rows are told apart by, each as it was and as it is.
    """
    old_list = ", ".join(f"{quote_identifier(old.name)} AS c{at}" for at, (old, _) in enumerate(columns))
    new_list = ", ".join(f"{quote_identifier(new.name)} AS c{at}" for at, (_, new) in enumerate(columns))
    grouped = ", ".join(f"typeof(c{at}), c{at} COLLATE BINARY" for at in range(len(columns)))
    sql = (
        "SELECT sum(side), json_group_array(n) FILTER (WHERE side > 0), json_group_array(n) FILTER (WHERE side < 0)"
        f" FROM (SELECT -1 AS side, {before.rowid} AS n, {old_list} FROM {before.source}"
        f" UNION ALL SELECT 1, {after.rowid}, {new_list} FROM {after.source})"
        f" GROUP BY {grouped} HAVING sum(side) <> 0"
    )
    found = []
    for balance, of_after, of_before in connection.execute(sql):
        side = 1 if int(str(balance)) > 0 else -1
        found.append((side, abs(int(str(balance))), orjson.loads(str(of_after if side > 0 else of_before))))
    return found
