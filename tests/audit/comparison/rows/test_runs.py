"""Rows that lie in the same order are gone through side by side, and what is found is what looking each up finds."""

from __future__ import annotations

import io
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import apsw
import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.comparison.pair.pair_comparison import compare_pair
from audit.comparison.rows import runs
from support.files.pair_files import compare_files, make_file

DEFINITIONS = {
    "text key": "CREATE TABLE t (k TEXT PRIMARY KEY, v)",
    "two parts": "CREATE TABLE t (k TEXT, l INTEGER DEFAULT 1, v, UNIQUE (k, l))",
    "unequal case": "CREATE TABLE t (k TEXT COLLATE NOCASE UNIQUE, v)",
}
Row = tuple[int, int, int]
"""Row number, key, value."""


def _write(path: Path, definition: str, rows: list[Row]) -> Path:
    make_file(path, definition)
    connection = apsw.Connection(str(path))
    with connection:
        connection.executemany("INSERT INTO t (rowid, k, v) VALUES (?, ?, ?)", [(n, f"k{k}", v) for n, k, v in rows])
    connection.close()
    return path


@contextmanager
def _most_runs(fewest: int) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(runs, "FEWEST_RUNS", fewest)
        yield


def _findings(paths: tuple[Path, Path], fewest: int) -> bytes:
    """Byte for byte; with no run, each row is looked up."""
    output = io.BytesIO()
    with _most_runs(fewest):
        compare_pair(*paths, output)
    return output.getvalue()


_NUMBERS = st.one_of(st.integers(1, 40), st.integers(-(2**63), 2**63 - 1), st.sampled_from([2**63 - 1, -(2**63)]))
_SIDES = st.lists(st.tuples(_NUMBERS, st.integers(1, 25), st.integers(0, 1)), max_size=25)


@pytest.mark.parametrize("kind", DEFINITIONS)
@given(before=_SIDES, after=_SIDES, kept=st.booleans(), moved=st.integers(1, 5), fewest=st.integers(1, 30))
def test_the_same_is_found_in_the_same_order_however_many_runs_there_may_be(
    kind: str, before: list[Row], after: list[Row], kept: bool, moved: int, fewest: int
) -> None:
    if kept:
        # As after a copy: the same rows in their order under other numbers, with what else is there in between.
        after = [(100 + moved * at, key, value) for at, (_, key, value) in enumerate(before)] + after
    sides = [_apart(before), _apart(after)]
    with tempfile.TemporaryDirectory() as folder:
        written = [_write(Path(folder) / f"{at}.db", DEFINITIONS[kind], rows) for at, rows in enumerate(sides)]
        paths = written[0], written[1]
        assert _findings(paths, fewest) == _findings(paths, 0)


def _apart(rows: list[Row]) -> list[Row]:
    """No two of one number or key."""
    by_number = {row[0]: row for row in rows}
    return list({row[1]: row for row in by_number.values()}.values())


def _looked_up(paths: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> tuple[list[dict[str, str]], list[int]]:
    """What is found, and the rows from which on one was looked up by its key."""
    rows: list[int] = []
    moved_by = runs.Runs._moved_by

    def keep(self: runs.Runs, at: int) -> Any:
        rows.append(at)
        return moved_by(self, at)

    monkeypatch.setattr(runs.Runs, "_moved_by", keep)
    return compare_files(*paths)[0], rows


def test_a_run_begins_only_where_a_row_is_gone_or_new(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = _write(tmp_path / "before.db", DEFINITIONS["text key"], [(n, n, n) for n in range(1, 501)])
    # Row 200 is gone and a new one came before row 300; the value of row 400 has changed.
    keys = [*range(1, 200), *range(201, 300), 999, *range(300, 501)]
    rows = [(7 + at, key, -1 if key == 400 else key) for at, key in enumerate(keys)]
    after = _write(tmp_path / "after.db", DEFINITIONS["text key"], rows)

    findings, begun = _looked_up((before, after), monkeypatch)

    assert [(each["change"], each["key"], each["column"]) for each in findings] == [
        ("lost", '{"k":"k200"}', ""),
        ("changed", '{"k":"k400"}', "v"),
        ("new", '{"k":"k999"}', ""),
    ]
    assert begun == [1, 200, 201, 300]


def test_what_no_index_finds_is_not_looked_for_one_by_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The key is declared before and no longer after: there each look would go through the whole table."""
    before = _write(tmp_path / "before.db", DEFINITIONS["text key"], [(n, n, 0) for n in range(1, 30)])
    after = _write(tmp_path / "after.db", "CREATE TABLE t (k TEXT, v)", [(n, n, 0) for n in range(2, 40)])
    make_file(after, "UPDATE t SET rowid = rowid + 100")

    findings, begun = _looked_up((before, after), monkeypatch)

    assert begun == []
    assert len([each for each in findings if each["kind"] == "row"]) == 11
