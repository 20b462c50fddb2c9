"""Damage to a sample: what the ``breaks`` of a check does, which rows that changed, and whether a check names them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path

import apsw

from audit.checks.check import Check
from audit.errors import AuditError
from audit.trial.sample import ROLES, path_of

Row = dict[str, object]
Identity = dict[str, str]

VIEW_NAMES = {"snapshot_created_at_ms": "snapshot_ms"}
"""What a column of a table is called where a check names it."""
IN_OTHER_WORDS = frozenset({"problem", "migration_id", "unit"})
"""Said in SQLite's own words, or of the one migration of the file."""


class DamageError(AuditError):
    """SQLite does not take a statement of ``breaks``; ``number`` counts them from 1."""

    exit_code = 1

    def __init__(self, number: int, target: str, problem: str) -> None:
        self.number = number
        self.target = target
        self.problem = problem
        super().__init__(f"statement {number} of `breaks`, on {target}: {problem}")


def do_damage(folder: Path, breaks: Sequence[tuple[str, str]]) -> None:
    """Run pairs of target and statement on the files of a sample, in their order.

    Raises
    ------
    DamageError
        SQLite refuses one of them.
    """
    with ExitStack() as stack:
        connections: dict[str, apsw.Connection] = {}
        for number, (target, sql) in enumerate(breaks, start=1):
            if target not in connections:
                connection = apsw.Connection(str(path_of(folder, target)), flags=apsw.SQLITE_OPEN_READWRITE)
                connections[target] = stack.enter_context(closing(connection))
            try:
                for _ in connections[target].execute(sql):
                    pass
            except apsw.Error as error:
                raise DamageError(number, target, str(error)) from error


def damaged_rows(before: Path, after: Path) -> list[Row]:
    """Rows that were changed, inserted or deleted between two folders, in any of their tables.

    A row as it is now, or as it was where it has gone; of a schema object its name.
    """
    damaged: list[Row] = []
    for role in ROLES:
        if path_of(before, role).read_bytes() == path_of(after, role).read_bytes():
            continue  # most damage is done to one file of three
        old, new = table_rows(path_of(before, role)), table_rows(path_of(after, role))
        for table in old.keys() | new.keys():
            was, now = old.get(table, {}), new.get(table, {})
            damaged += [now.get(key) or was[key] for key in was.keys() | now.keys() if was.get(key) != now.get(key)]
    return damaged


def table_rows(path: Path) -> dict[str, dict[tuple[object, ...], Row]]:
    """Every row of every table by its primary key, and every schema object under the table ''."""
    with closing(apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)) as connection:
        schema = [
            tuple(map(str, row)) for row in connection.execute("SELECT type, name, tbl_name, sql FROM sqlite_schema")
        ]
        tables: dict[str, dict[tuple[object, ...], Row]] = {"": {row: {"name": row[1]} for row in schema}}
        for name in [row[1] for row in schema if row[0] == "table" and not row[1].startswith("sqlite_")]:
            columns = connection.execute("SELECT name, pk FROM pragma_table_info(?)", (name,)).fetchall()
            names = [str(column) for column, _ in columns]
            key = [str(column) for column, pk in columns if pk] or names
            quoted = name.replace('"', '""')
            found: list[Row] = [
                dict(zip(names, row, strict=True)) for row in connection.execute(f'SELECT * FROM "{quoted}"')
            ]
            tables[name] = {tuple(row[column] for column in key): row for row in found}
    return tables


@dataclass(frozen=True, slots=True)
class Comparison:
    """Identities that are named without being damaged, and damaged without being named."""

    not_damaged: tuple[Identity, ...]
    not_named: tuple[Identity, ...]


def compare(check: Check, damaged: Sequence[Row], named: Sequence[Identity]) -> Comparison:
    """Hold what a check names against what its ``breaks`` damaged.

    Where it identifies rows of a table, the two sets have to be equal. Where it identifies something else (a column, a
    file, a step), each part of the identity must at least be one that the statements speak of.
    """
    rows = [{VIEW_NAMES.get(column, column): str(value) for column, value in row.items()} for row in damaged]
    rows = [row for row in rows if all(column in row for column in check.identity)]
    if rows:
        wanted = {tuple(row[column] for column in check.identity) for row in rows}
        found = {tuple(identity[column] for column in check.identity) for identity in named}
        return Comparison(_identities(check, found - wanted), _identities(check, wanted - found))
    spoken_of = " ".join(part for statement in check.breaks for part in statement)
    values = {str(value) for row in damaged for value in row.values()}
    return Comparison(tuple(each for each in named if not _is_spoken_of(each, spoken_of, values)), ())


def _identities(check: Check, values: set[tuple[str, ...]]) -> tuple[Identity, ...]:
    return tuple(dict(zip(check.identity, each, strict=True)) for each in sorted(values))


def _is_spoken_of(identity: Mapping[str, str], spoken_of: str, values: set[str]) -> bool:
    return all(column in IN_OTHER_WORDS or value in spoken_of or value in values for column, value in identity.items())
