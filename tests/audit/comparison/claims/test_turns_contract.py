"""Two turn stores under the contract that is built in, beside the proof against the file from before, which is code."""

from __future__ import annotations

import io
import itertools
from pathlib import Path

import apsw
import orjson
import pytest

from audit.comparison.claims.contract_judge import by_turns_contract
from audit.comparison.pair.pair_comparison import compare_pair
from audit.comparison.proof import prove
from audit.contract.turns_contract import declared_indexes, declared_tables, filled_columns
from audit.sqlite.attributed_column import ATTRIBUTED, COLUMN_NAMES
from support.files.pair_files import make_file
from support.files.sqlite_files import TURNS_DDL

_TIMES = (-1, 0, 5, 7)
_VALUES = ("", "a", "b")


@pytest.fixture(name="pair")
def make_pair(tmp_path: Path) -> tuple[Path, Path]:
    """Every way in which a time of update and a runtime may have become another one, one turn each."""
    ways = list(itertools.product(_TIMES, (0, 5), _TIMES, _VALUES, _VALUES))
    files = []
    for side in ("before", "after"):
        path = make_file(tmp_path / f"{side}.db", TURNS_DDL)
        connection = apsw.Connection(str(path))
        rows = [
            ("c", "s", f"t{at}", created, "{}", "{}", *(
                (was, "", updated) if side == "before" else (now, "", updated_now)
            ))
            for at, (updated, created, updated_now, was, now) in enumerate(ways)
        ]  # fmt: skip
        with connection:
            connection.executemany("INSERT INTO turns VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)
        if side == "before":
            connection.execute("ALTER TABLE turns DROP COLUMN inference_id")
        connection.close()
        files.append(path)
    return files[0], files[1]


def _by_proof(before: Path, after: Path) -> set[tuple[str, str]]:
    output = io.BytesIO()
    prove(after, before, output, cutover_ms=10**15)
    found = map(orjson.loads, output.getvalue().splitlines())
    return {(each["turn_id"], each["column"]) for each in found}


def _by_contract(before: Path, after: Path) -> set[tuple[str, str]]:
    output = io.BytesIO()
    summary = compare_pair(before, after, output, judged_by=by_turns_contract)
    assert summary.errors == {}
    found = map(orjson.loads, output.getvalue().splitlines())
    return {(orjson.loads(each["key"])["turn_id"], each["column"]) for each in found}


def test_both_find_the_same_times_and_the_same_overwritten_values(pair: tuple[Path, Path]) -> None:
    found = _by_contract(*pair)

    # That a time had to be repaired is what another check of the audit says.
    assert found == _by_proof(*pair) | {(turn, "updated_at_ms") for turn in _unrepaired(pair[1])}
    assert {column for _, column in found} == {"runtime_key", "updated_at_ms"}


def _unrepaired(path: Path) -> set[str]:
    connection = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)
    sql = "SELECT turn_id FROM turns WHERE updated_at_ms <= 0 AND turn_created_at_ms > 0"
    found = {str(turn) for (turn,) in connection.execute(sql).fetchall()}
    connection.close()
    return found


def test_a_copy_is_the_same_though_a_migration_would_repair_it(pair: tuple[Path, Path], tmp_path: Path) -> None:
    copy = tmp_path / "copy.db"
    copy.write_bytes(pair[1].read_bytes())

    assert _by_contract(pair[1], copy) == set()


def test_it_names_what_the_audit_says_that_metadata_fills() -> None:
    assert filled_columns() == tuple(COLUMN_NAMES)
    assert {column.index for column in ATTRIBUTED} < declared_indexes()
    assert declared_tables() == {"turns", "blocks", "turn_block_membership"}
