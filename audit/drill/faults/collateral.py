"""What a migration must not touch: rows, contents, other tables, what the file says of itself."""

from __future__ import annotations

import hashlib

import orjson

from audit.check import Severity
from audit.drill.fault import Fault, add, fault
from audit.drill.site import NoPlaceError, Row, Site

_KEPT, _ADDED = "turns_kept", "turns_not_added"
_BLOCKS, _LISTS = "blocks_unchanged", "snapshots_unchanged"
_CELLS = "turn_columns_unchanged"
# SQLite may test conditions in any order: only CASE keeps it from parsing what is no JSON.
_TYPE = "CASE WHEN json_valid(t.turn_metadata_json) THEN json_type(t.turn_metadata_json, '{path}') END"
_PLACE = "conv_id, session_id, turn_id, phase, snapshot_created_at_ms"
_OF_TURN = "t.conv_id = ? AND t.session_id = ? AND t.turn_id = ?"


def _key(row: Row) -> tuple[str, str, str]:
    return row["conv_id"], row["session_id"], row["turn_id"]


def _delete_turn(site: Site, row: Row, *, with_blocks: bool = True) -> None:
    site.delete_row(row, table="turns")
    if with_blocks:
        site.connect().execute(
            "DELETE FROM turn_block_membership WHERE conv_id = ? AND session_id = ? AND turn_id = ?", _key(row)
        )


@fault("N1", "a turn deleted with its block lists", _KEPT, needs="baseline", worlds=("plain", "foreign"))
def delete_turn(site: Site) -> None:
    for row in site.pick_turns():
        _delete_turn(site, row)


@fault("N2", "a turn deleted, its block lists left", "block_lists_refer", _KEPT)
def orphan_lists(site: Site) -> None:
    for row in site.pick_turns():
        _delete_turn(site, row, with_blocks=False)
        for entry in site.rows(f"SELECT t.* FROM turn_block_membership t WHERE {_OF_TURN}", *_key(row)):
            site.log_row("turn_block_membership", entry, before="its turn")


@fault("N3", "a block deleted that is in use", "block_lists_refer", _BLOCKS)
def delete_block(site: Site) -> None:
    for row in site.pick_rows("blocks"):
        site.delete_row(row, table="blocks")
        for entry in site.rows(
            "SELECT * FROM turn_block_membership WHERE block_id = ? AND content_hash = ?",
            row["block_id"],
            row["content_hash"],
        ):
            site.log_row("turn_block_membership", entry, before="its block")


def _by_place(row: Row) -> dict[str, str]:
    return {name: row[name] for name in ("conv_id", "session_id", "turn_id", "phase", "snapshot_created_at_ms")}


@fault("N4", "a place in the middle of a block list deleted", "ordinals_contiguous", _LISTS)
def delete_middle(site: Site) -> None:
    last = (
        "(SELECT max(m.ordinal) FROM turn_block_membership m WHERE m.conv_id = t.conv_id"
        " AND m.session_id = t.session_id AND m.turn_id = t.turn_id AND m.phase = t.phase"
        " AND m.snapshot_created_at_ms = t.snapshot_created_at_ms)"
    )
    for row in site.pick_rows("turn_block_membership", f"t.ordinal < {last}"):
        site.delete_row(row, table="turn_block_membership")


@fault("N5", "the last place of a block list deleted", _LISTS, "phases_in_order", needs="baseline")
def delete_last(site: Site) -> None:
    rows = site.rows("SELECT t.rowid AS row_id, t.*, max(ordinal) FROM turn_block_membership t WHERE ordinal > 0"
                     f" GROUP BY {_PLACE} ORDER BY t.rowid")  # fmt: skip
    for row in site.pick(rows):
        site.delete_row(row, table="turn_block_membership")


@fault("N6", "a whole snapshot deleted", _LISTS, needs="baseline")
def delete_snapshot(site: Site) -> None:
    for first in site.pick_rows("turn_block_membership", "t.ordinal = 0"):
        place = _by_place(first)
        condition = " AND ".join(f"t.{name} = ?" for name in place)
        for row in site.rows(
            f"SELECT t.rowid AS row_id, t.* FROM turn_block_membership t WHERE {condition}", *place.values()
        ):
            site.delete_row(row, table="turn_block_membership")


