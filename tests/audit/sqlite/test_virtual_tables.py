"""Which tables a virtual one keeps its rows in is told by its definition, just as SQLite itself makes them."""

from __future__ import annotations

from contextlib import closing

import apsw
import pytest

from audit.sqlite.tokens import fold, module_arguments
from audit.sqlite.virtual_tables import MODULES, SchemaRow, VirtualTable, module_of, owner_of, virtual_tables

ENDS = frozenset().union(*(module.shadows for module in MODULES.values()))

DEFINITIONS = (
    "fts3", "fts3(a, b)", "fts3(content='', a)", "fts3(a, matchinfo=fts3)", "fts3(a, order=desc)",
    "fts4", "fts4(a)", "fts4(content, a)", "fts4(a, matchinfo)", "fts4(a, notindexed=a)", "fts4(a, order=desc)",
    "fts4(content='', a)", 'fts4(CONTENT="", a)', "fts4(content=, a)", "fts4(a, content=[])", "fts4(a, content=``)",
    "fts4(content=src)", "fts4(content='src', a)", "fts4(a, content='', content='src')", "fts4(content= '', a)",
    "fts4(a, content='src', content='')", "fts4(content='sr''c', a)", "fts4(content='' x, a)",
    "fts4(a, -- texts, content='src'\n content='')", "fts4(/* a, */ content='', a)", "fts4(content=/* , */'', a)",
    "fts4(a, matchinfo=fts3)", 'fts4(a, MATCHINFO="FTS3")', "fts4(content='', a, matchinfo=fts3)",
    "fts4(a, tokenize=unicode61 'tokenchars=,content=')", "fts4(a, tokenize=simple, content='')",
    "fts5(a)", "fts5(content, a)", "fts5(a, content='')", "fts5(a, CONTENT = '')", "fts5(a, content=)",
    'fts5(a, content="")', "fts5(a, content=[])", "fts5(a, content=src)", "fts5(a, content='src', content_rowid=id)",
    "fts5(a, content_rowid=id)", "fts5(a, c='')", "fts5(a, conte=src)", "fts5(a, columnsize=1)", "fts5(a, col=0)",
    "fts5(a, columnsize=0)", "fts5(a, columnsize='0')", "fts5(a, columnsize=0, content='')",
    "fts5(a, content='', contentless_delete=1)", "fts5(a, content='', contentless_delete=0, detail=none)",
    "fts5(a, contentless_unindexed=1, content='')", "fts5(a, b UNINDEXED, contentless_unindexed=1, content='')",
    "fts5(a, b unindexed, content='')", "fts5(a, unindexed, contentless_unindexed=1, content='')",
    "fts5(a, b unindexed, content='', contentless_u=1, columnsize=0)",
    "fts5(a, tokenize=\"unicode61 tokenchars '=,'\")", "fts5(a, /* , */ content='')", "fts5(a, prefix='1 2')",
    "rtree(id, a, b)", "rtree(id, a, b, +c)", "rtree_i32(id, a, b)", "geopoly()", "geopoly(a, b)",
)  # fmt: skip
"""All that their arguments can say of where rows are kept, and what only looks so."""


def made(definition: str, *statements: str, name: str = "t") -> list[SchemaRow]:
    """The tables that SQLite makes for a virtual one, with itself."""
    with closing(apsw.Connection(":memory:")) as connection:
        connection.execute("CREATE TABLE src (id INTEGER PRIMARY KEY, a, b)")
        connection.execute(f"CREATE VIRTUAL TABLE {name} USING {definition}")
        for statement in statements:
            connection.execute(statement)
        rows = connection.execute("SELECT type, name, sql FROM sqlite_schema WHERE type = 'table'").fetchall()
        return [SchemaRow(str(kind), str(table), str(sql)) for kind, table, sql in rows if table != "src"]


@pytest.mark.parametrize("definition", DEFINITIONS)
def test_just_the_tables_belong_to_it_that_sqlite_makes(definition: str) -> None:
    rows = made(definition)
    virtual = virtual_tables(rows)
    own = {row.name for row in rows if owner_of(row, virtual) == "t"}
    assert own == {row.name for row in rows} - {"t"}
    somebodys = [SchemaRow("table", f"t_{end}", "CREATE TABLE x (a)") for end in ENDS if f"t_{end}" not in own]
    assert [row.name for row in somebodys if owner_of(row, virtual)] == []


