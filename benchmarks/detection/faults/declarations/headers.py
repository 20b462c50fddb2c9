"""What the file says of itself, and tables that are the team's own."""

from __future__ import annotations

from benchmarks.detection.fault import Fault, add, fault
from benchmarks.detection.files.site import Site


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
    import apsw

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
