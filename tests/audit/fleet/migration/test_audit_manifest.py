"""What a fleet's migration leaves for its audit proves the migration, each file against its backup."""

from __future__ import annotations

from pathlib import Path

import pytest

from audit.cli.store_work import work_on_file
from audit.demo.corpus import write_corpus
from audit.demo.corpus_shape import CorpusShape
from audit.fleet.fleet_folder import FleetFolder
from audit.fleet.manifest import FleetFile, read_manifest
from audit.fleet.migration.fleet_migration import MigrationRequest, migrate_fleet
from audit.results.records import Verdict
from support.audits.fleets import run_fleet
from support.files.sqlite_files import run_sql
from support.processes.fleet_work import InThisProcess

TENANTS = ("acme", "brook")


@pytest.fixture
def files(tmp_path: Path) -> tuple[FleetFile, ...]:
    """Two tenants of the old shape, each with its conversation file."""
    found = []
    for seed, tenant in enumerate(TENANTS, 1):
        shape = CorpusShape(turns=40, conversations=4, seed=seed, malformed=0, unknown=0.1, unattributed=0)
        pair = write_corpus(tmp_path / tenant, shape)
        found.append(FleetFile(seed, tenant, str(pair.turns), str(pair.timeline), labels={"region": "eu"}))
    return tuple(found)


def test_the_audit_of_what_was_migrated_is_against_the_backups(
    files: tuple[FleetFile, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("audit.fleet.migration.crew.AskedChild", InThisProcess)
    folder = FleetFolder(tmp_path / "migration")
    with folder.working():
        done = migrate_fleet(folder, MigrationRequest(files, work_on_file))
    listed = read_manifest([done.audit_manifest])
    result = run_fleet(tmp_path / "audit", listed)

    assert [(row.tenant, row.verdict, dict(row.labels)) for row in result.tenants] == [
        (tenant, Verdict.PASSED, {"region": "eu"}) for tenant in TENANTS
    ]
    assert {read.role for row in result.tenants for read in row.inputs} == {"turns", "timeline", "baseline"}

    # Against the backup a loss shows that no file shows by itself.
    run_sql(Path(files[1].path), "DELETE FROM turns WHERE rowid = 3")
    again = run_fleet(tmp_path / "audit", listed)
    assert [row.verdict for row in again.tenants] == [Verdict.PASSED, Verdict.FAILED]
    assert again.tenants[1].failed["turns_kept"] == 1