@pytest.mark.parametrize(
    ("definition", "source"),
    [
        ("fts3(content='', a)", None),
        ("fts4(a)", None),
        ("fts4(content, a)", None),
        ("fts4(a, tokenize=unicode61 'tokenchars=,content=')", None),
        ("fts4(content='', a)", ""),
        ("fts4(content='' x, a)", ""),
        ("fts4(a, content='src', content='')", ""),
        ("fts4(a, content='', content=Src)", "src"),
        ("fts4(content='sr''c', a)", "sr'c"),
        ("fts5(a, content_rowid=id)", None),
        ("fts5(a, content=)", ""),
        ("fts5(a, b UNINDEXED, contentless_unindexed=1, content='')", ""),
        ("fts5(a, cont = [Src])", "src"),
        ("rtree(id, a, b)", None),
    ],
)
def test_where_a_search_has_its_texts_stands_in_its_arguments(definition: str, source: str | None) -> None:
    assert virtual_tables(made(definition))["t"].source == source


def test_statistics_that_fts3_makes_later_belong_to_it_and_any_other_table_of_that_name_does_not() -> None:
    rows = made("fts3(a)", "INSERT INTO t VALUES ('one')", "INSERT INTO t (t) VALUES ('automerge=2')")
    assert {row.name for row in rows if owner_of(row, virtual_tables(rows))} == {
        "t_content", "t_segments", "t_segdir", "t_stat",
    }  # fmt: skip
    for definition in ("(a)", " (id INTEGER PRIMARY KEY, value BLOB)", "(id INTEGER PRIMARY KEY, value TEXT)"):
        rows = made("fts3(a)", f"CREATE TABLE t_stat{definition}")
        assert "t_stat" not in {row.name for row in rows if owner_of(row, virtual_tables(rows))}


@pytest.mark.parametrize("name", ["Notes", '"my notes"', "[it's]", "a_b", "_", "ä", "t_data"])
def test_whatever_it_is_called_its_tables_are_found(name: str) -> None:
    rows = made("fts5(a)", name=name)
    virtual = virtual_tables(rows)
    (called,) = virtual
    assert {owner_of(row, virtual) for row in rows if fold(row.name) != called} == {called}
    assert sum(bool(owner_of(row, virtual)) for row in rows) == 5


def test_tables_of_one_search_are_none_of_another() -> None:
    rows = made("fts5(a)", "CREATE VIRTUAL TABLE t_x USING fts3(a)", "CREATE TABLE t_x_data (a)")
    virtual = virtual_tables(rows)
    assert "t_x_data" not in {row.name for row in rows if owner_of(row, virtual)}
    assert {row.name: owner_of(row, virtual) for row in rows if "seg" in row.name} == {
        "t_x_segments": "t_x", "t_x_segdir": "t_x",
    }  # fmt: skip


def test_numbered_tables_end_with_two_digits() -> None:
    vectors = VirtualTable("vec0", frozenset())
    assert vectors.owns("vector_chunks00", "")
    assert not any(vectors.owns(end, "") for end in ("vector_chunks", "vector_chunks0", "vector_chunks²²", "chunks00"))


@pytest.mark.parametrize(
    ("sql", "arguments"),
    [
        ("CREATE VIRTUAL TABLE t USING m", ()),
        ("CREATE VIRTUAL TABLE t USING m()", ()),
        ("CREATE VIRTUAL TABLE [t(] USING m(a)", ("a",)),
        ("CREATE VIRTUAL TABLE t USING m( a b , c(1, (2)) ,'x)' )", ("a b", "c(1, (2))", "'x)'")),
        ("CREATE VIRTUAL TABLE t USING m(a /* , */ b, -- c\n d)", ("a /* , */ b", "d")),
    ],
)
def test_arguments_are_cut_apart_as_sqlite_does(sql: str, arguments: tuple[str, ...]) -> None:
    assert module_arguments(sql) == arguments


@pytest.mark.parametrize(
    ("definition", "module"),
    [
        ("CREATE VIRTUAL TABLE vectors USING vec0(e float[4])", "vec0"),
        ('CREATE VIRTUAL TABLE main."a using b" USING "FTS5" (body)', "fts5"),
        ("CREATE VIRTUAL TABLE IF NOT EXISTS using USING rtree(id, a, b)", "rtree"),
        ("CREATE TABLE plain (using TEXT)", ""),
        ("CREATE VIRTUAL TABLE cut", ""),
    ],
)
def test_the_module_of_a_table_stands_behind_using(definition: str, module: str) -> None:
    assert module_of(definition) == module
