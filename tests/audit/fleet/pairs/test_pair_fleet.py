"""A migration of any database is proven over a fleet: what its contract says of each pair, and one verdict."""

from __future__ import annotations

import json
import os
import signal
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest

import audit.great_expectations.validation  # noqa: F401  loaded once: a process for each of these runs would load it
from audit.certificates.certificate import CERTIFICATE_FILE
from audit.cli import run
from audit.contract.errors import ContractSyntaxError
from audit.contract.shipped_contracts import shipped_contracts
from audit.diff.pair_run import compared
from audit.fleet.errors import ManifestError
from audit.fleet.fleet_folder import FINDINGS_FILE, FleetFolder
from audit.fleet.fleet_result import FleetResult, TenantRow
from audit.fleet.manifest import FleetFile
from audit.fleet.migration.waves import require_unlike_files
from audit.fleet.options import FleetOptions
from audit.fleet.pool import LocalPool
from audit.fleet.report.fleet_verification import verify_fleet
from audit.fleet.report.written_fleet import read_fleet
from audit.fleet.unit_task import Task
from audit.report.summary import headline
from audit.results.records import Status, Verdict
from support.audits.fleets import make_tenant, run_fleet
from support.files.pair_fleet import CONTRACT, FAULTS, make_pair, make_pair_fleet
from support.files.sqlite_files import run_sql

HEALTHY = ("good-1", "good-2")
CLAIMS = {
    "notes.rows", "notes.language", "notes.body", "notes.language DEFAULT",
    "not_admitted.lost", "not_admitted.changed", "not_admitted.new",
}  # fmt: skip


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> tuple[FleetFile, ...]:
    return make_pair_fleet(tmp_path_factory.mktemp("tenants"))


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory, files: tuple[FleetFile, ...]) -> Path:
    folder = tmp_path_factory.mktemp("out") / "fleet"
    run_fleet(folder, files)
    return folder


@pytest.fixture(scope="module")
def result(out: Path) -> FleetResult:
    return read_fleet(FleetFolder(out))


@pytest.fixture
def pairs(tmp_path: Path) -> tuple[FleetFile, ...]:
    """Three healthy ones, to do something with."""
    return tuple(make_pair(tmp_path / "tenants", f"tenant-{row}", row, rows=20) for row in (1, 2, 3))


def row_of(result: FleetResult, tenant: str) -> TenantRow:
    return next(row for row in result.tenants if row.tenant == tenant)


def test_each_pair_has_one_outcome_and_each_planted_fault_its_own_claim(result: FleetResult) -> None:
    assert [(row.tenant, row.verdict) for row in result.tenants] == [
        *((tenant, Verdict.PASSED) for tenant in HEALTHY),
        *((tenant, Verdict.FAILED) for tenant in FAULTS),
    ]
    assert {row.tenant: dict(row.failed) for row in result.tenants} == {
        **{tenant: {} for tenant in HEALTHY},
        **{tenant: wanted for tenant, (_, wanted) in FAULTS.items()},
    }
    assert all(set(row.claims) == CLAIMS for row in result.tenants)
    assert (result.verdict, headline(result.total)) == (Verdict.FAILED, "NO-GO")


def test_the_roll_up_has_a_check_a_claim_and_no_check_of_turns(result: FleetResult) -> None:
    assert {check.check for check in result.total.checks} == CLAIMS
    rows = next(check for check in result.total.checks if check.check == "notes.rows")
    assert (rows.status, rows.findings, rows.scanned) == (Status.FAILED, 3, 9 * 54)
    assert json.loads(rows.sample[0].key) == {"tenant": "lost-notes", "id": 3}
    told = {cause.check: cause.sentence for cause in result.total.causes}
    assert told["notes.rows"] == "notes.rows: 3 findings against the contract, in 2 tenants"
    assert told["notes.language"] == "notes.language: 4 contradicts, in 1 tenant"


