"""What a careless rebuild of a table loses: indexes, triggers, clauses, rows, and its own mention in the ledger.

A migration that declares columns anew copies the whole table. The files of these faults were rebuilt rightly; what the
fault lets be lost was there before, or is still there in the file from before.
"""

from __future__ import annotations

from benchmarks.detection.fault import Fault, add, fault
from benchmarks.detection.files.site import NoPlaceError, Site

_KEPT = "schema_objects_kept"
_REBUILT = ("rebuilt",)
_TRIGGER = "CREATE TRIGGER told AFTER DELETE ON turns BEGIN DELETE FROM blocks WHERE block_id = old.turn_id; END"


@fault("S100", "a rebuild has lost an index of the team", _KEPT, needs="baseline", worlds=_REBUILT, sized=False)
def lose_index(site: Site) -> None:
    site.run("DROP INDEX turns_by_day")
    site.log("turns", before="the index", object_type="index", object_name="turns_by_day")


@fault("S101", "a rebuild has lost a trigger", _KEPT, needs="baseline", worlds=_REBUILT, sized=False)
def lose_trigger(site: Site) -> None:
    site.run(_TRIGGER, role="baseline")
    site.log("turns", before="the trigger", object_type="trigger", object_name="told")


@fault("S102", "a rebuild has lost a view", _KEPT, needs="baseline", worlds=_REBUILT, sized=False)
def lose_view(site: Site) -> None:
    site.run("CREATE VIEW latest AS SELECT max(turn_created_at_ms) AS at FROM turns", role="baseline")
    site.log("latest", before="the view", object_type="view", object_name="latest")


def _lose_clause(number: int, what: str, column: str, clause: str) -> None:
    """Register a fault in which the definition before said more of a column than the one after."""

    def inject(site: Site) -> None:
        text = site.value("SELECT sql FROM sqlite_schema WHERE name = 'turns'", role="baseline")
        written = next((f"{name} TEXT" for name in (f'"{column}"', column) if f"{name} TEXT" in text), None)
        if written is None:
            raise NoPlaceError(f"{column} TEXT in the definition of turns")
        site.rewrite_schema("turns", written, f"{written} {clause}", role="baseline")
        site.log("turns", before=clause, object_type="table", object_name="turns")

    add(Fault(f"S{number}", what, (_KEPT,), inject, needs="baseline", worlds=_REBUILT, sized=False))


for _number, _parts in enumerate((
    ("a rebuild has lost the collation of another column", "turn_data_json", "COLLATE NOCASE"),
    ("a rebuild has lost the CHECK of another column", "session_id", "CHECK (length(session_id) < 999)"),
    ("a rebuild has lost the CHECK of the column it declared anew", "runtime_key", "CHECK (length(runtime_key) < 999)"),
    ("a rebuild has lost what the column it declared anew refers to", "inference_id", "REFERENCES blocks (block_id)"),
), start=103):  # fmt: skip
    _lose_clause(_number, *_parts)


@fault("S107", "a rebuild has lost rows without a runtime", "turns_kept", needs="baseline", worlds=_REBUILT)
def lose_rows(site: Site) -> None:
    for row in site.pick_turns("t.runtime_key = ''"):
        site.delete_row(row, table="turns")


@fault("S108", "a column was declared anew and nobody says so", _KEPT, needs="baseline", worlds=_REBUILT, sized=False)
def rebuild_in_silence(site: Site) -> None:
    site.run("DELETE FROM turntruth_migrations WHERE step = 'rebuild'")
    for column in ("runtime_key", "inference_id"):
        site.log("turns", before="TEXT", object_type="table", object_name="turns", column_name=column)


@fault("S109", "a rebuild has lost a recorded value", "attribution_not_overwritten", needs="baseline", worlds=_REBUILT)
def lose_recorded_value(site: Site) -> None:
    recorded = "rowid % 7 = 0 AND t.runtime_key <> ''"
    for row in site.pick_turns(recorded):
        site.set_cell(row, "runtime_key", "")


@fault("S110", "a rebuild states another number of cells than it changed", "changes_as_stated", "changes_add_up",
       needs="baseline", worlds=_REBUILT, sized=False)  # fmt: skip
def misstate_defaults(site: Site) -> None:
    rule = "given the default instead of NULL"
    place = site.value(
        "SELECT fullkey FROM turntruth_migrations, json_tree(counts_json, '$.changes') WHERE step = 'migration'"
        " AND key = 'cells' AND counts_json ->> (path || '.rule') = ? AND counts_json ->> (path || '.column') = ?",
        rule,
        "runtime_key",
    )
    site.run(
        f"UPDATE turntruth_migrations SET counts_json = json_set(counts_json, '{place}',"
        f" (counts_json ->> '{place}') - 1) WHERE step = 'migration'"
    )
    site.log("turns", before="a true count", after="one less", column_name="runtime_key", rule=rule)
