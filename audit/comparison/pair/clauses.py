"""The clauses of two definitions of one table: which are gone, which say something else, which are new."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from audit.comparison.files.tables import Table
from audit.comparison.schema.constraints import Constraint, read_constraints
from audit.comparison.schema.scope import column_names
from audit.sqlite.tokens import fold, name_of

_BINARY = "binary"


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
        is_lost = not _is_kept(clause, was, new) if clause.kind == "unique" else other is None
        yield Clause(clause.column, clause.told, other.told if other else "", is_lost)
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
            return not _members(clause).keys().isdisjoint(_members(other))
        case "check":
            return bool(column_names(table) & set(map(name_of, clause.words)) & set(map(name_of, other.words)))
    return True


def _is_kept(clause: Constraint, declared: Counter[Constraint], new: Table) -> bool:
    """Whether a key or a unique index keeps apart what a UNIQUE kept apart, by its columns or by fewer of them.

    What is alike under BINARY is alike under any collation: a key with another one asks for more, and not for less.
    """
    collations = {each.column: name_of(each.words[1]) for each in declared if each.kind == "collate"}
    wanted = {column: said or collations.get(column, _BINARY) for column, said in _members(clause).items()}

    def is_alike(column: str, collation: str) -> bool:
        return column in wanted and (collation in ("", wanted[column]) or wanted[column] == _BINARY)

    return any(all(is_alike(*member) for member in distinct) for distinct in new.distinct)


def _members(clause: Constraint) -> dict[str, str]:
    """The folded columns of a UNIQUE with the collations that it says itself: what stands in its brackets."""
    words = clause.words
    inside = words[words.index("(") + 1 : len(words) - words[::-1].index(")") - 1] if "(" in words else ()
    found: dict[str, str] = {}
    column = ""
    for before, word in zip((",", *inside), inside, strict=False):
        if before == ",":
            column = name_of(word)
            found[column] = ""
        elif before == "collate":
            found[column] = name_of(word)
    return found


def _referenced(clause: Constraint) -> str:
    words = clause.words
    return name_of(words[words.index("references") + 1]) if "references" in words[:-1] else ""
