"""A run over a fleet says of each file what a single audit says, whatever is wrong with the others."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import duckdb
import pytest

from audit.cli import run
from audit.fleet.fleet_folder import FINDINGS_FILE, FleetFolder
from audit.fleet.fleet_result import FleetResult, TenantRow
from audit.fleet.manifest import FleetFile
from audit.fleet.options import FleetOptions
from audit.fleet.pool import LocalPool
from audit.fleet.report.fleet_text import fleet_lines
from audit.fleet.report.fleet_verification import verify_fleet
from audit.fleet.report.written_fleet import read_fleet
from audit.fleet.unit_task import Task
from audit.pipeline.run import run_audit
from audit.pipeline.settings import AuditSettings
from audit.policy.selection import Selection
from audit.report.summary import headline
from audit.results.other_run import read_other
from audit.results.records import Status, Verdict
from audit.results.run_kind import RunKind
from audit.runs.index_file import renew_index
from support.audits.fleets import make_tenant, run_fleet
from support.audits.run_folders import a_kept_run
from support.files.sqlite_files import run_sql

DAMAGE = {
    "acme": (),
    "brook": (
        "UPDATE turns SET runtime_key = 'made-up' WHERE rowid = (SELECT min(rowid) FROM turns WHERE runtime_key <> '')",
    ),
    "cedar": ("DELETE FROM turn_block_membership WHERE rowid < 30",),
    "delta": ("CREATE TRIGGER watch AFTER INSERT ON turns BEGIN SELECT 1; END",),
    "elm": ("UPDATE turns SET inference_id = 'same' WHERE rowid IN (SELECT rowid FROM turns LIMIT 2)",),
}  # fmt: skip
WHEN_IT_RAN = {"started_at", "finished_at", "run_id", "duration_ms", "sqlite_sql", "sqlite_note"}


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> tuple[FleetFile, ...]:
    root = tmp_path_factory.mktemp("tenants")
    found = []
    for seed, (tenant, statements) in enumerate(DAMAGE.items(), start=1):
        file = make_tenant(root, tenant, seed)
        run_sql(Path(file.path), *statements)
        found.append(file)
    (root / "text.db").write_text("no database")
    (root / "empty.db").touch()
    run_sql(root / "other.db", "CREATE TABLE other (a)")
    swapped = FleetFile(9, "swapped", found[0].timeline, "")
    others = [FleetFile(6, "none", str(root / "none.db")), FleetFile(7, "text", str(root / "text.db"))]
    return (*found, *others, FleetFile(8, "empty", str(root / "empty.db")), swapped,
            FleetFile(10, "other", str(root / "other.db")))  # fmt: skip


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory, files: tuple[FleetFile, ...]) -> Path:
    folder = tmp_path_factory.mktemp("out") / "fleet"
    run_fleet(folder, files, engine=LocalPool)
    return folder


@pytest.fixture(scope="module")
def result(out: Path) -> FleetResult:
    return read_fleet(FleetFolder(out))


def row_of(result: FleetResult, tenant: str) -> TenantRow:
    return next(row for row in result.tenants if row.tenant == tenant)


def told(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: told(member) for key, member in value.items() if key not in WHEN_IT_RAN}
    return [told(member) for member in value] if isinstance(value, list) else value


def test_every_row_of_the_manifest_has_one_outcome(result: FleetResult, files: tuple[FleetFile, ...]) -> None:
    assert [row.tenant for row in result.tenants] == [file.tenant for file in files]


@pytest.mark.parametrize("tenant", DAMAGE)
def test_a_file_of_a_fleet_is_told_as_by_a_single_audit(
    out: Path, files: tuple[FleetFile, ...], tenant: str, tmp_path: Path
) -> None:
    folder = FleetFolder(out)
    file = next(each for each in files if each.tenant == tenant)
    outcome = folder.read_outcome(file, folder.read_checks())
    assert outcome is not None
    assert outcome.result is not None
    settings = AuditSettings(Path(file.path), timeline=Path(file.timeline), out_dir=tmp_path, run_id="single")
    single = run_audit(settings)
    assert told(outcome.result.to_json()) == told(single.to_json())
    assert (single.verdict is Verdict.FAILED) is bool(DAMAGE[tenant])
    kept = folder.place_of(file) / FINDINGS_FILE
    rows = "SELECT * FROM read_parquet(?) ORDER BY ALL"
    ours = duckdb.execute(rows, [str(kept)]).fetchall() if kept.exists() else []
    assert ours == duckdb.execute(rows, [str(tmp_path / "single" / FINDINGS_FILE)]).fetchall()


@pytest.mark.parametrize(
    ("tenant", "said"),
    [
        ("none", "no such file"),
        ("text", "not a SQLite database"),
        ("empty", "the file is empty"),
        ("swapped", "it has no table turns"),
        ("other", "it has no table turns"),
    ],
)
def test_what_cannot_be_read_is_told_with_its_tenant_and_the_others_go_on(
    result: FleetResult, tenant: str, said: str
) -> None:
    row = row_of(result, tenant)
    assert (row.verdict, row.how) == (Verdict.ERRORED, "errored")
    assert said in row.error
    assert result.verdict is Verdict.ERRORED, "never better while a listed file is unread"
    assert result.total.not_looked_at[0] == "of 10 files, 5 could not be read and 0 are incomplete"


def test_the_sums_are_those_of_the_files(result: FleetResult) -> None:
    for check in result.total.checks:
        if check.suite != "fleet":
            assert check.findings - check.accepted == sum(row.failed.get(check.check, 0) for row in result.tenants)
    assert result.total.coverage.turns == sum(row.coverage.turns for row in result.tenants)
    shared = next(check for check in result.total.checks if check.check == "inference_not_shared")
    assert shared.status is Status.FAILED
    assert '"tenant": "elm"' in shared.sample[0].key


def test_a_second_run_takes_over_what_has_not_changed_and_says_so(
    out: Path, files: tuple[FleetFile, ...], tmp_path: Path
) -> None:
    copy = [FleetFile(file.row, file.tenant, file.path, file.timeline) for file in files[:3]]
    fleet = tmp_path / "fleet"
    first = run_fleet(fleet, copy, engine=LocalPool)
    assert {row.how for row in first.tenants} == {"audited"}
    again = run_fleet(fleet, copy, engine=LocalPool)
    assert {row.how for row in again.tenants} == {"reused"}
    assert again.notes[0].startswith("3 outcomes of 3 taken over")
    assert told(again.total.to_json()) == told(first.total.to_json())
    with Path(copy[0].path).open("r+b") as stream:  # a byte that SQLite does not read: its own version number
        stream.seek(99)
        byte = stream.read(1)
        stream.seek(99)
        stream.write(bytes([byte[0] ^ 1]))
    try:
        assert [row.how for row in run_fleet(fleet, copy).tenants] == ["audited", "reused", "reused"]
    finally:
        with Path(copy[0].path).open("r+b") as stream:
            stream.seek(99)
            stream.write(byte)
    every = run_fleet(fleet, copy, engine=LocalPool, reuse=False)
    assert {row.how for row in every.tenants} == {"audited"}
    assert len((fleet / "history.jsonl").read_text().splitlines()) == 4
    other = run_fleet(fleet, copy, options=FleetOptions(fail_on="info"))
    assert {row.how for row in other.tenants} == {"audited"}, "another setting, another outcome"


def test_a_file_that_is_not_listed_any_more_leaves_no_outcome(files: tuple[FleetFile, ...], tmp_path: Path) -> None:
    fleet = tmp_path / "fleet"
    run_fleet(fleet, files[:2])
    fewer = run_fleet(fleet, files[1:2])
    assert [row.tenant for row in fewer.tenants] == ["brook"]
    assert len([entry for entry in (fleet / "outcomes").iterdir() if not entry.name.startswith(".")]) == 1
    assert verify_fleet(FleetFolder(fleet)).exit_code == 0


def test_too_many_files_that_cannot_be_read_end_the_run_without_a_verdict_on_the_rest(
    files: tuple[FleetFile, ...], tmp_path: Path
) -> None:
    missing = [FleetFile(number, f"t{number}", str(tmp_path / f"{number}.db")) for number in range(1, 30)]
    stopped = run_fleet(tmp_path / "fleet", [*missing, files[0]], engine=LocalPool, max_errors=3)
    assert stopped.verdict is Verdict.ERRORED
    unread = [row for row in stopped.tenants if row.how == "missing"]
    assert len(unread) >= 10
    assert unread[0].error == "it was not looked at"


def _workers(pid: int) -> Iterator[int]:
    """The processes that audit files for this one."""
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                stat = (entry / "stat").read_text().rpartition(")")[2].split()
                if int(stat[1]) == pid and b"audit.fleet.worker" in (entry / "cmdline").read_bytes():
                    yield int(entry.name)
            except OSError:
                continue


def test_a_worker_that_is_killed_loses_nothing_and_counts_nothing_twice(
    files: tuple[FleetFile, ...], tmp_path: Path
) -> None:
    over = threading.Event()
    killed: list[int] = []

    def kill() -> None:
        """Kill two workers at once, each over a file of its own: no file is killed again when it is tried again."""
        while not over.wait(0.02):
            begun = list(tmp_path.glob("fleet/outcomes/.*.unfinished"))
            if begun and len(workers := list(_workers(os.getpid()))) == 2:
                for worker in workers:
                    os.kill(worker, signal.SIGKILL)
                killed.extend(workers)
                break

    killer = threading.Thread(target=kill)
    killer.start()
    try:
        result = run_fleet(tmp_path / "fleet", files[:5], engine=partial(LocalPool, jobs=2))
    finally:
        over.set()
        killer.join()
    assert killed
    assert [row.how for row in result.tenants] == ["audited"] * 5
    assert [row.verdict for row in result.tenants] == [Verdict.PASSED, *[Verdict.FAILED] * 4]
    assert verify_fleet(FleetFolder(tmp_path / "fleet")).exit_code == 0


def test_work_that_takes_too_long_is_given_up_and_told(files: tuple[FleetFile, ...], tmp_path: Path) -> None:
    folder = FleetFolder(tmp_path / "fleet")
    options = FleetOptions()
    with folder.working():
        pool = LocalPool(folder, Task(options, options.digest(), reuse=True), jobs=1, timeout_s=0.01)
        ((finished),) = pool.run(files[:1])
    assert finished.how == "errored"
    outcome = folder.read_outcome(files[0], {})
    assert outcome is not None
    assert "not read within 0.01 seconds" in outcome.error


def test_an_interrupted_run_is_resumed_where_it_stands(files: tuple[FleetFile, ...], tmp_path: Path) -> None:
    fleet = tmp_path / "fleet"
    paths = [file.path for file in files[:5]]
    command = [sys.executable, "-m", "turntruth", "fleet"]
    running = subprocess.Popen(
        [*command, "audit", *paths, "--out", str(fleet), "--jobs", "1"], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        text=True,
    )  # fmt: skip
    while not list(fleet.glob("outcomes/*/outcome.json.gz")):
        time.sleep(0.05)
    running.send_signal(signal.SIGTERM)
    _, said = running.communicate(timeout=60)
    assert running.returncode == 143
    assert f"turntruth fleet resume {fleet}" in said
    there = len(list(fleet.glob("outcomes/*/outcome.json.gz")))
    assert 1 <= there < 5
    assert not (fleet / "certificate.json").exists()
    ended = subprocess.run([*command, "resume", str(fleet), "-q"], capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stdout) == (1, "verdict: failed\n"), ended.stderr
    result = read_fleet(FleetFolder(fleet))
    assert sum(row.how == "reused" for row in result.tenants) == there
    assert sum(row.how == "audited" for row in result.tenants) == 5 - there


def test_a_list_of_runs_tells_its_folder_as_a_fleet(result: FleetResult, out: Path) -> None:
    other = read_other(out)

    assert other is not None
    assert (other.kind, other.run_id) == (RunKind.FLEET, result.run_id)
    assert other.headline == headline(result.total)
    assert other.moment.startswith("20")


def test_nothing_that_was_read_has_changed(files: tuple[FleetFile, ...], result: FleetResult, out: Path) -> None:
    verification = verify_fleet(FleetFolder(out))
    assert (verification.exit_code, verification.files) == (0, sum(len(row.inputs) for row in result.tenants))
    for file in files[:5]:
        assert not [entry for entry in Path(file.path).parent.iterdir() if not entry.name.endswith(".db")]


def test_the_roll_up_never_hides_an_open_gate(files: tuple[FleetFile, ...], tmp_path: Path) -> None:
    result = run_fleet(tmp_path / "fleet", files[:2], options=replace(FleetOptions(), fail_on="never"))
    assert result.verdict is Verdict.PASSED
    assert headline(result.total) == "GATE OPEN"


def test_the_pointers_of_shards_are_compared_with_the_turns_of_all_of_them(tmp_path: Path) -> None:
    whole = make_tenant(tmp_path, "whole", 33)
    later = (
        "(SELECT conv_id, turn_id FROM turns WHERE turn_created_at_ms > (SELECT avg(turn_created_at_ms) FROM turns))"
    )
    shards = []
    for number, keep in enumerate(("NOT IN", "IN"), start=1):
        place = tmp_path / f"shard-{number}"
        place.mkdir()
        path, timeline = place / "turns.db", place / "timeline.db"
        path.write_bytes(Path(whole.path).read_bytes())
        timeline.write_bytes(Path(whole.timeline).read_bytes())
        run_sql(
            path, f"CREATE TABLE kept AS SELECT conv_id, turn_id FROM turns WHERE (conv_id, turn_id) {keep} {later}"
        )
        for table in ("turn_block_membership", "turns"):
            run_sql(path, f"DELETE FROM {table} WHERE (conv_id, turn_id) NOT IN (SELECT conv_id, turn_id FROM kept)")
        run_sql(path, "DROP TABLE kept")
        shards.append(
            FleetFile(number, f"shard-{number}", str(path), str(timeline) if number == 1 else "", store="one")
        )

    alone = run_audit(AuditSettings(Path(shards[0].path), timeline=Path(shards[0].timeline)))
    assert any(check.check == "pointer_agrees" and check.findings for check in alone.checks)

    result = run_fleet(tmp_path / "fleet", shards)
    checks = {check.check: check for check in result.total.checks}
    assert checks["pointer_agrees"].status is Status.SKIPPED
    assert (checks["store_pointer_agrees"].status, checks["store_pointer_agrees"].findings) == (Status.PASSED, 0)
    assert not any("pointer_agrees" in row.failed for row in result.tenants)
    assert any(note.startswith("files of one store (one)") for note in result.notes)

    run_sql(Path(shards[0].timeline), "UPDATE timeline_conversations SET runtime_key = 'stale' WHERE runtime_key <> ''")
    found = {check.check: check.findings for check in run_fleet(tmp_path / "fleet", shards).total.checks}
    assert found["store_pointer_agrees"] > 0


def test_a_fleet_among_runs_is_put_into_their_index_and_no_other_folder_gets_one(
    files: tuple[FleetFile, ...], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = files[0].path
    command = ["fleet", "audit", path, "--select", "defaults", "--jobs", "1", "--out"]
    assert run([*command, str(tmp_path / "alone" / "fleet"), "-q"]) == 0
    assert not (tmp_path / "alone" / "index.html").exists()

    reports = tmp_path / "reports"
    a_kept_run(reports, 1, run_id="audit")
    renew_index(reports)
    assert run([*command, str(reports / "fleet"), "-q"]) == 0

    capsys.readouterr()
    assert "1 file: 1 GO" in (reports / "index.html").read_text()
    assert run(["runs", str(reports)]) == 0
    assert capsys.readouterr().out.splitlines()[-1].endswith("  GO (partial)  a fleet of 1 file: 1 GO")


def test_a_fleet_of_which_checks_were_left_out_is_partial_as_a_single_audit_is(
    files: tuple[FleetFile, ...], tmp_path: Path
) -> None:
    select = ("defaults",)
    result = run_fleet(tmp_path / "fleet", files[:2], options=FleetOptions(select=select))
    single = run_audit(AuditSettings(Path(files[0].path), selection=Selection(select)))
    assert single.partial
    assert result.total.partial == single.partial
    assert f"this is a partial audit: {single.partial}" in result.total.not_looked_at
    assert headline(result.total) == "GO (partial)"
    assert fleet_lines(result)[-1].text == f"verdict: passed (partial: {single.partial})"
    assert run_fleet(tmp_path / "fleet", files[:2]).total.partial == ""
