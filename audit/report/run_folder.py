"""The only writer of ``reports/<run-id>/``, and the history of the runs that lie there.

A run is written into a hidden folder beside its final place and renamed when complete, so that whoever lists the
runs sees whole ones only, however the writing process ended.
"""

from __future__ import annotations

import os
import re
import secrets
import shutil
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from audit.errors import AuditError, InputFileError, UsageError
from audit.files.durable import make_durable, sync
from audit.files.permissions import PRIVATE, PRIVATE_FOLDER, Permissions
from audit.files.private_folder import PrivateFolder
from audit.files.regular_file import read_bounded
from audit.files.reserved_names import require_free_name
from audit.processes.interruption import shielded, stands
from audit.results import run_kind
from audit.results.findings_csv import write_findings
from audit.results.other_run import OtherRun, OtherRunError, read_other
from audit.results.record_json import RecordFormatError
from audit.results.records import AuditResult, Finding
from audit.results.run_kind import RunKind, holds_runs, require_kind

RUN_ID = run_kind.RUN_ID

UNFINISHED = re.compile(r"\.[a-z0-9][a-z0-9_-]{0,79}\.[0-9a-f]{16}\.unfinished", re.ASCII)
"""Names of the hidden folders in which runs are written."""

HTML_FILE = "index.html"
RESULTS_FILE = run_kind.RESULTS_FILE
FINDINGS_FILE = "findings.csv"
RESULTS_LIMIT_BYTES = run_kind.RESULTS_LIMIT_BYTES


class RunIdError(UsageError):
    """A name that cannot be the name of a run."""

    def __init__(self, run_id: str) -> None:
        self.run_id = run_id
        super().__init__(
            f"run id {run_id[:100]!r}: wanted 1 to 80 small letters, digits, '_' or '-', the first a letter or digit. "
            "Choose another one, or none to get one made.",
        )


