"""An answer is a table in whatever form is wanted, and nothing in it becomes markup."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from audit.history import answer as module
from audit.history.answer import SHOWN_ROWS, AnswerMemoryError, LibraryMissingError
from audit.history.runtime_history import RuntimeHistory
from support.files.runtime_files import make_history
from support.files.sqlite_files import run_sql


@pytest.fixture(scope="module")
def history(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RuntimeHistory]:
    path = make_history(tmp_path_factory.mktemp("answer") / "turns.db", {"a": ["x"] * 30})
    run_sql(path, "UPDATE turns SET runtime_key = '<b>' || char(27) || '[31m' WHERE turn_id = 'a-1'")
    with RuntimeHistory(path) as opened:
        yield opened


def test_rows_have_columns_as_attributes_and_can_be_gone_through_twice(history: RuntimeHistory) -> None:
    answer = history.turns()
    first, second = iter(answer), iter(answer)

    assert next(first).place == next(second).place == 1
    assert len(list(answer)) == len(answer) == 30
    assert answer[-1].place == 30


def test_a_frame_has_the_same_rows(history: RuntimeHistory) -> None:
    frame = history.turns().df()

    assert list(frame.columns) == list(history.turns().columns)
    assert list(frame["place"]) == list(range(1, 31))


def test_a_notebook_shows_the_first_rows_and_no_markup_of_the_file(history: RuntimeHistory) -> None:
    html = history.turns()._repr_html_()

    assert html.count("<tr>") == 1 + SHOWN_ROWS
    assert "the first 20 rows" in html
    assert "<b>" not in html.replace("<b></b>", "")
    assert "\x1b" not in html
    assert "\x1b" not in repr(history.turns())


def test_a_span_takes_its_beginning_and_not_its_end(history: RuntimeHistory) -> None:
    third, fifth = datetime(2026, 1, 4, tzinfo=UTC), datetime(2026, 1, 6)  # noqa: DTZ001  # both are UTC

    assert [row.place for row in history.turns().between("created_at", third, fifth)] == [3, 4]


@pytest.mark.parametrize(("form", "library"), [("arrow", "pyarrow"), ("pl", "polars")])
def test_a_missing_library_is_a_line_that_says_what_to_install(
    form: str, library: str, history: RuntimeHistory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "find_spec", lambda _: None)

    with pytest.raises(LibraryMissingError, match=rf"\.{form}\(\) needs {library}.*pip install 'turntruth\["):
        getattr(history.turns(), form)()


def test_an_answer_that_memory_cannot_hold_says_what_to_do(tmp_path: Path) -> None:
    path = make_history(tmp_path / "turns.db", {"a": ["x"] * 10})
    with RuntimeHistory(path, memory_bytes=20 << 20) as history:
        answer = history.sql("SELECT repeat('x', 3000000) || random() AS cell FROM range(100)")

        with pytest.raises(AnswerMemoryError, match="memory_bytes"):
            answer.df()
