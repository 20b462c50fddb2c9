"""Columns that the migration says it has declared anew, because another hand had declared them otherwise.

SQLite can do so only by copying the table. What the ledger states of it is no difference then; how the columns have to
be declared is what the schema checks say. Everything else of the table has to be as it was: CHECKs and references of
these very columns, the definitions of all others, and every cell but the absent ones and numbers that became texts.
"""

from __future__ import annotations

from collections.abc import Mapping

import apsw
import orjson

from audit.comparison.files.opening import AFTER, BEFORE
from audit.comparison.files.tables import Column, quote_identifier
from audit.sqlite.tokens import name_of

Redeclared = Mapping[str, frozenset[str]]
"""By lower-cased table the lower-cased columns that were declared anew."""

_STATED = "SELECT counts_json FROM {database}.turntruth_migrations WHERE step = 'rebuild' AND state = 'completed'"
_CLAUSES = frozenset({
    "constraint", "primary", "not", "null", "unique", "check", "default", "collate", "references", "generated", "as",
})  # fmt: skip
_KEPT = frozenset({"check", "references"})


def read_redeclared(connection: apsw.Connection) -> Redeclared:
    """What the audited file's ledger says was declared anew since the baseline was taken."""
    before = set(_stated(connection, BEFORE))
    found: dict[str, set[str]] = {}
    for text in _stated(connection, AFTER):
        # What the baseline's own ledger tells of was over when the baseline was taken.
        for table, column in _columns_of(text) if text not in before else ():
            found.setdefault(table, set()).add(column)
    return {table: frozenset(columns) for table, columns in found.items()}


def differs(old: Column, new: Column) -> str:
    """The condition under which a cell of a redeclared column is not what it has to be."""
    left, right = f"b.{quote_identifier(old.name)}", f"a.{quote_identifier(new.name)}"
    default = default_of(new)
    same = f"(typeof({left}) = typeof({right}) AND +{left} IS +{right} COLLATE BINARY)"
    filled = f"({left} IS NULL AND +{right} IS {default} COLLATE BINARY)"
    return f"NOT ({same} OR {filled} OR {is_same_number(left, right)})"


def default_of(column: Column) -> str:
    """What a row without a value gets, as SQL."""
    return column.default or ("0" if column.affinity == "INTEGER" else "''")


def is_same_number(left: str, right: str) -> str:
    """True for a number that became a text, a text that became a number, or a 5.0 that became 5, and says the same."""
    numbers = "('integer', 'real', 'text')"
    known = f"typeof({left}) <> typeof({right}) AND typeof({left}) IN {numbers} AND typeof({right}) IN {numbers}"
    text = f"CAST({left} AS TEXT) = CAST({right} AS TEXT) COLLATE BINARY"
    whole = f"'text' NOT IN (typeof({left}), typeof({right})) AND {left} - {right} = 0"
    return f"coalesce({known} AND ({text} OR {whole}), 0)"


def without_declarations(text: tuple[str, ...], columns: frozenset[str]) -> tuple[str, ...]:
    """The words of a definition in which of these columns only what a rebuild keeps is left."""
    try:
        at = text.index("(") + 1
    except ValueError:
        return text
    written = list(text[:at])
    item: list[str] = []
    depth = 0
    for place, word in enumerate(text[at:], start=at):
        depth += (word == "(") - (word == ")")
        if depth < 0 or (depth == 0 and word == ","):
            written += [*(_kept(item) if item and name_of(item[0]) in columns else item), word]
            item = []
            if depth < 0:
                return (*written, *text[place + 1 :])
        else:
            item.append(word)
    return text


def _kept(column: list[str]) -> list[str]:
    """Name, CHECKs and references of one column; the names of other constraints go with them."""
    found = [column[0]]
    clause: list[str] = []
    named = False
    depth = 0
    for word in [*column[1:], "constraint"]:
        if depth == 0 and word in _CLAUSES and not named:
            found += clause if _KEPT & set(clause[:3:2]) else []
            clause = []
        named = depth == 0 and (word == "constraint" or (named and clause[-1:] == ["constraint"]))
        depth += (word == "(") - (word == ")")
        clause.append(word)
    return found


def _stated(connection: apsw.Connection, database: str) -> list[str]:
    try:
        return [str(text) for (text,) in connection.execute(_STATED.format(database=database))]
    except apsw.SQLError:
        return []  # it has no ledger


def _columns_of(text: str) -> list[tuple[str, str]]:
    """Table and column of every change that a record of the ledger names; none where it is no such record."""
    try:
        record = orjson.loads(text)
        return [(str(change["table"]).lower(), str(change["column"]).lower()) for change in record["columns"]]
    except (orjson.JSONDecodeError, KeyError, TypeError):
        return []
