"""Negative controls: what may happen to a file without being a fault. None of them may cost a finding."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import apsw

from audit.demo.corpus import write_corpus
from audit.demo.corpus_shape import CorpusShape
from benchmarks.detection.controls.clocks import CLOCK_CONTROLS
from benchmarks.detection.controls.control import Change, Control
from benchmarks.detection.controls.neighbours import BOXES, FED_SEARCH, NOTES, UNKNOWN_ORDER, VECTORS, write_into
from benchmarks.detection.files.site import ROLES
from benchmarks.detection.files.world import LONG_RUNTIMES, RUNTIMES, add_by_another_hand
from store.migration import migrate
from store.turns.records import Block, Turn, TurnSaveOptions
from store.turns.turn_store import SqliteTurnStore


def _sql(*statements: str, roles: tuple[str, ...] = ("turns",)) -> Change:
    def change(folder: Path) -> None:
        for role in roles:
            with closing(apsw.Connection(str(folder / f"{role}.db"))) as connection:
                for statement in statements:
                    connection.execute(statement).fetchall()

    return change


def _nothing(folder: Path) -> None:
    pass


def _migrate_again(folder: Path) -> None:
    migrate(folder / "turns.db", backup=False)
    migrate(folder / "turns.db", backup=False)


def _backup(folder: Path) -> None:
    """A copy by SQLite's own backup, and by VACUUM INTO."""
    path, copy = folder / "turns.db", folder / "copy.db"
    with (
        closing(apsw.Connection(str(path))) as source,
        closing(apsw.Connection(str(copy))) as target,
        target.backup("main", source, "main") as backup,
    ):
        backup.step(-1)
    copy.replace(path)


def _vacuum_into(folder: Path) -> None:
    path, copy = folder / "turns.db", folder / "copy.db"
    with closing(apsw.Connection(str(path))) as source:
        source.execute("VACUUM INTO ?", (str(copy),))
    copy.replace(path)


def _dump_and_load(folder: Path) -> None:
    """Every row written anew into a fresh file: new rowids, no gaps, another page order."""
    path, copy = folder / "turns.db", folder / "copy.db"
    with closing(apsw.Connection(str(path))) as source, closing(apsw.Connection(str(copy))) as target, target:
        objects = source.execute(
            "SELECT type, name, sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY type = 'index'"
        )
        definitions = [(str(kind), str(name), str(sql)) for kind, name, sql in objects]
        for _, _, sql in definitions:
            target.execute(sql)
        for name in (name for kind, name, _ in definitions if kind == "table"):
            rows = source.execute(f"SELECT * FROM {name} ORDER BY rowid").fetchall()
            if rows:
                target.executemany(f"INSERT INTO {name} VALUES ({', '.join('?' for _ in rows[0])})", rows)
    copy.replace(path)


def _save_later(folder: Path, *, synthetic: bool) -> None:
    """The service saves new turns; with a synthetic clock that runs behind the migration, as replays have it."""
    with closing(apsw.Connection(str(folder / "turns.db"))) as connection:
        (newest,) = connection.execute("SELECT max(updated_at_ms) FROM turns").fetchall()[0]
        cutover = connection.execute("SELECT max(finished_at_ms) FROM turntruth_migrations").fetchall()[0][0]
    clock_ms = int(str(newest if synthetic else cutover)) + 1_000
    with SqliteTurnStore(folder / "turns.db") as store:
        for number in range(12):
            turn_id = f"later-{number}"
            runtime = RUNTIMES[number % 2]
            turn = Turn(turn_id, (Block(f"b-{number}", "user", "user", {"text": "later"}),))
            options = TurnSaveOptions(runtime_key=runtime, inference_id=f"later-inference-{number}")
            for phase, after_ms in (("pre_inference", 0), ("final", 700)):
                store.save(
                    f"later-{number % 3}", "s", turn_id, phase, turn, created_at_ms=clock_ms + after_ms, options=options
                )
            clock_ms += 5_000
    _sql("PRAGMA journal_mode = DELETE")(folder)
    with closing(apsw.Connection(str(folder / "timeline.db"))) as timeline:
        timeline.executemany(
            "INSERT INTO timeline_conversations (conv_id, session_id, runtime_key, created_at_ms, last_activity_ms)"
            " VALUES (?, 's', ?, ?, ?)",
            [(f"later-{number}", RUNTIMES[(9 + number) % 2], clock_ms - 60_000, clock_ms) for number in range(3)],
        )


