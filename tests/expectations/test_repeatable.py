"""The same file gives the same findings, to the letter: none depends on the order in which rows happen to be read."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import apsw
import pytest

import audit
import expectations
from support.audits.check_laboratory import Laboratory

QUERIES = sorted(
    [*Path(expectations.__path__[0]).glob("*/*.sql"), *Path(audit.__path__[0]).glob("views/*.sql")],
    key=lambda path: path.name,
)
MICROSECONDS = (
    "UPDATE turns SET turn_created_at_ms = turn_created_at_ms * 1000, updated_at_ms = updated_at_ms * 1000",
    "UPDATE blocks SET first_seen_at_ms = first_seen_at_ms * 1000",
    "UPDATE turn_block_membership SET snapshot_created_at_ms = snapshot_created_at_ms * 1000",
)


@pytest.mark.parametrize("query", QUERIES, ids=lambda query: query.stem)
def test_no_aggregate_takes_rows_as_they_come(query: Path) -> None:
    text = re.sub(r"--[^\n]*", "", query.read_text(encoding="utf-8"))
    assert re.findall(r"\b(?:any_value|first|last|group_concat)\(", text) == []
    joined = [_arguments(text, each.end()) for each in re.finditer(r"\b(?:string_agg|array_agg|list)\(", text)]
    assert [arguments for arguments in joined if "ORDER BY" not in arguments] == []


def _arguments(text: str, start: int) -> str:
    """The text from behind an opened bracket to the one that closes it."""
    depth, at = 1, start
    while depth:
        depth += {"(": 1, ")": -1}.get(text[at], 0)
        at += 1
    return text[start : at - 1]


def _first(laboratory: Laboratory, folder: Path, check: str, column: str) -> str:
    (row,) = laboratory.rows(folder, check)
    return row[column]


def test_the_columns_in_another_unit_are_named_in_one_order(laboratory: Laboratory) -> None:
    folder = laboratory.breaking([("turns", statement) for statement in MICROSECONDS])
    assert _first(laboratory, folder, "file_times_in_milliseconds", "found_column") == (
        "first_seen_at_ms, snapshot_created_at_ms, turn_created_at_ms, updated_at_ms"
    )


def _turn_with_phases(folder: Path, phases: Sequence[tuple[str, int]]) -> None:
    """Give one turn these snapshots, in this order, all of one moment after it began; each with so many blocks."""
    with closing(apsw.Connection(str(folder / "turns.db"))) as connection:
        turn = "SELECT conv_id, session_id, turn_id FROM turn_block_membership LIMIT 1"
        conv_id, session_id, turn_id = connection.execute(turn).fetchall()[0]
        place = (conv_id, session_id, turn_id)
        where = "WHERE conv_id = ? AND session_id = ? AND turn_id = ?"
        (at_ms,) = connection.execute(f"SELECT turn_created_at_ms + 5000 FROM turns {where}", place).fetchall()[0]
        blocks = connection.execute("SELECT block_id, content_hash FROM blocks LIMIT 2").fetchall()
        connection.execute(f"UPDATE turns SET updated_at_ms = ? {where}", (at_ms, *place))
        connection.execute(f"DELETE FROM turn_block_membership {where}", place)
        connection.executemany(
            "INSERT INTO turn_block_membership"
            " (conv_id, session_id, turn_id, phase, snapshot_created_at_ms, ordinal, block_id, content_hash)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            [(*place, phase, at_ms, at, *blocks[at]) for phase, count in phases for at in range(count)],
        )


def test_of_snapshots_of_one_moment_the_first_is_that_of_the_first_phase(laboratory: Laboratory) -> None:
    phases = [("final", 1), ("pre_inference", 1), ("post_inference", 1)]
    found = []
    for seed in range(4):
        folder = laboratory.copy()
        _turn_with_phases(folder, random.Random(seed).sample(phases, len(phases)))
        # Before the first call of the model nothing can pass between the turn and its snapshot.
        found.append(laboratory.rows(folder, "turn_times_match_snapshots"))
    assert [len(rows) for rows in found] == [1] * 4
    assert found.count(found[0]) == 4


def test_a_copy_of_copies_is_told_beside_the_first_of_them(laboratory: Laboratory) -> None:
    folder = laboratory.copy()
    with closing(apsw.Connection(str(folder / "turns.db"))) as connection:
        columns = [str(row[1]) for row in connection.execute("PRAGMA table_info(turns)") if row[1] != "turn_id"]
        (original,) = connection.execute("SELECT turn_id FROM turns WHERE inference_id <> '' LIMIT 1").fetchall()[0]
        listed = ", ".join(columns)
        # Of names that sort before the original's: the first is the one that lies first in the file.
        for copy in ("!b", "!a", "!c"):
            connection.execute(
                f"INSERT INTO turns (turn_id, {listed}) SELECT ?, {listed} FROM turns WHERE turn_id = ?",
                (copy, original),
            )
    rows = laboratory.rows(folder, "turns_not_copied")
    assert {row["turn_id"] for row in rows} == {"!a", "!b", "!c"}
    assert {row["expected"] for row in rows} == {f"no other turn like {original}"}
