"""A comparison of two files whose two results lie in a folder, for a process whose starter reads them there."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from audit.comparison.files.texts import to_json
from audit.comparison.pair.pair_comparison import LookBack, MakeJudge, compare_pair
from audit.errors import AuditError, InputFileError, MissingFileError

EXIT_INCOMPLETE = 3
DIFFERENCES = "differences.ndjson"
SUMMARY = "summary.json"


def compare_into(
    folder: Path,
    before: Path,
    after: Path,
    *,
    show: Sequence[str] = (),
    redact: bool = False,
    judged_by: MakeJudge | None = None,
    look_back: LookBack | None = None,
) -> None:
    """Compare two files as `compare_pair` does; whether the comparison is complete is for its reader to say."""
    with (folder / DIFFERENCES).open("w+b") as output:
        summary = compare_pair(
            before, after, output, show=show, redact=redact, judged_by=judged_by, look_back=look_back
        )
    (folder / SUMMARY).write_bytes(to_json(summary.to_json()))


def end_of_pair(error: AuditError | OSError | UnicodeError) -> tuple[str, int]:
    """What is said of a pair that could not be compared, and whether the command was wrong or a file is unreadable."""
    if isinstance(error, UnicodeError):
        # Whatever asks for such a text as a part of SQL says so here: no file may end a process that compares others.
        return "a definition in one of the files is no text in its encoding, so it cannot be used", EXIT_INCOMPLETE
    if isinstance(error, OSError):
        return f"{error.filename or 'system'}: {error.strerror or error}", EXIT_INCOMPLETE
    unreadable = isinstance(error, InputFileError) and not isinstance(error, MissingFileError)
    return str(error), EXIT_INCOMPLETE if unreadable else error.exit_code
