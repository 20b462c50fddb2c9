"""Reads the turns of a file without their metadata, and of their snapshots only what orders turns of one time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from audit.staging.source import Source
from audit.staging.warehouse import quote_literal

if TYPE_CHECKING:
    import duckdb

MOST_LOOKED_UP = 10_000
"""Of more conversations than these, SQLite goes through all snapshots instead of looking each up."""

_ESCAPE = "\\x"


def stage_order(connection: duckdb.DuckDBPyConnection) -> None:
    """Fill the turns of the attached file, and the snapshots of conversations with two turns of one time.

    Only there does the order ask for the first snapshot; no other snapshot is read. What cannot be read is DuckDB's
    error.
    """
    source = Source(connection, "turns")
    source.stage_facts()
    # Not as an audit does, which goes on and tells what it could not read: half a history is none.
    connection.execute(source.text_of("turns_narrow.sql", "turns"))
    tied = connection.execute(
        "SELECT DISTINCT conv_id FROM (SELECT conv_id FROM turns GROUP BY conv_id, created_ms HAVING count(*) > 1)"
    ).fetchall()
    if tied and source.has("turn_block_membership"):
        where = _among([conv_id for (conv_id,) in tied])
        connection.execute(source.text_of("membership.sql", "turn_block_membership", where=where.replace("'", "''")))


def _among(conv_ids: Sequence[str | None]) -> str:
    """SQLite's condition for the rows of these conversations; of very many, or of ids that are no text, for all."""
    if len(conv_ids) > MOST_LOOKED_UP or any(conv_id is None or _ESCAPE in conv_id for conv_id in conv_ids):
        return "true"
    return f"conv_id IN ({', '.join(map(quote_literal, map(str, conv_ids)))})"
