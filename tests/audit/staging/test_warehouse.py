"""The warehouse shows one consistent state of the files, lets go of them unchanged, and then reaches no file at all."""

from __future__ import annotations

import os
import time
from pathlib import Path

import duckdb
import pytest

from audit.errors import (
    AuditError,
    DamagedFileError,
    ExtensionError,
    InputFileError,
    NotADatabaseError,
    OpenInProcessError,
)
from audit.files.database_file import is_open_here
from audit.staging import warehouse as warehouse_module
from audit.staging.access import Route, side_path
from audit.staging.engine import scanner
from audit.staging.engine.scanner import extension_path
from audit.staging.warehouse import CATALOGS, Warehouse, quote_identifier, quote_literal, sqlite_query
from support.files.sqlite_files import GIVE_UP_RIGHTS, child, in_child, make_turns, run_sql

WRITER_WITH_AN_INVARIANT = """
import random, sys, apsw
path, mode = sys.argv[1:]
connection = apsw.Connection(path)
connection.set_busy_timeout(20000)
def run(sql, *values):
    return connection.execute(sql, values).fetchall()
run(f"PRAGMA journal_mode = {mode}")
run("PRAGMA synchronous = OFF")
run("CREATE TABLE debit (id INTEGER PRIMARY KEY, v INTEGER, pad TEXT)")
run("CREATE TABLE credit (id INTEGER PRIMARY KEY, v INTEGER, pad TEXT)")
run("BEGIN")
run("WITH RECURSIVE s(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM s WHERE i < 30000)"
    " INSERT INTO debit SELECT i, 0, printf('%0100d', i) FROM s")
run("INSERT INTO credit SELECT * FROM debit")
run("COMMIT")
print("ready", flush=True)
while True:
    row = random.randint(1, 30000)
    run("BEGIN IMMEDIATE")
    run("UPDATE debit SET v = v + 1 WHERE id = ?", row)
    run("UPDATE credit SET v = v + 1 WHERE id = ?", row)
    run("INSERT INTO debit SELECT max(id) + 1, 1, '' FROM debit")
    run("INSERT INTO credit SELECT max(id) + 1, 1, '' FROM credit")
    run("COMMIT")
"""

LOST_WRITES = """
import subprocess, sys, apsw, duckdb
from audit.staging.engine.scanner import extension_path
path = sys.argv[1]
ours = apsw.Connection(path)
ours.execute("PRAGMA journal_mode = WAL").fetchall()
ours.execute("CREATE TABLE t (n INTEGER)").fetchall()
ours.execute("INSERT INTO t VALUES (0)").fetchall()
duck = duckdb.connect()
duck.execute(f"LOAD '{extension_path()}'")
duck.execute(f"ATTACH '{path}' AS x (TYPE sqlite, READ_ONLY)")
duck.execute("SELECT * FROM x.t").fetchall()
duck.execute("DETACH x")
duck.close()
other = "import sys, apsw; c = apsw.Connection(sys.argv[1]); c.execute('INSERT INTO t VALUES (1)').fetchall()"
subprocess.run([sys.executable, "-c", other, path], check=True)
for n in (2, 3, 4):
    ours.execute("INSERT INTO t VALUES (?)", (n,)).fetchall()
seen_here = [n for (n,) in ours.execute("SELECT n FROM t ORDER BY n")]
count = "import sys, apsw; print([n for (n,) in apsw.Connection(sys.argv[1]).execute('SELECT n FROM t ORDER BY n')])"
seen_elsewhere = subprocess.run([sys.executable, "-c", count, path], check=True, capture_output=True, text=True)
print(seen_here, "|", seen_elsewhere.stdout.strip())
"""


def content(folder: Path) -> dict[str, bytes]:
    return {entry.name: entry.read_bytes() for entry in folder.iterdir() if entry.is_file()}