@fault("N7", "a conversation deleted from the turn file", _KEPT, needs="baseline", sized=False)
def delete_conversation(site: Site) -> None:
    conversation = site.pick_turns(most=1)[0]["conv_id"]
    for row in site.turns("t.conv_id = ?", conversation):
        _delete_turn(site, row)


@fault("N8", "one turn deleted, another inserted", _KEPT, _ADDED, needs="baseline")
def compensate(site: Site) -> None:
    for row in site.pick_turns("t.turn_created_at_ms < (SELECT max(turn_created_at_ms) FROM turns)"):
        _delete_turn(site, row)
        site.insert_row({**row, "turn_id": f"{row['turn_id'][:-1]}x"}, table="turns")


@fault("N10", "a turn copied under another id", _ADDED, "inference_not_shared", "inference_shared_in_metadata",
       needs="baseline", worlds=("plain", "foreign"))  # fmt: skip
def copy_turn(site: Site) -> None:
    for row in site.pick_turns("t.updated_at_ms < (SELECT max(updated_at_ms) FROM turns)"):
        site.insert_row({**row, "turn_id": f"{row['turn_id']}-copy"}, table="turns")


@fault("N11", "a turn copied into another session", "turn_in_one_session", _ADDED)
def copy_into_session(site: Site) -> None:
    for row in site.pick_turns("t.updated_at_ms < (SELECT max(updated_at_ms) FROM turns)"):
        site.insert_row({**row, "session_id": "copied"}, table="turns")


@fault("N12", "an invented turn with old times", _ADDED, needs="baseline")
def invent_turn(site: Site) -> None:
    for at, row in enumerate(site.pick_turns("t.updated_at_ms < (SELECT max(updated_at_ms) FROM turns)")):
        invented = {**row, "turn_id": f"turn-{at}", "turn_metadata_json": "{}", "runtime_key": "", "inference_id": ""}
        site.insert_row(invented, table="turns")


@fault("N13", "a place added to a block list", _LISTS, "ordinals_contiguous", needs="baseline")
def add_place(site: Site) -> None:
    rows = site.rows("SELECT t.rowid AS row_id, t.*, max(ordinal) AS top FROM turn_block_membership t"
                     f" WHERE phase = 'final' GROUP BY {_PLACE}")  # fmt: skip
    for row in site.pick(rows):
        added = {name: value for name, value in row.items() if name != "top"} | {"ordinal": row["top"] + 1}
        site.insert_row(added, table="turn_block_membership")


@fault("N14", "two blocks of a list exchanged", _LISTS, needs="baseline")
def exchange_blocks(site: Site) -> None:
    for first in site.pick_rows("turn_block_membership", "t.ordinal = 0"):
        place = _by_place(first)
        condition = " AND ".join(f"t.{name} = ?" for name in place)
        sql = f"SELECT t.rowid AS row_id, t.* FROM turn_block_membership t WHERE {condition} AND ordinal = 1"
        second = site.rows(sql, *place.values())
        for row, other in ((first, second[0]), (second[0], first)) if second else ():
            site.set_cell(row, "block_id", other["block_id"], table="turn_block_membership")
            site.connect().execute("UPDATE turn_block_membership SET content_hash = ? WHERE rowid = ?",
                                   (other["content_hash"], row["row_id"]))  # fmt: skip


@fault("N15", "a place that refers to a block of another turn", _LISTS, needs="baseline")
def refer_elsewhere(site: Site) -> None:
    for row in site.pick_rows("turn_block_membership", "t.ordinal > 0"):
        sql = "SELECT block_id, content_hash FROM blocks WHERE block_id <> ? ORDER BY rowid LIMIT 1 OFFSET ?"
        other = site.rows(sql, row["block_id"], site.rng.randrange(20))[0]
        site.set_cell(row, "block_id", other["block_id"], table="turn_block_membership")
        site.set_cell(row, "content_hash", other["content_hash"], table="turn_block_membership")


