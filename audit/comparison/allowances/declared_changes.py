"""How many cells of one table were changed by a rule that the migration declares, and which are therefore no findings.

The ledger states the same by column and rule, in these words; the audit holds the two beside each other.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import apsw

from audit.comparison.files.tables import Column, Table, quote_identifier

DEFAULTED = "given the default instead of NULL"
RETYPED = "converted to the declared type"
REWRITTEN = "rewritten from a payload text"


@dataclass(frozen=True, slots=True)
class Rule:
    """Two conditions over ``b`` and ``a``: a cell that only this rule explains, and one that it may have changed."""

    explains: str
    concerns: str = "0"


Rules = Mapping[tuple[str, str], Rule]
"""By name of the column as the ledger has it, and words of the rule."""


@dataclass(frozen=True, slots=True)
class DeclaredChange:
    """``cells`` were changed by a rule; up to ``possible`` may have been, with rows that are gone or came since."""

    table: str
    column: str
    rule: str
    cells: int
    possible: int

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        return asdict(self)


def redeclaration_rules(old: Column, new: Column, default: str, same_number: str) -> Rules:
    """What declaring a column anew does to its cells: NULL becomes the default, numbers and texts become each other."""
    left, right = f"b.{quote_identifier(old.name)}", f"a.{quote_identifier(new.name)}"
    return {
        (new.name, DEFAULTED): Rule(f"{left} IS NULL AND +{right} IS {default} COLLATE BINARY", f"{left} IS NULL"),
        (new.name, RETYPED): Rule(same_number, f"{left} IS NOT NULL AND +{left} IS NOT +{right}"),
    }


def count_declared(
    connection: apsw.Connection, before: Table, after: Table, route: str, rules: Rules
) -> tuple[DeclaredChange, ...]:
    """Count them in one pass; none where nothing tells which row became which."""
    on = _pairing(before, after, route)
    if not rules or not on:
        return ()
    tests = ", ".join(f"total({rule.explains}), total({rule.concerns})" for rule in rules.values())
    pairs, *counts = connection.execute(
        f"SELECT count(*), {tests} FROM {before.source} AS b NOT INDEXED JOIN {after.source} AS a ON {on}"
    ).get
    unpaired = sum(_rows(connection, table) - pairs for table in (before, after))
    return tuple(
        DeclaredChange(after.name, column, rule, int(cells), int(max(cells, doubtful)) + unpaired)
        for (column, rule), cells, doubtful in zip(rules, counts[::2], counts[1::2], strict=True)
    )


def _pairing(before: Table, after: Table, route: str) -> str:
    if route == "rowid":
        return f"a.{after.rowid} = b.{before.rowid}"
    keys = [key for key in before.keys if all(after.column(name) for name in key)]
    if route != "key" or not keys:
        return ""
    return " AND ".join(f"a.{quote_identifier(name)} IS b.{quote_identifier(name)}" for name in keys[0])


def _rows(connection: apsw.Connection, table: Table) -> int:
    count: int = connection.execute(f"SELECT count(*) FROM {table.source}").get
    return count