def count_turns(path: Path) -> int:
    """Stage the turns of a file as an audit would, and count them after the lock."""
    with Warehouse() as warehouse:
        warehouse.attach("turns", path)
        with warehouse.snapshot() as connection:
            connection.execute("CREATE TABLE staged AS SELECT conv_id FROM turns_db.turns")
        warehouse.detach()
        warehouse.lock()
        counted = warehouse.connection.execute("SELECT count(*) FROM staged").fetchone()
    assert counted is not None
    return int(counted[0])


@pytest.mark.parametrize("name", ["turns.db", "with space.db", 'quote\'s "double".db', "Züge-会話.db", "a;b--c.db"])
def test_any_path_can_be_attached(tmp_path: Path, name: str) -> None:
    assert count_turns(make_turns(tmp_path / name, turns=5)) == 5


@pytest.mark.parametrize("wal", [False, True])
def test_the_file_and_its_folder_stay_as_they_were(tmp_path: Path, wal: bool) -> None:
    path = make_turns(tmp_path / "turns.db", turns=7, wal=wal)
    before = content(tmp_path)
    assert count_turns(path) == 7
    assert content(tmp_path) == before


def test_the_newest_commits_of_a_wal_are_seen_and_stay_where_they_are(tmp_path: Path) -> None:
    origin = make_turns(tmp_path / "origin.db", wal=True)
    folder = tmp_path / "copied"
    folder.mkdir()
    source = (
        "import sys, apsw; c = apsw.Connection(sys.argv[1]); "
        "c.execute(\"INSERT INTO turns VALUES ('new', 's', 't', 1, '{}', '{}', '', '', 1)\").fetchall(); "
        "print('ready', flush=True); sys.stdin.read()"
    )
    with child(source, str(origin)):
        (folder / "turns.db").write_bytes(origin.read_bytes())
        (folder / "turns.db-wal").write_bytes(side_path(origin, "-wal").read_bytes())
        assert count_turns(origin) == 4, "while the writer lives"
    before = content(folder)
    assert count_turns(folder / "turns.db") == 4
    assert content(folder) == before


def test_a_folder_without_write_permission_is_no_obstacle(public_folder: Path) -> None:
    path = make_turns(public_folder / "turns.db", wal=True)
    path.chmod(0o444)
    public_folder.chmod(0o555)
    before = content(public_folder)
    source = (
        "from pathlib import Path; from audit.staging.warehouse import Warehouse\n"
        f"{GIVE_UP_RIGHTS}\n"
        "assert not os.access(Path(sys.argv[1]).parent, os.W_OK)\n"
        "with Warehouse() as warehouse:\n"
        "    warehouse.attach('turns', Path(sys.argv[1]))\n"
        "    print(warehouse.connection.execute('SELECT count(*) FROM turns_db.turns').fetchone())\n"
    )
    ran = in_child(source, str(path))
    assert ran.stdout == "(3,)\n", ran.stderr
    assert content(public_folder) == before


def test_the_journal_of_a_crashed_writer_is_rolled_back_in_a_copy_only(tmp_path: Path) -> None:
    path = make_turns(tmp_path / "turns.db", turns=500)
    in_child(
        "import os, sys, apsw; c = apsw.Connection(sys.argv[1]); c.execute('PRAGMA cache_size = 1').fetchall();"
        "c.execute('BEGIN').fetchall(); c.execute('DELETE FROM turns').fetchall(); os._exit(9)",
        str(path),
    )
    before = content(tmp_path)
    assert "turns.db-journal" in before
    assert count_turns(path) == 500
    assert content(tmp_path) == before