def _migrate_later_turns(folder: Path) -> None:
    """Turns come from a program that does not know the columns, and a second run fills them."""
    with closing(apsw.Connection(str(folder / "turns.db"))) as connection:
        (cutover,) = connection.execute("SELECT max(finished_at_ms) FROM turntruth_migrations").fetchall()[0]
        at_ms = int(str(cutover)) + 1_000
        connection.executemany(
            "INSERT INTO turns (conv_id, session_id, turn_id, turn_created_at_ms, updated_at_ms, turn_metadata_json)"
            " VALUES ('later', 's', ?, ?, ?, ?)",
            [
                (f"later-{number}", at_ms + number, (at_ms + number) * (number % 2), f'{{"runtime": "{RUNTIMES[0]}"}}')
                for number in range(6)
            ],
        )
    migrate(folder / "turns.db", backup=False)
    with closing(apsw.Connection(str(folder / "timeline.db"))) as timeline:
        timeline.execute(
            "INSERT INTO timeline_conversations (conv_id, session_id, runtime_key, created_at_ms, last_activity_ms)"
            " VALUES ('later', 's', ?, ?, ?)",
            (RUNTIMES[0], at_ms, at_ms),
        )


def _save_again(folder: Path) -> None:
    """An old turn gets another snapshot: it keeps its runtime, its time of update moves."""
    with closing(apsw.Connection(str(folder / "turns.db"))) as connection:
        conv_id, session_id, turn_id, runtime, inference, finished = connection.execute(
            "SELECT conv_id, session_id, turn_id, runtime_key, inference_id,"
            " (SELECT max(finished_at_ms) FROM turntruth_migrations)"
            " FROM turns WHERE runtime_key <> '' AND inference_id <> '' ORDER BY rowid LIMIT 1"
        ).fetchall()[0]
        blocks = connection.execute(
            "SELECT b.block_id, b.kind, b.role, b.payload_json"
            " FROM turn_block_membership m JOIN blocks b USING (block_id, content_hash)"
            " WHERE m.conv_id = ? AND m.turn_id = ? ORDER BY m.snapshot_created_at_ms DESC, m.ordinal",
            (conv_id, turn_id),
        ).fetchall()
    import orjson

    seen: dict[str, Block] = {
        str(row[0]): Block(str(row[0]), str(row[1]), str(row[2]), orjson.loads(str(row[3]))) for row in blocks
    }
    with SqliteTurnStore(folder / "turns.db") as store:
        turn = Turn(str(turn_id), tuple(seen.values()))
        options = TurnSaveOptions(runtime_key=str(runtime), inference_id=str(inference))
        store.save(
            str(conv_id),
            str(session_id),
            str(turn_id),
            "final",
            turn,
            created_at_ms=int(str(finished)) + 90_000,
            options=options,
        )
    _sql("PRAGMA journal_mode = DELETE")(folder)


def _before_the_newest(folder: Path) -> None:
    """The baseline was taken a moment earlier: the newest turn of all was not there yet."""
    newest = "(SELECT turn_id FROM turns ORDER BY turn_created_at_ms DESC LIMIT 1)"
    with closing(apsw.Connection(str(folder / "baseline.db"))) as connection:
        turn_id = connection.execute(f"SELECT {newest}").get
        for table in ("turn_block_membership", "turns"):
            connection.execute(f"DELETE FROM {table} WHERE turn_id = ?", (turn_id,))
        connection.execute(
            "DELETE FROM blocks WHERE NOT EXISTS (SELECT 1 FROM turn_block_membership m"
            " WHERE m.block_id = blocks.block_id AND m.content_hash = blocks.content_hash)"
        )


