"""The conversation index: pointers, records, counters, switch events, and whether it belongs to the turns at all."""

from __future__ import annotations

import orjson

from audit.checks.check import Severity
from benchmarks.detection.fault import Fault, add, fault
from benchmarks.detection.files.site import NoPlaceError, Row, Site

_TABLE = "timeline_conversations"


def _pointing(site: Site, condition: str = "1") -> list[Row]:
    """Conversation records with a pointer, of which the turn file knows attributed turns with blocks."""
    known = {row["conv_id"] for row in site.rows(
        "SELECT DISTINCT conv_id FROM turns t WHERE runtime_key <> '' AND EXISTS (SELECT 1 FROM turn_block_membership m"
        " WHERE m.conv_id = t.conv_id AND m.session_id = t.session_id AND m.turn_id = t.turn_id)")}  # fmt: skip
    pointing = f"t.runtime_key <> '' AND {condition}"
    rows = site.rows(
        f"SELECT t.rowid AS row_id, t.* FROM {_TABLE} t WHERE {pointing} ORDER BY t.rowid", role="timeline"
    )
    return [row for row in rows if row["conv_id"] in known]


@fault("C20", "the pointer still names the runtime of before the switch", "pointer_agrees", needs="timeline")
def stale_pointer(site: Site) -> None:
    earlier: dict[str, str] = {}
    for row in site.turns("t.runtime_key <> ''"):
        earlier.setdefault(row["conv_id"], row["runtime_key"])
    rows = [row for row in _pointing(site) if earlier.get(row["conv_id"], row["runtime_key"]) != row["runtime_key"]]
    for row in site.pick(rows, wanted="a conversation with a switch"):
        site.set_cell(row, "runtime_key", earlier[row["conv_id"]], table=_TABLE, role="timeline")


@fault("C21", "the pointer names a runtime that no turn has", "pointer_agrees", needs="timeline")
def wild_pointer(site: Site) -> None:
    for row in site.pick(_pointing(site)):
        site.set_cell(
            row, "runtime_key", site.rng.choice(("planner-next", "retired", "PLANNER")), table=_TABLE, role="timeline"
        )


@fault(
    "C22", "the pointer is padded or decomposed", "pointer_agrees", "conversation_fields_plausible", needs="timeline"
)
def padded_pointer(site: Site) -> None:
    for row in site.pick(_pointing(site)):
        value = site.rng.choice((f"{row['runtime_key']} ", f"{row['runtime_key']}\u200b", row["runtime_key"].upper()))
        site.set_cell(
            row, "runtime_key", value if value != row["runtime_key"] else f" {value}", table=_TABLE, role="timeline"
        )


@fault("C23", "the pointers of two conversations exchanged", "pointer_agrees", needs="timeline", sized=False)
def exchange_pointers(site: Site) -> None:
    rows = _pointing(site)
    row = site.pick(rows, most=1)[0]
    others = [other for other in rows if other["runtime_key"] != row["runtime_key"]]
    other = site.rng.choice(others)
    site.set_cell(row, "runtime_key", other["runtime_key"], table=_TABLE, role="timeline")
    site.set_cell(other, "runtime_key", row["runtime_key"], table=_TABLE, role="timeline")


@fault(
    "C24", "a conversation record is missing", "conversation_record_exists", "conversation_recorded", needs="timeline"
)
def lose_record(site: Site) -> None:
    for row in site.pick_rows(_TABLE, role="timeline"):
        site.delete_row(row, table=_TABLE, role="timeline")


@fault("C25", "a conversation is missing from the timeline file", "conversation_recorded", "conversation_record_exists",
       needs="timeline", severity=Severity.WARNING)  # fmt: skip
def lose_conversation(site: Site) -> None:
    for row in site.pick_rows(_TABLE, role="timeline"):
        site.delete_row(row, table=_TABLE, role="timeline")
        for table in ("timeline_versions", "timeline_entities"):
            site.connect("timeline").execute(f"DELETE FROM {table} WHERE conv_id = ?", (row["conv_id"],))


