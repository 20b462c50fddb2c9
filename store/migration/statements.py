"""The statements of a migration for somebody who must run them by hand."""

from __future__ import annotations

from collections.abc import Sequence

import apsw

from store.migration.change import Change
from store.migration.inspection.shapes import LEGACY_SHAPES, Recognition, Shape
from store.migration.package_sql import package_sql
from store.migration.rebuild.rebuild import rebuild_statements
from store.turns.attributed_column import render


def manual_statements(
    connection: apsw.Connection, recognition: Recognition, changes: Sequence[Change]
) -> tuple[str, ...]:
    """The statements in order, comments included, ready for the sqlite3 shell; nothing for unknown shapes.

    They say in comments what the command itself would change: by hand it is so much, or less.
    """
    if recognition.shape is Shape.UNKNOWN:
        return ()
    if recognition.shape in LEGACY_SHAPES or recognition.payload_table:
        parsed = "-- Payload texts have to be parsed: this shape cannot be migrated with SQL alone."
        return (*_told(changes), parsed)
    lines = ["BEGIN IMMEDIATE;", *_told(changes)]
    if recognition.redeclared:
        # Neither can be set within a transaction; the shell keeps both for itself alone.
        lines = ["PRAGMA foreign_keys = OFF;", "PRAGMA legacy_alter_table = ON;", *lines]
    lines += [f"{statement};" for statement in rebuild_statements(connection, recognition)]
    lines += [f"ALTER TABLE turns ADD COLUMN {column.declaration};" for column in recognition.columns]
    lines += [render(package_sql("manual")).strip()]
    lines += [f"DROP INDEX {index.name};" for index in recognition.clashing]
    lines += [f"{index.sql};" for index in recognition.indexes]
    if recognition.redeclared:
        lines.append("PRAGMA foreign_key_check;")
    return (*lines, "COMMIT;")


def _told(changes: Sequence[Change]) -> list[str]:
    return ["-- turntruth migrate changes these cells:", *(f"--   {each}" for each in changes or ("none",))]
