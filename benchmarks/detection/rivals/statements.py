"""Rivals that are statements: counts, the operators' page, SQLite's own check, rules about columns."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import apsw

from benchmarks.detection.rivals.rival import Answer

TABLES = ("turns", "blocks", "turn_block_membership")


def count_rows(folder: Path) -> Answer:
    """Rows before and after, table by table."""
    before, after = (_counts(folder / f"{role}.db") for role in ("baseline", "turns"))
    return Answer((before, after), before != after)


def _counts(path: Path) -> list[object]:
    with closing(_open(path)) as connection:
        return [connection.execute(f"SELECT count(*) FROM {table}").get for table in TABLES]


def follow_playbook(folder: Path) -> Answer:
    """The operators' page: both columns and both indexes are there; how many rows are empty, which may be right."""
    with closing(_open(folder / "turns.db")) as connection:
        columns = connection.execute(
            "SELECT name, type, \"notnull\", dflt_value FROM pragma_table_info('turns')"
            " WHERE name IN ('runtime_key', 'inference_id') ORDER BY name"
        ).fetchall()
        indexes = connection.execute(
            "SELECT count(*) FROM sqlite_master WHERE type = 'index' AND tbl_name = 'turns' AND name IN"
            " ('turns_by_conv_runtime_updated', 'turns_by_conv_inference_updated')"
        ).get
        empty = connection.execute("SELECT count(*) FROM turns WHERE runtime_key = '' OR inference_id = ''").get
    wanted = [("inference_id", "TEXT", 1, "''"), ("runtime_key", "TEXT", 1, "''")]
    return Answer((columns == wanted, indexes == 2, empty), columns != wanted or indexes != 2)


def check_integrity(folder: Path) -> Answer:
    """SQLite's own check of pages, indexes and foreign keys."""
    with closing(_open(folder / "turns.db")) as connection:
        problems = connection.execute("PRAGMA integrity_check").fetchall()
        dangling = connection.execute("SELECT count(*) FROM pragma_foreign_key_check").get
    return Answer((problems, dangling), (problems, dangling) != ([("ok",)], 0))


def _open(path: Path) -> apsw.Connection:
    return apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)
