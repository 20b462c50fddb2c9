"""A user's SQL sees the documented views by their bare names, and can do nothing but read them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest

from audit.history.answer import QueryError
from audit.history.runtime_history import RuntimeHistory
from audit.history.staged_reading import InputNotGivenError
from support.files.runtime_files import make_history


@pytest.fixture(scope="module")
def history(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RuntimeHistory]:
    path = make_history(tmp_path_factory.mktemp("query") / "turns.db", {"a": ["x", "y", ""], "b": ["x"]})
    with RuntimeHistory(path) as opened:
        yield opened


def test_it_reads_the_views(history: RuntimeHistory) -> None:
    (row,) = history.sql("SELECT count(*) AS switches FROM switches")

    assert row.switches == 1


def test_values_are_bound(history: RuntimeHistory) -> None:
    assert len(history.sql("FROM turns WHERE runtime_key = $name", {"name": "x' OR true --"})) == 0
    assert len(history.sql("FROM turns WHERE runtime_key = $name", {"name": "x"})) == 2


def test_frames_have_the_names_they_are_given(history: RuntimeHistory) -> None:
    prices = pd.DataFrame({"runtime_key": ["x", "y"], "price": [1.5, 2.5]})

    (row,) = history.sql("SELECT sum(price) AS total FROM turns JOIN prices USING (runtime_key)", prices=prices)

    assert row.total == 5.5


@pytest.mark.parametrize("name", ["turns", "Turns", "evidence", "a b", "1st"])
def test_no_frame_takes_the_name_of_a_view(name: str, history: RuntimeHistory) -> None:
    with pytest.raises(QueryError, match="a name is wanted that no view has"):
        history.sql("SELECT 1", **{name: pd.DataFrame({"a": [1]})})


@pytest.mark.parametrize(
    "query",
    [
        "",
        "SELECT 1; SELECT 2",
        "CREATE TABLE mine AS SELECT 1",
        "DROP VIEW turns",
        "DELETE FROM staged.turns",
        "COPY turns TO 'turns.csv'",
        "ATTACH 'other.db'",
        "SET threads = 1",
        "INSTALL httpfs",
        "SELECT * FROM read_csv('/etc/hostname')",
        "SELECT * FROM '/etc/hostname'",
        "SELECT * FROM sqlite_scan('turns.db', 'turns')",
        "SELECT getenv('HOME')",
        "SELECT no_such_column FROM turns",
        "SELEC",
    ],
)
def test_what_does_more_than_read_or_does_not_work_is_one_line_that_names_the_views(
    query: str, history: RuntimeHistory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(QueryError, match=r"The views are turns, ") as raised:
        list(history.sql(query))

    assert len(str(raised.value).splitlines()) == 1
    assert raised.value.exit_code == 2
    assert list(tmp_path.iterdir()) == []


def test_a_query_that_fails_on_a_row_is_told_alike(history: RuntimeHistory) -> None:
    answer = history.sql("SELECT CAST(runtime_key AS INTEGER) AS number FROM turns")

    for use in (answer.df, lambda: list(answer), answer._repr_html_):
        with pytest.raises(QueryError, match="Could not convert"):
            use()


def test_a_view_whose_file_was_not_given_is_refused(history: RuntimeHistory) -> None:
    with pytest.raises(InputNotGivenError, match="pointers needs the conversation file"):
        history.sql("SELECT * FROM pointers")


def test_only_documented_views_are_shown_with_what_their_rows_are(history: RuntimeHistory) -> None:
    history.sql("SELECT 1 FROM turns")
    rows = list(
        history.sql("SELECT view_name, comment FROM duckdb_views() WHERE schema_name = 'main' AND comment <> ''")
    )

    assert {row.view_name for row in rows} >= {"turns", "segments", "switches", "runtimes"}
    assert all(row.comment.startswith("One row ") for row in rows if row.view_name != "prices")
    assert {name for (name,) in history.sql("SHOW TABLES")} - {"prices"} == {row.view_name for row in rows} - {"prices"}
