"""Which runs of a folder to keep, and removing the others: whole folders of ours, and nothing else.

Of each input its newest runs stay, and the last one that was GO, for it says in which state the file was proven.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated

from audit.certificates.certificate import CERTIFICATE_FILE, SIGNATURE_FILE, CertificateError, read_certificate
from audit.checks.findings_parquet import FINDINGS_PARQUET
from audit.errors import AuditError, InputFileError
from audit.files.private_folder import PrivateFolder
from audit.processes.interruption import shielded
from audit.references.fingerprints import FINGERPRINTS_FILE
from audit.report.run_folder import FINDINGS_FILE, HTML_FILE, RESULTS_FILE
from audit.results.run_kind import RunKind, holds_runs, require_kind
from audit.runs.kept_run import KeptRun, read_run, run_names
from audit.runs.overview import age, by_input

GO = "GO"

_WRITTEN = frozenset({RESULTS_FILE, FINDINGS_FILE, HTML_FILE, FINDINGS_PARQUET, FINGERPRINTS_FILE})
_SEALS = frozenset({CERTIFICATE_FILE, SIGNATURE_FILE})


class Choice(StrEnum):
    """What is to become of a run, and why."""

    NEWEST = "kept: one of the newest"
    LAST_GO = "kept: the last GO"
    FLEET = "kept: it is of many files"
    NOT_OURS = "kept: not to be told for ours"
    GOES = "goes"


class PruneError(AuditError):
    """A run could not be removed; those before it have gone."""

    def __init__(self, folder: Path, problem: str) -> None:
        self.folder = folder
        super().__init__(
            f"{folder}: could not be removed: {problem}. Those before it have gone; see who may write there"
        )


@dataclass(frozen=True, slots=True)
class ChosenRun:
    """One run with what is to become of it."""

    run_id: Annotated[str, "Name of the run and of its folder."]
    choice: Annotated[Choice, "goes, or why it is kept."]
    headline: Annotated[str, "Its verdict in words; 'unreadable' where it cannot be read."]
    started_at: Annotated[str, "When it began, UTC, ISO 8601."]
    input_path: Annotated[str, "Where its turns lay, or the two files that were compared."]
    problem: Annotated[str, "Why it cannot be told for ours, '' otherwise."] = ""


def choose_runs(out_dir: Path, keep: int) -> tuple[ChosenRun, ...]:
    """Decide for every run of a folder, the newest first; nothing is changed.

    Parameters
    ----------
    keep
        So many of each input stay, the newest.

    Raises
    ------
    InputFileError
        There is no such folder, or it cannot be read.
    OtherKindError
        It is no folder of runs but that of one.

    Examples
    --------
    >>> from pathlib import Path
    >>> [str(run.choice) for run in choose_runs(Path("reports"), 1)]
    ['kept: one of the newest']
    """
    if not holds_runs(out_dir):
        require_kind(out_dir, RunKind.RUNS)
    runs = sorted((read_run(out_dir / name) for name in run_names(out_dir)), key=age, reverse=True)
    of_files = (run for run in runs if run.result or run.is_comparison)
    stays = {run.run_id: choice for run, choice in _staying(of_files, keep)}
    return tuple(_chosen(run, stays) for run in runs)


def remove_runs(out_dir: Path, run_ids: Iterator[str] | tuple[str, ...]) -> None:
    """Remove these runs, each of them at once: whoever lists the folder sees it whole, or not at all.

    Raises
    ------
    PruneError
        Of the first one that cannot be removed, or is no run of ours any more.
    """
    for run_id in run_ids:
        if problem := whose(out_dir / run_id):
            raise PruneError(out_dir / run_id, problem)
        try:
            with PrivateFolder(out_dir, f".{run_id}.", ".unfinished") as place, shielded():
                # A rename moves a link that somebody has put there meanwhile, and never what it leads to.
                (out_dir / run_id).rename(place / run_id)
        except OSError as error:
            raise PruneError(out_dir / run_id, error.strerror or str(error)) from error


def whose(folder: Path) -> str:
    """Why a folder cannot be told for a run that turntruth wrote; '' if it can."""
    if folder.is_symlink() or not folder.is_dir():
        return "it is no folder"
    run = read_run(folder)
    about = run.result or (run.other if run.is_comparison else None)
    if about is None:
        return run.problem or "it is of many files"
    if about.run_id != folder.name:
        return f"its results are those of the run {about.run_id!r:.100}"
    try:
        ours = _names_in(folder, run)
        maker = "comparison" if run.is_comparison else "audit"
        return next((f"it holds {entry!r:.100}, which no {maker} wrote" for entry in _foreign(folder, ours)), "")
    except (InputFileError, OSError) as error:
        return getattr(error, "strerror", None) or str(error)


def _names_in(folder: Path, run: KeptRun) -> set[str]:
    """What the certificate names; where it is damaged, what every audit has."""
    try:
        return {*read_certificate(folder).report, *_SEALS}
    except CertificateError:
        if run.is_comparison:
            raise
        return {*_WRITTEN, *_SEALS}


def _foreign(folder: Path, ours: set[str]) -> Iterator[str]:
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.name not in ours or not entry.is_file(follow_symlinks=False):
                yield entry.name


def _staying(runs: Iterator[KeptRun], keep: int) -> Iterator[tuple[KeptRun, Choice]]:
    for trend in by_input(runs):
        newest_first = tuple(reversed(trend.runs))
        # A part of the checks proves less: it counts only where no run had all of them.
        gone_well = [run for run in newest_first if run.headline.startswith(GO)]
        last = next((run for run in gone_well if run.result and not run.result.partial), None)
        last = last or next(iter(gone_well), None)
        for number, run in enumerate(newest_first):
            if number < keep:
                yield run, Choice.NEWEST
            elif run is last:
                yield run, Choice.LAST_GO


def _chosen(run: KeptRun, stays: dict[str, Choice]) -> ChosenRun:
    choice, problem = stays.get(run.run_id, Choice.GOES), ""
    if run.other is not None and not run.is_comparison:
        choice = Choice.FLEET
    if choice is Choice.GOES and (problem := whose(run.folder)):
        choice = Choice.NOT_OURS
    return ChosenRun(run.run_id, choice, run.headline, run.started_at, run.input_path, problem)
