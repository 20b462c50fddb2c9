"""What kind of a run lies somewhere, and what is done with it: the one place that tells them apart."""

from __future__ import annotations

import json
import re
import shlex
import zipfile
from enum import StrEnum
from pathlib import Path

from audit.errors import InputFileError
from audit.files.regular_file import read_bounded

RUN_ID = re.compile(r"[a-z0-9][a-z0-9_-]{0,79}", re.ASCII)
RESULTS_FILE = "results.json"
RESULTS_LIMIT_BYTES = 256 << 20
"""No run comes near it: what a check shows of its findings is a few rows, with long values cut."""

COMPARISON_MARK = "diff"
"""What ``kind`` of results.json says of a comparison; results of an audit have no such member."""
FLEET_RESULT = "fleet.json"
FLEET_MANIFEST = "manifest.json"
FLEET_TENANTS = "tenants.csv"
FLEET_HISTORY = "history.jsonl"
FLEET_OUTCOMES = "outcomes"
MIGRATION_JOURNAL = "migration.jsonl"


class RunKind(StrEnum):
    """What can be kept in a folder."""

    AUDIT = "audit"
    COMPARISON = "comparison"
    FLEET = "fleet"
    MIGRATION = "migration"
    RUNS = "runs"
    BUNDLE = "bundle"

    @property
    def in_words(self) -> str:
        """What it is, in a sentence."""
        return _IN_WORDS[self][0]

    def remedy(self, place: Path) -> str:
        """Which commands are for it."""
        return _IN_WORDS[self][1].format(shlex.quote(str(place)))


_IN_WORDS = {
    RunKind.AUDIT: (
        "an audit",
        "`turntruth report {0}` prints it, `turntruth verify {0}` tells whether it still holds",
    ),
    RunKind.COMPARISON: (
        "a comparison of two files",
        "`turntruth report {0}` prints it, `turntruth verify {0}` tells whether it still holds",
    ),
    RunKind.FLEET: (
        "a fleet",
        "`turntruth fleet report {0}` prints it, `turntruth fleet verify {0}` tells whether it still holds",
    ),
    RunKind.MIGRATION: (
        "the migration of a fleet",
        "`turntruth fleet migrate` goes on with it, `turntruth fleet rollback {0}` takes it back",
    ),
    RunKind.RUNS: ("a folder of runs", "Name the folder of a run: `turntruth runs {0}` lists them"),
    RunKind.BUNDLE: ("a bundle of a run", "Unpack it, and name the folder in it"),
}


class OtherKindError(InputFileError):
    """There is a run, but of a kind that the command is not for."""

    def __init__(self, place: Path, kind: RunKind, wanted: str) -> None:
        self.place = place
        self.kind = kind
        super().__init__(place, f"this is {kind.in_words}, and {wanted} was wanted", kind.remedy(place))


def kind_of(place: Path) -> RunKind | None:
    """What lies there; None where it is nothing of ours. A run that is damaged counts as an audit.

    Examples
    --------
    >>> from pathlib import Path
    >>> str(kind_of(Path("reports/first"))), str(kind_of(Path("reports")))
    ('audit', 'runs')
    """
    try:
        if place.is_file():
            return RunKind.BUNDLE if zipfile.is_zipfile(place) else None
        if (place / RESULTS_FILE).exists():
            return RunKind.COMPARISON if _is_comparison(place) else RunKind.AUDIT
        if (place / FLEET_RESULT).exists() or _is_begun_fleet(place):
            return RunKind.FLEET
        if (place / MIGRATION_JOURNAL).exists():
            return RunKind.MIGRATION
        return RunKind.RUNS if holds_runs(place) else None
    except OSError:
        return None


def require_kind(place: Path, *wanted: RunKind, shown: Path | None = None) -> None:
    """See that nothing lies there that is known to be another kind; whatever else is wrong is for who reads it.

    Parameters
    ----------
    shown
        What the user calls it, where ``place`` is what was unpacked of it.

    Raises
    ------
    OtherKindError
        It is a run, and none of ``wanted``.
    """
    kind = kind_of(place)
    if kind is not None and kind not in wanted:
        raise OtherKindError(shown or place, kind, " or ".join(each.in_words for each in wanted))


def is_comparison(document: object) -> bool:
    """Whether a ``results.json`` is of a comparison."""
    return isinstance(document, dict) and document.get("kind") == COMPARISON_MARK


def holds_runs(folder: Path) -> bool:
    """Whether a folder is none of a run but one of runs, as ``make demo`` makes one below the folder of other runs."""
    try:
        if (folder / RESULTS_FILE).exists():
            return False
        return any((entry / RESULTS_FILE).is_file() for entry in folder.iterdir() if RUN_ID.fullmatch(entry.name))
    except OSError:
        return False


def _is_comparison(folder: Path) -> bool:
    try:
        content = read_bounded(folder / RESULTS_FILE, RESULTS_LIMIT_BYTES)
        # To parse the results of a large audit takes long, and they hardly ever have the word.
        return COMPARISON_MARK.encode() in content and is_comparison(json.loads(content))
    except (OSError, ValueError, RecursionError):
        return False


def _is_begun_fleet(place: Path) -> bool:
    return (place / FLEET_MANIFEST).exists() and (place / FLEET_OUTCOMES).is_dir()
