"""All rivals, and what they say of the clean files, which is asked once."""

from __future__ import annotations

import sys
from pathlib import Path

from benchmarks.detection.rivals.programs import LibraryProcess, compare_with_sqldiff
from benchmarks.detection.rivals.rival import (
    Answer,
    Look,
    NotRunError,
    Rival,
    Sight,
    ask,
    look_at_control,
    look_at_fault,
)
from benchmarks.detection.rivals.statements import check_integrity, count_rows, follow_playbook
from store.sqlite.closing import Closing

_RULES = "known runtime, no NULL, no padding or placeholder, unique keys, times in order, plain metadata, row count"
NAMES = {
    "row count": "rows of each table before and after",
    "the playbook's SQL": "columns, index names, number of empty values",
    "integrity_check": "PRAGMA integrity_check and foreign_key_check",
    "Great Expectations": f"stock expectations: {_RULES}",
    "pointblank": f"the same rules: {_RULES}",
    "datacompy": "three tables before and after, joined by key, cell by cell, but for gaps that were filled",
    "sqldiff": "sqldiff --summary of baseline and file",
}
"""Name to what it looks at."""


class Panel(Closing):
    """The rivals of one process; ends its children."""

    def __init__(self, runtimes: tuple[str, ...], libraries: Path | None) -> None:
        """``libraries`` is an interpreter that has datacompy and pointblank, None if there is none."""
        own = LibraryProcess(Path(sys.executable), runtimes)
        others = LibraryProcess(libraries, runtimes) if libraries else None
        self._processes = [each for each in (own, others) if each]
        looks: dict[str, Look] = {
            "row count": count_rows,
            "the playbook's SQL": follow_playbook,
            "integrity_check": check_integrity,
            "Great Expectations": own.ask_for("great_expectations"),
            "pointblank": others.ask_for("pointblank") if others else _not_installed,
            "datacompy": others.ask_for("datacompy") if others else _not_installed,
            "sqldiff": compare_with_sqldiff,
        }
        self._rivals = [Rival(name, looks[name]) for name in NAMES]
        self._clean: dict[tuple[str, Path], Answer | NotRunError] = {}

    def close(self) -> None:
        """End the processes of libraries."""
        for process in self._processes:
            process.close()

    def look_at_fault(self, folder: Path, subject: str, clean: Path) -> list[Sight]:
        """What each makes of a fault; ``clean`` holds the files without it."""
        return [look_at_fault(rival, folder, subject, self._of_clean(rival, clean)) for rival in self._rivals]

    def look_at_control(self, folder: Path, subject: str) -> list[Sight]:
        """What each makes of files without a fault."""
        return [look_at_control(rival, folder, subject) for rival in self._rivals]

    def _of_clean(self, rival: Rival, clean: Path) -> Answer | NotRunError:
        key = (rival.name, clean)
        if key not in self._clean:
            self._clean[key] = ask(rival, clean)
        return self._clean[key]


def _not_installed(folder: Path) -> Answer:
    raise NotRunError("no interpreter that has it (make drill makes one, --rivals-python names another)")
