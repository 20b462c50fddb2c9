"""One of two runs that are compared: what it says, and whether its ids are those of its files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from audit.checks.findings_parquet import FINDINGS_PARQUET
from audit.errors import InputFileError, UsageError
from audit.report.summary import headline, summarize
from audit.results.cause import Cause
from audit.results.records import AuditResult, CheckResult, Status
from audit.runs.kept_run import TURNS, read_document

RAN = frozenset({Status.PASSED, Status.FAILED})
"""Of other checks nobody knows what they would have found."""


class UnreadableRunError(InputFileError):
    """A run lies there, but it is damaged, or its parts contradict each other: nothing can be compared."""

    exit_code = 3


class RedactedRunsError(UsageError):
    """The ids of one run are not those of the other, so that no finding could be found again."""

    def __init__(self, a: Path, b: Path, problem: str) -> None:
        super().__init__(
            f"{a} and {b}: {problem}, so no finding of the one can be found in the other. Compare the runs as they "
            "were before redaction, or redact both with the same --key"
        )


@dataclass(frozen=True)
class ComparedRun:
    """A run with the key of its redaction: None where it is not redacted, '' where it has none."""

    folder: Path
    result: AuditResult
    redaction_key: str | None

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
        return next((entry.path for entry in self.result.inputs if entry.role == TURNS), "")

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
    document = read_document(folder)
    result = AuditResult.from_json(document)
    if not (folder / FINDINGS_PARQUET).exists():
        remedy = "Find a copy of the run with it, or audit again"
        raise UnreadableRunError(folder / FINDINGS_PARQUET, "the run has no table of its findings", remedy)
    return ComparedRun(folder, result, _redaction_key(document))


def require_same_ids(a: ComparedRun, b: ComparedRun) -> None:
    """See that a turn is called the same in both.

    Raises
    ------
    RedactedRunsError
        One of them is redacted and the other one not, or not with the same key.
    """
    if a.redaction_key is None and b.redaction_key is None:
        return
    if a.redaction_key is None or b.redaction_key is None:
        raise RedactedRunsError(a.folder, b.folder, "one of these runs is redacted and the other one is not")
    if not a.redaction_key or not b.redaction_key:
        raise RedactedRunsError(a.folder, b.folder, "these runs were redacted without a key, each for itself")
    if a.redaction_key != b.redaction_key:
        raise RedactedRunsError(a.folder, b.folder, "these runs were redacted with different keys")


def _redaction_key(document: Any) -> str | None:
    redaction = document.get("redaction")
    if not redaction or (isinstance(redaction, Mapping) and redaction.get("method") == ""):
        return None  # it says that nothing was redacted
    key = redaction.get("key_id") if isinstance(redaction, Mapping) else None
    return key if isinstance(key, str) else ""
