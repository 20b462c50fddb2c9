"""Tables, indexes, views and triggers that are gone, new, or defined otherwise; both files are given what they lack."""

from __future__ import annotations

import apsw

from benchmarks.detection.foreign.fault import fault
from benchmarks.detection.foreign.pair_data import TableData
from benchmarks.detection.foreign.site import NoTargetError, Site
from benchmarks.detection.foreign.values import quoted

_DECLARED = "sql IS NOT NULL AND name NOT LIKE 'sqlite!_%' ESCAPE '!'"
Declared = tuple[str, str, str, str]
"""Kind, name, table and definition."""


def declared(connection: apsw.Connection, where: str = "1") -> list[Declared]:
    """The objects that somebody declared."""
    rows = connection.execute(f"SELECT type, name, tbl_name, sql FROM sqlite_schema WHERE {_DECLARED} AND {where}")
    return [(str(kind), str(name), str(table), str(sql)) for kind, name, table, sql in rows.fetchall()]


def in_both(site: Site, kind: str) -> Declared:
    """An object of this kind that both files declare alike; it is given to both if need be."""
    theirs = set(declared(site.before, f"type = '{kind}'"))
    found = [each for each in declared(site.after, f"type = '{kind}'") if each in theirs]
    return site.rng.choice(found) if found else given(site, kind)


def given(site: Site, kind: str) -> Declared:
    """A new object of this kind in both files."""
    table = site.tables()[0]
    column = site.rng.choice(table.columns)
    sql = {
        "index": f"CREATE INDEX given ON {quoted(table.name)} ({quoted(column)})",
        "view": f"CREATE VIEW given AS SELECT {quoted(column)} FROM {quoted(table.name)}",
        "trigger": f"CREATE TRIGGER given AFTER DELETE ON {quoted(table.name)} BEGIN SELECT 1; END",
    }[kind]
    for connection in (site.before, site.after):
        connection.execute(sql)
    (made,) = declared(site.after, "name = 'given'")
    return made


def _lose(site: Site, lost: Declared) -> None:
    kind, name, table, _ = lost
    site.after.execute(f"DROP {kind} {quoted(name)}")
    site.want_object("lost", kind, name, table)


def _redefine(site: Site, old: Declared, sql: str) -> None:
    kind, name, table, _ = old
    site.after.execute(f"DROP {kind} {quoted(name)}")
    site.after.execute(sql)
    site.want_object("changed", kind, name, table, as_kind="declaration")


@fault("an index is gone")
def _(site: Site) -> None:
    _lose(site, in_both(site, "index"))


@fault("a view is gone")
def _(site: Site) -> None:
    _lose(site, in_both(site, "view"))


@fault("a trigger is gone")
def _(site: Site) -> None:
    _lose(site, in_both(site, "trigger"))


@fault("an index of another column")
def _(site: Site) -> None:
    old = given(site, "index")
    table = next(table for table in site.data.filled if table.name == old[2])
    others = [column for column in table.columns if f"({quoted(column)})" not in old[3]]
    _redefine(site, old, f"CREATE INDEX given ON {quoted(old[2])} ({quoted(site.rng.choice(others))})")


@fault("an index of two columns, in the other order")
def _(site: Site) -> None:
    table = next(table for table in site.tables() if len(table.columns) > 1)
    first, second = map(quoted, site.rng.sample(table.columns, 2))
    for connection in (site.before, site.after):
        connection.execute(f"CREATE INDEX given ON {quoted(table.name)} ({first}, {second})")
    sql = f"CREATE INDEX given ON {quoted(table.name)} ({second}, {first})"
    _redefine(site, ("index", "given", table.name, ""), sql)


@fault("an index that is unique no more")
def _(site: Site) -> None:
    table = next((table for table in site.tables() if table.key), None)
    if table is None:
        raise NoTargetError
    columns = ", ".join(map(quoted, table.key))
    for connection in (site.before, site.after):
        connection.execute(f"CREATE UNIQUE INDEX given ON {quoted(table.name)} ({columns})")
    _redefine(site, ("index", "given", table.name, ""), f"CREATE INDEX given ON {quoted(table.name)} ({columns})")


