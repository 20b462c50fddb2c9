"""What the migration changed, cell by cell: what its ledger states beside what a comparison with the baseline finds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from audit.results.records import CellChange, ChangeProof

if TYPE_CHECKING:
    import duckdb

READ = ("change_statement", "silent_runs")
"""The views that are read here."""


_KINDS = ("text", "map", "profile", "alias")
"""The kinds of evidence from the most to the least direct, which is the order in which their rules are told."""


def measure_changes(connection: duckdb.DuckDBPyConnection, *, with_baseline: bool) -> tuple[CellChange, ...]:
    """Every column and rule of which the ledger states changes, or a baseline shows some.

    Parameters
    ----------
    with_baseline
        There is a baseline, and it can be used.
    """
    rows = connection.execute(
        "SELECT table_name, column_name, rule, stated, coalesce(found, 0), coalesce(possible, 0), is_comparable,"
        " EXISTS (SELECT 1 FROM ledger WHERE step = 'migration') AND NOT EXISTS (SELECT 1 FROM silent_runs)"
        " FROM change_statement"
        " ORDER BY table_name <> 'turns', column_name, list_position($1, split_part(rule, 'filled from ', 2)), rule",
        [list(_KINDS)],
    ).fetchall()
    return tuple(
        _change(row, comparable=comparable and with_baseline, stated=stated)
        for *row, comparable, stated in rows
        if with_baseline or row[3]
    )


def describe_silent(connection: duckdb.DuckDBPyConnection) -> str:
    """A sentence on runs whose ledger does not state what they changed, '' if there are none."""
    rows = connection.execute("SELECT DISTINCT migration_id FROM silent_runs ORDER BY migration_id").fetchall()
    if not rows:
        return ""
    named = ", ".join(str(migration_id) for (migration_id,) in rows)
    return (
        f"the ledger does not state which cells {named} changed (a version of turntruth wrote it that did not count"
        " them by rule): that it changed these and nothing else is shown by the comparison of rows alone"
    )


def describe_deleted(connection: duckdb.DuckDBPyConnection, turns: int) -> str:
    """A sentence on turns that the last migration counted and that are gone since, '' if none has to be."""
    run = connection.execute(
        "SELECT whole_number(json_extract_string(CASE WHEN json_valid(counts_json) THEN counts_json END, '$.rows'))"
        " FROM ledger WHERE step = 'migration' AND state IN ('completed', 'completed_with_residue')"
        " ORDER BY started_ms DESC LIMIT 1"
    ).fetchone()
    counted = run[0] if run else None
    if counted is None or counted <= turns:
        return ""
    return (
        f"the migration counted {counted:,} turns and {turns:,} are there: at least {counted - turns:,} were deleted"
        " since, by a rule of retention or by mistake; which ones, only the file from before tells (--baseline)"
    )


def _change(row: list[object], *, comparable: bool, stated: bool) -> CellChange:
    table, column, rule, *numbers = row
    count, found, possible = (max(0, int(str(number))) for number in numbers)
    if not stated:
        proof = ChangeProof.NOT_STATED
    elif not comparable:
        proof = ChangeProof.NOT_COMPARED
    else:
        proof = ChangeProof.SAME if found <= count <= possible else ChangeProof.DIFFERS
    if not comparable:
        found = possible = 0
    return CellChange(str(table), str(column), str(rule), count, found, possible, proof)
