"""What two definitions mean: the same in every spelling that SQLite reads so, and never the same otherwise."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import closing

import apsw
import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.comparison.files.tables import read_tables
from audit.comparison.schema.constraints import read_constraints
from audit.comparison.schema.objects import read_objects
from audit.comparison.schema.scope import column_names, meaning_of

_BASE = ("CREATE TABLE t (a TEXT, key INT, prix_€ INT)", "CREATE TABLE other (active INT, b INT)")

# A name begins with ~ where only quotes for names may stand around it, and with ' where those of texts may as well.
_TABLE = """CREATE TABLE 'n ( 'id INTEGER PRIMARY KEY AUTOINCREMENT , 'a TEXT NOT NULL ON CONFLICT IGNORE
 COLLATE 'nocase , 'key INT CHECK ( ~key > 5 AND ~a <> "Open" ) , 'prix_€ REFERENCES 't ( 'a ) ON DELETE CASCADE ,
 'g AS ( ~a || 'Yes' ) STORED , CONSTRAINT 'c UNIQUE ( 'a , 'key ) ON CONFLICT FAIL , CHECK ( ~a <> x'41' ) )"""
_OBJECTS = {
    "view": """CREATE VIEW 'v AS SELECT ~t . 'a AS 's , CASE ~key WHEN 5 THEN "Yes" ELSE 'no' END ,
 coalesce ( ~a , NULL ) FROM 't LEFT JOIN 'other ON ~b = ~prix_€ WHERE ~a > 1.5 ORDER BY ~key DESC""",
    "index": "CREATE UNIQUE INDEX 'i ON 't ( 'a COLLATE 'nocase DESC , 'key ) WHERE ~prix_€ IN ( 1 , 2 )",
    "trigger": """CREATE TRIGGER 'g AFTER INSERT ON 't BEGIN UPDATE 'other SET 'b = NEW . 'key , 'active = NULL
 WHERE ~active <> "Open" ; INSERT INTO 'other ( 'b ) VALUES ( 5 ) ; END""",
}
_UNTOUCHED = frozenset({"(", ")", ",", ".", ";", "=", "<>", ">", "||"})


def _pieces(template: str) -> list[str]:
    return template.split()


@st.composite
def _spelt(draw: st.DrawFn, pieces: Sequence[str]) -> str:
    """The same words in other letters, quotes and blanks, with comments between them."""
    written = []
    for piece in pieces:
        if piece[0] in "~'" and not piece.endswith("'"):
            name = draw(st.sampled_from([piece[1:], piece[1:].upper()]))
            quotes = ["", '"', "`", "["] + (["'"] if piece[0] == "'" else [])
            quote = draw(st.sampled_from(quotes))
            written.append(f"{quote}{name}{']' if quote == '[' else quote}")
        elif piece[0] in "\"'" or piece.startswith("x'") or piece in _UNTOUCHED:
            written.append(piece)
        else:
            written.append(draw(st.sampled_from([piece, piece.lower(), piece.title()])))
        written.append(draw(st.sampled_from([" ", "\n", "\t ", " /* it's */ ", ' -- "no\n'])))
    # What makes the kind of an object out is written by SQLite itself.
    return "".join(written).strip()


def _changes(template: str) -> list[tuple[str, ...]]:
    """The words with one of them put for another, in each way that means something else."""
    others = {"5": ['"5"', "6", "5.0"], '"Open"': ['"open"', '"OPEN"'], '"Yes"': ['"yes"'], "'no'": ["'No'", '"no"'],
              "'Yes'": ["'yes'"], "NULL": ['"null"', "0"], "DESC": ["ASC"], "x'41'": ["x'42'", "'41'"], "<>": ["="],
              "'nocase": ["'rtrim"], "IGNORE": ["REPLACE"], "CASCADE": ["RESTRICT"], "FAIL": ["REPLACE"],
              "~prix_€": ["~key", "~a"], "||": ["+"], "1.5": ["1.25", '"1.5"'],
              ">": [">="], "LEFT": ["CROSS"]}  # fmt: skip
    pieces = _pieces(template)
    found = []
    for at, piece in enumerate(pieces):
        if pieces[at - 1] != "NOT":
            found += [(*pieces[:at], other, *pieces[at + 1 :]) for other in others.get(piece, [])]
    return found


class _File:
    """A schema in memory, as it is read of a file."""

    def __init__(self, *statements: str) -> None:
        with closing(apsw.Connection(":memory:")) as connection:
            for statement in statements:
                connection.execute(statement)
            self.objects = read_objects(connection, "main")
            self.tables = read_tables(connection, "main")

    def means_as(self, other: _File, kind: str, name: str) -> bool:
        sides = ((each, each.objects[kind, name]) for each in (self, other))
        one, two = (meaning_of(item.sql, item, each.objects, each.tables) for each, item in sides)
        return one.is_that_of(two)


def _clauses(statement: str) -> object:
    file = _File(*_BASE, statement)
    return read_constraints(file.objects["table", "n"].sql, column_names(file.tables["n"]))


@given(data=st.data())
def test_the_clauses_of_a_table_are_the_same_in_every_spelling(data: st.DataObject) -> None:
    pieces = _pieces(_TABLE)

    assert _clauses(data.draw(_spelt(pieces))) == _clauses(data.draw(_spelt(pieces)))


@given(data=st.data())
def test_a_clause_with_another_word_is_another_in_every_spelling(data: st.DataObject) -> None:
    changed = data.draw(st.sampled_from(_changes(_TABLE)))

    assert _clauses(data.draw(_spelt(changed))) != _clauses(data.draw(_spelt(_pieces(_TABLE))))


@pytest.mark.parametrize("kind", _OBJECTS)
@given(data=st.data())
def test_an_object_is_the_same_in_every_spelling(kind: str, data: st.DataObject) -> None:
    pieces = _pieces(_OBJECTS[kind])
    one, two = (_File(*_BASE, data.draw(_spelt(pieces))) for _ in range(2))

    assert one.means_as(two, kind, pieces[pieces.index(kind.upper()) + 1][1:])


@pytest.mark.parametrize("kind", _OBJECTS)
@given(data=st.data())
def test_an_object_with_another_word_is_another_in_every_spelling(kind: str, data: st.DataObject) -> None:
    pieces = _pieces(_OBJECTS[kind])
    changed = data.draw(st.sampled_from(_changes(_OBJECTS[kind])))
    one, two = (_File(*_BASE, data.draw(_spelt(each))) for each in (pieces, changed))

    assert not one.means_as(two, kind, pieces[pieces.index(kind.upper()) + 1][1:])


class TestTexts:
    """What is in double quotes is a text where it names no column of what the definition speaks of."""

    @pytest.mark.parametrize(
        ("before", "after", "is_same"),
        [
            ('SELECT "A" FROM t', 'SELECT "a" FROM t', True),
            ('SELECT "Active" FROM t', 'SELECT "active" FROM t', False),
            ('SELECT "Active" FROM t, other', 'SELECT "active" FROM t, other', True),
            ('SELECT "Rowid" FROM t', "SELECT rowid FROM t", True),
            ('SELECT "Open" AS open FROM t', 'SELECT "open" AS open FROM t', False),
            ('SELECT "Open" FROM t', "SELECT 'Open' FROM t", False),
            ("SELECT x.a FROM t x", 'SELECT "x"."a" FROM "t" "X"', True),
            ("SELECT a n FROM t GROUP BY a HAVING n", 'SELECT a "N" FROM t GROUP BY a HAVING "n"', True),
            (
                "WITH c (x) AS (SELECT a FROM t) SELECT x FROM c",
                "WITH c ('x') AS (SELECT a FROM t) SELECT \"X\" FROM c",
                True,
            ),
            ('SELECT CASE "Yes" WHEN a THEN 1 END yes FROM t', 'SELECT CASE "yes" WHEN a THEN 1 END yes FROM t', False),
            ("SELECT a LIKE 'x' FROM t", "SELECT a LIKE 'X' FROM t", False),
            ("SELECT a IN ('x', 'y') FROM t", "SELECT a IN ('x', 'Y') FROM t", False),
            ('SELECT "A", "B" FROM w', 'SELECT "a", "b" FROM w', True),
            ('SELECT "Body" FROM f', "SELECT body FROM f", True),
            ('SELECT "Open" FROM f', "SELECT open FROM f", False),
        ],
    )
    def test_its_case_counts_alone_where_it_is_none_of_their_names(
        self, before: str, after: str, is_same: bool
    ) -> None:
        known = ("CREATE VIEW w AS SELECT a, b FROM t, other", 'CREATE VIRTUAL TABLE f USING fts5 ("Body")')
        one, two = (_File(*_BASE, *known, f"CREATE VIEW v AS {select}") for select in (before, after))

        assert one.means_as(two, "view", "v") is is_same

    @pytest.mark.parametrize(("after", "is_same"), [("tokenchars=A", True), ("tokenchars=a", False)])
    def test_what_is_handed_to_a_module_has_its_case(self, after: str, is_same: bool) -> None:
        module = 'CREATE VIRTUAL TABLE f USING fts4 ("Body", tokenize=unicode61 "{}")'
        one, two = _File(module.format("tokenchars=A")), _File(module.format(after).replace("Body", "body"))

        assert one.means_as(two, "table", "f") is is_same

    def test_a_view_of_itself_ends(self) -> None:
        file = _File('CREATE VIEW v AS SELECT "Open" FROM w', 'CREATE VIEW w AS SELECT "Open" FROM v')

        assert file.means_as(file, "view", "v")


def test_every_changed_definition_is_one_that_sqlite_takes() -> None:
    """Else it would be no wonder that they differ."""
    for template in (_TABLE, *_OBJECTS.values()):
        for pieces in [tuple(_pieces(template)), *_changes(template)]:
            written = " ".join(f'"{each[1:]}"' if each[0] in "~'" and each[-1] != "'" else each for each in pieces)
            with closing(sqlite3.connect(":memory:")) as connection:
                for statement in (*_BASE, written):
                    connection.execute(statement)
