"""The two columns and the indexes: missing, declared otherwise, in another shape."""

from __future__ import annotations

import apsw

from benchmarks.detection.fault import Fault, add, fault
from benchmarks.detection.files.site import NoPlaceError, Site

_RUNTIME_INDEX, _INFERENCE_INDEX = "turns_by_conv_runtime_updated", "turns_by_conv_inference_updated"
_INDEX_OF = {"runtime_key": _RUNTIME_INDEX, "inference_id": _INFERENCE_INDEX}
_COLUMNS = ("runtime_key", "inference_id")
_EXIST = "attribution_columns_exist"


def _declared(site: Site, column: str) -> str:
    """The declaration of a column as the file has it: the migration quotes names, a new table does not."""
    (text,) = site.connect().execute("SELECT sql FROM sqlite_schema WHERE name = 'turns'").fetchall()[0]
    for name in (f'"{column}"', column):
        if f"{name} TEXT NOT NULL DEFAULT ''" in str(text):
            return f"{name} TEXT NOT NULL DEFAULT ''"
    raise NoPlaceError(f"column {column} as declared")


@fault("S1", "a column is missing", _EXIST, sized=False)
def drop_column(site: Site) -> None:
    column = site.rng.choice(_COLUMNS)
    site.run(f"DROP INDEX {_INDEX_OF[column]}", f"ALTER TABLE turns DROP COLUMN {column}")
    site.log("turns", before="the column", column_name=column)


@fault("S2", "both columns are missing: never migrated", _EXIST, sized=False)
def drop_both(site: Site) -> None:
    for column in _COLUMNS:
        site.run(f"DROP INDEX {_INDEX_OF[column]}", f"ALTER TABLE turns DROP COLUMN {column}")
        site.log("turns", before="the column", column_name=column)


@fault("S3", "a column has another name", _EXIST, sized=False)
def rename_column(site: Site) -> None:
    column = site.rng.choice(_COLUMNS)
    site.run(f"ALTER TABLE turns RENAME COLUMN {column} TO {column.replace('_', '')}")
    site.log("turns", before=column, column_name=column)


def _redeclare(declaration: str) -> None:
    """Register a fault in which a column is declared otherwise; ``{name}`` stands for the column."""
    number = 10 + len(_REDECLARED)
    _REDECLARED.append(declaration)

    def inject(site: Site) -> None:
        column = site.rng.choice(_COLUMNS)
        old = _declared(site, column)
        name = old.split(" ", 1)[0]
        site.rewrite_schema("turns", old, declaration.format(name=name))
        site.log("turns", before=old, after=declaration, column_name=column, clause=_clause(declaration))

    checks = (_EXIST, "tables_as_declared") if _clause(declaration) else (_EXIST,)
    add(Fault(f"S{number}", f"declared as {declaration.format(name='')[1:]}", checks, inject, sized=False))


def _clause(declaration: str) -> str:
    words = ("COLLATE", "CHECK", "UNIQUE", "ON CONFLICT")
    return next((word for word in words if word in declaration), "")


_REDECLARED: list[str] = []
for _text in (
    "{name} TEXT DEFAULT ''",
    "{name} TEXT NOT NULL",
    "{name} TEXT NOT NULL DEFAULT 'unknown'",
    "{name} TEXT DEFAULT NULL",
    "{name} BLOB NOT NULL DEFAULT ''",
    "{name} INTEGER NOT NULL DEFAULT ''",
    "{name} DATETIME NOT NULL DEFAULT ''",
    "{name} NOT NULL DEFAULT ''",
    "{name} TEXT NOT NULL DEFAULT ' '",
    "{name} TEXT NOT NULL DEFAULT 0",
    "{name} TEXT NOT NULL DEFAULT '' COLLATE NOCASE",
    "{name} TEXT NOT NULL DEFAULT '' COLLATE RTRIM",
    "{name} TEXT NOT NULL ON CONFLICT REPLACE DEFAULT ''",
    "{name} TEXT NOT NULL DEFAULT (lower('Default'))",
):
    _redeclare(_text)


