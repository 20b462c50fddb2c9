"""The whole path on made-up people: write an old pair of databases, migrate it, audit it against an untouched copy.

Each step is a function of its own, so that a notebook can stop between them.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from audit.demo.corpus import CorpusExistsError, write_corpus
from audit.demo.corpus_shape import CorpusShape
from audit.files.private_folder import keep, unfinished
from audit.pipeline.run import run_audit
from audit.pipeline.settings import AuditSettings
from audit.report.run_folder import HTML_FILE, check_writable, new_run_id
from audit.results.records import AuditResult
from store.migration import migrate

if TYPE_CHECKING:
    from store.migration import MigrationSummary

UNFINISHED_DATABASES = re.compile(r"run_[0-9]{8}t[0-9]{6}z_[0-9a-f]{4}\.databases", re.ASCII)
"""Names of the folders that databases are made in; what is complete has no lock any more."""
BASELINE_FILE = "turns.before.db"

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class DemoFiles:
    """The databases of a demo: the turns to migrate, their conversation index, and the copy that stays untouched."""

    turns: Path
    timeline: Path
    baseline: Path


@dataclass(frozen=True, slots=True)
class DemoRun:
    """A finished demo. ``report`` is the HTML page."""

    files: DemoFiles
    migration: MigrationSummary
    result: AuditResult
    report: Path


def write_demo(folder: Path, shape: CorpusShape | None = None) -> DemoFiles:
    """Write a pair of databases from before the migration into ``folder``, and a copy of the turns beside them.

    Raises
    ------
    CorpusExistsError
        One of the files is there already; nothing is overwritten.
    """
    baseline = folder / BASELINE_FILE
    if baseline.exists():
        raise CorpusExistsError(baseline)
    corpus = write_corpus(folder, shape)
    shutil.copyfile(corpus.turns, baseline)
    return DemoFiles(corpus.turns, corpus.timeline, baseline)


def migrate_demo(files: DemoFiles) -> MigrationSummary:
    """Migrate the turns of a demo; the baseline stays as it is."""
    return migrate(files.turns)


def audit_demo(files: DemoFiles, out_dir: Path | None = None, run_id: str = "") -> AuditResult:
    """Audit the turns of a demo against everything there is to compare them with.

    Parameters
    ----------
    out_dir
        Where the folder of the run is made; None writes no report.
    """
    settings = AuditSettings(
        path=files.turns, timeline=files.timeline, baseline=files.baseline, out_dir=out_dir, run_id=run_id
    )
    return run_audit(settings)


def run_demo(out_dir: Path, progress: Progress | None = None, shape: CorpusShape | None = None) -> DemoRun:
    """Run the demo from beginning to end, in folders of its own below ``out_dir``: one for the databases, one report.

    Raises
    ------
    UsageError
        Nothing can be written into ``out_dir``.
    """
    tell = progress or (lambda _: None)
    run_id = new_run_id()
    check_writable(out_dir, run_id)
    tell("writing databases as they were before the migration")
    # A dot cannot occur in the name of a run: this folder is never taken for one.
    folder = out_dir / f"{run_id}.databases"
    with unfinished(folder):
        files = write_demo(folder, shape)
        tell("migrating a copy of them")
        migration = migrate_demo(files)
        tell("auditing it against the untouched copy")
        try:
            result = audit_demo(files, out_dir, run_id)
        finally:
            if (out_dir / run_id).exists():
                # A report stands: it needs the files that it is about.
                keep(folder)
    return DemoRun(files, migration, result, out_dir / run_id / HTML_FILE)