class RunExistsError(UsageError):
    """The folder of the run is there already; runs are never overwritten."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        super().__init__(f"{folder}: there is a run of this name already. Choose another run id, or move that folder.")


class OutFolderError(UsageError):
    """No report can be written into the folder; found out before any work was done."""

    def __init__(self, folder: Path, problem: str) -> None:
        self.folder = folder
        self.problem = problem
        super().__init__(f"{folder}: cannot write a report here: {problem}. Name a folder you may write to.")


class RunWriteError(AuditError):
    """The audit was done, but its report could not be written; ``result`` still holds what it found."""

    def __init__(self, result: AuditResult, folder: Path, problem: str) -> None:
        self.result = result
        self.folder = folder
        self.problem = problem
        failed = sum(check.findings > 0 for check in result.checks)
        super().__init__(
            f"{folder}: the report could not be written: {problem}. "
            f"The audit itself ended: {result.verdict}, {failed} of {len(result.checks)} checks have findings. "
            "Make room or name another folder, then audit again.",
        )


@dataclass(frozen=True, slots=True)
class RunSummary:
    """One run of the history: an audit with its ``result``, or an ``other`` run; ``problem`` says why it is neither."""

    run_id: str
    folder: Path
    result: AuditResult | None
    problem: str = ""
    other: OtherRun | None = None

    @property
    def started_at(self) -> str:
        """When it began; of a fleet, when it ended; '' where that is not known."""
        if self.result is not None:
            return self.result.started_at
        return self.other.moment if self.other else ""


def _utc_now() -> datetime:
    return datetime.now(UTC)


def new_run_id(clock: Callable[[], datetime] = _utc_now) -> str:
    """A name for a run that starts now, such as ``run_20260224t101500z_ab12``; sorts by time, differs by chance."""
    return f"run_{clock().astimezone(UTC):%Y%m%dt%H%M%Sz}_{secrets.token_hex(2)}"


def check_run_id(run_id: str) -> str:
    """The given name, if a run can have it.

    Raises
    ------
    RunIdError
        It has other characters than ``^[a-z0-9][a-z0-9_-]{0,79}$``.
    """
    if not RUN_ID.fullmatch(run_id):
        raise RunIdError(run_id)
    return run_id


def check_writable(out_dir: Path, run_id: str = "", inputs: Iterable[Path] = ()) -> None:
    """Find out before a long audit of these files whether its report can be written; nothing is left behind.

    Raises
    ------
    OutFolderError
        The folder, or the nearest one above it that exists, takes no new entries.
    RunExistsError
        It holds a run of that name.
    ReservedNameError
        SQLite or an input has the name of the folder, or that of the run in it.
    """
    require_free_name(out_dir / run_id, inputs)
    if run_id and os.path.lexists(out_dir / check_run_id(run_id)):
        raise RunExistsError(out_dir / run_id)
    try:
        nearest = next(folder for folder in (out_dir, *out_dir.absolute().parents) if os.path.lexists(folder))
        probe = nearest / f".turntruth-{secrets.token_hex(8)}"
        with shielded():
            probe.mkdir(PRIVATE_FOLDER)
            probe.rmdir()
    except OSError as error:
        raise OutFolderError(out_dir, _cause(error)) from error


def write_run(
    result: AuditResult,
    out_dir: Path,
    findings: Iterable[Finding | Sequence[str | None]],
    files: Mapping[str, Path] | None = None,
    seal: Callable[[Path], None] | None = None,
    permissions: Permissions = PRIVATE,
) -> Path:
    """Write the folder of one run and return it.

    Parameters
    ----------
    findings
        All of them in their order; read once, one at a time, so that their number is not bounded by memory.
    files
        Further files to copy into the folder, by their name there.
    seal
        Called with the folder, under a name for the meantime, when everything else lies in it.
    permissions
        Who may look into the folder, and into ``out_dir`` where that is made; by default nobody but its owner.

    Raises
    ------
    RunExistsError
        The folder exists.
    RunWriteError
        It could not be written completely; nothing of it is left.
    """
    target = out_dir / check_run_id(result.run_id)
    if os.path.lexists(target):
        raise RunExistsError(target)
    is_new = not out_dir.exists()
    try:
        permissions.make_folder(out_dir)
        with PrivateFolder(out_dir, f".{result.run_id}.", ".unfinished") as place:
            unfinished = place / result.run_id
            unfinished.mkdir()
            _write_files(result, unfinished, findings, files or {})
            if seal is not None:
                seal(unfinished)
            permissions.settle(unfinished)
            make_durable(unfinished)
            with shielded():
                unfinished.rename(target)
                stands(f"the audit has ended, and its report is complete: {target / HTML_FILE}")
        sync(out_dir)
    except OSError as error:
        raise RunWriteError(result, target, _cause(error)) from error
    finally:
        if is_new:
            with suppress(OSError):  # it holds something
                out_dir.rmdir()
    return target


def load_run(folder: Path) -> AuditResult:
    """The result of the run in that folder.

    Raises
    ------
    InputFileError
        There is no readable ``results.json``.
    OtherKindError
        It is no run of an audit, but a comparison, a fleet or a folder of runs.
    RecordFormatError
        There is one, but it is damaged or of another version.

    Examples
    --------
    >>> from pathlib import Path
    >>> load_run(Path("reports/first")).run_id
    'first'
    """
    try:
        return AuditResult.from_json_text(read_results(folder))
    except (InputFileError, RecordFormatError):
        require_kind(folder, RunKind.AUDIT)
        raise


def read_results(folder: Path) -> bytes:
    """What ``results.json`` of a run holds, not yet looked at; `InputFileError` where it cannot be read."""
    path = folder / RESULTS_FILE
    try:
        return read_bounded(path, RESULTS_LIMIT_BYTES)
    except OSError as error:
        raise InputFileError(path, _cause(error), "Name the folder of a run, as an audit printed it.") from error


def list_runs(out_dir: Path) -> tuple[RunSummary, ...]:
    """All runs below the folder, the oldest first; those that cannot be read are listed too, with their problem.

    Raises
    ------
    InputFileError
        There is no such folder, or it cannot be read.
    OtherKindError
        It is no folder of runs but that of one.

    Examples
    --------
    >>> from pathlib import Path
    >>> [run.run_id for run in list_runs(Path("reports"))]
    ['first']
    """
    if not holds_runs(out_dir):
        require_kind(out_dir, RunKind.RUNS)
    try:
        folders = sorted(entry for entry in out_dir.iterdir() if RUN_ID.fullmatch(entry.name) and entry.is_dir())
    except OSError as error:
        raise InputFileError(out_dir, _cause(error), "Name the folder that audits write to.") from error
    runs = [_summary(folder) for folder in folders if not holds_runs(folder)]
    return tuple(sorted(runs, key=lambda run: (run.started_at, run.run_id)))


def _summary(folder: Path) -> RunSummary:
    try:
        if other := read_other(folder):
            return RunSummary(folder.name, folder, None, other=other)
        return RunSummary(folder.name, folder, load_run(folder))
    except (AuditError, OtherRunError) as error:
        return RunSummary(folder.name, folder, None, str(error))


def _write_files(
    result: AuditResult,
    folder: Path,
    findings: Iterable[Finding | Sequence[str | None]],
    files: Mapping[str, Path],
) -> None:
    from audit.report.download import findings_to_download  # noqa: PLC0415  # only the page needs it
    from audit.report.html import render_html  # noqa: PLC0415  # jinja2 costs every other command 0.1 s

    # The page is made of what a reader of the file gets, so that anybody who has the folder can make it again.
    kept = AuditResult.from_json_text(result.to_json_text())
    (folder / RESULTS_FILE).write_text(kept.to_json_text(), encoding="utf-8")
    with (folder / FINDINGS_FILE).open("w", encoding="utf-8", errors="replace", newline="") as stream:
        write_findings(stream, findings)
    page = render_html(kept, findings_to_download(folder / FINDINGS_FILE))
    (folder / HTML_FILE).write_text(page, encoding="utf-8", errors="replace")
    for name, path in files.items():
        shutil.copyfile(path, folder / name)


def _cause(error: OSError) -> str:
    return error.strerror or str(error)
