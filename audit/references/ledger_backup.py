"""``--baseline auto``: the backup that a file's own ledger names, if it is still what the migration wrote.

``python -m audit.references.ledger_backup TURNS`` runs as a process of its own, since what audits the file may not open
it with a second library. It prints one JSON object with the ``path`` of the backup, and reads only.

The ledger keeps two things of a backup that stand for it wherever both files are moved together: its path from the
folder of the database, and the hash of what it holds. docs/migration-playbook.md has the formula of that hash; it is
computed here by itself, so that a mistake of the migration's own hash cannot confirm itself.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import apsw

from audit.comparison.files.opening import open_alone
from audit.comparison.files.tables import quote_identifier, read_tables
from audit.errors import AuditError, InputFileError, MissingFileError, UsageError
from audit.files.private_folder import PrivateFolder
from audit.processes.children import Child, ChildError

MODULE = "audit.references.ledger_backup"
_LEDGER = "turntruth_migrations"
_HASHED_TABLES = ("turns", "turn_snapshots", "turn_snapshots_legacy")
_GIVE_IT = "Give the file from before by its path: --baseline PATH"
_LAST_BACKUP = (
    f"SELECT counts_json FROM {_LEDGER} WHERE step = 'migration' AND json_valid(counts_json)"
    " AND coalesce(counts_json ->> '$.backup', '') <> '' ORDER BY rowid DESC LIMIT 1"
)


class NoBackupNamedError(InputFileError):
    """The ledger of the file names no backup that could be recognised."""

    def __init__(self, path: Path, problem: str) -> None:
        super().__init__(path, problem, _GIVE_IT)


class OtherBackupError(InputFileError):
    """What lies where the backup was written is another file by now."""

    def __init__(self, path: Path, recorded: str, found: str) -> None:
        self.recorded = recorded
        self.found = found
        problem = f"not the backup that the ledger names: its content hash is {found}, recorded is {recorded}"
        super().__init__(path, problem, _GIVE_IT)


@dataclass(frozen=True, slots=True)
class NamedBackup:
    """What the ledger says of a backup: where it lies as seen from the folder of the database, and its content hash."""

    relative: str
    content_sha256: str


def find_backup(turns: Path) -> Path:
    """Path of the backup that the ledger of ``turns`` names last, in a child process.

    Raises
    ------
    UsageError
        There is no such ledger, no such file, or the file is another one by now; says what to do.
    """
    if not turns.exists():
        raise MissingFileError(turns)
    with PrivateFolder() as folder, Child(MODULE, ["--", str(turns.absolute())], folder) as child:
        try:
            return Path(str(json.loads(child.finish())["path"]))
        except ChildError as error:
            if error.exit_code_of_child == UsageError.exit_code:
                raise UsageError(error.said) from error
            raise


def recognised_backup(turns: Path) -> Path:
    """The same in this process, which may have neither file open."""
    with open_alone(turns) as (connection, _):
        named = _named(connection, turns)
    # The file itself, not a link to it, is what the backup lies beside.
    path = (turns.resolve().parent / named.relative).resolve()
    if not path.is_file():
        raise MissingFileError(path, f"The ledger of {turns} names it as its backup. {_GIVE_IT}")
    with open_alone(path) as (connection, _):
        found = content_sha256(connection)
    if found != named.content_sha256:
        raise OtherBackupError(path, named.content_sha256, found)
    return path


def _named(connection: apsw.Connection, turns: Path) -> NamedBackup:
    if connection.execute("SELECT 1 FROM sqlite_schema WHERE name = ?", (_LEDGER,)).fetchone() is None:
        raise NoBackupNamedError(turns, "the file holds no migration ledger, so it names no backup")
    row = connection.execute(_LAST_BACKUP).fetchone()
    if row is None:
        raise NoBackupNamedError(turns, "its ledger names no backup (migrated with --no-backup?)")
    counts: Mapping[str, Any] = json.loads(str(row[0]))
    named = NamedBackup(str(counts.get("backup_relative", "")), str(counts.get("backup_content_sha256", "")))
    if not (named.relative and named.content_sha256):
        problem = "its ledger is of an earlier version, which kept no content hash of the backup"
        raise NoBackupNamedError(turns, problem)
    return named


def content_sha256(connection: apsw.Connection) -> str:
    """The hash of what a backup holds, over those of its tables with turns or payload texts; lower-case hex."""
    tables = read_tables(connection, "main")
    there = [name for name in sorted(_HASHED_TABLES) if name in tables]
    lines = "".join(f"{name} {_hash_table(connection, tables[name].name)}\n" for name in there)
    return hashlib.sha256(lines.encode()).hexdigest()


def _hash_table(connection: apsw.Connection, table: str) -> str:
    """Every cell as the first letter of its type, its length in bytes, a colon and its text, rows in rowid order."""
    columns = [str(name) for (name,) in connection.execute("SELECT name FROM pragma_table_info(?)", (table,))]
    cells = ", ".join(
        f"substr(typeof({name}), 1, 1), octet_length({name}), ':', {name}" for name in map(quote_identifier, columns)
    )
    digest = hashlib.sha256("\x1f".join(columns).encode())
    rows = connection.execute(f"SELECT CAST(concat({cells}) AS BLOB) FROM {quote_identifier(table)} ORDER BY rowid")
    for (row,) in rows:
        digest.update(row)
    return digest.hexdigest()


def main(arguments: Sequence[str] | None = None) -> int:
    """Run with the arguments of the command line and return the exit code."""
    parser = argparse.ArgumentParser(prog=f"python -m {MODULE}", description=__doc__)
    parser.add_argument("turns", type=Path)
    given = parser.parse_args(arguments)
    try:
        found = recognised_backup(given.turns)
    except AuditError as error:
        print(error, file=sys.stderr)  # noqa: T201  a program of its own: stderr is how it speaks
        return error.exit_code
    print(json.dumps({"path": str(found)}))  # noqa: T201  the output of this process is its result
    return 0


if __name__ == "__main__":
    sys.exit(main())
