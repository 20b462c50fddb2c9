"""Promises of a table that are gone, new, or say something else. What a pair lacks both files are given."""

from __future__ import annotations

from benchmarks.detection.foreign.declarations.clauses import (
    alone_unique,
    check_of,
    column_with,
    columns_with,
    counts_on,
    definitions,
    edit_column,
    given_clause,
    given_column,
    is_redeclared,
    keeps_key,
    lose_clause,
    reference_of,
    unique_of,
)
from benchmarks.detection.foreign.declarations.definition import Definition, clause_of, meaning, without_clause
from benchmarks.detection.foreign.declarations.rebuild import rebuild
from benchmarks.detection.foreign.fault import fault
from benchmarks.detection.foreign.given import give
from benchmarks.detection.foreign.site import NoTargetError, Site
from benchmarks.detection.foreign.values import quoted
from benchmarks.detection.foreign.wanted import Place


@fault("a NOT NULL is gone")
def _(site: Site) -> None:
    table, column = given_column(site, "NOT NULL", "not")
    edit_column(site, table, column, lambda item: without_clause(item, "not"))
    site.wanted.add(Place("lost", "constraint", table.name, column))


@fault("a NOT NULL is new")
def _(site: Site) -> None:
    found = (
        (table, column)
        for table, column in columns_with(site, "not", has=False)
        if all(row.values[column][1] is not None for row in (*table.rows, *table.new))
    )
    table, column = next(found, None) or (give(site.before, site.after), "noted")
    edit_column(site, table, column, lambda item: f"{item} NOT NULL")
    site.wanted.add(Place("changed", "declaration", table.name, column))


@fault("a default is gone")
def _(site: Site) -> None:
    table, column = given_column(site, "DEFAULT 'given'", "default")
    edit_column(site, table, column, lambda item: without_clause(item, "default"))
    site.wanted.add(Place("changed", "declaration", table.name, column))


@fault("another default")
def _(site: Site) -> None:
    table, column = given_column(site, "DEFAULT 'given'", "default")
    edit_column(site, table, column, lambda item: f"{without_clause(item, 'default')} DEFAULT 'another'")
    site.wanted.add(Place("changed", "declaration", table.name, column))


@fault("a default is new")
def _(site: Site) -> None:
    table, column = column_with(site, "default", has=False)
    edit_column(site, table, column, lambda item: f"{item} DEFAULT 'came'")
    site.wanted.add(Place("changed", "declaration", table.name, column))


@fault("a default of another type: 0 and '0'")
def _(site: Site) -> None:
    table, column = column_with(site, "default", has=False)
    for connection in (site.before, site.after):
        definition = Definition.read(site.sql_of(table.name, connection))
        at = definition.column(column)
        rebuild(connection, table.name, definition.having(at, f"{definition.items[at]} DEFAULT 0"))
    edit_column(site, table, column, lambda item: f"{without_clause(item, 'default')} DEFAULT '0'")
    site.wanted.add(Place("changed", "declaration", table.name, column))


@fault("a COLLATE is gone")
def _(site: Site) -> None:
    table, column = given_column(site, "COLLATE NOCASE", "collate")
    edit_column(site, table, column, lambda item: without_clause(item, "collate"))
    site.wanted.add(Place("lost", "constraint", table.name, column))


@fault("another COLLATE")
def _(site: Site) -> None:
    table, column = given_column(site, "COLLATE NOCASE", "collate")
    edit_column(site, table, column, lambda item: f"{without_clause(item, 'collate')} COLLATE RTRIM")
    site.wanted.add(Place("changed", "constraint", table.name, column))


@fault("a COLLATE is new")
def _(site: Site) -> None:
    table, column = column_with(site, "collate", has=False)
    edit_column(site, table, column, lambda item: f"{item} COLLATE NOCASE")
    site.wanted.add(Place("changed", "constraint", table.name, column))


@fault("a CHECK is gone")
def _(site: Site) -> None:
    lose_clause(site, *given_clause(site, "check", check_of))


@fault("a CHECK that lets more pass")
def _(site: Site) -> None:
    table, at, clause = given_clause(site, "check", check_of)
    definition = Definition.read(site.sql_of(table.name))
    rebuild(site.after, table.name, definition.having(at, f" CHECK (({clause[5:].strip()}) OR 1)"))
    site.wanted.add(Place("changed", "constraint", table.name))


@fault("a CHECK is new")
def _(site: Site) -> None:
    table = site.tables()[0]
    rebuild(site.after, table.name, Definition.read(site.sql_of(table.name)).more(check_of(table)))
    site.wanted.add(Place("changed", "constraint", table.name))