def _retain(folder: Path) -> None:
    """A retention run deletes a conversation with its turns, in the baseline as well: it is declared."""
    conversation = "(SELECT conv_id FROM turns ORDER BY rowid LIMIT 1)"
    with closing(apsw.Connection(str(folder / "turns.db"))) as connection:
        name = connection.execute(f"SELECT {conversation}").get
    of_turns = ("turn_block_membership", "turns")
    of_timeline = ("timeline_conversations", "timeline_entities", "timeline_versions")
    for role, tables in (("turns", of_turns), ("baseline", of_turns), ("timeline", of_timeline)):
        with closing(apsw.Connection(str(folder / f"{role}.db"))) as connection:
            for table in tables:
                connection.execute(f"DELETE FROM {table} WHERE conv_id = ?", (name,))


def _stale_wal(folder: Path) -> None:
    """A log of an earlier life beside the file: its frames do not belong to it, so SQLite ignores them."""
    path = folder / "turns.db"
    other = folder / "other.db"
    shutil.copyfile(path, other)
    connection = apsw.Connection(str(other))
    connection.execute("PRAGMA journal_mode = WAL").fetchall()
    connection.execute("PRAGMA wal_autocheckpoint = 0").fetchall()
    connection.execute("UPDATE turns SET runtime_key = 'from another life'")
    frames = bytearray(other.with_name("other.db-wal").read_bytes())
    connection.close()
    other.unlink()
    frames[16] ^= 0xFF  # another salt than in its header's checksum: not one frame is valid
    path.with_name("turns.db-wal").write_bytes(bytes(frames))


def _build_single(folder: Path, shape: CorpusShape) -> None:
    files = write_corpus(folder, replace(shape, turns=1, conversations=1))
    shutil.copyfile(files.turns, folder / "baseline.db")
    migrate(files.turns, backup=False)


def _empty_metadata(folder: Path, shape: CorpusShape) -> None:
    """No turn says anything of itself."""
    silent = replace(shape, unattributed=1, without_inference=1)
    files = write_corpus(folder, silent)
    shutil.copyfile(files.turns, folder / "baseline.db")
    migrate(files.turns, backup=False)


def _equal_times(folder: Path, shape: CorpusShape) -> None:
    """Turns that were all created in the same millisecond."""
    files = write_corpus(folder, replace(shape, switching=0, second_session=0, unstamped=0))
    with closing(apsw.Connection(str(files.turns))) as connection, connection:
        created = (
            "(SELECT t.turn_created_at_ms FROM turns t WHERE t.conv_id = turn_block_membership.conv_id"
            " AND t.session_id = turn_block_membership.session_id AND t.turn_id = turn_block_membership.turn_id)"
        )
        connection.execute(
            "UPDATE turn_block_membership SET snapshot_created_at_ms ="
            f" snapshot_created_at_ms - {created} + 1770000000000"
        )
        connection.execute(
            "UPDATE turns SET updated_at_ms = updated_at_ms - turn_created_at_ms + 1770000000000,"
            " turn_created_at_ms = 1770000000000"
        )
    shutil.copyfile(files.turns, folder / "baseline.db")
    migrate(files.turns, backup=False)


def _gaps(folder: Path, shape: CorpusShape) -> None:
    """Rows were deleted long before the migration: their numbers are missing."""
    files = write_corpus(folder, shape)
    _sql("UPDATE turns SET rowid = rowid + 1000000", "UPDATE turns SET rowid = (rowid - 1000000) * 3")(folder)
    shutil.copyfile(files.turns, folder / "baseline.db")
    migrate(files.turns, backup=False)


def _numbered(folder: Path, shape: CorpusShape) -> None:
    """A writer that counts: every conversation has a turn-1, a turn-2 and so on."""
    files = write_corpus(folder, shape)
    with closing(apsw.Connection(str(files.turns))) as connection, connection:
        connection.execute(
            "CREATE TEMP TABLE numbered AS SELECT conv_id, session_id, turn_id,"
            " 'turn-' || row_number() OVER (PARTITION BY conv_id ORDER BY turn_created_at_ms, turn_id) AS name"
            " FROM turns"
        )
        for table in ("turn_block_membership", "turns"):
            same = " AND ".join(f"n.{name} = {table}.{name}" for name in ("conv_id", "session_id", "turn_id"))
            connection.execute(f"UPDATE {table} SET turn_id = (SELECT name FROM numbered n WHERE {same})")
    shutil.copyfile(files.turns, folder / "baseline.db")
    migrate(files.turns, backup=False)


