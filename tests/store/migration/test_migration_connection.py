"""What a migration does to the write-ahead log that everybody shares, seen from another process."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import apsw
import pytest

from store.migration.ledger import Evidence
from store.turns.schema import turn_schema_sql
from support.files.migration_files import query

TURNS = 60_000
CONVERSATIONS = 3_000
MOST_LOG_BYTES = 16 * 2**20

_MIGRATE = """
import sys
sys.path[:0] = sys.argv[3:]
from store.migration import migrate
migrate(sys.argv[1], evidence=sys.argv[2], backup=False)
"""
# Every conversation gets a turn in turn, so that neighbours in the table lie far apart in the indexes.
_TURNS = """
WITH RECURSIVE turn(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM turn WHERE n < :turns)
INSERT INTO turns (conv_id, session_id, turn_id, turn_created_at_ms, updated_at_ms, turn_metadata_json)
SELECT printf('%08x-conversation', n % :conversations * 2654435761 % 4294967296), 'session', printf('turn-%08x', n),
  n, n, json_object(iif(n % 2, 'runtime', 'geppetto.runtime@v1'), 'inventory', 'geppetto.inference_id@v1',
  printf('%08x-inference', n), 'geppetto.usage@v1', printf('%0500d', 1))
FROM turn"""


@pytest.fixture(scope="module")
def indexed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file whose columns are there and empty and whose indexes exist: each value filled moves an entry of one."""
    path = tmp_path_factory.mktemp("indexed") / "turns.db"
    connection = apsw.Connection(str(path))
    connection.pragma("journal_mode", "wal")
    connection.pragma("synchronous", "off")
    connection.execute(turn_schema_sql())
    with connection:
        connection.execute(_TURNS, {"turns": TURNS, "conversations": CONVERSATIONS})
    connection.close()
    return path


def largest_log_bytes(path: Path, evidence: Evidence, repository: Path) -> int:
    """Let another process migrate the file; how long its log was at any time. It only grows while it is in use."""
    watching = apsw.Connection(str(path))  # the last one to leave would take the log away
    watching.execute("SELECT count(*) FROM sqlite_schema").fetchall()
    log = Path(f"{path}-wal")
    process = subprocess.Popen([sys.executable, "-c", _MIGRATE, str(path), evidence, str(repository)])
    largest = 0
    while process.poll() is None:
        largest = max(largest, log.stat().st_size)
        time.sleep(0.002)
    largest = max(largest, log.stat().st_size)
    watching.close()
    assert process.returncode == 0
    return largest


def test_filling_a_file_that_has_its_indexes_already_keeps_the_log_short(indexed: Path, repository: Path) -> None:
    """First what is named directly, then the rest: both times every turn filled touches pages all over the indexes."""
    levels: tuple[Evidence, ...] = ("direct", "all")
    for level, left in zip(levels, (TURNS // 2, 0), strict=True):
        assert 0 < largest_log_bytes(indexed, level, repository) <= MOST_LOG_BYTES
        assert query(indexed, "SELECT count(*) FROM turns WHERE runtime_key = ''") == [(left,)]