@fault("a UNIQUE is gone")
def _(site: Site) -> None:
    """Both files are given it over columns that nothing else keeps apart."""
    table, column = alone_unique(site)
    for connection in (site.before, site.after):
        definition = Definition.read(site.sql_of(table.name, connection))
        rebuild(connection, table.name, definition.more(f"UNIQUE ({quoted(column)})"))
    at = len(Definition.read(site.sql_of(table.name)).items) - 1
    lose_clause(site, table, at, f"unique ( {column} )")


@fault("a UNIQUE is gone, whose promise a key keeps")
def _(site: Site) -> None:
    table = next((each for each in site.tables() if each.key and keeps_key(site, each)), None)
    if table is None:
        raise NoTargetError
    for connection in (site.before, site.after):
        rebuild(connection, table.name, Definition.read(site.sql_of(table.name, connection)).more(unique_of(table)))
    definition = Definition.read(site.sql_of(table.name))
    rebuild(site.after, table.name, definition.without(len(definition.items) - 1))
    site.wanted.add(Place("changed", "constraint", table.name))


@fault("a UNIQUE is new")
def _(site: Site) -> None:
    table, column = alone_unique(site)
    rebuild(site.after, table.name, Definition.read(site.sql_of(table.name)).more(f"UNIQUE ({quoted(column)})"))
    site.wanted.add(Place("changed", "constraint", table.name))


@fault("a UNIQUE over one column more, which promises less")
def _(site: Site) -> None:
    table, column = alone_unique(site)
    other = next(name for name in table.columns if name not in {column, *table.key} or name == table.key[-1])
    clauses = f"UNIQUE ({quoted(column)})", f"UNIQUE ({quoted(column)}, {quoted(other)})"
    for connection, clause in zip((site.before, site.after), clauses, strict=True):
        rebuild(connection, table.name, Definition.read(site.sql_of(table.name, connection)).more(clause))
    site.wanted.add(Place("lost", "constraint", table.name))


@fault("a foreign key is gone")
def _(site: Site) -> None:
    lose_clause(site, *given_clause(site, "foreign", reference_of))


@fault("a foreign key of a column is gone")
def _(site: Site) -> None:
    name = quoted(site.tables()[0].name)
    table, column = given_column(site, f"REFERENCES {name}", "references")
    edit_column(site, table, column, lambda item: without_clause(item, "references"))
    site.wanted.add(Place("lost", "constraint", table.name))


@fault("a foreign key that deletes")
def _(site: Site) -> None:
    table, at, clause = given_clause(site, "foreign", reference_of)
    definition = Definition.read(site.sql_of(table.name))
    words = "ON DELETE SET NULL" if "on delete" not in clause.lower() else ""
    item = f" {clause} {words}" if words else " " + clause[: clause.lower().index("on delete")]
    rebuild(site.after, table.name, definition.having(at, item))
    site.wanted.add(Place("changed", "constraint", table.name))


@fault("a foreign key is new")
def _(site: Site) -> None:
    table = site.tables()[0]
    rebuild(site.after, table.name, Definition.read(site.sql_of(table.name)).more(reference_of(table)))
    site.wanted.add(Place("changed", "constraint", table.name))


@fault("an AUTOINCREMENT is gone")
def _(site: Site) -> None:
    numbered = (table for table in site.data.shared if table.number and counts_on(site, table))
    table = next(numbered, None) or give(site.before, site.after)
    definition = Definition.read(site.sql_of(table.name))
    at = definition.column(table.number)
    kept = [word for word in meaning(definition.items[at]) if word.lower() != "autoincrement"]
    rebuild(site.after, table.name, definition.having(at, " " + " ".join(kept)))
    site.wanted.add(Place("lost", "constraint", table.name, table.number))


@fault("a primary key is gone")
def _(site: Site) -> None:
    """One over several columns, or of a column that is no row number."""
    for table, _, new in definitions(site):
        clauses = list(new.clauses("primary"))
        if clauses and not table.number and not is_redeclared(site, table):
            rebuild(site.after, table.name, new.without(clauses[0][0]))
            site.wanted.add(Place("lost", "constraint", table.name))
            return
    raise NoTargetError


@fault("STRICT is new")
def _(site: Site) -> None:
    for table, _, new in definitions(site):
        types = [meaning(new.items[at])[1].upper() for at, _ in new.columns() if len(meaning(new.items[at])) > 1]
        if len(types) == len(list(new.columns())) and set(types) <= {"INTEGER", "TEXT", "BLOB", "REAL", "INT"}:
            rebuild(site.after, table.name, Definition(new.head, new.items, " STRICT"))
            site.wanted.add(Place("changed", "declaration", table.name))
            # There a primary key holds no NULL, unless it is the row number.
            nullable = [name for name in table.key if not clause_of(new.items[new.column(name)], "not")]
            site.wanted.add(
                *(Place("changed", "declaration", table.name, name) for name in nullable if name != table.number)
            )
            return
    raise NoTargetError
