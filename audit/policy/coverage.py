"""How much of the history is known: counts over the staged turns, by evidence, month and conversation."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import TYPE_CHECKING

from audit.results.records import Coverage, CoverageSlice

if TYPE_CHECKING:
    import duckdb

MOST_PERIODS = 120
"""With more months than these (ten years, or times that are nonsense), the slices are years."""

CONVERSATIONS_NAMED = 20
"""How many of the least known conversations are named."""

PROOFS = ("proven", "given", "contradicted", "without evidence", "unknown")
"""How far a value is known; what each means says audit/views/090_coverage.sql."""

UNDATED = "undated"
"""Label of the turns whose creation time is no time of the years 1970 to 9999."""

_KNOWN = "({value} <> '' AND ({value} = {evidence} OR {evidence} = '' AND {origin} = 'live'))"
RUNTIME_KNOWN = _KNOWN.format(value="runtime_key", evidence="evidence_runtime", origin="runtime_origin")
INFERENCE_KNOWN = _KNOWN.format(value="inference_id", evidence="evidence_inference", origin="inference_origin")
"""A value is known where the turn's own metadata agrees, or is silent and a writer who knows the columns gave it."""

KNOWN = f"count(*), count(*) FILTER ({RUNTIME_KNOWN}), count(*) FILTER ({INFERENCE_KNOWN})"

_FIRST_MS, _LAST_MS = 1, 253_402_300_799_999


def measure_coverage(connection: duckdb.DuckDBPyConnection) -> Coverage:
    """Read the coverage of a locked warehouse whose views exist; all counts are 0 where there are no turns."""
    turns, runtime_known, inference_known = _row(connection, f"SELECT {KNOWN} FROM turn_evidence")
    conversations, conversations_known = _row(
        connection,
        "SELECT count(*), count(*) FILTER (known) FROM"
        f" (SELECT bool_and({RUNTIME_KNOWN}) AS known FROM turn_evidence GROUP BY conv_id)",
    )
    return Coverage(
        turns=turns,
        runtime_known=runtime_known,
        inference_known=inference_known,
        runtime_by_evidence=_by_evidence(connection, "runtime_key"),
        inference_by_evidence=_by_evidence(connection, "inference_id"),
        conversations=conversations,
        conversations_known=conversations_known,
        runtime_by_proof=_by_proof(connection, "runtime_key"),
        inference_by_proof=_by_proof(connection, "inference_id"),
        by_month=_few(measure_months(connection)),
        by_conversation=_least_known(connection),
    )


def measure_months(connection: duckdb.DuckDBPyConnection) -> list[CoverageSlice]:
    """One slice a month of creation (UTC), in order, :data:`UNDATED` last."""
    rows = connection.execute(
        "SELECT CASE WHEN created_ms BETWEEN $first AND $last"
        " THEN strftime(make_timestamp_ms(created_ms), '%Y-%m') ELSE $undated END AS month,"
        f" {KNOWN} FROM turn_evidence GROUP BY month ORDER BY month",
        {"first": _FIRST_MS, "last": _LAST_MS, "undated": UNDATED},
    ).fetchall()
    return [CoverageSlice(*row) for row in rows]


def _few(slices: Sequence[CoverageSlice]) -> tuple[CoverageSlice, ...]:
    """The same turns in at most :data:`MOST_PERIODS` slices and one for what lies before them."""
    if len(slices) > MOST_PERIODS:
        # A year is the first four characters of a month; the label of undated turns stays what it is.
        years = groupby(slices, key=lambda each: each.label if each.label == UNDATED else each.label[:4])
        slices = [_sum(label, list(months)) for label, months in years]
    if len(slices) > MOST_PERIODS:
        kept = slices[-MOST_PERIODS:]
        slices = [_sum(f"before {kept[0].label}", slices[:-MOST_PERIODS]), *kept]
    return tuple(slices)


def _sum(label: str, slices: Sequence[CoverageSlice]) -> CoverageSlice:
    return CoverageSlice(
        label,
        turns=sum(each.turns for each in slices),
        runtime_known=sum(each.runtime_known for each in slices),
        inference_known=sum(each.inference_known for each in slices),
    )


def _least_known(connection: duckdb.DuckDBPyConnection) -> tuple[CoverageSlice, ...]:
    """The conversations with the most unknown turns."""
    rows = connection.execute(
        f"SELECT coalesce(conv_id, '') AS label, {KNOWN} FROM turn_evidence GROUP BY conv_id"
        f" HAVING count(*) FILTER (NOT {RUNTIME_KNOWN}) > 0"
        f" ORDER BY count(*) FILTER (NOT {RUNTIME_KNOWN}) DESC, label LIMIT $most",
        {"most": CONVERSATIONS_NAMED},
    ).fetchall()
    return tuple(CoverageSlice(*row) for row in rows)


def _by_evidence(connection: duckdb.DuckDBPyConnection, column: str) -> dict[str, int]:
    """Turns by class of evidence, from the clearest to none at all."""
    rows = connection.execute(
        "SELECT evidence_class, CAST(sum(turns) AS BIGINT) FROM coverage WHERE column_name = $column"
        " GROUP BY evidence_class ORDER BY list_position("
        "['text', 'map', 'profile', 'alias', 'none', 'malformed'], evidence_class)",
        {"column": column},
    ).fetchall()
    return dict(rows)


def _by_proof(connection: duckdb.DuckDBPyConnection, column: str) -> dict[str, int]:
    """Turns by how far the value of a column is known, all five of them."""
    rows = connection.execute(
        "SELECT proof, CAST(sum(turns) AS BIGINT) FROM coverage WHERE column_name = $column GROUP BY proof",
        {"column": column},
    ).fetchall()
    return {**dict.fromkeys(PROOFS, 0), **dict(rows)} if rows else {}


def _row(connection: duckdb.DuckDBPyConnection, sql: str) -> tuple[int, ...]:
    row = connection.execute(sql).fetchone()
    assert row is not None, "an aggregate without GROUP BY has one row"
    return row
