"""How much of the history is known: counts over the staged turns, by evidence, month and conversation."""

from __future__ import annotations

import duckdb

from audit.results import Coverage, CoverageSlice

WORST_CONVERSATIONS = 20
OLDEST_MS, NEWEST_MS = 0, 253_402_300_800_000
"""1970 and the year 10000: what lies outside is no time, and no month can be made of it."""

KNOWN = "count(*), count(*) FILTER (WHERE runtime_key <> ''), count(*) FILTER (WHERE inference_id <> '')"


def measure_coverage(connection: duckdb.DuckDBPyConnection) -> Coverage:
    """Read the coverage of a locked warehouse whose views exist."""
    turns, runtime_known, inference_known = _row(connection, f"SELECT {KNOWN} FROM turn_evidence")
    conversations, conversations_known = _row(
        connection,
        "SELECT count(*), count(*) FILTER (WHERE known) FROM"
        " (SELECT bool_and(runtime_key <> '') AS known FROM turn_evidence GROUP BY conv_id)",
    )
    return Coverage(
        turns=turns,
        runtime_known=runtime_known,
        inference_known=inference_known,
        runtime_by_evidence=_by_evidence(connection, "runtime_key"),
        inference_by_evidence=_by_evidence(connection, "inference_id"),
        conversations=conversations,
        conversations_known=conversations_known,
        by_month=_slices(
            connection,
            f"SELECT strftime(make_timestamp_ms(created_ms), '%Y-%m') AS label, {KNOWN} FROM turn_evidence"
            f" WHERE created_ms >= {OLDEST_MS} AND created_ms < {NEWEST_MS} GROUP BY label ORDER BY label",
        ),
        by_conversation=_slices(
            connection,
            f"SELECT coalesce(conv_id, '') AS label, {KNOWN} FROM turn_evidence GROUP BY conv_id"
            " HAVING count(*) FILTER (WHERE runtime_key <> '') < count(*)"
            " ORDER BY count(*) FILTER (WHERE runtime_key <> '') / count(*), count(*) DESC, label"
            f" LIMIT {WORST_CONVERSATIONS}",
        ),
    )


def _row(connection: duckdb.DuckDBPyConnection, sql: str) -> tuple[int, ...]:
    row = connection.execute(sql).fetchone()
    return tuple(int(value) for value in row or ())


def _by_evidence(connection: duckdb.DuckDBPyConnection, column: str) -> dict[str, int]:
    rows = connection.execute(
        "SELECT evidence_class, sum(turns) FROM coverage WHERE column_name = ? GROUP BY ALL ORDER BY ALL", [column]
    ).fetchall()
    return {str(evidence): int(turns) for evidence, turns in rows}


def _slices(connection: duckdb.DuckDBPyConnection, sql: str) -> tuple[CoverageSlice, ...]:
    return tuple(CoverageSlice(str(row[0]), *(int(n) for n in row[1:])) for row in connection.execute(sql).fetchall())
