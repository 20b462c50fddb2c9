"""A certificate says what exactly was audited, and which files the report is made of."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import apsw
import pytest

from audit.certificates.certificate import CERTIFICATE_FILE, IN_MOTION, Certificate, read_certificate
from audit.certificates.content_hash import hash_content
from audit.errors import InputFileError
from audit.pipeline import run
from audit.pipeline.settings import AuditSettings
from audit.results.records import AuditResult
from support.audits.certified_run import Files, make_files


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Files:
    files = make_files(tmp_path_factory.mktemp("certified"))
    files.audit("first", baseline=files.baseline)
    return files


@pytest.fixture(scope="module")
def certificate(files: Files) -> Certificate:
    return read_certificate(files.run("first"))


@pytest.fixture(scope="module")
def result(files: Files) -> AuditResult:
    return AuditResult.from_json_text((files.run("first") / "results.json").read_bytes())


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_every_database_is_named_by_bytes_schema_content_and_counts(files: Files, certificate: Certificate) -> None:
    assert [entry.role for entry in certificate.files] == ["turns", "timeline", "baseline"]
    for entry, path in zip(certificate.files, (files.turns, files.timeline, files.baseline), strict=True):
        content = hash_content(path, count=True)
        assert (entry.path, entry.size_bytes, entry.sha256) == (str(path), path.stat().st_size, sha256(path))
        assert entry.schema_sha256 == content.schema_sha256
        assert entry.content_sha256 == content.content_sha256 != ""
        assert entry.attribution_sha256 == content.attribution_sha256
        assert entry.rows == content.rows
        assert entry.problem == ""


def test_only_a_file_with_both_columns_has_an_attribution(certificate: Certificate) -> None:
    assert [bool(entry.attribution_sha256) for entry in certificate.files] == [True, False, False]


def test_every_file_of_the_report_is_in_it(files: Files, certificate: Certificate) -> None:
    folder = files.run("first")
    names = {entry.name for entry in folder.iterdir()} - {CERTIFICATE_FILE}
    assert names >= {"results.json", "findings.csv", "index.html", "fingerprints.parquet"}
    assert certificate.report == {name: sha256(folder / name) for name in names}


def test_it_repeats_verdict_versions_and_checks_of_the_results(certificate: Certificate, result: AuditResult) -> None:
    assert (certificate.run_id, certificate.verdict) == (result.run_id, result.verdict.value)
    assert certificate.finished_at == result.finished_at
    assert certificate.versions == result.versions
    lines = sorted(f"{check.suite}/{check.check} {check.severity} {check.sql_sha256}\n" for check in result.checks)
    assert certificate.checks_sha256 == hashlib.sha256("".join(lines).encode()).hexdigest()


def test_what_is_read_is_what_was_written(files: Files, certificate: Certificate) -> None:
    assert (files.run("first") / CERTIFICATE_FILE).read_text(encoding="utf-8") == certificate.to_json_text()


def test_a_file_that_is_written_to_meanwhile_gets_no_hashes(
    files: Files, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = files.copy(tmp_path / "copy")

    def write_meanwhile(result: AuditResult) -> None:
        connection = apsw.Connection(str(copy.turns))
        connection.execute("UPDATE turns SET updated_at_ms = updated_at_ms + 1")
        connection.close()

    monkeypatch.setattr(run, "STEPS", (*run.STEPS[:-1], write_meanwhile, run.STEPS[-1]))
    copy.audit("live")
    turns, timeline = read_certificate(copy.run("live")).files
    assert (turns.sha256, turns.schema_sha256, turns.content_sha256, turns.attribution_sha256) == ("", "", "", "")
    assert turns.problem == IN_MOTION
    assert turns.rows["turns"] == 120
    assert (timeline.problem, timeline.sha256) == ("", sha256(copy.timeline))


def test_an_audit_that_writes_no_report_hashes_nothing(files: Files, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(run, "ContentHashing")
    run.run_audit(AuditSettings(files.turns))


@pytest.mark.parametrize(
    ("changes", "message"),
    [({"certificate_version": 2}, "certificate_version is 2, not 1"), ({"files": 5}, "files"), (None, "no JSON")],
)
def test_a_certificate_that_cannot_be_read_is_told(
    files: Files, tmp_path: Path, changes: Mapping[str, Any] | None, message: str
) -> None:
    document = json.loads((files.run("first") / CERTIFICATE_FILE).read_bytes())
    text = "{" if changes is None else json.dumps({**document, **changes})
    (tmp_path / CERTIFICATE_FILE).write_text(text)
    with pytest.raises(Exception, match=message) as caught:
        read_certificate(tmp_path)
    assert getattr(caught.value, "exit_code", None) == 3


def test_a_folder_without_certificate_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputFileError, match="Name the folder of a run"):
        read_certificate(tmp_path)