@fault(
    "C26",
    "a conversation record that has no turns",
    "conversation_has_turns",
    needs="timeline",
    severity=Severity.WARNING,
)
def idle_record(site: Site) -> None:
    for at, row in enumerate(site.pick_rows(_TABLE, role="timeline")):
        site.insert_row({**row, "conv_id": f"conversation-{at}"}, table=_TABLE, role="timeline")


@fault(
    "C27",
    "the turns of a conversation are gone",
    "conversation_has_turns",
    "turns_kept",  # with a baseline: "turns of the file before are missing" is what happened
    needs="timeline",
    severity=Severity.WARNING,
    sized=False,
)
def lose_turns(site: Site) -> None:
    conversation = site.pick_rows(_TABLE, role="timeline", condition="1")[0]["conv_id"]
    for table in ("turn_block_membership", "turns"):
        site.connect().execute(f"DELETE FROM {table} WHERE conv_id = ?", (conversation,))
    site.log("turns", before="the turns", conv_id=conversation)


@fault(
    "C28",
    "the session of a record is another conversation's",
    "session_has_turns",
    needs="timeline",
    severity=Severity.WARNING,
)
def foreign_session(site: Site) -> None:
    for row in site.pick_rows(_TABLE, role="timeline"):
        others = site.rows(
            f"SELECT session_id FROM {_TABLE} WHERE conv_id <> ? ORDER BY rowid", row["conv_id"], role="timeline"
        )
        site.set_cell(row, "session_id", site.rng.choice(others)["session_id"], table=_TABLE, role="timeline")


@fault("C29", "the timeline file of another store", "files_belong_together", needs="timeline", sized=False)
def foreign_file(site: Site) -> None:
    for table in (_TABLE, "timeline_versions", "timeline_entities"):
        site.run(f"UPDATE {table} SET conv_id = 'x' || substr(conv_id, 2)", role="timeline")
    site.log("timeline", after="another file", role="timeline")


def _spoil_record(number: int, title: str, column: str, expression: str, *checks: str) -> None:
    def inject(site: Site) -> None:
        for row in site.pick_rows(_TABLE, role="timeline"):
            site.set_sql(row, column, expression, table=_TABLE, role="timeline")
        if not site.changes:
            raise NoPlaceError(title)

    add(Fault(f"C{number}", title, checks, inject, needs="timeline"))


_FIELDS = ("conversation_fields_plausible",)
_spoil_record(40, "a record created before 1970", "created_at_ms", "-1", *_FIELDS)
_spoil_record(41, "activity before creation", "last_activity_ms", "created_at_ms - 1", *_FIELDS)
_spoil_record(42, "a flag beyond 0 and 1", "has_timeline", "2", *_FIELDS)
_spoil_record(43, "a blank status", "status", "' '", *_FIELDS)
_spoil_record(44, "a negative version", "last_seen_version", "-1", "versions_not_behind", *_FIELDS)
_spoil_record(45, "a record whose pointer says null", "runtime_key", "'null'", "pointer_agrees", *_FIELDS)
_spoil_record(46, "the pointer as a BLOB", "runtime_key", "x'706c616e6e6572'", "storage_classes_as_declared")
_spoil_record(47, "a time as a text", "last_activity_ms", "'yesterday'", "storage_classes_as_declared", *_FIELDS)


@fault("C50", "a version counter behind its entities", "versions_not_behind", needs="timeline")
def version_behind(site: Site) -> None:
    for row in site.pick_rows("timeline_versions", "t.version > 0", role="timeline"):
        site.set_cell(row, "version", row["version"] - 1, table="timeline_versions", role="timeline")


@fault("C51", "a record that has seen less than there is", "versions_not_behind", needs="timeline")
def seen_behind(site: Site) -> None:
    for row in site.pick_rows(_TABLE, "t.last_seen_version > 0", role="timeline"):
        site.set_cell(row, "last_seen_version", row["last_seen_version"] - 1, table=_TABLE, role="timeline")


