"""Kept comparisons, as ``turntruth diff --out`` writes them, and folders that look like fleets."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from audit.cli import run
from audit.results.run_kind import FLEET_RESULT, MIGRATION_JOURNAL
from support.files.pair_files import make_file

HEADLINE = "LOST OR CHANGED"


def a_kept_pair(out_dir: Path, run_id: str = "pair", contract: str = "") -> Path:
    """Compare two files that lie beside ``out_dir``: a row is lost, a cell changed, a table new."""
    before, after = out_dir.parent / "before.db", out_dir.parent / "after.db"
    if not before.exists():
        make_file(before, "CREATE TABLE t (k INTEGER PRIMARY KEY, v)", "INSERT INTO t VALUES (1, 'a'), (2, 'b')")
        shutil.copyfile(before, after)
        make_file(after, "UPDATE t SET v = 'c' WHERE k = 1", "DELETE FROM t WHERE k = 2", "CREATE TABLE u (k)")
    words = ["diff", str(before), str(after), "--out", str(out_dir), "--run-id", run_id, "-q"]
    if contract:
        path = out_dir.parent / f"{contract}.toml"
        path.write_text(f'name = "{contract}"\n')
        words += ["--contract", str(path)]
    assert run(words) == 1
    return out_dir / run_id


def a_fleet_folder(folder: Path, verdict: str = "passed", moment: str = "2026-03-01T10:15:00.000Z") -> Path:
    """What tells a fleet from other folders, and the head of its certificate."""
    folder.mkdir(parents=True)
    (folder / FLEET_RESULT).write_text("{}")
    head = {"run_id": "fleet_1", "verdict": verdict, "finished_at": moment, "files": []}
    (folder / "certificate.json").write_text(json.dumps(head, indent=2))
    return folder


def a_migration_folder(folder: Path) -> Path:
    """The journal of a migration."""
    folder.mkdir(parents=True)
    (folder / MIGRATION_JOURNAL).write_text("")
    return folder