def _edit_block(number: int, title: str, column: str, expression: str, *checks: str, condition: str = "1") -> None:
    def inject(site: Site) -> None:
        for row in site.pick_rows("blocks", condition):
            site.set_sql(row, column, expression, table="blocks")

    add(Fault(f"N{number}", title, checks, inject, worlds=("plain", "foreign")))


_HASHED = ("block_hash_matches", _BLOCKS)
_edit_block(
    20,
    "a letter of a payload changed",
    "payload_json",
    "replace(payload_json, 'e', '3')",
    *_HASHED,
    condition="instr(payload_json, 'e')",
)
_edit_block(21, "a payload written anew with blanks", "payload_json", "replace(payload_json, '\":', '\": ')", *_HASHED)
_edit_block(22, "a payload emptied", "payload_json", "'{}'", *_HASHED)
_edit_block(23, "a payload that is no JSON", "payload_json", "payload_json || '}'", "block_json_valid", *_HASHED)
_edit_block(
    24, "a payload as a BLOB", "payload_json", "CAST(payload_json AS BLOB)", "storage_classes_as_declared", _BLOCKS
)
_edit_block(25, "the kind of a block changed", "kind", "'other'", *_HASHED)
_edit_block(26, "the role of a block changed", "role", "'other'", *_HASHED)
_edit_block(27, "the metadata of a block changed", "block_metadata_json", "'{\"x\":1}'", *_HASHED)
_edit_block(28, "the hash algorithm renamed", "hash_algorithm", "'sha256'", "block_hash_algorithm_known", _BLOCKS)
_edit_block(
    29,
    "a number in a payload changed",
    "payload_json",
    "replace(payload_json, ' 7', ' 8')",
    *_HASHED,
    condition="instr(payload_json, ' 7')",
)


@fault("N30", "the time of a block changed", _BLOCKS, needs="baseline")
def move_block_time(site: Site) -> None:
    for row in site.pick_rows("blocks"):
        site.set_cell(row, "first_seen_at_ms", row["first_seen_at_ms"] - 1, table="blocks")


@fault("N31", "content and hash changed together", _BLOCKS, needs="baseline")
def forge_block(site: Site) -> None:
    for row in site.pick_rows("blocks", "instr(payload_json, 'e')"):
        payload = row["payload_json"].replace("e", "3")
        kind, role = orjson.dumps(row["kind"]).decode(), orjson.dumps(row["role"]).decode()
        text = f'{{"kind":{kind},"role":{role},"payload":{payload},"metadata":{row["block_metadata_json"]}}}'
        forged = hashlib.sha256(text.encode()).hexdigest()
        connection = site.connect()
        connection.execute("UPDATE turn_block_membership SET content_hash = ? WHERE block_id = ? AND content_hash = ?",
                           (forged, row["block_id"], row["content_hash"]))  # fmt: skip
        connection.execute("UPDATE blocks SET payload_json = ?, content_hash = ? WHERE rowid = ?",
                           (payload, forged, row["row_id"]))  # fmt: skip
        site.log_moved("blocks", row, {**row, "content_hash": forged}, "content_hash")


@fault("N32", "a hash changed, and its references too", "block_hash_matches", _BLOCKS)
def change_hash(site: Site) -> None:
    for row in site.pick_rows("blocks"):
        changed = f"{row['content_hash'][:-1]}{'0' if row['content_hash'][-1] != '0' else '1'}"
        connection = site.connect()
        connection.execute("UPDATE turn_block_membership SET content_hash = ? WHERE block_id = ? AND content_hash = ?",
                           (changed, row["block_id"], row["content_hash"]))  # fmt: skip
        site.move_key(row, "content_hash", changed, table="blocks")


@fault("N33", "a block copied under another id", _BLOCKS, needs="baseline")
def copy_block(site: Site) -> None:
    for row in site.pick_rows("blocks", "t.first_seen_at_ms < (SELECT max(turn_created_at_ms) FROM turns)"):
        site.insert_row({**row, "block_id": f"{row['block_id']}-copy"}, table="blocks")


