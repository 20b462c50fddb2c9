"""A warehouse with turns that a test gives, as if they had been staged, and the views that the audit makes of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass

import duckdb

from audit.checks.runner import create_findings
from audit.staging.native_tables import create_tables, create_views

DAY_MS = 86_400_000


@dataclass(frozen=True)
class StagedTurn:
    """A turn of the file: its place in time, its runtime, and what its metadata says."""

    conv_id: str
    turn_id: str
    runtime: str = ""
    evidence: str = ""
    created_ms: int | None = 1_700_000_000_000
    session_id: str = "s"


@contextmanager
def staged(
    turns: Iterable[StagedTurn],
    baseline: Iterable[StagedTurn] = (),
    pointers: Iterable[tuple[str, str]] = (),
    findings: Iterable[tuple[str, str, str]] = (),
) -> Iterator[duckdb.DuckDBPyConnection]:
    """The warehouse; pointers are conversation and runtime, findings are check, conversation and turn."""
    with closing(duckdb.connect()) as connection:
        create_tables(connection)
        for number, turn in enumerate(turns, 1):
            ids = [number, turn.conv_id, turn.session_id, turn.turn_id]
            connection.execute(
                "INSERT INTO turns (turn_ref, row_id, conv_id, session_id, turn_id, created_ms, updated_ms,"
                " runtime_key, runtime_evidence, runtime_kind, inference_id, inference_evidence, inference_kind,"
                " metadata_status, oddities)"
                " VALUES ($1, $1, $2, $3, $4, $5, $5, $6, $7, $8, '', '', '', 'object', '')",
                [*ids, turn.created_ms, turn.runtime, turn.evidence, "text" if turn.evidence else ""],
            )
        for turn in baseline:
            connection.execute(
                "INSERT INTO baseline_turns (conv_id, session_id, turn_id, created_ms, updated_ms, runtime_key,"
                " inference_id) VALUES ($1, $2, $3, $4, $4, $5, '')",
                [turn.conv_id, turn.session_id, turn.turn_id, turn.created_ms, turn.runtime],
            )
        for conversation, runtime in pointers:
            connection.execute(
                "INSERT INTO conversations (conv_id, runtime_key) VALUES ($1, $2)", [conversation, runtime]
            )
        create_views(connection)
        create_findings(connection)
        for check, conversation, turn_id in findings:
            connection.execute(
                'INSERT INTO findings ("check", severity, conv_id, session_id, turn_id, "table", key, "column",'
                " expected, found) VALUES ($1, 'critical', $2, $3, $4, 'turns', '', '', '', '')",
                [check, conversation, "s" if turn_id else "", turn_id],
            )
        yield connection
