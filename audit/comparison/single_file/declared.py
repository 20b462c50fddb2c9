"""What has to be declared, as statements over SQLite's own list of columns."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import apsw

from audit.comparison.claims.defaults import find_column
from audit.comparison.files.tables import Table
from audit.contract.errors import ContractNameError
from audit.sqlite.tokens import default_words


def column_statement(table: str, columns: Sequence[str]) -> str:
    """The columns of these that the table lacks."""
    wanted = " UNION ALL ".join(f"SELECT {literal(name)} AS name" for name in columns)
    return (
        f"SELECT w.name AS name, 'missing' AS finding FROM ({wanted}) AS w"
        f" WHERE lower(w.name) NOT IN (SELECT lower(x.name) FROM pragma_table_xinfo({literal(table)}) AS x)"
    )


def default_statement(
    name: str, default: str, tables: Mapping[str, Table], refuse: Callable[[str, str], ContractNameError]
) -> tuple[str, str, tuple[str, str]]:
    """Title, statement, table and column of what has to be declared NOT NULL with a DEFAULT.

    A text that is written otherwise and says the same is known by the file that the statement is made for: SQL does not
    take definitions apart.

    Raises
    ------
    ContractNameError
        There is no such column, or more than one; made by ``refuse`` from its place and the problem.
    """
    table, column = find_column(name, tables, refuse)
    texts = [default.strip()]
    if column.default is not None and default_words(column.default) == default_words(default):
        texts.append(column.default.strip())
    listed = ", ".join(map(literal, dict.fromkeys(texts)))
    sql = (
        f"SELECT {literal(column.name)} AS name, 'default' AS finding WHERE NOT EXISTS (SELECT 1"
        f" FROM pragma_table_xinfo({literal(table.name)}) AS x WHERE lower(x.name) = lower({literal(column.name)})"
        f' AND x."notnull" AND trim(x.dflt_value) IN ({listed}))'
    )
    title = f"{table.name}.{column.name} is declared NOT NULL DEFAULT {default}"
    return title, sql, (table.name, column.name)


def literal(text: str) -> str:
    """A text as SQL."""
    return str(apsw.format_sql_value(text))
