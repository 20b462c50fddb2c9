"""Tables rebuilt or extended: keys, columns, clauses, triggers and views."""

from __future__ import annotations

from audit.checks.check import Severity
from benchmarks.detection.fault import Fault, add, fault
from benchmarks.detection.files.site import Site

_TABLES = ("turns", "blocks", "turn_block_membership")
_KEYS = {
    "turns": "PRIMARY KEY (conv_id, session_id, turn_id)",
    "blocks": "PRIMARY KEY (block_id, content_hash)",
    "turn_block_membership": "PRIMARY KEY (conv_id, session_id, turn_id, phase, snapshot_created_at_ms, ordinal)",
}


def rebuild(site: Site, table: str, old: str, new: str) -> None:
    """Rebuild a table with a changed definition, as a careless script would: its indexes are made again."""
    (text,) = site.connect().execute("SELECT sql FROM sqlite_schema WHERE name = ?", (table,)).fetchall()[0]
    indexes = site.connect().execute(
        "SELECT sql FROM sqlite_schema WHERE type = 'index' AND tbl_name = ? AND sql IS NOT NULL", (table,)
    ).fetchall()  # fmt: skip
    changed = str(text).replace(old, new)
    assert changed != text, f"{old!r} is not in the definition of {table}"
    columns = ", ".join(row["name"] for row in site.rows(f"SELECT name FROM pragma_table_info('{table}')"))
    site.run(
        "PRAGMA legacy_alter_table = ON",
        f"ALTER TABLE {table} RENAME TO before_the_rebuild",
        changed,
        f"INSERT INTO {table} (rowid, {columns}) SELECT rowid, {columns} FROM before_the_rebuild",
        "DROP TABLE before_the_rebuild",
        *(str(sql) for (sql,) in indexes),
    )


@fault("S60", "the primary key was lost in a rebuild", "primary_keys_as_declared", sized=False)
def lose_primary_key(site: Site) -> None:
    table = site.rng.choice(_TABLES)
    rebuild(site, table, f",\n  {_KEYS[table]}", "")
    site.log(table, before="the key")


@fault("S61", "the primary key has lost a column", "primary_keys_as_declared", sized=False)
def shorten_primary_key(site: Site) -> None:
    site.rewrite_schema(
        "turn_block_membership", "phase, snapshot_created_at_ms, ordinal),", "phase, snapshot_created_at_ms),"
    )
    site.run("PRAGMA writable_schema = RESET")
    site.log("turn_block_membership", before="six columns", after="five")


@fault("S62", "the foreign keys were lost in a rebuild", "foreign_keys_as_declared", sized=False)
def lose_foreign_keys(site: Site) -> None:
    table = "turn_block_membership"
    text = site.value("SELECT sql FROM sqlite_schema WHERE name = ?", table)
    start = text.index(",\n  FOREIGN KEY")
    rebuild(site, table, text[start : text.rindex("\n)")], "")
    for parent in ("turns", "blocks"):
        site.log(table, before="the key", parent=parent)


@fault("S63", "a foreign key no longer cascades", "foreign_keys_as_declared", sized=False)
def lose_cascade(site: Site) -> None:
    site.rewrite_schema("turn_block_membership", " ON DELETE CASCADE", site.rng.choice(("", " ON DELETE SET NULL")))
    site.log("turn_block_membership", before="ON DELETE CASCADE", parent="turns")


