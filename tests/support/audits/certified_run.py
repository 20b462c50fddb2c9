"""A small migrated pair of databases with its baseline, and audits of it, for the tests of certificates."""

from __future__ import annotations

import hashlib
import shutil
import tarfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from importlib import resources
from pathlib import Path
from typing import Any

from audit.certificates.certificate import CERTIFICATE_FILE, SIGNATURE_FILE, Certificate, hash_checks, read_certificate
from audit.demo.corpus import write_corpus
from audit.demo.corpus_shape import CorpusShape
from audit.pipeline.run import run_audit
from audit.pipeline.settings import AuditSettings
from audit.report.download import findings_to_download
from audit.report.html import render_html
from audit.report.renderer import renderer_version
from audit.report.run_folder import load_run
from audit.results.records import AuditResult, CheckResult
from store.migration import migrate

SHAPE = CorpusShape(turns=120, conversations=8, seed=11, malformed=0, unknown=0.1, unattributed=0.1)

_KEPT_RUNS = Path(__file__).resolve().parents[2] / "audit" / "certificates" / "runs" / "version_0_1.tar.xz"


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


def kept_runs(folder: Path) -> Files:
    """Runs that version 0.1 wrote, ``clean`` and ``damaged``, with their files: as they were written."""
    with tarfile.open(_KEPT_RUNS) as archive:
        archive.extractall(folder, filter="data")
    return Files(folder)


def sealed_run(folder: Path) -> Path:
    """The run ``damaged`` as this version would have written it, in no time; its files lie in the same folder."""
    files = kept_runs(folder)
    run = files.run("damaged")

    def lie_here(result: AuditResult) -> AuditResult:
        here = tuple(replace(each, path=str(folder / each.path)) for each in result.inputs)
        earlier = hashlib.sha256((files.run("clean") / "fingerprints.parquet").read_bytes()).hexdigest()
        return replace(result, inputs=tuple(replace(each, sha256=each.sha256 or earlier) for each in here))

    reseal(run, lie_here)
    return run


def reseal(
    run: Path,
    change: Callable[[AuditResult], AuditResult] = lambda result: result,
    certify: Callable[[Certificate], Certificate] = lambda certificate: certificate,
) -> None:
    """Forge a run as well as anybody can: change its results, and make page, hashes and certificate agree."""
    result = change(load_run(run))
    (run / "results.json").write_text(result.to_json_text())
    (run / "index.html").write_text(render_html(result, findings_to_download(run / "findings.csv")))
    old = read_certificate(run)
    by_role = {each.role: each for each in result.inputs}
    certificate = replace(
        old,
        run_id=result.run_id,
        verdict=result.verdict.value,
        finished_at=result.finished_at,
        checks_sha256=hash_checks(result.checks),
        versions=result.versions,
        files=tuple(
            replace(each, path=by_role[each.role].path, sha256=by_role[each.role].sha256) for each in old.files
        ),
        renderer=renderer_version(),
    )
    (run / CERTIFICATE_FILE).write_text(certify(certificate).to_json_text())
    hash_again(run)


def hash_again(run: Path) -> None:
    """Put into the certificate what the files of the run are now."""
    names = sorted(entry.name for entry in run.iterdir() if entry.name not in {CERTIFICATE_FILE, SIGNATURE_FILE})
    report = {name: hashlib.sha256((run / name).read_bytes()).hexdigest() for name in names}
    (run / CERTIFICATE_FILE).write_text(replace(read_certificate(run), report=report).to_json_text())


def lay_at(run: Path, role: str, path: Path) -> None:
    """Make a run say that an input lay elsewhere."""
    reseal(
        run,
        lambda result: replace(
            result,
            inputs=tuple(replace(each, path=str(path)) if each.role == role else each for each in result.inputs),
        ),
    )


def check_of(result: AuditResult, name: str) -> CheckResult:
    return next(check for check in result.checks if check.check == name)
