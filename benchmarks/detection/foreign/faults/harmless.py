"""What is no difference: nothing more may be named than of the undamaged pair."""

from __future__ import annotations

from functools import partial

from benchmarks.detection.foreign.declarations.definition import Definition, rewritten
from benchmarks.detection.foreign.declarations.rebuild import rebuild
from benchmarks.detection.foreign.fault import add, fault
from benchmarks.detection.foreign.faults.objects import declared, in_both
from benchmarks.detection.foreign.site import NoTargetError, Site
from benchmarks.detection.foreign.values import quoted, text

_STATEMENTS = {
    "nothing at all": (),
    "VACUUM": ("VACUUM",),
    "REINDEX": ("REINDEX",),
    "ANALYZE": ("ANALYZE",),
    "another page size": ("PRAGMA page_size = 8192", "VACUUM"),
    "auto_vacuum": ("PRAGMA auto_vacuum = FULL", "VACUUM"),
    "changed to WAL": ("PRAGMA journal_mode = WAL",),
}


def _run(statements: tuple[str, ...], site: Site) -> None:
    for statement in statements:
        site.after.execute(statement).fetchall()


for title, statements in _STATEMENTS.items():
    add("harmless", title, partial(_run, statements))


@fault("a table rebuilt with the same definition")
def _(site: Site) -> None:
    table = site.tables()[0]
    rebuild(site.after, table.name, Definition.read(site.sql_of(table.name)))


@fault("the rows of a table in another order, under other numbers")
def _(site: Site) -> None:
    table = next((table for table in site.tables(2) if not table.number and table.key), None)
    if table is None:
        raise NoTargetError
    numbers = [row.number for row in (*table.rows, *table.new)]
    site.rng.shuffle(numbers)
    rebuild(site.after, table.name, Definition.read(site.sql_of(table.name)), order=numbers)


@fault("a definition with other blanks and in another case")
def _(site: Site) -> None:
    # How a new column is spelled is told, so none may be spelled otherwise.
    spelled = {place.table for place in site.data.base if place.kind == "column"}
    table = next((table for table in site.tables() if table.name not in spelled), None)
    if table is None:
        raise NoTargetError
    site.declare(table.name, rewritten(site.sql_of(table.name)))


@fault("an index dropped and made again")
def _(site: Site) -> None:
    _, name, _, sql = in_both(site, "index")
    site.after.execute(f"DROP INDEX {quoted(name)}")
    site.after.execute(sql)


@fault("every index dropped and made again, in the other order")
def _(site: Site) -> None:
    found = declared(site.after, "type = 'index'")
    for _, name, _, _ in found:
        site.after.execute(f"DROP INDEX {quoted(name)}")
    for *_, sql in reversed(found):
        site.after.execute(sql)


@fault("a number written as a text, which its column turns back")
def _(site: Site) -> None:
    for spot in site.spots(lambda value: value[0] == "integer", keys=False):
        if not site.store(spot, text(str(spot.value[1]))):
            return
        site.store(spot, spot.value)  # its column keeps texts as they are
    raise NoTargetError


@fault("every row of a table updated with what it holds")
def _(site: Site) -> None:
    table = site.tables()[0]
    column = quoted(site.rng.choice(table.columns))
    site.after.execute(f"UPDATE {quoted(table.name)} SET {column} = {column}")


@fault("rows deleted and written again")
def _(site: Site) -> None:
    table, rows = site.rows(2, 10)
    names = quoted(table.name)
    for row in rows:
        site.after.execute(f"CREATE TEMP TABLE kept AS SELECT * FROM {names} WHERE rowid = ?", (row.number,))
        site.delete(table, row)
        site.after.execute(f"INSERT INTO {names} SELECT * FROM temp.kept")
        site.after.execute("DROP TABLE temp.kept")
