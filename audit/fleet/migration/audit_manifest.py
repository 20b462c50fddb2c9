"""The manifest of a fleet's audit after its migration: each file that is done, against the backup from before."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping
from pathlib import Path

from audit.files.permissions import PRIVATE
from audit.files.whole_file import write_whole
from audit.fleet.fleet_folder import AUDIT_MANIFEST_FILE
from audit.fleet.manifest import LABEL, TURN_COLUMNS, FleetFile
from audit.fleet.migration.journal import Journal


def audit_rows(files: Iterable[FleetFile], journal: Journal) -> list[dict[str, str]]:
    """A row a file that is done; where this fleet wrote no backup, its baseline is that of its own row or ledger."""
    rows = []
    for file in files:
        state = journal.states.get(file.path)
        if state is None or not state.is_done:
            continue
        labels = {f"{LABEL}{name}": value for name, value in file.labels.items()}
        rows.append(
            {
                "tenant": file.tenant,
                "path": file.path,
                "timeline": file.timeline,
                "baseline": state.last.backup or file.baseline or state.last.found_backup,
                "store": file.store,
                **labels,
            }
        )
    return rows


def write_audit_manifest(folder: Path, files: Iterable[FleetFile], journal: Journal) -> Path:
    """Write it into the folder of the migration, for its owner alone: it names everybody's files."""
    return _write(folder, audit_rows(files, journal))


def keep_rows_that_are_done(folder: Path, journal: Journal) -> None:
    """Take the files out of it that were taken back since it was written."""
    path = folder / AUDIT_MANIFEST_FILE
    if path.exists():
        with path.open(encoding="utf-8", newline="") as stream:
            rows = list(csv.DictReader(stream))
        done = set(journal.done(row["path"] for row in rows))
        _write(folder, [row for row in rows if row["path"] in done])


def _write(folder: Path, rows: Iterable[Mapping[str, str]]) -> Path:
    rows = list(rows)
    labels = dict.fromkeys(name for row in rows for name in row if name not in TURN_COLUMNS)
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, [*TURN_COLUMNS, *labels], restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    path = folder / AUDIT_MANIFEST_FILE
    write_whole(path, text.getvalue(), PRIVATE)
    return path