def _edit_turn(
    number: int,
    title: str,
    column: str,
    expression: str,
    condition: str = "1",
    *also: str,
    needs: str = "baseline",
    severity: Severity = Severity.CRITICAL,
    worlds: tuple[str, ...] = ("plain", "foreign"),
) -> None:
    def inject(site: Site) -> None:
        for row in site.pick_turns(condition):
            site.set_sql(row, column, expression)
        if not site.changes:
            raise NoPlaceError(title)

    add(Fault(f"N{number}", title, (_CELLS, *also), inject, needs=needs, severity=severity, worlds=worlds))


_METADATA, _SOUND = "turn_metadata_json", "json_valid(t.turn_metadata_json) AND instr(t.turn_metadata_json, ':')"
_edit_turn(40, "metadata written anew with blanks", _METADATA, "replace(turn_metadata_json, '\":', '\": ')", _SOUND)
_edit_turn(41, "metadata with a line break behind", _METADATA, "turn_metadata_json || char(10)", _SOUND)
_edit_turn(42, "metadata with its keys in another order", _METADATA,
           "json_set(json_remove(turn_metadata_json, '$.\"geppetto.session_id@v1\"'), '$.\"geppetto.session_id@v1\"',"
           " json_extract(turn_metadata_json, '$.\"geppetto.session_id@v1\"'))", _SOUND)  # fmt: skip
_edit_turn(
    43, "a trace lost from metadata", _METADATA, "json_remove(turn_metadata_json, '$.\"geppetto.trace_id@v1\"')", _SOUND
)
_edit_turn(44, "a key added to metadata", _METADATA, "json_set(turn_metadata_json, '$.migrated', json('true'))", _SOUND)
_edit_turn(45, "the session changed in metadata", _METADATA,
           "json_set(turn_metadata_json, '$.\"geppetto.session_id@v1\"', 'other')", _SOUND)  # fmt: skip
_edit_turn(46, "data changed", "turn_data_json", "'{\"x\":1}'")
_edit_turn(47, "data written anew with blanks", "turn_data_json", "turn_data_json || ' '")
_edit_turn(
    48, "data that is no JSON", "turn_data_json", "'{'", "1", "turn_data_readable", needs="", severity=Severity.WARNING
)
_edit_turn(49, "metadata as a BLOB", _METADATA, "CAST(turn_metadata_json AS BLOB)", "1", "texts_stored_as_text",
           needs="", severity=Severity.WARNING)  # fmt: skip
_edit_turn(50, "metadata cut off", _METADATA, "substr(turn_metadata_json, 1, 20)",
           f"{_SOUND} AND t.runtime_key = '' AND t.inference_id = ''", "metadata_readable",
           needs="", severity=Severity.WARNING)  # fmt: skip
_edit_turn(51, "metadata emptied, the columns kept", _METADATA, "'{}'", "t.runtime_key <> ''", "made_up_values",
           "guessed_from_neighbour", "guessed_from_pointer", needs="", worlds=("plain",))  # fmt: skip


@fault("N52", "metadata and both columns changed together", _CELLS, needs="baseline")
def forge_evidence(site: Site) -> None:
    path = '$."geppetto.runtime@v1"'
    for row in site.pick_turns(f"t.runtime_key <> '' AND {_TYPE.format(path=path)} = 'text'"):
        other = site.rng.choice([key for key in ("inventory", "planner", "analyst") if key != row["runtime_key"]])
        site.set_sql(row, "turn_metadata_json", f"json_set(turn_metadata_json, '{path}', '{other}')")
        site.set_cell(row, "runtime_key", other)


@fault("N53", "the data of two turns exchanged", _CELLS, needs="baseline")
def exchange_data(site: Site) -> None:
    for row in site.pick_turns("t.turn_data_json <> '{}'"):
        others = site.turns("t.turn_data_json = '{}'")
        other = site.rng.choice(others)
        site.set_cell(row, "turn_data_json", other["turn_data_json"])
        site.set_cell(other, "turn_data_json", row["turn_data_json"])


