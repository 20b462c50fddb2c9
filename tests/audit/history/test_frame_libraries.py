"""Answers are frames of pyarrow and polars, and queries read such frames."""

from __future__ import annotations

import io
import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from audit.history.runtime_history import RuntimeHistory
from support.files.runtime_files import make_history
from support.files.sqlite_files import run_sql

pytestmark = pytest.mark.elsewhere


@pytest.fixture(params=["pyarrow", "polars", "pandas"])
def library(request: pytest.FixtureRequest) -> Any:
    return library_named(request.param)


def library_named(name: str) -> Any:
    if find_spec(name) is None:
        pytest.skip(f"{name} is not here: make test-frames has it")
    return import_module(name)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    made = make_history(tmp_path / "turns.db", {"a": ["x", "", "y"], "b": ["x"]})
    run_sql(made, "UPDATE turns SET turn_created_at_ms = 999999999999999999 WHERE conv_id = 'b'")
    return made


@pytest.fixture
def history(path: Path) -> Iterator[RuntimeHistory]:
    with RuntimeHistory(path) as opened:
        yield opened


def test_an_arrow_table_has_the_rows_and_stays_when_the_history_is_closed(path: Path) -> None:
    library_named("pyarrow")
    with RuntimeHistory(path) as history:
        answer = history.turns()
        rows = [dict(zip(answer.columns, row, strict=True)) for row in answer]
        table = answer.arrow()

    assert table.to_pylist() == rows
    assert str(table.schema.field("created_at").type) == "timestamp[us]"
    assert rows[3]["created_at"] is None


def test_so_has_a_polars_frame(path: Path) -> None:
    polars = library_named("polars")
    with RuntimeHistory(path) as history:
        answer = history.turns()
        rows = [tuple(row) for row in answer]
        frame = answer.pl()

    assert frame.rows() == rows
    assert isinstance(frame.schema["created_at"], polars.Datetime)
    assert isinstance(frame["created_at"][0], datetime)


@pytest.mark.parametrize(
    "question", ["turns", "segments", "switches", "runtimes", "shares", "evidence", "coverage_by_month"]
)
def test_every_question_has_the_same_rows_in_all_of_them(question: str, history: RuntimeHistory) -> None:
    library_named("pyarrow")
    library_named("polars")
    answer = getattr(history, question)()

    rows = [tuple(row) for row in answer]
    assert rows
    assert [tuple(row.values()) for row in answer.arrow().to_pylist()] == rows
    assert answer.pl().rows() == rows
    assert len(answer.df()) == len(rows)


def test_queries_read_frames_of_all_of_them(library: Any, history: RuntimeHistory) -> None:
    make = library.table if library.__name__ == "pyarrow" else library.DataFrame
    prices = make({"runtime_key": ["x", "y"], "price": [2, 30]})

    answer = history.sql(
        "SELECT conv_id, sum(price) AS paid FROM turns JOIN prices USING (runtime_key) GROUP BY ALL ORDER BY 1",
        prices=prices,
    )

    assert [tuple(row) for row in answer] == [("a", 32), ("b", 2)]


def test_an_answer_of_one_question_is_read_by_another(history: RuntimeHistory) -> None:
    library_named("pyarrow")
    library_named("polars")

    for switches in (history.switches().arrow(), history.switches().pl(), history.switches().df()):
        (row,) = history.sql("SELECT count(*) AS turns FROM turns SEMI JOIN mine USING (conv_id)", mine=switches)
        assert row.turns == 3


def test_parquet_is_what_pyarrow_reads(path: Path) -> None:
    library_named("pyarrow")
    parquet = import_module("pyarrow.parquet")
    query = "SELECT conv_id, runtime_key, created_at FROM turns ORDER BY conv_id, place"

    printed = subprocess.run(
        [sys.executable, "-m", "turntruth", "sql", path, query, "--format", "parquet"], capture_output=True, check=True
    ).stdout

    table = parquet.read_table(io.BytesIO(printed))
    assert table.column("runtime_key").to_pylist() == ["x", "", "y", "x"]
    assert table.column("created_at").null_count == 1