@pytest.mark.parametrize("mode", ["WAL", "DELETE"])
def test_a_snapshot_of_a_live_file_is_consistent_across_tables(tmp_path: Path, mode: str) -> None:
    path = tmp_path / "live.db"
    sums = []
    with child(WRITER_WITH_AN_INVARIANT, str(path), mode):
        for _ in range(3):
            with Warehouse() as warehouse:
                assert warehouse.attach("turns", path).route is Route.DIRECT
                with warehouse.snapshot() as connection:
                    for table in ("debit", "credit"):
                        connection.execute(f"CREATE TABLE {table} AS SELECT v, pad FROM turns_db.{table}")
                    connection.execute(
                        f"CREATE TABLE late AS {sqlite_query('turns_db', 'SELECT count(*) AS n FROM debit')}"
                    )
                warehouse.detach()
                query = "SELECT count(*), sum(CAST(v AS BIGINT)) FROM "
                debit = warehouse.connection.execute(query + "debit").fetchone()
                credit = warehouse.connection.execute(query + "credit").fetchone()
                late = warehouse.connection.execute("SELECT CAST(n AS BIGINT) FROM late").fetchone()
            assert debit is not None
            assert debit == credit
            assert late == debit[:1]
            sums.append(debit[1])
            time.sleep(0.05)
    assert len(set(sums)) > 1, "the writer has to write during the test, or it proves nothing"


def test_parallel_scans_would_not_be_consistent(tmp_path: Path) -> None:
    """Shows why the setting is there: should this ever fail, the scanner has learned to share a snapshot."""
    path = tmp_path / "live.db"
    outcomes = []
    with child(WRITER_WITH_AN_INVARIANT, str(path), "WAL"):
        for _ in range(10):
            with Warehouse() as warehouse:
                warehouse.connection.execute("RESET threads; SET sqlite_disable_multithreaded_scans = false")
                warehouse.attach("turns", path)
                with warehouse.snapshot() as connection:
                    debit = connection.execute("SELECT sum(CAST(v AS BIGINT)) FROM turns_db.debit").fetchone()
                    credit = connection.execute("SELECT sum(CAST(v AS BIGINT)) FROM turns_db.credit").fetchone()
            outcomes.append(debit == credit)
            if not outcomes[-1]:
                break
    assert not all(outcomes)


def test_a_file_open_in_this_process_is_refused(tmp_path: Path) -> None:
    path = make_turns(tmp_path / "turns.db")
    with path.open("rb"), Warehouse() as warehouse, pytest.raises(OpenInProcessError):
        warehouse.attach("turns", path)


def test_two_sqlite_libraries_on_one_file_lose_committed_writes(tmp_path: Path) -> None:
    """Shows why such a file is refused: here without the guard, in a process of its own."""
    ran = in_child(LOST_WRITES, str(tmp_path / "shared.db"))
    here, _, elsewhere = ran.stdout.partition(" | ")
    assert here.strip() == "[0, 1, 2, 3, 4]" or here.strip() == "[0, 2, 3, 4]", ran.stderr
    assert elsewhere.strip() == "[0, 1]"


def test_a_file_is_held_while_it_is_read_and_not_afterwards(tmp_path: Path) -> None:
    path = make_turns(tmp_path / "turns.db")
    with Warehouse() as warehouse, Warehouse() as second:
        warehouse.attach("turns", path)
        with warehouse.snapshot(), pytest.raises(OpenInProcessError):
            second.attach("turns", path)
        warehouse.detach()
        assert not is_open_here(path)
        second.attach("turns", path)


@pytest.mark.parametrize(
    "statement",
    [
        "COPY (SELECT 1) TO '{folder}/stolen.csv'",
        "SELECT * FROM read_text('{folder}/turns.db')",
        "SELECT * FROM read_csv('{folder}/turns.db')",
        "SELECT * FROM glob('{folder}/*')",
        "ATTACH '{folder}/turns.db' AS again (TYPE sqlite)",
        "ATTACH '{folder}/new.duckdb' AS fresh",
        "SELECT * FROM sqlite_scan('{folder}/turns.db', 'turns')",
        "SELECT * FROM sqlite_query('turns_db', 'SELECT 1')",
        "LOAD '{extension}'",
        "INSTALL httpfs",
        "EXPORT DATABASE '{folder}/exported'",
        "SET enable_external_access = true",
        "SET memory_limit = '100GB'",
        "SET lock_configuration = false",
    ],
)
def test_nothing_outside_can_be_reached_after_the_lock(tmp_path: Path, statement: str) -> None:
    path = make_turns(tmp_path / "turns.db")
    with Warehouse() as warehouse:
        warehouse.attach("turns", path)
        warehouse.detach()
        warehouse.lock()
        with pytest.raises(duckdb.Error):
            warehouse.connection.execute(statement.format(folder=tmp_path, extension=extension_path())).fetchall()
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["turns.db"]


