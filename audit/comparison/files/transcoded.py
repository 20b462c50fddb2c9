"""A copy of a database in another text encoding: SQLite attaches only files of one.

Every cell stays what it is, and so does the schema: rows are put into tables that have no types and no constraints,
but whose pages are those of the declared ones, and only then each definition is written into the schema as it stands.
A statement that inserts into a declared table would convert cells, and refuse what breaks a constraint.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import apsw

from audit.comparison.files.tables import Table, is_row_number, quote_identifier, read_tables
from audit.comparison.files.texts import CODECS, codec_of, decode, is_text, shown, transcode
from audit.comparison.files.unknown import stand_in_for_collations, with_functions

_SCHEMA = """
SELECT CAST(type AS BLOB), CAST(name AS BLOB), CAST(tbl_name AS BLOB), CAST(sql AS BLOB), coalesce(rootpage, 0)
FROM sqlite_schema ORDER BY rowid"""
_STORED = "SELECT cid FROM pragma_table_xinfo(CAST(? AS TEXT)) WHERE hidden <> 2 ORDER BY cid"
_MEMBERS = 'SELECT cid, coll, "desc" FROM pragma_index_xinfo(CAST(? AS TEXT)) WHERE key ORDER BY seqno'
_IS_PARTIAL = "SELECT 1 FROM pragma_index_list(CAST(? AS TEXT)) WHERE name = CAST(? AS TEXT) AND partial"
_PUT_DOWN = """
UPDATE sqlite_schema SET name = CAST(? AS TEXT), tbl_name = CAST(? AS TEXT), sql = CAST(? AS TEXT) WHERE name = ?"""
_ADD = "INSERT INTO sqlite_schema VALUES (?, CAST(? AS TEXT), CAST(? AS TEXT), 0, CAST(? AS TEXT))"
_CELL = "CASE typeof({0}) WHEN 'text' THEN CAST({0} AS BLOB) ELSE {0} END"
_PROMISE = "UPDATE sqlite_schema SET sql = ? WHERE rowid = (SELECT max(rowid) FROM sqlite_schema)"
_UNIQUE = re.compile(r"CREATE\s+UNIQUE\s+INDEX", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Object:
    """One row of a schema, as bytes; views, triggers and virtual tables are not stored: they have no pages."""

    kind: str
    name: apsw.SQLiteValue
    table: apsw.SQLiteValue
    sql: apsw.SQLiteValue
    is_stored: bool


def write_transcoded(source: apsw.Connection, target: Path, encoding: str) -> None:
    """Write a copy of the main database, with the same rows under the same numbers.

    Raises
    ------
    UnicodeError
        The name of a table or a column is no text, or an index over an expression has a definition that is none.
    apsw.Error
        The file cannot be read, or breaks the primary key of a table without rowid.
    """
    stand_in_for_collations(source)
    with closing(apsw.Connection(str(target))) as connection:
        connection.pragma("encoding", encoding)
        connection.pragma("journal_mode", "off")
        connection.pragma("synchronous", "off")
        stand_in_for_collations(connection)
        with connection:
            copy = _Copy(source, connection, encoding)
            copy.fill()
    # A connection knows the schema that was there when it was opened.
    with closing(apsw.Connection(str(target))) as connection:
        stand_in_for_collations(connection)
        # An index that cannot be made is taken back, so that there has to be a journal.
        connection.pragma("journal_mode", "memory")
        connection.pragma("synchronous", "off")
        with connection:
            for sql in copy.computed_indexes:
                _create_index(connection, copy.decoded(sql))


class _Copy:
    """One copy, while it is made."""

    def __init__(self, source: apsw.Connection, target: apsw.Connection, encoding: str) -> None:
        self.source = source
        self.target = target
        self.codecs = codec_of(source), CODECS[encoding]
        self.objects = [
            _Object(self.decoded(kind), name, table, sql, bool(rootpage))
            for kind, name, table, sql, rootpage in source.execute(_SCHEMA).fetchall()
        ]
        self.computed_indexes: list[apsw.SQLiteValue] = []
        """Definitions of indexes over what is computed: SQLite fills them, by declared columns alone."""

    def fill(self) -> None:
        """Copy everything but those indexes."""
        for pragma in ("user_version", "application_id"):
            self.target.pragma(pragma, self.source.pragma(pragma))
        tables = {table.name: table for table in read_tables(self.source, "main", _none).values()}
        made: list[tuple[str, _Object]] = []
        for at, each in enumerate(self.objects):
            if each.kind == "table" and each.is_stored:
                made += self._fill_table(f"copy_{at}", each, tables)
        self.target.pragma("writable_schema", True)
        put_down = [(*self._texts(each.name, each.table, each.sql), name) for name, each in made]
        self.target.executemany(_PUT_DOWN, put_down)
        # Put down as they are: a module that is asked to make its table may not be known here.
        others = [each for each in self.objects if not each.is_stored]
        added = [(each.kind, *self._texts(each.name, each.table, each.sql)) for each in others]
        self.target.executemany(_ADD, added)

    def _fill_table(self, name: str, of: _Object, tables: Mapping[str, Table]) -> Iterator[tuple[str, _Object]]:
        """The names of a table and its indexes as they were made, each with what it is to become."""
        if (table := tables.get(self.decoded(of.name))) is None:
            raise UnicodeError("rows of a table that has no name cannot be asked for")
        stored = [int(str(cid)) for (cid,) in self.source.execute(_STORED, (of.name,))]
        number = self._row_number(table)
        columns = [f"c{cid} INTEGER PRIMARY KEY" if cid == number else f"c{cid}" for cid in stored]
        key = self._members(of.name, stored, number)
        columns += [f"PRIMARY KEY ({key})"] if key else []
        self.target.execute(f"CREATE TABLE {name} ({', '.join(columns)}){' WITHOUT ROWID' if key else ''}")
        yield name, of
        self._copy_rows(name, table, stored, number)
        for at, each in enumerate(self.objects):
            if each.kind != "index" or each.table != of.name:
                continue
            is_partial = self.source.execute(_IS_PARTIAL, (of.name, each.name)).fetchone() is not None
            if members := "" if is_partial else self._members(each.name, stored, number):
                # Uniqueness is written down with the definition: a row that breaks it stays as well.
                self.target.execute(f"CREATE INDEX {name}_{at} ON {name} ({members})")
                yield f"{name}_{at}", each
            else:
                self.computed_indexes.append(each.sql)

    def _members(self, index: apsw.SQLiteValue, stored: Sequence[int], number: int) -> str:
        """The columns of an index, or of the key of a table without rowid; '' where one of them is computed."""
        members = []
        for cid, collation, descending in self.source.execute(_MEMBERS, (index,)).fetchall():
            if cid == -1:
                cid = number  # noqa: PLW2901  the row number, by the column that is it
            if cid not in stored:
                return ""
            collate = f" COLLATE {quote_identifier(str(collation))}" if collation is not None else ""
            members.append(f"c{cid}{collate}{' DESC' if descending else ''}")
        return ", ".join(members)

    def _row_number(self, table: Table) -> int:
        """Which column is the row number, -1 for none."""
        key = [at for at, column in enumerate(table.columns) if column.key_position]
        is_one = len(key) == 1 and is_row_number(self.source, table.source, (table.columns[key[0]].name,))
        return key[0] if is_one else -1

    def _copy_rows(self, name: str, table: Table, stored: Sequence[int], number: int) -> None:
        columns = [quote_identifier(table.columns[cid].name) for cid in stored]
        names = [f"c{cid}" for cid in stored]
        if table.rowid and number == -1:
            columns, names = [table.rowid, *columns], ["rowid", *names]
        into = f"INSERT INTO {name} ({', '.join(names)}) VALUES"
        cells = ", ".join(_CELL.format(column) for column in columns)
        kinds = ", ".join(f"typeof({column}) = 'text'" for column in columns)
        # Two statements go through the same rows: one could not answer with both of a wide table.
        rows, are_texts = (
            self.source.execute(f"SELECT {each} FROM {table.source} NOT INDEXED") for each in (cells, kinds)
        )
        marks = ", ".join("?" for _ in names)
        self.target.executemany(f"{into} ({marks})", self._plain_rows(zip(rows, are_texts, strict=True), into))

    def _plain_rows(
        self, rows: Iterable[tuple[tuple[apsw.SQLiteValue, ...], tuple[apsw.SQLiteValue, ...]]], into: str
    ) -> Iterator[list[apsw.SQLiteValue]]:
        """The rows whose texts are texts; others are inserted here, since only SQL makes a text of any bytes."""
        for row, are_texts in rows:
            cells = list(row)
            texts = [at for at, is_one in enumerate(are_texts) if is_one]
            for at in texts:
                cells[at] = self.decoded(cells[at])
            if is_text(*(str(cells[at]) for at in texts)):
                yield cells
                continue
            for at in texts:
                cells[at] = transcode(row[at], *self.codecs)
            marks = ", ".join("CAST(? AS TEXT)" if at in texts else "?" for at in range(len(cells)))
            self.target.execute(f"{into} ({marks})", cells)

    def decoded(self, content: apsw.SQLiteValue) -> str:
        """A text of the source."""
        return decode(content, self.codecs[0])

    def _texts(self, *parts: apsw.SQLiteValue) -> list[bytes | None]:
        # SQLite has to read a schema as text, where half a letter of UTF-16 would swallow what stands behind it.
        return [None if part is None else shown(self.decoded(part)).encode(self.codecs[1]) for part in parts]


def _create_index(connection: apsw.Connection, sql: str) -> None:
    try:
        with_functions(connection, partial(connection.execute, sql))
    except apsw.ConstraintError:
        # The file breaks what the index promises: it gets all rows, and its promise afterwards.
        with_functions(connection, partial(connection.execute, _UNIQUE.sub("CREATE INDEX", sql, count=1)))
        connection.pragma("writable_schema", True)
        connection.execute(
            "UPDATE sqlite_schema SET sql = ? WHERE rowid = (SELECT max(rowid) FROM sqlite_schema)", (sql,)
        )
        connection.pragma("writable_schema", False)


def _none(name: str) -> bool:
    del name
    return False