@pytest.mark.parametrize("tenant", FAULTS)
def test_a_pair_of_a_fleet_is_told_as_by_a_single_comparison(
    out: Path, files: tuple[FleetFile, ...], tenant: str
) -> None:
    file = next(each for each in files if each.tenant == tenant)
    with compared(Path(file.before), Path(file.path), contract=Path(file.contract)) as single:
        wanted = sorted((each.table, each.key, each.column, each.before) for each in single.findings())
    kept = FleetFolder(out).place_of(file) / FINDINGS_FILE
    found = duckdb.execute('SELECT "table", key, "column", expected FROM read_parquet(?)', [str(kept)]).fetchall()
    assert sorted(found) == wanted


def test_the_certificate_has_the_hashes_of_both_files_and_of_the_contract(
    out: Path, files: tuple[FleetFile, ...]
) -> None:
    certified = json.loads((out / CERTIFICATE_FILE).read_text())["files"]
    listed = {(each["role"], each["path"]) for each in certified}
    assert listed == {
        (role, path)
        for file in files
        for role, path in (("before", file.before), ("after", file.path), ("contract", file.contract))
    }
    assert all(each["sha256"] for each in certified)
    assert verify_fleet(FleetFolder(out)).exit_code == 0


@pytest.mark.parametrize(("tenant", "said"), [("good-1", "GO"), ("lost-notes", "NO-GO")])
def test_the_page_of_a_tenant_is_that_of_its_comparison_and_can_be_verified(
    out: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], tenant: str, said: str
) -> None:
    assert run(["fleet", "report", str(out), "--tenant", tenant, "--out", str(tmp_path)]) == 0
    capsys.readouterr()
    (written,) = tmp_path.iterdir()
    assert {entry.name for entry in written.iterdir()} == {
        "index.html", "results.json", "findings.parquet", "contract.toml", "certificate.json",
    }  # fmt: skip
    assert json.loads((written / "results.json").read_text())["run_id"] == written.name
    assert run(["verify", str(written)]) == 0
    assert f"verdict of the run: {said};" in capsys.readouterr().out


def test_what_cannot_be_compared_is_told_with_its_tenant_and_the_others_go_on(
    pairs: tuple[FleetFile, ...], tmp_path: Path
) -> None:
    Path(pairs[0].before).unlink()
    run_sql(Path(pairs[1].before), "ALTER TABLE notes DROP COLUMN is_draft")
    result = run_fleet(tmp_path / "fleet", pairs)

    assert [row.verdict for row in result.tenants] == [Verdict.ERRORED, Verdict.ERRORED, Verdict.PASSED]
    assert "before.db: no such file" in result.tenants[0].error
    assert "contract.toml: applies: this contract is not for these two files" in result.tenants[1].error
    assert result.verdict is Verdict.ERRORED, "never better while a listed file is unread"


def test_a_claim_that_cannot_be_judged_makes_its_tenant_cannot_tell(tmp_path: Path) -> None:
    pair = make_pair(tmp_path / "tenants", "acme", rows=20)
    ambiguous = CONTRACT.replace("SELECT * FROM before.notes", "SELECT 1 AS id, meta, body, is_draft FROM before.notes")
    Path(pair.contract).write_text(ambiguous)
    (row,) = run_fleet(tmp_path / "fleet", [pair]).tenants

    assert (row.verdict, row.how) == (Verdict.ERRORED, "audited"), row.error
    assert set(row.errored) == {"notes.rows", "notes.language", "notes.body"}
    assert row.error.startswith("rows.notes: ")
    (again,) = run_fleet(tmp_path / "fleet", [pair]).tenants
    assert again.how == "audited", "what was not judged once may be the next time"


