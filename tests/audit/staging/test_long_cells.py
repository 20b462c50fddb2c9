"""Cells of many megabytes are read apart, and say the same as short ones."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import apsw
import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.staging.long_cells import LONG_BYTES, any_long, batches, is_long, lengths

ROWS = st.lists(st.tuples(st.integers(), st.integers(0, 50)), unique_by=lambda row: row[0])


@given(ROWS, st.integers(1, 100))
def test_every_row_comes_once_in_groups_within_the_limit(rows: list[tuple[int, int]], limit_bytes: int) -> None:
    groups = list(batches(rows, limit_bytes))
    assert [row_id for group in groups for row_id in group] == [row_id for row_id, _ in rows]
    sizes = dict(rows)
    assert all(group for group in groups)
    assert all(len(group) == 1 or sum(sizes[row_id] for row_id in group) <= limit_bytes for group in groups)


@pytest.mark.parametrize(
    ("cell", "long"),
    [
        ("NULL", False),
        ("7", False),
        (f"printf('%.*c', {LONG_BYTES}, 'x')", False),
        (f"printf('%.*c', {LONG_BYTES + 1}, 'x')", True),
        (f"zeroblob({LONG_BYTES + 1})", True),
        (f"printf('%.*c', {LONG_BYTES // 2 + 1}, 'x') || replace(hex(zeroblob({LONG_BYTES // 4})), '00', 'é')", True),
    ],
)
def test_the_bytes_of_a_cell_count_whatever_its_class(cell: str, long: bool) -> None:
    with closing(apsw.Connection(":memory:")) as connection:
        connection.execute(f"CREATE TABLE t AS SELECT {cell} AS a, 'short' AS b")
        (row,) = connection.execute(f"SELECT {is_long('a')}, {any_long(['b', 'a'])}, {is_long('b')} FROM t")
        assert row == (long, long, False)


def test_the_length_of_a_row_is_that_of_all_its_columns(tmp_path: Path) -> None:
    with closing(apsw.Connection(str(tmp_path / "rows.db"))) as connection:
        connection.execute("CREATE TABLE t AS SELECT 'é' AS a, NULL AS b, 12 AS c")
        assert connection.execute(f"SELECT {lengths(['a', 'b', 'c'])} FROM t").fetchall() == [(4,)]