@fault("S64", "another column has lost its default", "other_columns_as_declared", sized=False)
def lose_default(site: Site) -> None:
    table, column, old, new = site.rng.choice((
        ("turns", "turn_metadata_json", "turn_metadata_json TEXT NOT NULL DEFAULT '{}'",
         "turn_metadata_json TEXT NOT NULL"),
        ("blocks", "role", "role TEXT NOT NULL DEFAULT ''", "role TEXT NOT NULL"),
        ("blocks", "payload_json", "payload_json TEXT NOT NULL DEFAULT '{}'", "payload_json TEXT NOT NULL DEFAULT ''"),
        ("turns", "turn_data_json", "turn_data_json TEXT NOT NULL DEFAULT '{}'", "turn_data_json TEXT DEFAULT '{}'"),
        ("blocks", "first_seen_at_ms", "first_seen_at_ms INTEGER NOT NULL", "first_seen_at_ms REAL NOT NULL"),
        ("turns", "updated_at_ms", "updated_at_ms INTEGER NOT NULL", "updated_at_ms TEXT NOT NULL"),
    ))  # fmt: skip
    site.rewrite_schema(table, old, new)
    site.log(table, before=old, after=new, column_name=column)


@fault("S65", "a table has a column more", "no_undeclared_columns", sized=False)
def add_column(site: Site) -> None:
    table, column = site.rng.choice((("turns", "runtime_key_old"), ("turns", "runtime"), ("blocks", "runtime_key")))
    site.run(f"ALTER TABLE {table} ADD COLUMN {column} TEXT NOT NULL DEFAULT ''")
    site.log(table, after="a column", column_name=column)


@fault("S66", "the columns of a table stand in another order", "columns_in_order", sized=False)
def reorder_columns(site: Site) -> None:
    rebuild(
        site,
        "turns",
        "conv_id TEXT NOT NULL,\n  session_id TEXT NOT NULL,",
        "session_id TEXT NOT NULL,\n  conv_id TEXT NOT NULL,",
    )
    site.log("turns", before="conv_id, session_id", after="session_id, conv_id")


def _add_clause(number: int, clause: str, table: str, old: str, new: str) -> None:
    def inject(site: Site) -> None:
        site.rewrite_schema(table, old, new)
        site.log(table, after=clause, clause=clause)

    add(Fault(f"S{number}", f"a table says {clause}", ("tables_as_declared",), inject, sized=False))


for _number, _parts in enumerate((
    ("CHECK", "blocks", "kind TEXT NOT NULL", "kind TEXT NOT NULL CHECK (length(kind) > 0)"),
    ("COLLATE", "turns", "turn_id TEXT NOT NULL", "turn_id TEXT NOT NULL COLLATE NOCASE"),
    ("ON CONFLICT", "turns", _KEYS["turns"], f"{_KEYS['turns']} ON CONFLICT REPLACE"),
), start=70):  # fmt: skip
    _add_clause(_number, *_parts)


@fault("S74", "a table says UNIQUE", "tables_as_declared", "no_unique_surprises", sized=False)
def add_unique(site: Site) -> None:
    rebuild(site, "turns", _KEYS["turns"], f"UNIQUE (turn_id, conv_id),\n  {_KEYS['turns']}")
    site.log("turns", after="UNIQUE", clause="UNIQUE", role="turns", index_name="sqlite_autoindex_turns_1")


@fault("S75", "a leftover table of a rebuild", "no_leftover_tables", severity=Severity.WARNING, sized=False)
def leave_table(site: Site) -> None:
    name = site.rng.choice(("turns_new", "turns_backup", "_turns_old"))
    site.run(f"CREATE TABLE {name} AS SELECT * FROM turns")
    site.log(name, after="a table", role="turns", name=name)


@fault("S76", "a trigger sets runtimes", "no_triggers", "default_applies", sized=False)
def add_trigger(site: Site) -> None:
    update = "BEGIN UPDATE turns SET runtime_key"
    name, sql = site.rng.choice((
        ("guess", f"AFTER INSERT ON turns WHEN new.runtime_key = '' {update} = 'default' WHERE rowid = new.rowid; END"),
        ("keep", f"AFTER UPDATE OF runtime_key ON turns {update} = old.runtime_key WHERE rowid = old.rowid; END"),
        ("refuse", "BEFORE UPDATE ON turns BEGIN SELECT raise(IGNORE); END"),
        ("forget", "AFTER DELETE ON blocks BEGIN DELETE FROM turn_block_membership WHERE block_id = old.block_id; END"),
    ))  # fmt: skip
    site.run(f"CREATE TRIGGER {name} {sql}")
    site.log("turns", after="a trigger", role="turns", name=name, column_name="runtime_key")


