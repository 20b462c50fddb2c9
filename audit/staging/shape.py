"""Which generation of tables a database has, and whether it can play the role it was given for."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from audit.errors import FileShapeError

Tables = Mapping[str, tuple[str, ...]]
"""Table name to column names, both in lower case."""

TURN_KEY = ("conv_id", "session_id", "turn_id")
PAYLOAD_TABLE = {"payload", "phase", "created_at_ms"}
"""Columns of the tables that kept a snapshot's whole text in one cell, before turns and blocks were rows."""
CONVERTED_TABLES = ("turns", "turn_snapshots", "turn_snapshots_legacy")
"""The names that such tables have had, and under which a migration converts them."""
OWN_TABLES = "turntruth_"
"""How the names of the tables begin that the migration keeps for itself."""
MIGRATE = "Run `turntruth migrate` on it first, then audit the migrated file"
SWAP = "Check whether two paths were swapped"


def payload_tables(tables: Tables) -> list[str]:
    """The tables of a file that hold payload texts, sorted; the quarantine of the migration is none of them."""
    return sorted(
        name for name, columns in tables.items() if set(columns) >= PAYLOAD_TABLE and not name.startswith(OWN_TABLES)
    )


def require_shape(role: str, path: Path, tables: Tables) -> None:
    """Refuse a file that cannot be read in its role; one without the two columns of the ticket is fine.

    A baseline may be older still: payload texts can be compared with the copy of them that a migration keeps.

    Raises
    ------
    FileShapeError
        Names the shape that was recognised and what to do.
    """
    if role == "timeline":
        _require_timeline(path, tables)
    elif role == "turns" or not payload_tables(tables):
        _require_turns(role, path, tables)


def _require_timeline(path: Path, tables: Tables) -> None:
    if "timeline_conversations" in tables and "conv_id" in tables["timeline_conversations"]:
        return
    if "timeline_versions" in tables:
        raise FileShapeError(
            path,
            "timeline without conversations",
            "an older conversation file: it has no table timeline_conversations",
            "Let the chat service open it once, or audit without it",
        )
    remedy = f"{SWAP}, or audit without it"
    raise FileShapeError(path, "other", f"not a conversation file: {_describe(tables)}", remedy)


def _require_turns(role: str, path: Path, tables: Tables) -> None:
    columns = tables.get("turns", ())
    if {"payload", "phase"} <= set(columns) or "run_id" in columns:
        raise FileShapeError(
            path,
            "legacy turns",
            "its table turns is of the oldest shape (a payload text a row)",
            MIGRATE if role == "turns" else "Such a file cannot be compared: audit without --baseline",
        )
    if "turn_snapshots" in tables:
        raise FileShapeError(
            path,
            "legacy snapshots",
            "it is of the interim shape (its history lies in the table turn_snapshots)",
            MIGRATE if role == "turns" else "Such a file cannot be compared: audit without --baseline",
        )
    if not columns and "turns" in tables:
        raise FileShapeError(path, "other", "its table turns is a virtual table", SWAP)
    if not columns:
        raise FileShapeError(path, "other", f"it has no table turns: {_describe(tables)}", SWAP)
    missing = [name for name in TURN_KEY if name not in columns]
    if missing:
        raise FileShapeError(
            path,
            "unknown turns",
            f"its table turns is of an unknown shape: no column {', '.join(missing)}, but {', '.join(columns)}",
            "Give a file that the turn store wrote",
        )


def _describe(tables: Tables) -> str:
    if not tables:
        return "it has no tables at all"
    return f"its tables are {', '.join(sorted(tables))}"
