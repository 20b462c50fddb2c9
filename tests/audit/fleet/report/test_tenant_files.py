"""The run of a tenant is a run like any other: it is verified, signed, redacted and compared with later audits."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import asyncssh
import pytest

from audit.certificates.certificate import FileCertificate, read_certificate
from audit.certificates.verification.comparison import Outcome
from audit.certificates.verification.run_verification import verify_folder, verify_run
from audit.cli import run
from audit.demo.corpus_shape import CorpusShape
from audit.fleet.fleet_folder import FleetFolder
from audit.fleet.manifest import FleetFile
from audit.fleet.options import FleetOptions
from audit.fleet.report.tenant_files import CHANGED
from audit.fleet.report.tenant_report import write_tenant
from audit.pipeline.run import run_audit
from audit.pipeline.settings import AuditSettings
from audit.redaction.redacted_run import redact_run
from audit.results.records import Status
from support.audits.fleets import make_tenant, run_fleet
from support.files.sqlite_files import run_sql


@pytest.fixture(name="files")
def make_files(tmp_path: Path) -> tuple[FleetFile, ...]:
    found = make_tenant(tmp_path / "data", "acme", 5), make_tenant(tmp_path / "data", "brook", 6)
    run_sql(Path(found[0].path), "UPDATE turns SET runtime_key = 'other' WHERE rowid = 1")
    return found


@pytest.fixture(name="fleet")
def audit_files(files: tuple[FleetFile, ...], tmp_path: Path) -> FleetFolder:
    registry = tmp_path / "registry.yaml"
    registry.write_text(f"{json.dumps(list(CorpusShape().runtimes))}\n")
    run_fleet(tmp_path / "fleet", files, options=FleetOptions(registry=str(registry)))
    return FleetFolder(tmp_path / "fleet")


@pytest.mark.parametrize("tenant", ["acme", "brook"])
def test_it_is_verified_with_its_files_whether_something_was_found_or_not(
    fleet: FleetFolder, tmp_path: Path, tenant: str
) -> None:
    result, folder = write_tenant(fleet, tenant, tmp_path / "reports")
    assert any(check.findings for check in result.checks) == (tenant == "acme")
    assert [each for each in verify_run(folder).comparisons if each.outcome is not Outcome.SAME] == []


def test_its_files_are_certified_as_by_a_single_audit(
    fleet: FleetFolder, files: tuple[FleetFile, ...], tmp_path: Path
) -> None:
    _, folder = write_tenant(fleet, "acme", tmp_path / "reports")
    settings = AuditSettings(Path(files[0].path), timeline=Path(files[0].timeline), out_dir=tmp_path, run_id="single")
    run_audit(settings)
    assert read_certificate(folder).files == read_certificate(tmp_path / "single").files


def test_a_file_that_has_changed_since_is_certified_by_its_bytes_of_then_alone(
    fleet: FleetFolder, files: tuple[FleetFile, ...], tmp_path: Path
) -> None:
    was = read_certificate_of(fleet, "brook", tmp_path / "before")
    run_sql(Path(files[1].path), "UPDATE turns SET runtime_key = 'other' WHERE rowid = 1")
    now = read_certificate_of(fleet, "brook", tmp_path / "after")
    assert [(each.role, each.problem) for each in now] == [("turns", CHANGED), ("timeline", "")]
    assert (now[0].sha256, now[0].content_sha256) == (was[0].sha256, "")
    assert now[1] == was[1]


def read_certificate_of(fleet: FleetFolder, tenant: str, out_dir: Path) -> tuple[FileCertificate, ...]:
    _, folder = write_tenant(fleet, tenant, out_dir)
    return read_certificate(folder).files


def test_files_that_are_gone_do_not_keep_it_from_being_written(
    fleet: FleetFolder, files: tuple[FleetFile, ...], tmp_path: Path
) -> None:
    shutil.rmtree(Path(files[0].path).parent)
    _, folder = write_tenant(fleet, "acme", tmp_path / "reports")
    assert {each.problem for each in read_certificate(folder).files} == {CHANGED}
    assert {each.outcome for each in verify_folder(folder)} == {Outcome.SAME}


@pytest.mark.parametrize("tenant", ["acme", "brook"])
def test_it_is_redacted_like_any_run(fleet: FleetFolder, tmp_path: Path, tenant: str) -> None:
    result, folder = write_tenant(fleet, tenant, tmp_path / "reports")
    redacted = redact_run(folder, tmp_path / "redacted")
    assert {each.outcome for each in verify_folder(redacted)} == {Outcome.SAME}
    text = b"".join(path.read_bytes() for path in redacted.iterdir() if path.suffix != ".parquet")
    named = [finding.conv_id for check in result.checks for finding in check.sample if finding.conv_id]
    assert bool(named) == (tenant == "acme")
    assert [name for name in (*named, str(tmp_path)) if name.encode() in text] == []


def test_a_later_audit_can_be_held_against_it(fleet: FleetFolder, files: tuple[FleetFile, ...], tmp_path: Path) -> None:
    _, folder = write_tenant(fleet, "brook", tmp_path / "reports")
    run_sql(Path(files[1].path), "UPDATE turns SET runtime_key = 'other' WHERE runtime_key <> ''")
    found = {check.check: check for check in run_audit(AuditSettings(Path(files[1].path), against=folder)).checks}
    assert found["as_seen_before"].status is Status.FAILED


def test_it_is_signed_like_any_run(fleet: FleetFolder, tmp_path: Path) -> None:
    asyncssh.generate_private_key("ssh-ed25519").write_private_key(tmp_path / "key")
    _, folder = write_tenant(fleet, "acme", tmp_path / "reports")
    assert run(["sign", str(folder), "--key", str(tmp_path / "key")]) == 0
