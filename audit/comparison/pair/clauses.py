"""The clauses of two definitions of one table: which are gone, which say something else, which are new."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from audit.comparison.files.tables import Table
from audit.comparison.schema.constraints import Constraint, read_constraints
from audit.comparison.schema.scope import column_names
from audit.sqlite.tokens import fold, name_of


@dataclass(frozen=True, slots=True)
class Clause:
    """One clause, '' where a side has none. ``is_lost``: what it promised is promised no more."""

    column: str
    before: str
    after: str
    is_lost: bool


def compare_clauses(before: str, after: str, old: Table, new: Table) -> Iterator[Clause]:
    """Every clause beyond type, NOT NULL and DEFAULT that is not the same in both definitions.

    What stands behind a column that one side lacks goes and comes with it, but for what it demands of other columns.
    """
    was, now = read_constraints(before, column_names(old)), read_constraints(after, column_names(new))
    shared = {"", *(fold(column.name) for column in old.columns if new.column(column.name))}
    lost = sorted(each for each in (was - now).elements() if each.column in shared)
    came = sorted(each for each in (now - was).elements() if each.column in shared)
    for clause in lost:
        other = next((each for each in came if _continues(each, clause, old)), None)
        if other is not None:
            came.remove(other)
        yield Clause(clause.column, clause.told, other.told if other else "", _is_lost(clause, other, new))
    for clause in came:
        yield Clause(clause.column, "", clause.told, is_lost=False)


def _continues(other: Constraint, clause: Constraint, table: Table) -> bool:
    """Whether a new clause is what became of one that is gone, and not another one of the same kind."""
    if (other.kind, other.column) != (clause.kind, clause.column):
        return False
    match clause.kind:
        case "foreign key":
            return _referenced(other) == _referenced(clause)
        case "unique":
            return bool(_members(clause) & _members(other))
        case "check":
            return bool(column_names(table) & set(map(name_of, clause.words)) & set(map(name_of, other.words)))
    return True


def _is_lost(clause: Constraint, other: Constraint | None, new: Table) -> bool:
    if clause.kind == "unique":
        # Whatever else keeps these columns, or fewer of them, apart keeps the promise: a key or a unique index.
        wanted = _members(clause)
        return not any({fold(name) for name in key} <= wanted for key in new.keys)
    return other is None


def _members(clause: Constraint) -> set[str]:
    """The columns of a UNIQUE: what stands in its brackets, without collations."""
    words = clause.words
    inside = words[words.index("(") + 1 : len(words) - words[::-1].index(")") - 1] if "(" in words else ()
    found: set[str] = set()
    begins = True
    for word in inside:
        if begins:
            found.add(name_of(word))
        begins = word == ","
    return found


def _referenced(clause: Constraint) -> str:
    words = clause.words
    return name_of(words[words.index("references") + 1]) if "references" in words[:-1] else ""
