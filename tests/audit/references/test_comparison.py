"""What the comparing child wrote becomes tables; what it could not write becomes a reason, never an empty table."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest

from audit.comparison.allowances.declared_changes import REWRITTEN, DeclaredChange
from audit.processes.children import Child, ChildError
from audit.references.baseline_comparison import COUNTS, DIFFERENCE_COLUMNS, stage_comparison
from audit.staging.native_tables import create_tables
from audit.staging.warehouse import Warehouse


class Finished:
    """A child that has ended well, or not."""

    def __init__(self, error: ChildError | None = None) -> None:
        self.error = error

    def finish(self) -> str:
        if self.error:
            raise self.error
        return ""


def stage(warehouse: Warehouse, error: ChildError | None = None) -> str:
    return stage_comparison(warehouse, cast("Child", Finished(error)))


@pytest.fixture
def warehouse() -> Iterator[Warehouse]:
    with Warehouse() as made:
        (made.folder / "preservation").mkdir()
        yield made


def difference(**changes: str) -> dict[str, str]:
    return {**dict.fromkeys(DIFFERENCE_COLUMNS, ""), **changes}


def write(warehouse: Warehouse, *differences: dict[str, str], tables: dict[str, Any] | None = None,
          declared: list[dict[str, Any]] | None = None) -> Path:  # fmt: skip
    folder = warehouse.folder / "preservation"
    (folder / "differences.ndjson").write_text("".join(json.dumps(each) + "\n" for each in differences))
    (folder / "summary.json").write_text(json.dumps({"tables": tables or {}, "declared": declared or []}))
    return folder


def test_differences_and_counts_become_tables(warehouse: Warehouse) -> None:
    values = [
        'it\'s "quoted"',
        "nul\x00byte",
        "Zoë 会話",
        "line\nbreak",
        '{"json": [1, 2]}',
        "2026-02-24",
        "007",
        "true",
    ]
    counts = dict(zip(COUNTS, (10, 11, 9, 2), strict=True))
    write(warehouse, *(difference(kind="changed", found=value) for value in values), tables={"turns": counts})
    assert stage(warehouse) == ""
    found = warehouse.connection.execute("SELECT found FROM preservation_differences").fetchall()
    assert [value for (value,) in found] == values
    assert warehouse.connection.execute("SELECT * FROM preservation_summary").fetchall() == [("turns", 10, 11, 9, 2)]


def test_counts_of_declared_changes_become_a_table(warehouse: Warehouse) -> None:
    create_tables(warehouse.connection)
    change = DeclaredChange("turns", "turn_data_json", REWRITTEN, 3, 5)
    write(warehouse, declared=[change.to_json()])

    assert stage(warehouse) == ""
    found = warehouse.connection.execute("SELECT * FROM declared_changes").fetchall()
    assert found == [("turns", "turn_data_json", REWRITTEN, 3, 5)]


def test_a_very_long_line_is_read(warehouse: Warehouse) -> None:
    write(warehouse, difference(kind="changed", found="x" * 5_000_000))
    assert stage(warehouse) == ""
    found = warehouse.connection.execute("SELECT length(found) FROM preservation_differences").fetchall()
    assert found == [(5_000_000,)]


def test_no_differences_are_no_problem(warehouse: Warehouse) -> None:
    write(warehouse)
    assert stage(warehouse) == ""
    assert warehouse.connection.execute("SELECT count(*) FROM preservation_differences").fetchone() == (0,)


def test_without_a_baseline_the_tables_are_empty(warehouse: Warehouse) -> None:
    assert stage_comparison(warehouse, None) == ""
    assert warehouse.connection.execute("SELECT count(*) FROM preservation_summary").fetchone() == (0,)


def test_a_failed_child_is_a_reason(warehouse: Warehouse) -> None:
    problem = stage(warehouse, ChildError("audit.comparison", 3, "table turns cannot be compared"))
    assert problem.startswith("no comparison with the baseline: ")
    assert "table turns cannot be compared" in problem


@pytest.mark.parametrize("damage", ["no differences", "no summary", "cut off", "other columns", "no counts"])
def test_incomplete_output_is_a_reason(warehouse: Warehouse, damage: str) -> None:
    folder = write(warehouse, difference(kind="changed"), tables={"turns": {}} if damage == "no counts" else None)
    if damage == "no differences":
        (folder / "differences.ndjson").unlink()
    elif damage == "no summary":
        (folder / "summary.json").unlink()
    elif damage == "cut off":
        (folder / "differences.ndjson").write_text('{"kind": "chan')
    elif damage == "other columns":
        (folder / "summary.json").write_text("{}")
    assert stage(warehouse).startswith("no comparison with the baseline: ")
