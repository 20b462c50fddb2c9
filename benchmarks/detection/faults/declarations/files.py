"""The file itself: damaged pages, lost or stale side files, two writers."""

from __future__ import annotations

import os
from pathlib import Path

import apsw

from benchmarks.detection.fault import fault
from benchmarks.detection.faults.cells.completeness import empty
from benchmarks.detection.files.site import NoPlaceError, Site

_PAGE = 4096
_INTACT = ("database_intact", "tables_readable")


def _overwrite(path: Path, offset: int, data: bytes) -> None:
    with path.open("r+b") as stream:
        stream.seek(offset)
        stream.write(data)


def _root_page(site: Site, name: str) -> int:
    page = int(site.value("SELECT rootpage FROM sqlite_schema WHERE name = ?", name))
    site.close()
    return page


def _log(site: Site, what: str) -> None:
    site.log("", after=what)


@fault("O1", "a page of zeros in the table of turns", *_INTACT, sized=False)
def zero_page(site: Site) -> None:
    page = _root_page(site, "turns")
    _overwrite(site.path("turns"), (page - 1) * _PAGE, bytes(_PAGE))
    _log(site, f"page {page} zeroed")


@fault("O2", "a page of noise in an index", *_INTACT, sized=False)
def noisy_index(site: Site) -> None:
    page = _root_page(site, site.rng.choice(("turns_by_conv_runtime_updated", "turns_by_session")))
    _overwrite(site.path("turns"), (page - 1) * _PAGE + 8, site.rng.randbytes(512))
    _log(site, f"page {page} overwritten")


@fault("O3", "one bit flipped in a payload", "block_hash_matches", "blocks_unchanged", *_INTACT, sized=False)
def flip_bit(site: Site) -> None:
    site.close()
    path = site.path("turns")
    content = path.read_bytes()
    places: list[int] = []
    start = content.find(b'"text":"')
    while start != -1 and len(places) < 400:
        places.append(start + 9)
        start = content.find(b'"text":"', start + 9)
    if not places:
        raise NoPlaceError("a payload")
    at = site.rng.choice(places)
    _overwrite(path, at, bytes([content[at] ^ 1]))
    _log(site, f"bit at {at} flipped")