@fault("an index of some rows only")
def _(site: Site) -> None:
    old = given(site, "index")
    _redefine(site, old, f"{old[3]} WHERE rowid > 3")


@fault("a view that shows less")
def _(site: Site) -> None:
    old = given(site, "view")
    _redefine(site, old, f"{old[3]} WHERE rowid > 3")


@fault("a trigger that does something else")
def _(site: Site) -> None:
    old = given(site, "trigger")
    _redefine(site, old, old[3].replace("SELECT 1", "SELECT 2"))


@fault("a trigger at another time")
def _(site: Site) -> None:
    old = given(site, "trigger")
    _redefine(site, old, old[3].replace("AFTER", "BEFORE"))


@fault("an index under another name")
def _(site: Site) -> None:
    kind, name, table, sql = given(site, "index")
    site.after.execute(f"DROP INDEX {quoted(name)}")
    site.after.execute(sql.replace(name, "renamed", 1))
    site.want_object("lost", kind, name, table)
    site.want_object("new", kind, "renamed", table)


@fault("an index is new")
def _(site: Site) -> None:
    table = site.tables()[0]
    column = quoted(site.rng.choice(table.columns))
    site.after.execute(f"CREATE INDEX came ON {quoted(table.name)} ({column})")
    site.want_object("new", "index", "came", table.name)


@fault("a trigger is new")
def _(site: Site) -> None:
    table = site.tables()[0].name
    site.after.execute(f"CREATE TRIGGER came AFTER DELETE ON {quoted(table)} BEGIN SELECT 1; END")
    site.want_object("new", "trigger", "came", table)


@fault("a table with rows is new")
def _(site: Site) -> None:
    table = site.tables()[0]
    site.after.execute("CREATE TABLE came (id INTEGER PRIMARY KEY, said)")
    site.after.executemany("INSERT INTO came VALUES (?, 'x')", [(at,) for at in range(1, 4)])
    came = TableData("came", ("id", "said"), ("id",), "id", (), ())
    site.want_object("new", "table", "came", "came")
    site.want_rows("new", came, [(("integer", at),) for at in range(1, 4)])
    assert table.rows


@fault("a table is gone")
def _(site: Site) -> None:
    table = _free_table(site)
    gone = declared(site.before, f"lower(tbl_name) = lower('{table.name}')")
    site.after.execute(f"DROP TABLE {quoted(table.name)}")
    site.take_table(table.name)
    _want_lost(site, table, gone)


@fault("a table under another name")
def _(site: Site) -> None:
    table = _free_table(site)
    where = f"lower(tbl_name) = lower('{table.name}')"
    was, now = (declared(connection, where) for connection in (site.before, site.after))
    rows = [table.key_of(row) for row in (*table.rows, *table.new)]
    key = table.key
    site.after.execute(f"ALTER TABLE {quoted(table.name)} RENAME TO renamed")
    site.take_table(table.name)
    _want_lost(site, table, [each for each in was if each[0] == "table"])
    site.want_object("new", "table", "renamed", "renamed")
    site.want_rows("new", TableData("renamed", table.columns, key, "", (), ()), rows)
    for kind, name, _, _ in now:
        if kind != "table" and any(each[:2] == (kind, name) for each in was):
            site.want_object("changed", kind, name, table.name, as_kind="declaration")
        elif kind != "table":
            site.want_object("new", kind, name, "renamed")
    # Rows of a new table are called by its own key, which may be another one than before.
    if site.key_of("renamed") != key:
        raise NoTargetError


def _free_table(site: Site) -> TableData:
    """A table that no trigger and no view speaks of, and of which no row is undone or gone in the undamaged pair."""
    for table in site.tables():
        speaking = declared(site.after, f"type IN ('trigger', 'view') AND instr(lower(sql), lower('{table.name}'))")
        if not speaking:
            return table
    raise NoTargetError


def _want_lost(site: Site, table: TableData, gone: list[Declared]) -> None:
    for kind, name, of, _ in gone:
        site.want_object("lost", kind, name, of)
    site.want_rows("lost", table, [table.key_of(row) for row in table.rows])