def _switch_rows(site: Site) -> list[Row]:
    return site.rows(
        "SELECT rowid AS row_id, * FROM timeline_entities WHERE kind = 'profile_switch' ORDER BY rowid", role="timeline"
    )


@fault("C60", "a switch event one turn late", "switch_events_match_turns", needs="timeline", severity=Severity.WARNING)
def late_event(site: Site) -> None:
    for row in site.pick(_late_candidates(site), wanted="a switch event with turns behind it"):
        site.set_cell(row, "created_at_ms", row["later_ms"], table="timeline_entities", role="timeline")


def _late_candidates(site: Site) -> list[Row]:
    """Switch events, each with the creation time of the second turn behind it."""
    found = []
    for row in _switch_rows(site):
        turns = site.rows(
            "SELECT turn_created_at_ms AS at FROM turns WHERE conv_id = ? AND turn_created_at_ms >= ?"
            " ORDER BY 1 LIMIT 2",
            row["conv_id"], row["created_at_ms"],
        )  # fmt: skip
        if len(turns) == 2 and turns[1]["at"] > row["created_at_ms"]:
            found.append({**row, "later_ms": turns[1]["at"]})
    return found


@fault("C61", "a switch event one turn early", "switch_events_match_turns", needs="timeline", severity=Severity.WARNING)
def early_event(site: Site) -> None:
    candidates = []
    for row in _switch_rows(site):
        turns = site.rows(
            "SELECT turn_created_at_ms AS at, runtime_key FROM turns WHERE conv_id = ? AND turn_created_at_ms < ?"
            " ORDER BY 1 DESC LIMIT 1",
            row["conv_id"], row["created_at_ms"],
        )  # fmt: skip
        if turns and turns[0]["runtime_key"]:
            candidates.append({**row, "earlier_ms": turns[0]["at"]})
    for row in site.pick(candidates, wanted="a switch event behind an attributed turn"):
        site.set_cell(row, "created_at_ms", row["earlier_ms"], table="timeline_entities", role="timeline")


@fault(
    "C62", "a switch event that led elsewhere", "switch_events_match_turns", needs="timeline", severity=Severity.WARNING
)
def wrong_event(site: Site) -> None:
    for row in site.pick(_switch_rows(site), wanted="a switch event"):
        body = orjson.loads(row["entity_json"])
        other = site.rng.choice([key for key in ("inventory", "planner", "analyst") if key != body["props"]["to"]])
        body["props"] |= {"to": other, "runtime_key": other}
        site.set_cell(row, "entity_json", orjson.dumps(body).decode(), table="timeline_entities", role="timeline")


@fault(
    "C63",
    "a switch event without a switch in the turns",
    "switch_events_match_turns",
    needs="timeline",
    severity=Severity.WARNING,
    sized=False,
)
def phantom_event(site: Site) -> None:
    row = site.pick(_switch_rows(site), wanted="a switch event", most=1)[0]
    version = site.value(
        "SELECT max(version) FROM timeline_entities WHERE conv_id = ?", row["conv_id"], role="timeline"
    )
    body = orjson.loads(row["entity_json"])
    turns = site.rows(
        "SELECT turn_created_at_ms AS at, runtime_key FROM turns WHERE conv_id = ? AND runtime_key <> ''"
        " ORDER BY 1 DESC LIMIT 1",
        row["conv_id"],
    )
    body["props"] = {"from": turns[0]["runtime_key"], "to": "phantom", "runtime_key": "phantom", "schemaVersion": 1}
    added = {**row, "entity_id": "profile_switch-phantom", "version": version + 1, "created_at_ms": turns[0]["at"],
             "entity_json": orjson.dumps(body).decode()}  # fmt: skip
    site.insert_row(added, table="timeline_entities", role="timeline")
    for table, column in (("timeline_versions", "version"), (_TABLE, "last_seen_version")):
        site.connect("timeline").execute(
            f"UPDATE {table} SET {column} = {column} + 1 WHERE conv_id = ?", (row["conv_id"],)
        )