@pytest.mark.parametrize("is_verified", [True, False])
def test_the_lock_is_refused_while_the_staging_instance_lives_on(
    monkeypatch: pytest.MonkeyPatch, is_verified: bool
) -> None:
    """Whether it was opened as the locked one would be, or not."""
    with Warehouse():  # what it has loaded is verified
        pass
    if not is_verified:
        monkeypatch.setattr(scanner, "_verified", set())
    configuration = scanner.scanner_configuration()
    assert bool(configuration) == is_verified
    with Warehouse() as warehouse:
        second = warehouse._connect(configuration)
        with pytest.raises(AuditError, match="still open"):
            warehouse.lock()
        second.close()


def test_staged_tables_survive_the_lock_and_can_spill(tmp_path: Path) -> None:
    with Warehouse(memory_bytes=100 * 1024 * 1024) as warehouse:
        warehouse.connection.execute(
            "CREATE TABLE staged AS SELECT i, md5(CAST(i AS VARCHAR)) AS h, md5(CAST(-i AS VARCHAR)) AS g"
            " FROM range(2000000) AS r(i)"
        )
        warehouse.lock()
        found = warehouse.connection.execute(
            "SELECT count(*) FROM (SELECT row_number() OVER (PARTITION BY h ORDER BY g) AS n, g FROM staged)"
        ).fetchone()
    assert found == (2000000,)


def test_a_new_instance_has_what_was_staged_and_reaches_no_file_any_more(tmp_path: Path) -> None:
    path = make_turns(tmp_path / "turns.db")
    with Warehouse() as warehouse:
        warehouse.attach("turns", path)
        warehouse.connection.execute("CREATE TABLE staged AS SELECT 7 AS kept")
        warehouse.detach()

        warehouse.renew()

        assert warehouse.connection.execute("FROM staged").fetchall() == [(7,)]
        with pytest.raises(duckdb.Error):
            warehouse.connection.execute(f"ATTACH '{path}' AS again (TYPE sqlite)")


@pytest.mark.parametrize("is_large", [False, True])
def test_tables_of_large_files_only_are_compressed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_large: bool
) -> None:
    path = make_turns(tmp_path / "turns.db")
    size_bytes = path.stat().st_size
    monkeypatch.setattr(warehouse_module, "COMPRESSED_FROM_BYTES", size_bytes if is_large else size_bytes + 1)
    with Warehouse() as warehouse:
        warehouse.attach("turns", path)
        warehouse.connection.execute("CREATE TABLE same AS SELECT 'the same word' AS word FROM range(200000)")
        warehouse.detach()
        warehouse.lock()
        warehouse.connection.execute("CREATE TABLE again AS FROM same")
        methods = {
            method
            for table in ("same", "again")
            for (method,) in warehouse.connection.execute(
                f"SELECT compression FROM pragma_storage_info('{table}') WHERE segment_type = 'VARCHAR'"
            ).fetchall()
        }
    assert ("Uncompressed" in methods) != is_large


def test_the_private_folder_goes_with_the_warehouse(tmp_path: Path) -> None:
    with Warehouse() as warehouse:
        folder = warehouse.folder
        assert folder.stat().st_mode & 0o077 == 0, "nobody else may look into it"
        warehouse.attach("turns", make_turns(tmp_path / "turns.db", wal=True))
    assert not folder.exists()


def test_the_private_folder_goes_after_an_error_too(tmp_path: Path) -> None:
    warehouse = Warehouse()
    with pytest.raises(InputFileError), warehouse:
        warehouse.attach("turns", tmp_path / "missing.db")
    assert not warehouse.folder.exists()


