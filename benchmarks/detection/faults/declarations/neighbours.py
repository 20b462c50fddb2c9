"""What a migration must not do to tables of other programs in the same file, and what hides beside them."""

from __future__ import annotations

from benchmarks.detection.controls.neighbours import FED_SEARCH, NOTES, UNKNOWN_ORDER, write_into
from benchmarks.detection.fault import fault
from benchmarks.detection.files.site import Site

_BOTH = ("turns", "baseline")


def _put(site: Site, *statements: str) -> None:
    """Put something into both files, as if it had always been there."""
    site.close()
    for role in _BOTH:
        write_into(site.path(role), statements)


@fault("S120", "a document is gone from a search", "other_tables_unchanged", needs="baseline", sized=False)
def lose_document(site: Site) -> None:
    _put(site, *NOTES)
    site.run("DELETE FROM notes WHERE rowid = 2")
    for table in ("notes_content", "notes_docsize"):
        site.log(table, before="the row", row_key='{"id":2}')


@fault("S121", "the index of a search no longer fits its documents", "database_intact", sized=False)
def break_search(site: Site) -> None:
    _put(site, *NOTES)
    site.run("UPDATE notes_content SET c0 = 'something else' WHERE id = 2")
    site.log("notes", before="whole")


@fault("S122", "a row changed in an order that is not known here", "other_tables_unchanged", needs="baseline",
       sized=False)  # fmt: skip
def change_in_unknown_order(site: Site) -> None:
    _put(site, *UNKNOWN_ORDER)
    site.close()
    write_into(site.path("turns"), ("UPDATE people SET note = 'other' WHERE name = 'name 03'",))
    site.log("people", before="3", after="other", column="note", row_key='{"name":"name 03"}')


@fault("S123", "a row lost in an order that is not known here", "other_tables_unchanged", needs="baseline", sized=False)
def lose_in_unknown_order(site: Site) -> None:
    _put(site, *UNKNOWN_ORDER)
    site.close()
    write_into(site.path("turns"), ("DELETE FROM people WHERE name = 'name 03'",))
    site.log("people", before="the row", row_key='{"name":"name 03"}')


@fault("S124", "a view is new beside those that were there", "no_views", "schema_objects_kept", needs="baseline",
       sized=False)  # fmt: skip
def add_view(site: Site) -> None:
    _put(site, "CREATE VIEW newest AS SELECT max(updated_at_ms) FROM turns")
    site.run("CREATE VIEW another AS SELECT 1")
    site.log("another", after="the view", role="turns", name="another", object_type="view", object_name="another")


@fault("S125", "a trigger among those of a search writes into the turns", "no_triggers", sized=False)
def add_trigger(site: Site) -> None:
    _put(site, *FED_SEARCH)
    site.run(
        "CREATE TRIGGER notes_more AFTER INSERT ON turns BEGIN"
        " INSERT INTO notes(rowid, turn_metadata_json) VALUES (new.rowid, new.turn_metadata_json);"
        " UPDATE turns SET runtime_key = 'searched' WHERE rowid = new.rowid; END"
    )
    site.log("turns", after="the trigger", role="turns", name="notes_more")


@fault("S126", "a search is new", "no_leftover_tables", "schema_objects_kept", needs="baseline", sized=False)
def add_search(site: Site) -> None:
    site.run(*NOTES)
    for name in ("notes", *(f"notes_{part}" for part in ("data", "idx", "content", "docsize", "config"))):
        site.log(name, after="the table", role="turns", name=name, object_type="table", object_name=name)


def _clause_lost(number: int, what: str, clause: str, done: str) -> None:
    """Register a fault in which another program's table loses a clause while a column of it is added."""

    @fault(f"S{number}", what, "schema_objects_kept", needs="baseline", sized=False)
    def lose_clause(site: Site) -> None:
        site.run(f"CREATE TABLE ratings (turn_id TEXT, rating INTEGER {clause})", role="baseline")
        site.run("CREATE TABLE ratings (turn_id TEXT, rating INTEGER)", done)
        site.log("ratings", before=clause, object_type="table", object_name="ratings")


_ADD = "ALTER TABLE ratings ADD COLUMN remark TEXT"
for _number, _clause in enumerate(
    ("CHECK (rating > 0)", "COLLATE NOCASE", "UNIQUE", "REFERENCES turns (turn_id)", "ON CONFLICT REPLACE"), start=127
):
    _told = f"NOT NULL {_clause}" if _clause.startswith("ON") else _clause
    _clause_lost(_number, f"{_clause.split(' ', 1)[0]} lost where a column was added", _told, _ADD)
