"""The runs in a folder as they are listed: what each came to, read in little time, however many there are."""

from __future__ import annotations

import heapq
import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from audit.errors import AuditError, InputFileError
from audit.files.regular_file import open_regular
from audit.report.run_folder import RESULTS_FILE, RUN_ID, read_results
from audit.report.summary import headline, summarize
from audit.results.other_run import OtherRun, OtherRunError, comparison_of, read_other
from audit.results.record_json import RecordFormatError
from audit.results.records import AuditResult
from audit.results.run_kind import RunKind, holds_runs

_REMEDY = "Name the folder that audits write to."
_HEAD_BYTES = 4096
_STARTED = re.compile(rb'"started_at": "([0-9TZ:.+-]{1,40})"')


@dataclass(frozen=True, slots=True)
class KeptRun:
    """One run of a folder; ``problem`` says why it cannot be read, and then nothing else is known.

    ``result`` is of an audit, and has no checks but those with findings, and none of their rows; ``other`` is of a run
    of another kind.
    """

    run_id: str
    folder: Path
    result: AuditResult | None
    problem: str = ""
    other: OtherRun | None = None

    @property
    def started_at(self) -> str:
        """When it began, or a fleet ended, ISO 8601; '' where that is not known."""
        if self.result is not None:
            return self.result.started_at
        return self.other.moment if self.other else ""

    @property
    def headline(self) -> str:
        """The verdict in the words of its page."""
        if self.result is not None:
            return headline(self.result)
        return self.other.headline if self.other else "unreadable"

    @property
    def findings(self) -> Mapping[str, int]:
        """Findings that nobody has accepted, by severity."""
        return summarize(self.result).findings if self.result else {}

    @property
    def input_path(self) -> str:
        """Where the turns lay that were audited, or which files were compared: what tells runs of one from others."""
        if self.result is not None:
            return self.result.turns_path
        return self.other.about if self.other else ""

    @property
    def has_page(self) -> bool:
        """Whether there is a page to look at: a fleet has one when its run has ended, a migration none."""
        return self.other is None or self.is_comparison or bool(self.other.moment)

    @property
    def is_comparison(self) -> bool:
        """Whether two files were compared."""
        return self.other is not None and self.other.kind is RunKind.COMPARISON


def run_names(out_dir: Path) -> frozenset[str]:
    """Names of the folders that can be runs; links are none.

    Raises
    ------
    InputFileError
        There is no such folder, or it cannot be read.
    """
    try:
        with os.scandir(out_dir) as entries:
            found = [each.name for each in entries if each.is_dir(follow_symlinks=False)]
        names = (name for name in found if RUN_ID.fullmatch(name))
        return frozenset(name for name in names if not holds_runs(out_dir / name))
    except OSError as error:
        raise InputFileError(out_dir, error.strerror or str(error), _REMEDY) from error


def newest_names(out_dir: Path, names: frozenset[str], most: int) -> list[str]:
    """The names of the runs that began last, of each of which only the first bytes are read."""
    if len(names) <= most:
        return sorted(names)
    return heapq.nlargest(most, names, key=lambda name: (_begun(out_dir / name), name))


def read_run(folder: Path) -> KeptRun:
    """What that run came to."""
    try:
        if not (folder / RESULTS_FILE).exists() and (other := read_other(folder)):
            return KeptRun(folder.name, folder, None, other=other)
        document = _document(folder)
        if other := comparison_of(document):
            return KeptRun(folder.name, folder, None, other=other)
        return KeptRun(folder.name, folder, AuditResult.from_json(_brief(document)))
    except (AuditError, OtherRunError, RecursionError) as error:
        return KeptRun(folder.name, folder, None, str(error))


def _document(folder: Path) -> Any:
    try:
        return json.loads(read_results(folder))
    except (ValueError, RecursionError) as error:
        raise RecordFormatError("the file", "JSON", str(error)) from error


def _brief(document: Any) -> Any:
    """The document without what no list of runs shows: to make records of that takes ten times as long."""
    if not isinstance(document, dict) or not isinstance(document.get("checks"), list):
        return document
    checks = [each | {"sample": []} if isinstance(each, dict) else each for each in document["checks"] if _tells(each)]
    return document | {"checks": checks, "causes": [], "changes": []}


def _tells(check: Any) -> bool:
    return not (isinstance(check, dict) and check.get("findings") == 0)


def _begun(folder: Path) -> str:
    """When a run began, as its file says near its start, or a fleet ended; '' where neither is said."""
    try:
        with open_regular(folder / RESULTS_FILE) as stream:
            found = _STARTED.search(stream.read(_HEAD_BYTES))
    except FileNotFoundError:
        other = read_other(folder)
        return other.moment if other else ""
    except OSError:
        return ""
    return found[1].decode() if found else ""