@fault("S30", "a column is computed from another one", _EXIST, sized=False)
def generate_column(site: Site) -> None:
    site.run(
        f"DROP INDEX {_RUNTIME_INDEX}",
        "ALTER TABLE turns DROP COLUMN runtime_key",
        "ALTER TABLE turns ADD COLUMN runtime_key TEXT NOT NULL GENERATED ALWAYS AS"
        " (coalesce(json_extract(turn_data_json, '$.runtime'), '')) VIRTUAL",
        f"CREATE INDEX {_RUNTIME_INDEX} ON turns (conv_id, runtime_key, updated_at_ms DESC)",
    )
    site.log("turns", before="stored", after="generated", column_name="runtime_key")


_ON_RUNTIME = "turns (conv_id, runtime_key, updated_at_ms DESC)"
_INDEXES = {
    "lost": "",
    "of the same name over other columns": "turns (conv_id, updated_at_ms DESC)",
    "partial": f"{_ON_RUNTIME} WHERE runtime_key <> ''",
    "without its descending order": "turns (conv_id, runtime_key, updated_at_ms)",
    "unique": _ON_RUNTIME,
    "over an expression": "turns (conv_id, lower(runtime_key), updated_at_ms DESC)",
    "with another collation": "turns (conv_id, runtime_key COLLATE NOCASE, updated_at_ms DESC)",
    "with its columns in another order": "turns (runtime_key, conv_id, updated_at_ms DESC)",
    "on another table": "turn_block_membership (conv_id, phase)",
    "with a column more": "turns (conv_id, runtime_key, updated_at_ms DESC, turn_id)",
}


def _spoil_index(number: int, how: str, definition: str) -> None:
    def inject(site: Site) -> None:
        column = site.rng.choice(_COLUMNS)
        name = _INDEX_OF[column]
        site.run(f"DROP INDEX {name}")
        if definition:
            unique = "UNIQUE" if how == "unique" else ""
            try:
                site.run(f"CREATE {unique} INDEX {name} ON {definition.replace('runtime_key', column)}")
            except apsw.ConstraintError:
                raise NoPlaceError("turns without ties, so that a unique index can be built") from None
        site.log("turns", before="as declared", after=definition or "missing", index_name=name)

    add(Fault(f"S{number}", f"index over a new column is {how}", ("attribution_indexes_exist",), inject, sized=False))


for _number, (_how, _definition) in enumerate(_INDEXES.items(), start=40):
    _spoil_index(_number, _how, _definition)


@fault("S52", "an older index is lost", "other_indexes_as_declared", sized=False)
def drop_older_index(site: Site) -> None:
    name, table = site.rng.choice((
        ("turns_by_conv_session", "turns"),
        ("turns_by_session", "turns"),
        ("blocks_by_kind_role", "blocks"),
        ("turn_block_membership_by_block", "turn_block_membership"),
        ("turn_block_membership_by_turn_phase", "turn_block_membership"),
    ))  # fmt: skip
    site.run(f"DROP INDEX {name}")
    site.log(table, before="the index", index_name=name, object_type="index", object_name=name)


@fault("S53", "an older index has lost its order", "other_indexes_as_declared", sized=False)
def flip_older_index(site: Site) -> None:
    site.run("DROP INDEX turns_by_session", "CREATE INDEX turns_by_session ON turns (session_id, updated_at_ms)")
    site.log("turns", before="DESC", index_name="turns_by_session")


@fault("S54", "an undeclared unique index", "no_unique_surprises", sized=False)
def add_unique_index(site: Site) -> None:
    site.run("CREATE UNIQUE INDEX turns_one_inference ON turns (inference_id, turn_id, conv_id)")
    site.log("turns", after="a unique index", index_name="turns_one_inference", role="turns")


@fault("S55", "an index that the team had is lost", "schema_objects_kept", needs="baseline", sized=False)
def lose_team_index(site: Site) -> None:
    site.run("CREATE INDEX turns_by_day ON turns (turn_created_at_ms / 86400000)", role="baseline")
    site.log("turns", before="the index", object_type="index", object_name="turns_by_day")


@fault("S56", "an index of the timeline file is lost", "other_indexes_as_declared", needs="timeline", sized=False)
def drop_timeline_index(site: Site) -> None:
    name, table = site.rng.choice((
        ("timeline_entities_by_version", "timeline_entities"),
        ("timeline_conversations_by_last_activity", "timeline_conversations"),
        ("timeline_conversations_by_session", "timeline_conversations"),
    ))  # fmt: skip
    site.run(f"DROP INDEX {name}", role="timeline")
    site.log(table, before="the index", index_name=name)
