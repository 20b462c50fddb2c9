"""By what the rows of a table that a claim is about belong together before and after, and whether some were left alone.

A claim pairs evidence with rows by its own key; what nothing is claimed of is compared between the row of before and
the row after. Where rows got new numbers, only the key of the claim may tell which one became which.
"""

from __future__ import annotations

from collections.abc import Sequence

import apsw

from audit.comparison.claims.rows_claim import PreparedClaim
from audit.comparison.files.tables import Table, quote_identifier, tells_apart
from audit.comparison.rows.cell_tests import compare_alike


def key_of_pairs(connection: apsw.Connection, claim: PreparedClaim, before: Table, after: Table) -> tuple[str, ...]:
    """The claim's key where that tells which row of before became which one after; else none: the table's own does.

    Where a query has the evidence, a row of it need not be one of before, and where the key is declared otherwise, its
    values may be others now. Then whatever finds more rows counts.
    """
    if claim.query is None and compare_alike(connection, before, after, claim.key):
        return claim.key
    if not _has(before, claim.key) or not tells_apart(connection, before, claim.key):
        return ()
    own = next((key for key in before.keys if _has(after, key)), ())
    usual = _found(connection, before, after, [quote_identifier(name) for name in own]) if own else 0
    if not own and before.rowid and after.rowid:
        usual = _found(connection, before, after, [before.rowid], [after.rowid])
    by_claim = _found(connection, before, after, [quote_identifier(name) for name in claim.key])
    return claim.key if by_claim > usual or (by_claim == usual and claim.query is None) else ()


def left_alone(connection: apsw.Connection, claim: PreparedClaim, before: Table, gone: int) -> int:
    """How many of ``gone`` rows, which no row after was held against, have one by the key of the claim at least.

    Also where both sides declare the key otherwise, so that 3 became a text: that they are the same nobody can prove.
    """
    if not gone or not _has(before, claim.key):
        return 0
    names = [quote_identifier(name) for name in claim.key]
    texts = [f"CAST({name} AS TEXT)" for name in names]
    conditions = " OR ".join(_in(each, each, claim.after) for each in (names, texts))
    sql = f"SELECT count(*), count(*) FILTER (WHERE {conditions}) FROM {before.source} NOT INDEXED"
    ((rows, found),) = connection.execute(sql).fetchall()
    return max(0, gone - (int(str(rows)) - int(str(found))))


def _has(table: Table, key: Sequence[str]) -> bool:
    return all(table.column(name) is not None for name in key)


def _found(
    connection: apsw.Connection, before: Table, after: Table, names: Sequence[str], theirs: Sequence[str] = ()
) -> int:
    """How many rows of before have one of the same ``names`` after, where these are called ``theirs``."""
    where = _in(names, theirs or names, after)
    return int(str(connection.execute(f"SELECT count(*) FROM {before.source} NOT INDEXED WHERE {where}").get))


def _in(names: Sequence[str], theirs: Sequence[str], after: Table) -> str:
    return f"({', '.join(names)}) IN (SELECT {', '.join(theirs)} FROM {after.source})"