@fault("S77", "a view beside the tables", "no_views", severity=Severity.WARNING, sized=False)
def add_view(site: Site) -> None:
    site.run("CREATE VIEW latest_turns AS SELECT conv_id, max(updated_at_ms) AS at FROM turns GROUP BY conv_id")
    site.log("latest_turns", after="a view", role="turns", name="latest_turns")


@fault("S78", "a view takes the name of the table", "no_views", "primary_keys_as_declared", "attribution_columns_exist",
       "no_leftover_tables", sized=False)  # fmt: skip
def shadow_table(site: Site) -> None:
    site.run(
        "PRAGMA legacy_alter_table = ON",
        "ALTER TABLE turns RENAME TO turns_real",
        "CREATE VIEW turns AS SELECT * FROM turns_real WHERE runtime_key <> ''",
    )
    site.log("turns", after="a view", role="turns", name="turns")


@fault("S79", "a whole table is gone", "other_columns_as_declared", "block_lists_refer", sized=False)
def drop_table(site: Site) -> None:
    table = site.rng.choice(("blocks", "turn_block_membership"))
    names = [row["name"] for row in site.rows(f"SELECT name FROM pragma_table_info('{table}')")]
    site.run(f"DROP TABLE {table}")
    for name in names:
        site.log(table, before="the table", column_name=name)


@fault(
    "S80",
    "a column of the timeline file is declared otherwise",
    "other_columns_as_declared",
    needs="timeline",
    sized=False,
)
def redeclare_pointer(site: Site) -> None:
    site.rewrite_schema(
        "timeline_conversations", "runtime_key TEXT NOT NULL DEFAULT ''", "runtime_key TEXT", role="timeline"
    )
    site.log("timeline_conversations", before="NOT NULL DEFAULT ''", column_name="runtime_key")


@fault("S81", "a trigger of the timeline file moves pointers", "no_triggers", needs="timeline", sized=False)
def add_timeline_trigger(site: Site) -> None:
    site.run(
        "CREATE TRIGGER follow AFTER INSERT ON timeline_entities WHEN new.kind = 'profile_switch' BEGIN"
        " UPDATE timeline_conversations SET runtime_key = 'default' WHERE conv_id = new.conv_id; END",
        role="timeline",
    )
    site.log("timeline_entities", after="a trigger", role="timeline", name="follow")


@fault("S82", "a table became WITHOUT ROWID or STRICT", "tables_as_declared", sized=False)
def change_options(site: Site) -> None:
    option = site.rng.choice(("WITHOUT ROWID", "STRICT"))
    text = site.value("SELECT sql FROM sqlite_schema WHERE name = 'blocks'")
    columns = ", ".join(row["name"] for row in site.rows("SELECT name FROM pragma_table_info('blocks')"))
    site.run(
        "PRAGMA legacy_alter_table = ON",
        "ALTER TABLE blocks RENAME TO before_the_rebuild",
        f"{text} {option}",
        f"INSERT INTO blocks ({columns}) SELECT {columns} FROM before_the_rebuild",
        "DROP TABLE before_the_rebuild",
        "CREATE INDEX blocks_by_kind_role ON blocks(kind, role)",
    )
    site.log("blocks", after=option, clause=option)


@fault("S83", "the team's own table changed its definition", "schema_objects_kept", needs="baseline", sized=False)
def redefine_team_table(site: Site) -> None:
    site.run("CREATE TABLE turntruth_notes_of_the_team (note TEXT NOT NULL)", "DROP TABLE turntruth_notes_of_the_team")
    site.run("CREATE TABLE team_notes (note TEXT NOT NULL)", role="baseline")
    site.run("CREATE TABLE team_notes (note TEXT)")
    site.log("team_notes", before="NOT NULL", object_type="table", object_name="team_notes")