def test_a_second_run_takes_over_what_has_not_changed_and_judges_anew_what_has(
    pairs: tuple[FleetFile, ...], tmp_path: Path
) -> None:
    fleet = tmp_path / "fleet"
    assert [row.how for row in run_fleet(fleet, pairs).tenants] == ["audited"] * 3
    assert [row.how for row in run_fleet(fleet, pairs).tenants] == ["reused"] * 3
    run_sql(Path(pairs[0].before), "UPDATE owners SET name = 'was another' WHERE id = 1")
    run_sql(Path(pairs[1].path), "UPDATE owners SET name = 'is another' WHERE id = 1")
    again = run_fleet(fleet, pairs)
    assert [(row.how, row.verdict) for row in again.tenants] == [
        ("audited", Verdict.FAILED), ("audited", Verdict.FAILED), ("reused", Verdict.PASSED),
    ]  # fmt: skip

    Path(pairs[0].contract).write_text(CONTRACT.replace("meta ->> '$.lang'", "upper(meta ->> '$.lang')"))
    other = run_fleet(fleet, pairs)
    assert [row.how for row in other.tenants] == ["audited"] * 3, "another contract, another outcome"
    assert other.tenants[2].failed == {"notes.language": 18}


def test_one_contract_for_all_rows_and_a_run_that_is_resumed(
    pairs: tuple[FleetFile, ...], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    manifest, fleet = tmp_path / "fleet.toml", tmp_path / "fleet"
    rows = "".join(
        f"[[file]]\ntenant = '{file.tenant}'\npath = '{file.path}'\nbefore = '{file.before}'\n" for file in pairs
    )
    manifest.write_text(f"contract = '{Path(pairs[0].contract).relative_to(tmp_path)}'\n{rows}")
    run_sql(Path(pairs[1].path), "DELETE FROM notes WHERE id = 3")

    assert run(["fleet", "audit", str(manifest), "--out", str(fleet), "--jobs", "2"]) == 1
    assert "NO-GO tenant-2: notes.rows: 1 missing" in capsys.readouterr().out
    assert run(["fleet", "resume", str(fleet), "-q"]) == 1
    assert [row.how for row in read_fleet(FleetFolder(fleet)).tenants] == ["reused"] * 3
    assert run(["fleet", "verify", str(fleet)]) == 0
    Path(pairs[0].contract).write_text(CONTRACT + "# later\n")
    assert run(["fleet", "verify", str(fleet)]) == 1
    assert "contract.toml: its bytes have changed since" in capsys.readouterr().out


def test_a_killed_comparison_loses_nothing(pairs: tuple[FleetFile, ...], tmp_path: Path) -> None:
    over = threading.Event()
    killed: list[int] = []

    def kill() -> None:
        while not over.wait(0.02) and not killed:
            for process in _comparing():
                os.kill(process, signal.SIGKILL)
                killed.append(process)

    killer = threading.Thread(target=kill)
    killer.start()
    try:
        result = run_fleet(tmp_path / "fleet", pairs)
    finally:
        over.set()
        killer.join()
    assert killed
    assert [(row.how, row.verdict) for row in result.tenants] == [("audited", Verdict.PASSED)] * 3


def _comparing() -> Iterator[int]:
    for entry in Path("/proc").iterdir():
        try:
            line = (entry / "cmdline").read_bytes() if entry.name.isdigit() else b""
            inside = b"comparison_worker" in line and b"/turntruth-" in (entry / "environ").read_bytes()
        except OSError:
            continue
        if inside and _is_ours(int(entry.name)):
            yield int(entry.name)


def _is_ours(process: int) -> bool:
    """Whether a process descends from this one."""
    while process > 1:
        if process == os.getpid():
            return True
        process = int(Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[1])
    return False


def test_a_comparison_that_takes_too_long_is_given_up_and_told(pairs: tuple[FleetFile, ...], tmp_path: Path) -> None:
    folder, options = FleetFolder(tmp_path / "fleet"), FleetOptions()
    with folder.working():
        pool = LocalPool(folder, Task(options, options.digest(), reuse=True), jobs=1, timeout_s=0.01)
        ((finished),) = pool.run(pairs[:1])
    outcome = folder.read_outcome(pairs[0], {})
    assert finished.how == "errored"
    assert outcome is not None
    assert "not read within 0.01 seconds" in outcome.error


def test_too_many_pairs_that_cannot_be_read_end_the_run(pairs: tuple[FleetFile, ...], tmp_path: Path) -> None:
    missing = [replace(pairs[0], row=row, tenant=f"t{row}", path=str(tmp_path / f"{row}.db")) for row in range(1, 30)]
    stopped = run_fleet(tmp_path / "fleet", [*missing, pairs[0]], max_errors=3)
    assert stopped.verdict is Verdict.ERRORED
    assert len([row for row in stopped.tenants if row.how == "missing"]) >= 10


def test_turn_files_and_pairs_stand_in_one_fleet(pairs: tuple[FleetFile, ...], tmp_path: Path) -> None:
    turns = make_tenant(tmp_path / "turns", "turns", 4)
    run_sql(Path(pairs[0].path), "DELETE FROM owners WHERE id = 4")
    result = run_fleet(tmp_path / "fleet", [*pairs, turns])

    assert [row.verdict for row in result.tenants] == [Verdict.FAILED, *[Verdict.PASSED] * 3]
    assert row_of(result, "turns").claims == ()
    suites = {check.suite for check in result.total.checks}
    assert {"contract", "backfill", "fleet"} <= suites
    assert result.total.coverage.turns == row_of(result, "turns").coverage.turns > 0
    assert result.notes == ("3 files compared under a contract with what was there before",)


def test_the_shipped_contract_of_turns_asks_of_each_pair_what_its_shape_can_answer(tmp_path: Path) -> None:
    pairs = []
    for row, tenant in enumerate(("healthy", "damaged"), start=1):
        made = make_tenant(tmp_path / "turns", tenant, row)
        before = Path(made.path).with_name("baseline.db")
        pairs.append(FleetFile(row, tenant, made.path, before=str(before), contract=str(shipped_contracts()["turns"])))
    run_sql(Path(pairs[1].path), "DELETE FROM blocks WHERE rowid IN (SELECT min(rowid) FROM blocks)")
    healthy, damaged = run_fleet(tmp_path / "fleet", pairs).tenants

    assert (healthy.verdict, dict(healthy.failed), healthy.error) == (Verdict.PASSED, {}, "")
    assert (damaged.verdict, damaged.error) == (Verdict.FAILED, "")
    assert dict(damaged.failed) in ({"not_admitted.lost": 1}, {"blocks.rows": 1})


def test_an_open_gate_is_never_hidden(pairs: tuple[FleetFile, ...], tmp_path: Path) -> None:
    run_sql(Path(pairs[0].path), "DELETE FROM owners WHERE id = 4")
    result = run_fleet(tmp_path / "fleet", pairs, options=FleetOptions(fail_on="never"))
    assert (result.verdict, headline(result.total)) == (Verdict.PASSED, "GATE OPEN")


def test_a_contract_of_no_good_form_is_refused_before_the_work(pairs: tuple[FleetFile, ...], tmp_path: Path) -> None:
    Path(pairs[0].contract).write_text("[rows.notes]\ncolumn = 1\n")
    with pytest.raises(ContractSyntaxError, match="column"):
        run_fleet(tmp_path / "fleet", pairs)


def test_what_is_compared_is_not_migrated(pairs: tuple[FleetFile, ...]) -> None:
    with pytest.raises(ManifestError, match="it is compared, not migrated"):
        require_unlike_files(pairs)


def test_nothing_that_was_read_has_changed(files: tuple[FleetFile, ...], result: FleetResult, out: Path) -> None:
    assert verify_fleet(FleetFolder(out)).exit_code == 0
    for file in files:
        assert {entry.name for entry in Path(file.path).parent.iterdir()} == {"before.db", "after.db"}
