"""What people use today gets a fair hearing: it says nothing of clean files, sees what it can, and is not blamed
where it is not installed."""

from __future__ import annotations

import importlib.util
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import apsw
import pytest

from benchmarks.detection.files.world import REGISTRY, copy_world
from benchmarks.detection.plan import SMALL
from benchmarks.detection.rivals.panel import NAMES, Panel
from benchmarks.detection.rivals.programs import LibraryProcess
from benchmarks.detection.rivals.rival import Answer, NotRunError, Rival, Sight, ask, look_at_fault

LIBRARIES = os.environ.get("TURNTRUTH_RIVALS_PYTHON")
MISSING = {"datacompy", "pointblank"}


@pytest.fixture(scope="module")
def panel() -> Iterator[Panel]:
    with Panel(REGISTRY, Path(LIBRARIES) if LIBRARIES else None) as panel:
        yield panel


def seen(sights: list[Sight]) -> dict[str, bool]:
    return {each.rival: each.seen for each in sights if each.seen is not None}


def damaged(worlds: Path, folder: Path, statement: str) -> Path:
    copy_world(worlds / f"plain-{SMALL}", folder)
    connection = apsw.Connection(str(folder / "turns.db"))
    connection.execute(statement)
    connection.close()
    return folder


def test_none_of_them_stops_a_clean_release(panel: Panel, worlds: Path) -> None:
    for kind in ("plain", "partial", "foreign"):
        sights = panel.look_at_control(worlds / f"{kind}-{SMALL}", kind)
        assert [each.rival for each in sights] == list(NAMES)
        assert [name for name, stops in seen(sights).items() if stops] == []


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        ("UPDATE turns SET runtime_key = 'planer' WHERE rowid = 3", {"Great Expectations", "pointblank"}),
        ("UPDATE turns SET turn_data_json = '{\"a\":1}' WHERE rowid = 3", {"datacompy", "sqldiff"}),
        ("DELETE FROM blocks WHERE rowid = 3", {"row count", "integrity_check", "datacompy", "sqldiff"}),
        ("DROP INDEX turns_by_conv_runtime_updated", {"the playbook's SQL"}),
    ],
)
def test_each_sees_what_it_looks_at(
    statement: str, expected: set[str], panel: Panel, worlds: Path, tmp_path: Path
) -> None:
    folder = damaged(worlds, tmp_path / "damaged", statement)
    sights = panel.look_at_fault(folder, "x", worlds / f"plain-{SMALL}")
    ran = seen(sights)
    assert {name for name, saw in ran.items() if saw} == expected & ran.keys()


def test_what_is_not_installed_is_no_miss(worlds: Path) -> None:
    with Panel(REGISTRY, Path("/nowhere/python")) as panel:
        sights = {each.rival: each for each in panel.look_at_control(worlds / f"plain-{SMALL}", "x")}
    assert {name for name, each in sights.items() if each.seen is None} >= MISSING
    assert "/nowhere/python: No such file" in sights["datacompy"].reason


@pytest.mark.skipif(importlib.util.find_spec("datacompy") is not None, reason="this environment has datacompy")
def test_an_interpreter_without_the_library_says_so(worlds: Path) -> None:
    process = LibraryProcess(Path(sys.executable), REGISTRY)
    try:
        with pytest.raises(NotRunError, match="No module named 'datacompy'"):
            process.ask_for("datacompy")(worlds / f"plain-{SMALL}")
    finally:
        process.close()


def test_files_that_cannot_be_read_are_something_it_says(tmp_path: Path) -> None:
    def look(folder: Path) -> Answer:
        raise apsw.CorruptError("malformed")

    rival = Rival("x", look)
    assert ask(rival, tmp_path) == Answer("malformed", alarm=True)
    assert look_at_fault(rival, tmp_path, "O1", Answer("fine", alarm=False)).seen is True
    assert look_at_fault(rival, tmp_path, "O1", NotRunError("missing")).seen is None
