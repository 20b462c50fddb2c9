"""Pairs of small files for the tests of the before/after proof."""

from __future__ import annotations

import io
import json
import shutil
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import apsw

from audit.comparison.proof import ProofSummary, prove

CUTOVER_MS = 2_000_000_000_000
NEWEST_MS = 1_005


def run(path: Path, *statements: str) -> Path:
    """Run statements in a connection that is closed again."""
    connection = apsw.Connection(str(path))
    try:
        connection.pragma("synchronous", "off")
        for statement in statements:
            connection.execute(statement).fetchall()
    finally:
        connection.close()
    return path


def make_store(path: Path) -> Path:
    """A turn store of before the migration: three turns of one conversation, the last one saved at NEWEST_MS."""
    return run(
        path,
        files("audit.demo").joinpath("pre_migration.sql").read_text("utf-8"),
        "BEGIN",
        *_rows(),
        "COMMIT",
    )


def _rows() -> Iterator[str]:
    for n in range(3):
        metadata = json.dumps({"geppetto.runtime@v1": f"runtime-{n}"})
        yield f"INSERT INTO turns VALUES ('c', 's', 't{n}', {1000 + n}, '{metadata}', '{{}}', {1003 + n})"
        yield f"INSERT INTO blocks VALUES ('b{n}', 'h{n}', 'sha256', 'user', 'user', '{{}}', '{{}}', {1000 + n})"
        member = f"'c', 's', 't{n}', 'final', {1003 + n}, 0, 'b{n}', 'h{n}'"
        yield f"INSERT INTO turn_block_membership VALUES ({member})"


LEDGER = (
    "CREATE TABLE turntruth_migrations (migration_id TEXT, step TEXT, started_at_ms INTEGER)",
    f"INSERT INTO turntruth_migrations VALUES ('m', 'migration', {CUTOVER_MS})",
)
"""What a migration says of itself, as far as the proof reads it."""

MIGRATE = (
    "ALTER TABLE turns ADD COLUMN runtime_key TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE turns ADD COLUMN inference_id TEXT NOT NULL DEFAULT ''",
    "CREATE INDEX turns_by_conv_runtime_updated ON turns(conv_id, runtime_key, updated_at_ms DESC)",
    "CREATE INDEX turns_by_conv_inference_updated ON turns(conv_id, inference_id, updated_at_ms DESC)",
    "UPDATE turns SET runtime_key = json_extract(turn_metadata_json, '$.\"geppetto.runtime@v1\"')",
    *LEDGER,
)
"""A migration as it should be, in few words."""


def make_pair(folder: Path) -> tuple[Path, Path]:
    """A migrated store and its baseline."""
    baseline = make_store(folder / "before.db")
    after = folder / "after.db"
    shutil.copyfile(baseline, after)
    run(after, *MIGRATE)
    return after, baseline


def proof(turns: Path, baseline: Path, cutover_ms: int | None = None) -> tuple[ProofSummary, list[dict[str, Any]]]:
    """The summary and the differences."""
    output = io.BytesIO()
    summary = prove(turns, baseline, output, cutover_ms=cutover_ms)
    return summary, [json.loads(line) for line in output.getvalue().splitlines()]


def differences(turns: Path, baseline: Path, cutover_ms: int | None = None) -> list[dict[str, Any]]:
    """The differences alone, without the fields that are empty."""
    found = proof(turns, baseline, cutover_ms)[1]
    return [{name: value for name, value in difference.items() if value != ""} for difference in found]


def damage(path: Path, table: str) -> None:
    """Overwrite the beginning of the root page of a table."""
    run(path, "VACUUM")
    connection = apsw.Connection(str(path))
    ((root,),) = connection.execute("SELECT rootpage FROM sqlite_schema WHERE name = ?", (table,)).fetchall()
    page_size = connection.pragma("page_size")
    connection.close()
    content = bytearray(path.read_bytes())
    start = (int(str(root)) - 1) * int(str(page_size))
    content[start : start + 200] = b"\xff" * 200
    path.write_bytes(content)