def _skewed(folder: Path) -> None:
    """The timeline file comes from a machine whose clock is an hour ahead."""
    _sql(
        "UPDATE timeline_entities SET created_at_ms = created_at_ms + 3600000, updated_at_ms = updated_at_ms + 3600000",
        "UPDATE timeline_conversations SET created_at_ms = created_at_ms + 3600000",
        "UPDATE timeline_conversations SET last_activity_ms = last_activity_ms + 3600000",
        roles=("timeline",),
    )(folder)


def _resumed(folder: Path, shape: CorpusShape) -> None:
    """The migration was interrupted half way and run again: what an interrupted one leaves is a part of the values."""
    files = write_corpus(folder, shape)
    shutil.copyfile(files.turns, folder / "baseline.db")
    migrate(files.turns, backup=False, indexes=False)
    migrate(files.turns, backup=False)


def _added_as(declaration: str) -> Callable[[Path, CorpusShape], None]:
    """Another hand had added the columns, in words that mean what the migration's mean, or not."""

    def build(folder: Path, shape: CorpusShape) -> None:
        files = write_corpus(folder, shape)
        add_by_another_hand(files.turns, declaration)
        shutil.copyfile(files.turns, folder / "baseline.db")
        migrate(files.turns, backup=False, rebuild=True)

    return build


def _beside(*statements: str) -> Callable[[Path, CorpusShape], None]:
    """Another program kept its own things in the file when it was migrated."""

    def build(folder: Path, shape: CorpusShape) -> None:
        files = write_corpus(folder, shape)
        write_into(files.turns, statements)
        shutil.copyfile(files.turns, folder / "baseline.db")
        migrate(files.turns, backup=False)

    return build


def _one_runtime(shape: CorpusShape) -> CorpusShape:
    return replace(shape, runtimes=("inventory",), switching=0)


def _long_keys(shape: CorpusShape) -> CorpusShape:
    return replace(shape, runtimes=LONG_RUNTIMES)


def _switching(shape: CorpusShape) -> CorpusShape:
    return replace(shape, switching=1)


def _single_phase(shape: CorpusShape) -> CorpusShape:
    return replace(shape, single_phase=1)


def _without_inference(shape: CorpusShape) -> CorpusShape:
    return replace(shape, without_inference=1)


def _damaged(shape: CorpusShape) -> CorpusShape:
    return replace(shape, malformed=0.3)


def _clean(shape: CorpusShape) -> CorpusShape:
    return shape.without_damage()


def _wal(shape: CorpusShape) -> CorpusShape:
    return replace(shape, journal_mode="wal")


def _sequential(shape: CorpusShape) -> CorpusShape:
    return replace(shape, interleaved=False)


