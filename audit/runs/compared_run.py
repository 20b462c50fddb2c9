"""One of two runs that are compared: what it says, and whether its ids are those of its files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from audit.checks.findings_parquet import FINDINGS_PARQUET
from audit.errors import InputFileError, UsageError
from audit.report.run_folder import load_run
from audit.report.summary import headline, summarize
from audit.results.cause import Cause
from audit.results.records import AuditResult, CheckResult, Status
from audit.results.redaction import why_not_comparable

RAN = frozenset({Status.PASSED, Status.FAILED})
"""Of other checks nobody knows what they would have found."""


class UnreadableRunError(InputFileError):
    """A run lies there, but it is damaged, or its parts contradict each other: nothing can be compared."""

    exit_code = 3


class RedactedRunsError(UsageError):
    """The ids of one run are not those of the other, so that no finding could be found again."""

    def __init__(self, a: Path, b: Path, problem: str) -> None:
        super().__init__(f"{a} and {b}: {problem}")


@dataclass(frozen=True)
class ComparedRun:
    """A run that can be compared."""

    folder: Path
    result: AuditResult

    @property
    def table(self) -> Path:
        """Every finding."""
        return self.folder / FINDINGS_PARQUET

    @property
    def headline(self) -> str:
        """The verdict in the words of its page."""
        return headline(self.result)

    @property
    def input_path(self) -> str:
        """Where its turns lay."""
        return self.result.turns_path

    @cached_property
    def ran(self) -> Mapping[str, CheckResult]:
        """The checks that were judged, by name."""
        return {check.check: check for check in self.result.checks if check.status in RAN}

    @cached_property
    def causes(self) -> Mapping[str, Cause]:
        """What was wrong, by the check that names it, the gravest first."""
        return {cause.check: cause for cause in summarize(self.result).causes}


def load_compared(folder: Path) -> ComparedRun:
    """The run in that folder.

    Raises
    ------
    InputFileError
        The folder is no run.
    UnreadableRunError
        It is a damaged one.
    RecordFormatError
        It is one of another version.
    """
    result = load_run(folder)
    if not (folder / FINDINGS_PARQUET).exists():
        remedy = "Find a copy of the run with it, or audit again"
        raise UnreadableRunError(folder / FINDINGS_PARQUET, "the run has no table of its findings", remedy)
    return ComparedRun(folder, result)


def require_same_ids(a: ComparedRun, b: ComparedRun) -> None:
    """See that a turn is called the same in both.

    Raises
    ------
    RedactedRunsError
        One of them is redacted and the other one not, or not with the same key.
    """
    problem = why_not_comparable(a.result.redaction, b.result.redaction)
    if problem:
        raise RedactedRunsError(a.folder, b.folder, problem)
