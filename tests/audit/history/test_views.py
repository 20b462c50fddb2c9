"""Each documented view says what a row is, and names no column that it has not."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from audit.demo.run import migrate_demo, write_demo
from audit.history.runtime_history import RuntimeHistory
from audit.history.views import VIEWS, documented_view, views_named


@pytest.fixture(scope="module")
def history(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RuntimeHistory]:
    files = write_demo(tmp_path_factory.mktemp("views"))
    migrate_demo(files)
    with RuntimeHistory(files.turns, files.timeline, files.baseline) as opened:
        yield opened


def test_every_file_is_a_view(repository: Path) -> None:
    assert {path.stem for path in (repository / "audit" / "history" / "views").glob("*.sql")} == set(VIEWS)


@pytest.mark.parametrize("name", VIEWS)
def test_it_is_documented_and_can_be_read(name: str, history: RuntimeHistory) -> None:
    view = documented_view(name)
    answer = history.sql(f"FROM {name}")

    assert view.comment.startswith("One row ")
    assert set(view.columns) <= set(answer.columns)
    assert len(answer) > 0


def test_their_names_are_found_in_a_query() -> None:
    query = "select * from Turns join main.POINTERS using (conv_id) -- no turnstile"

    assert views_named(query) == {"turns", "pointers"}
