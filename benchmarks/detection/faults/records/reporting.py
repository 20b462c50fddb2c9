"""The audit itself: checks that cannot be run, files that are not what they are said to be, very many findings."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from importlib.resources import as_file, files

from benchmarks.detection.fault import Injector, fault
from benchmarks.detection.faults.cells.values import RUNTIME
from benchmarks.detection.files.site import Site, run_on

CATALOGUE = "checks"
"""Folder, beside the databases, of the checks that an audit of this trial uses instead of all."""

_SUITES = ("defaults", "ledger", "schema")
# Without a baseline such a check is skipped before anybody looks at its query.
_NEEDS_BASELINE = re.compile(r"^-- needs:.*\bbaseline", re.MULTILINE)


def _damaged_check(fault_id: str, title: str) -> Callable[[Injector], Injector]:
    return fault(fault_id, title, sized=False, whole=True, arms=("without",))


def _damage(site: Site, change: Callable[[str], str]) -> None:
    """Copy a suite and damage one of its checks; an audit by it has to say that this one could not be run."""
    suite = site.rng.choice(_SUITES)
    target = site.folder / CATALOGUE / suite
    with as_file(files("expectations") / suite) as source:
        shutil.copytree(source, target)
    texts = {path: path.read_text(encoding="utf-8") for path in sorted(target.glob("*.sql"))}
    path = site.rng.choice([path for path, text in texts.items() if not _NEEDS_BASELINE.search(text)])
    text = texts[path]
    path.write_text(change(text), encoding="utf-8")
    site.log("", after=f"{suite}/{path.name} damaged", check=path.stem)


def _header(text: str) -> list[str]:
    return [line for line in text.splitlines() if line.startswith("--")]


@_damaged_check("R1", "a check's query names a column that is not there")
def unknown_column(site: Site) -> None:
    # In the query, not in the header, which holds statements as well.
    _damage(site, lambda text: text.replace("\nSELECT ", "\nSELECT no_such_column, ", 1))


@_damaged_check("R2", "a check's query is cut off")
def cut_off(site: Site) -> None:
    _damage(site, lambda text: "\n".join([*_header(text), "SELECT conv_id FROM"]))


@_damaged_check("R3", "a check's query reads a table that was never staged")
def unknown_table(site: Site) -> None:
    _damage(site, lambda text: "\n".join([*_header(text), "SELECT * FROM no_such_table"]))


@_damaged_check("R4", "a check's query no longer says which rows it found")
def no_identity(site: Site) -> None:
    _damage(site, lambda text: "\n".join([*_header(text), "SELECT 1 AS expected WHERE false"]))


@_damaged_check("R5", "a check's header lacks a key")
def no_severity(site: Site) -> None:
    _damage(site, lambda text: "\n".join(line for line in text.splitlines() if not line.startswith("-- severity")))


@_damaged_check("R6", "a check file is empty")
def empty_file(site: Site) -> None:
    _damage(site, lambda _: "")


@_damaged_check("R7", "a check is more than one statement")
def two_statements(site: Site) -> None:
    _damage(site, lambda text: "\n".join([*_header(text), "SELECT 1; DROP TABLE turns"]))


@_damaged_check("R8", "a check reads a file of the computer")
def reads_a_file(site: Site) -> None:
    _damage(site, lambda text: "\n".join([*_header(text), "SELECT * FROM read_text('*')"]))


def _wrong_file(fault_id: str, title: str, *checks: str, arm: str = "without") -> Callable[[Injector], Injector]:
    return fault(fault_id, title, *checks, sized=False, whole=True, arms=(arm,))


@_wrong_file("R20", "a file without turns is audited", "turns_kept")
def no_turns(site: Site) -> None:
    site.run("DELETE FROM turn_block_membership", "DELETE FROM turns")
    site.log("turns", after="no rows")


@_wrong_file("R21", "an empty file is audited")
def empty_database(site: Site) -> None:
    site.close()
    site.path("turns").write_bytes(b"")
    site.log("", after="an empty file")


@_wrong_file("R22", "a database of another program is audited")
def another_program(site: Site) -> None:
    site.close()
    site.path("turns").unlink()
    run_on(site.path("turns"), ("CREATE TABLE bookmarks (url TEXT)", "INSERT INTO bookmarks VALUES ('x')"))
    site.log("", after="another program's file")


@_wrong_file("R23", "the conversation file is given as the turn file")
def exchanged_files(site: Site) -> None:
    site.close()
    turns, timeline = site.path("turns"), site.path("timeline")
    turns.write_bytes(timeline.read_bytes())
    site.log("", after="the conversation file")


@_wrong_file("R24", "the conversation file of another store is given", "files_belong_together")
def another_timeline(site: Site) -> None:
    site.run(
        *(f"UPDATE {table} SET conv_id = 'other-' || conv_id"
          for table in ("timeline_conversations", "timeline_entities", "timeline_versions")),
        role="timeline",
    )  # fmt: skip
    site.log("", after="another store's conversations")


@_wrong_file("R25", "the baseline of another store is given", "turns_kept", "turns_not_added", arm="with")
def another_baseline(site: Site) -> None:
    site.run("UPDATE turn_block_membership SET turn_id = 'other-' || turn_id",
             "UPDATE turns SET turn_id = 'other-' || turn_id", role="baseline")  # fmt: skip
    site.log("", after="another store's baseline")


@_wrong_file("R26", "a baseline that holds no turns is given", "turns_not_added", arm="with")
def empty_baseline(site: Site) -> None:
    site.run("DELETE FROM turn_block_membership", "DELETE FROM turns", role="baseline")
    site.log("", after="no rows in the baseline")


@_wrong_file("R27", "a text file is audited")
def text_file(site: Site) -> None:
    site.close()
    site.path("turns").write_text("no database, but long enough to be looked at\n" * 40, encoding="utf-8")
    site.log("", after="a text file")


@_wrong_file("R40", "more blocks damaged than a report shows", "block_hash_matches")
def many_blocks(site: Site) -> None:
    blocks = site.rows("SELECT rowid AS row_id, * FROM blocks")
    for row in site.rng.sample(blocks, min(len(blocks), 300)):
        site.set_cell(row, "payload_json", f'{{"text":"rewritten {row["row_id"]}"}}', table="blocks")


@_wrong_file("R41", "findings whose ids a spreadsheet would run as formulas", RUNTIME)
def formulas(site: Site) -> None:
    site.run("UPDATE turn_block_membership SET turn_id = '=' || turn_id", "UPDATE turns SET turn_id = '=' || turn_id")
    for row in site.turns("t.runtime_key <> ''"):
        site.set_cell(row, "runtime_key", f"@{row['runtime_key']}")
