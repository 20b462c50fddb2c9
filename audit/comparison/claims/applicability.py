"""``applies`` of a contract: whether it is for these two files, as SQLite itself says it."""

from __future__ import annotations

from pathlib import Path

import apsw

from audit.comparison.claims.sql_texts import SqlTexts, bounded
from audit.comparison.difference import Cell, cell_sql, make_cells
from audit.comparison.files.error_words import without_values
from audit.comparison.files.opening import AFTER, BEFORE
from audit.comparison.pair.pair_telling import closed
from audit.contract.errors import ContractNotApplicableError, ContractSqlError

_NAME = '"turntruth answer"'
"""Of a query as a part of ours; one that reads a table of that name by that name alone is refused."""

_NOT_THESE = "this contract is not for these two files"


def require_applicable(path: Path, applies: str, texts: SqlTexts, seconds: float) -> None:
    """Refuse the contract at ``path`` unless ``applies`` yields one row with one value that SQLite takes for true.

    Raises
    ------
    ContractNotApplicableError
        It yields something else, or has no answer within so many seconds.
    ContractSqlError
        It is no query, or does more than read.
    """
    if not applies:
        return

    def refused(problem: str) -> ContractNotApplicableError:
        return ContractNotApplicableError(path, "applies", problem)

    try:
        query = texts.query("applies", applies, (BEFORE, AFTER))
    except ContractSqlError as error:
        if "no such table" not in error.problem and "no such column" not in error.problem:
            raise
        raise refused(f"{_NOT_THESE}: {error.problem}") from error
    wanted = f"{_NOT_THESE}: wanted one row with one true value, found"
    if len(query.columns) != 1:
        raise refused(f"{wanted} {len(query.columns)} values")
    # What a text or a blob means as a condition is for SQLite to say: '0.0' and 'abc' are false there, '1x' is true.
    selected = ", ".join(("CASE WHEN value THEN 1 ELSE 0 END", *cell_sql("value")))
    sql = f"WITH {_NAME} (value) AS (\n{query.sql}\n) SELECT {selected} FROM {_NAME} LIMIT 2"
    try:
        with bounded(texts.connection, seconds):
            rows = texts.connection.execute(sql).fetchall()
    except apsw.Error as error:
        raise refused(f"it cannot be answered: {without_values(error)}") from error
    if len(rows) != 1:
        raise refused(f"{wanted} {'several rows' if rows else 'no row'}")
    (is_true, *cells) = rows[0]
    if not is_true:
        raise refused(f"{wanted} {_told(*make_cells(cells))}")


def _told(cell: Cell) -> str:
    if cell.value is None:
        return "NULL"
    return closed(cell) if isinstance(cell.value, bytes) else repr(cell.value)