def test_a_missing_extension_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("audit.staging.engine.scanner.find_spec", lambda _: None)
    warehouse = Warehouse()
    with pytest.raises(ExtensionError, match=r"requirements\.lock"), warehouse:
        pass
    assert not warehouse.folder.exists()


def test_an_extension_for_another_duckdb_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(duckdb, "__version__", "9.9.9")
    with pytest.raises(ExtensionError, match=r"9\.9\.9"):
        extension_path()


def test_damage_in_the_schema_is_refused_by_name(tmp_path: Path) -> None:
    path = make_turns(tmp_path / "turns.db", turns=100)
    damaged = bytearray(path.read_bytes())
    damaged[100:140] = os.urandom(40)
    path.write_bytes(damaged)
    with Warehouse() as warehouse, pytest.raises(DamagedFileError, match=r"turns\.db.*backup"):
        warehouse.attach("turns", path)


def test_an_encrypted_body_behind_a_plain_header_is_refused(tmp_path: Path) -> None:
    path = make_turns(tmp_path / "turns.db", turns=100)
    whole = path.read_bytes()
    path.write_bytes(whole[:16] + os.urandom(len(whole) - 16))
    with Warehouse() as warehouse, pytest.raises((NotADatabaseError, DamagedFileError)):
        warehouse.attach("turns", path)


def test_a_file_that_stays_locked_is_refused(tmp_path: Path) -> None:
    path = make_turns(tmp_path / "turns.db")
    source = (
        "import sys, apsw; c = apsw.Connection(sys.argv[1]); c.execute('BEGIN EXCLUSIVE').fetchall();"
        "print('ready', flush=True); sys.stdin.read()"
    )
    with (
        child(source, str(path)),
        Warehouse() as warehouse,
        pytest.raises(InputFileError, match="another process keeps the file locked"),
    ):
        warehouse.attach("turns", path)


def test_tables_lists_columns_in_lower_case(tmp_path: Path) -> None:
    path = tmp_path / "odd.db"
    run_sql(path, 'CREATE TABLE "Odd "" name" (Alpha, "B c")', "CREATE VIEW v AS SELECT 1")
    with Warehouse() as warehouse:
        warehouse.attach("turns", path)
        assert warehouse.tables("turns") == {'odd " name': ("alpha", "b c")}


def test_reset_begins_again_with_nothing(tmp_path: Path) -> None:
    path = make_turns(tmp_path / "turns.db")
    with Warehouse() as warehouse:
        warehouse.attach("turns", path)
        warehouse.connection.execute("CREATE TABLE staged (n INTEGER)")
        warehouse.reset()
        assert warehouse.accesses == {}
        warehouse.connection.execute("CREATE TABLE staged (n INTEGER)")
        warehouse.attach("turns", path)


def _stage_and_fail(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute("CREATE TABLE staged AS SELECT 1 AS n")
    connection.execute("SELECT no_such_column FROM turns_db.turns")


def test_a_failed_snapshot_leaves_nothing_half_staged(tmp_path: Path) -> None:
    with Warehouse() as warehouse:
        warehouse.attach("turns", make_turns(tmp_path / "turns.db"))
        with pytest.raises(duckdb.Error), warehouse.snapshot() as connection:
            _stage_and_fail(connection)
        with pytest.raises(duckdb.CatalogException):
            warehouse.connection.execute("SELECT * FROM staged")


@pytest.mark.parametrize("name", ["plain", 'with "quotes"', "with 'single'", "", "ünïcode", "a;b"])
def test_quoting_gives_the_name_and_the_text_back(name: str) -> None:
    connection = duckdb.connect()
    assert connection.execute(f"SELECT {quote_literal(name)}").fetchone() == (name,)
    if name:
        described = connection.execute(f"SELECT 1 AS {quote_identifier(name)}").description
        assert described[0][0] == name
    connection.close()


def test_every_role_has_a_catalog_of_its_own() -> None:
    assert len(set(CATALOGS.values())) == len(CATALOGS)