CONTROLS: tuple[Control, ...] = (
    Control("VACUUM", _sql("VACUUM")),
    Control("REINDEX", _sql("REINDEX")),
    Control("ANALYZE, which adds tables of SQLite's own", _sql("ANALYZE")),
    Control("another page size", _sql("PRAGMA page_size = 8192", "VACUUM")),
    Control("auto_vacuum switched on", _sql("PRAGMA auto_vacuum = FULL", "VACUUM")),
    Control("changed to WAL", _sql("PRAGMA journal_mode = WAL")),
    Control("WAL from the beginning", _nothing, shape=_wal),
    Control("changed to WAL and back", _sql("PRAGMA journal_mode = WAL", "PRAGMA journal_mode = DELETE")),
    Control("copied by SQLite's backup", _backup),
    Control("copied by VACUUM INTO", _vacuum_into),
    Control("dumped and loaded", _dump_and_load),
    Control("the migration run again", _migrate_again),
    Control("the migration in two runs", _nothing, build=_resumed),
    Control("an old program went on, and the migration ran again", _migrate_later_turns),
    Control("a ledger of a version that did not state its changes",
            _sql("UPDATE turntruth_migrations SET counts_json = json_remove(counts_json, '$.changes')")),
    Control("new turns after the migration", lambda folder: _save_later(folder, synthetic=False)),
    Control("new turns by a clock behind the migration", lambda folder: _save_later(folder, synthetic=True)),
    Control("an old turn saved again", _save_again),
    Control("the service went on in old conversations", _nothing, world="living"),
    Control("values recorded before the migration", _nothing, world="partial"),
    Control("migrated by a script, no ledger", _nothing, world="foreign"),
    Control("nullable columns of another hand declared anew", _nothing, world="rebuilt"),
    Control("columns of another hand declared as VARCHAR(64)", _nothing,
            build=_added_as("VARCHAR(64) NOT NULL DEFAULT ''")),
    Control("columns of another hand that compare without regard to case", _nothing,
            build=_added_as("TEXT COLLATE NOCASE")),
    Control("a rebuilt file, and VACUUM", _sql("VACUUM"), world="rebuilt"),
    Control("new turns after a rebuild", lambda folder: _save_later(folder, synthetic=False), world="rebuilt"),
    Control("turns that came between the baseline and a rebuild", _before_the_newest, world="rebuilt"),
    Control("no metadata says anything", _nothing, build=_empty_metadata),
    Control("no turn has an inference", _nothing, shape=_without_inference),
    Control("every conversation switches", _nothing, shape=_switching),
    Control("one runtime in all conversations", _nothing, shape=_one_runtime),
    Control("very long and non-ASCII runtimes", _nothing, shape=_long_keys),
    Control("final snapshots only", _nothing, shape=_single_phase),
    Control("much damaged metadata (a warning, as before)", _nothing, shape=_damaged),
    Control("nothing unknown", _nothing, shape=_clean),
    Control("conversation after conversation in the file", _nothing, shape=_sequential),
    Control("a single turn", _nothing, build=_build_single),
    Control("equal times of creation", _nothing, build=_equal_times),
    Control("turn ids that every conversation has", _nothing, build=_numbered),
    Control("the timeline file's clock an hour ahead", _skewed),
    Control("a conversation deleted by declared retention", _retain, forgets=True),
    Control("gaps between rowids", _nothing, build=_gaps),
    Control("pointers unknown", _sql("UPDATE timeline_conversations SET runtime_key = ''", roles=("timeline",))),
    Control("a conversation with an error on record",
            _sql("UPDATE timeline_conversations SET status = 'evicted', last_error = 'boom'", roles=("timeline",))),
    Control("a stale log beside the file", _stale_wal),
    Control("an index that the team declared in both files",
            _sql("CREATE INDEX turns_by_day ON turns (turn_created_at_ms)", roles=("turns", "baseline"))),
    Control("indexes built anew in another order",
            _sql("DROP INDEX turns_by_session",
                 "CREATE INDEX turns_by_session ON turns(session_id, updated_at_ms DESC)")),
    Control("full-text search over the turns, fed by triggers", _nothing, build=_beside(*FED_SEARCH)),
    Control("new turns, which triggers feed to a search", lambda folder: _save_later(folder, synthetic=False),
            build=_beside(*FED_SEARCH)),
    Control("a search with documents of its own, optimised", _sql("INSERT INTO notes(notes) VALUES ('optimize')"),
            build=_beside(*NOTES)),
    Control("an R*Tree, and tables of an extension for vectors", _sql("VACUUM"), build=_beside(*BOXES, *VECTORS)),
    Control("a table in an order that is not known here", _nothing, build=_beside(*UNKNOWN_ORDER),
            compared=True),
    Control("a view and a trigger of the team in both files", _nothing, build=_beside(
        "CREATE VIEW newest AS SELECT max(updated_at_ms) FROM turns", "CREATE TABLE seen (turn_id TEXT)",
        "CREATE TRIGGER see AFTER INSERT ON turns BEGIN INSERT INTO seen VALUES (new.turn_id); END"), compared=True),
    Control("a file that SQLite has optimised", _sql("PRAGMA optimize = 0x10002", roles=ROLES)),
    *CLOCK_CONTROLS,
)  # fmt: skip
"""Every control has to pass, in both arms, with nothing but warnings that its clean twin has."""
