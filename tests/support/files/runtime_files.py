"""Turns files in which a test says, turn by turn, which runtime each conversation had."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import apsw

from support.files.sqlite_files import TURNS_DDL, run_sql

DAY_MS = 86_400_000
FIRST_MS = 1_767_225_600_000
"""2026-01-01T00:00:00Z."""


def make_history(path: Path, conversations: Mapping[str, Sequence[str]], every_ms: int = DAY_MS) -> Path:
    """One turn a runtime of each conversation, a day apart from 2026-01-01 on; ``''`` is an unknown one.

    Turns are called ``<conversation>-1`` and so on, and are inserted last first, so that rowids tell nothing.
    """
    run_sql(path, TURNS_DDL)
    connection = apsw.Connection(str(path))
    try:
        with connection:
            for conv_id, runtimes in conversations.items():
                for number, runtime in reversed(list(enumerate(runtimes, start=1))):
                    created_ms = FIRST_MS + number * every_ms
                    connection.execute(
                        "INSERT INTO turns VALUES (?, 's', ?, ?, '{}', '{}', ?, ?, ?)",
                        (conv_id, f"{conv_id}-{number}", created_ms, runtime, f"inf-{number}", created_ms),
                    )
    finally:
        connection.close()
    return path
