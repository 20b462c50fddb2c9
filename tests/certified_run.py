"""A small migrated pair of databases with its baseline, and audits of it, for the tests of certificates."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

from audit.drill.corpus import write_corpus
from audit.drill.shape import CorpusShape
from audit.pipeline import run_audit
from audit.results import AuditResult, CheckResult
from audit.settings import AuditSettings
from store.migration import migrate

SHAPE = CorpusShape(turns=120, conversations=8, seed=11, malformed=0, unknown=0.1, unattributed=0.1)


@dataclass(frozen=True)
class Files:
    """The folder with ``turns.db``, ``timeline.db``, ``baseline.db``; runs go to ``reports`` beside them."""

    folder: Path

    @property
    def turns(self) -> Path:
        return self.folder / "turns.db"

    @property
    def timeline(self) -> Path:
        return self.folder / "timeline.db"

    @property
    def baseline(self) -> Path:
        return self.folder / "baseline.db"

    @property
    def reports(self) -> Path:
        return self.folder / "reports"

    def run(self, run_id: str) -> Path:
        return self.reports / run_id

    def copy(self, folder: Path) -> Files:
        """The same files elsewhere, runs included."""
        return Files(Path(shutil.copytree(self.folder, folder)))

    def audit(self, run_id: str, **changes: Any) -> AuditResult:
        settings = {"timeline": self.timeline, "out_dir": self.reports, "run_id": run_id, **changes}
        return run_audit(AuditSettings(self.turns, **settings))


def make_files(folder: Path) -> Files:
    """Make the databases in an existing, empty folder."""
    files = write_corpus(folder, SHAPE)
    shutil.copy(files.turns, folder / "baseline.db")
    migrate(files.turns)
    return Files(folder)


def catalogue_of(folder: Path, *places: str) -> Path:
    """A catalogue of a few checks, named ``suite/check``, for tests of what the others do not look at."""
    for place in places:
        target = folder / f"{place}.sql"
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text((resources.files("expectations") / f"{place}.sql").read_text(encoding="utf-8"))
    return folder


def check_of(result: AuditResult, name: str) -> CheckResult:
    return next(check for check in result.checks if check.check == name)