@fault("N54", "the metadata and values of two turns exchanged", _CELLS, needs="baseline")
def exchange_metadata(site: Site) -> None:
    row = site.pick_turns("t.runtime_key <> ''", most=1)[0]
    other = site.rng.choice(site.turns("t.runtime_key <> '' AND t.rowid <> ?", row["row_id"]))
    for column in ("turn_metadata_json", "runtime_key", "inference_id"):
        site.set_cell(row, column, other[column])
        site.set_cell(other, column, row[column])


def _edit_ids(number: int, title: str, expression: str, *checks: str, needs: str = "") -> None:
    def inject(site: Site) -> None:
        for row in site.pick_turns():
            changed = site.value(f"SELECT {expression} FROM turns WHERE rowid = ?", row["row_id"])
            site.move_key(row, "turn_id", changed, table="turns")
            site.connect().execute(
                "UPDATE turn_block_membership SET turn_id = ? WHERE conv_id = ? AND session_id = ? AND turn_id = ?",
                (changed, *_key(row)),
            )

    add(Fault(f"N{number}", title, checks, inject, needs=needs))


_edit_ids(60, "the id of a turn padded", "turn_id || ' '", "no_missing_ids", _KEPT)
_edit_ids(61, "the id of a turn in upper case", "upper(turn_id)", _KEPT, _ADDED, needs="baseline")


def _edit_header(number: int, title: str, pragma: str) -> None:
    name, _, _ = pragma.partition(" ")

    def inject(site: Site) -> None:
        site.run(f"PRAGMA {pragma}")
        site.log("", after=pragma, pragma_name=name)

    add(Fault(f"N{number}", title, ("pragmas_kept",), inject, needs="baseline", sized=False))


_edit_header(70, "user_version set", "user_version = 26")
_edit_header(71, "application_id set", "application_id = 1196444487")


@fault("N72", "the file rewritten as UTF-16", "pragmas_kept", needs="baseline", sized=False)
def rewrite_encoding(site: Site) -> None:
    import apsw  # noqa: PLC0415  the one fault that writes a whole file anew

    site.close()
    path = site.path("turns")
    rewritten = path.with_name("rewritten.db")
    target = apsw.Connection(str(rewritten))
    target.pragma("encoding", "UTF-16le")
    source = apsw.Connection(str(path))
    try:
        definitions = source.execute(
            "SELECT type, name, sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY type = 'index'"
        ).fetchall()
        for _, _, sql in definitions:
            target.execute(str(sql))
        for kind, name, _ in definitions:
            if kind == "table":
                rows = source.execute(f"SELECT * FROM {name}").fetchall()
                marks = ", ".join("?" for _ in source.execute(f"SELECT 1 FROM pragma_table_info('{name}')").fetchall())
                with target:
                    target.executemany(f"INSERT INTO {name} VALUES ({marks})", rows)
    finally:
        source.close()
        target.close()
    rewritten.replace(path)
    site.log("", after="UTF-16le", pragma_name="encoding")


@fault("N75", "a row of the team's own table changed", "other_tables_unchanged", needs="baseline", sized=False)
def change_team_table(site: Site) -> None:
    for role in ("baseline", "turns"):
        site.run("CREATE TABLE team_notes (note_id INTEGER PRIMARY KEY, note TEXT)",
                 "INSERT INTO team_notes VALUES (1, 'keep'), (2, 'keep'), (3, 'keep')", role=role)  # fmt: skip
    site.run("UPDATE team_notes SET note = 'changed' WHERE note_id = 2")
    site.log(
        "team_notes", before="keep", after="changed", row_key='{"note_id":2}', conv_id="", session_id="", turn_id=""
    )


@fault("N76", "the team's own table is gone", "schema_objects_kept", needs="baseline", sized=False)
def drop_team_table(site: Site) -> None:
    site.run("CREATE TABLE team_notes (note_id INTEGER PRIMARY KEY, note TEXT)", role="baseline")
    site.log("team_notes", before="the table", object_type="table", object_name="team_notes")