@fault("O4", "the file cut off", *_INTACT, sized=False)
def truncate(site: Site) -> None:
    site.close()
    path = site.path("turns")
    os.truncate(path, path.stat().st_size // _PAGE * 3 // 4 * _PAGE)
    _log(site, "cut off")


@fault("O5", "the last page lost", *_INTACT, sized=False)
def lose_last_page(site: Site) -> None:
    site.close()
    path = site.path("turns")
    os.truncate(path, path.stat().st_size - _PAGE)
    _log(site, "last page lost")


@fault("O6", "the header overwritten", *_INTACT, sized=False)
def spoil_header(site: Site) -> None:
    site.close()
    _overwrite(site.path("turns"), 0, b"not a database  ")
    _log(site, "header overwritten")


def _change_behind(site: Site, index: str, table: str) -> None:
    """Change a row while nobody sees the index: it does not learn of it."""
    connection = site.connect()
    hidden = connection.execute("SELECT * FROM sqlite_schema WHERE name = ?", (index,)).fetchall()[0]
    connection.pragma("writable_schema", True)
    connection.execute("DELETE FROM sqlite_schema WHERE name = ?", (index,))
    connection.execute("PRAGMA writable_schema = RESET").fetchall()
    site.run(f"UPDATE {table} SET rowid = 1000000 WHERE rowid = (SELECT min(rowid) FROM {table})")
    connection.pragma("writable_schema", True)
    connection.execute("INSERT INTO sqlite_schema VALUES (?, ?, ?, ?, ?)", hidden)
    connection.execute("PRAGMA writable_schema = RESET").fetchall()
    _log(site, "a row the index knows by another number")


@fault("O7", "an index that lacks rows of its table", "database_intact", sized=False)
def stale_index(site: Site) -> None:
    _change_behind(site, "turns_by_conv_runtime_updated", "turns")


@fault("O13", "an index over block lists that lacks rows of its table", "database_intact", needs="full integrity",
       arms=("without", "full"), sized=False)  # fmt: skip
def stale_list_index(site: Site) -> None:
    _change_behind(site, "turn_block_membership_by_block", "turn_block_membership")


@fault(
    "O8",
    "copied without its write-ahead log",
    "runtime_complete",
    "inference_complete",
    "attribution_columns_exist",
    "turns_kept",
    sized=False,
)
def lose_log(site: Site) -> None:
    """The backfill was still in the log when somebody copied the main file alone."""
    filled = {row["row_id"]: row for row in site.turns("t.runtime_key <> '' AND t.inference_id <> ''")}
    site.run("UPDATE turns SET runtime_key = '', inference_id = '' WHERE runtime_key <> '' AND inference_id <> ''")
    site.run("PRAGMA journal_mode = WAL", "PRAGMA wal_autocheckpoint = 0")
    connection = site.connect()
    with connection:
        connection.executemany(
            "UPDATE turns SET runtime_key = ?, inference_id = ? WHERE rowid = ?",
            [(row["runtime_key"], row["inference_id"], row["row_id"]) for row in filled.values()],
        )
    path = site.path("turns")
    main = path.read_bytes()
    site.close()
    path.write_bytes(main)
    for suffix in ("-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)
    for row in filled.values():
        for column in ("runtime_key", "inference_id"):
            site.log_row("turns", row, column, row[column], "")


@fault("O9", "the write-ahead log cut off", "runtime_complete", "inference_complete", sized=False)
def cut_log(site: Site) -> None:
    rows = site.turns("t.runtime_key <> '' AND t.inference_id <> ''")
    site.run("UPDATE turns SET runtime_key = '', inference_id = '' WHERE runtime_key <> '' AND inference_id <> ''")
    site.run("PRAGMA journal_mode = WAL", "PRAGMA wal_autocheckpoint = 0")
    connection = site.connect()
    for row in rows:
        connection.execute("UPDATE turns SET runtime_key = ?, inference_id = ? WHERE rowid = ?",
                           (row["runtime_key"], row["inference_id"], row["row_id"]))  # fmt: skip
    path = site.path("turns")
    log = path.with_name(path.name + "-wal")
    main, frames = path.read_bytes(), log.read_bytes()
    site.close()
    path.write_bytes(main)
    log.write_bytes(frames[: 32 + (len(frames) - 32) // (_PAGE + 24) // 2 * (_PAGE + 24)])
    reader = apsw.Connection(str(path))
    try:
        held = {
            row_id: (runtime, inference)
            for row_id, runtime, inference in reader.execute("SELECT rowid, runtime_key, inference_id FROM turns")
        }
    finally:
        reader.close()
    for row in rows:
        for at, column in enumerate(("runtime_key", "inference_id")):
            if held[row["row_id"]][at] != row[column]:
                site.log_row("turns", row, column, row[column], "")


@fault("O10", "two migrations raced: the result is split", "runtime_complete", "inference_complete", sized=False)
def split_result(site: Site) -> None:
    empty(site, site.turns("t.rowid % 2 = 0"), ("runtime_key",))
    empty(site, site.turns("t.rowid % 2 = 1"), ("inference_id",))


@fault("O11", "no turns at all", "turns_kept", needs="", sized=False)
def vanish(site: Site) -> None:
    rows = site.turns()
    site.run("DELETE FROM turn_block_membership", "DELETE FROM turns")
    for row in rows:
        site.log_row("turns", row, before="the row")


@fault("O12", "the file as it was before the migration", "attribution_columns_exist", sized=False)
def wrong_file(site: Site) -> None:
    site.close()
    site.path("turns").write_bytes(site.path("baseline").read_bytes())
    for column in ("runtime_key", "inference_id"):
        site.log("turns", before="the column", column_name=column)
