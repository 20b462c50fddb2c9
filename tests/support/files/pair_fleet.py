"""Pairs of databases of many tenants: a program's tables before and after one migration, and what was done wrong."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterable, Mapping
from contextlib import closing
from pathlib import Path

from audit.fleet.manifest import FleetFile

CONTRACT = """\
name = "notes get a language and lose their drafts"
applies = "SELECT count(is_draft) = count(*) FROM before.notes"

[rows.notes]
from = "SELECT * FROM before.notes"
[[rows.notes.except]]
where = "is_draft = 1"
reason = "drafts are not taken along"
[rows.notes.columns]
language = "meta ->> '$.lang'"
body = "body"

[changes]
new = ["notes.language", "notes_by_language"]
dropped = [{ name = "notes.is_draft", reason = "there are no drafts any more" }]

[defaults]
"notes.language" = "''"
"""

MIGRATION = (
    "DELETE FROM notes WHERE is_draft = 1",
    "ALTER TABLE notes DROP COLUMN is_draft",
    "ALTER TABLE notes ADD COLUMN language TEXT NOT NULL DEFAULT ''",
    "UPDATE notes SET language = meta ->> '$.lang'",
    "CREATE INDEX notes_by_language ON notes (language)",
)
LANGUAGES = ("de", "en", "fr")


def make_pair(folder: Path, tenant: str, row: int = 1, faults: Iterable[str] = (), rows: int = 60) -> FleetFile:
    """A migrated database beside what it was, with statements that damage it afterwards, and the contract."""
    place = folder / tenant
    place.mkdir(parents=True)
    before, after = place / "before.db", place / "after.db"
    contract = folder / "contract.toml"
    if not contract.exists():
        contract.write_text(CONTRACT)
    with closing(sqlite3.connect(before, isolation_level=None)) as connection:
        connection.execute("CREATE TABLE owners (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE)")
        connection.execute(
            "CREATE TABLE notes (id INTEGER PRIMARY KEY, owner INTEGER NOT NULL, meta TEXT, body TEXT,"
            " is_draft INTEGER NOT NULL DEFAULT 0)"
        )
        connection.executemany("INSERT INTO owners VALUES (?, ?)", [(n, f"{tenant} {n}") for n in range(5)])
        values = [
            (n, n % 5, f'{{"lang": "{LANGUAGES[n % 3]}"}}', f"note {n} of {tenant}", int(n % 10 == 9))
            for n in range(rows)
        ]
        connection.execute("BEGIN")
        connection.executemany("INSERT INTO notes VALUES (?, ?, ?, ?, ?)", values)
        connection.execute("COMMIT")
    shutil.copyfile(before, after)
    with closing(sqlite3.connect(after, isolation_level=None)) as connection:
        for statement in (*MIGRATION, *faults):
            connection.execute(statement)
    return FleetFile(row, tenant, str(after), before=str(before), contract=str(contract))


FAULTS: Mapping[str, tuple[str, dict[str, int]]] = {
    "lost-notes": ("DELETE FROM notes WHERE id IN (3, 7)", {"notes.rows": 2}),
    "made-up-note": (
        "INSERT INTO notes (id, owner, meta, body) VALUES (900, 1, '{}', 'nobody wrote this')",
        {"notes.rows": 1},
    ),
    "wrong-language": ("UPDATE notes SET language = 'xx' WHERE id < 4", {"notes.language": 4}),
    "changed-body": ("UPDATE notes SET body = upper(body) WHERE id = 12", {"notes.body": 1}),
    "lost-owner": ("DELETE FROM owners WHERE id = 4", {"not_admitted.lost": 1}),
    "changed-owner": ("UPDATE owners SET name = 'someone else' WHERE id = 2", {"not_admitted.changed": 1}),
    "new-table": ("CREATE TABLE extra (a)", {"not_admitted.new": 1}),
}
"""What was done to the file of a tenant of that name, and which checks name it how often."""


def make_pair_fleet(folder: Path, healthy: int = 2) -> tuple[FleetFile, ...]:
    """Tenants without a fault, then one for each of the faults."""
    names = [
        *((f"good-{number}", "") for number in range(1, healthy + 1)),
        *((name, FAULTS[name][0]) for name in FAULTS),
    ]
    return tuple(
        make_pair(folder, tenant, row, (fault,) if fault else ()) for row, (tenant, fault) in enumerate(names, start=1)
    )
