"""The kinds of files in which faults are made: each a clean, migrated pair with the baseline it came from."""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import apsw

from audit.demo.corpus import write_corpus
from audit.demo.corpus_shape import CorpusShape
from benchmarks.detection.files.site import ROLES
from benchmarks.detection.mutants.migrators import migrate_by_hand
from store.conversations.conversation_store import SqliteConversationStore
from store.conversations.records import ConversationPatch
from store.migration import migrate
from store.turns.records import Block, Turn, TurnSaveOptions
from store.turns.turn_store import SqliteTurnStore

RUNTIMES = ("inventory", "planner", "analyst", "default", "在庫-アシスタント", "naïve-Café", "web-chat-tool")

LONG_RUNTIMES = ("inventory" * 12, "planner-" * 17, "在庫" * 60)

REGISTRY = (*RUNTIMES, *LONG_RUNTIMES, "explicit-0", "explicit-1", "explicit-2")


def shape_of(turns: int, seed: int) -> CorpusShape:
    """A corpus of this many turns, with more of everything that is rare than the demo has."""
    return CorpusShape(
        turns=turns,
        conversations=max(1, turns // 15),
        seed=seed,
        runtimes=RUNTIMES,
        switching=0.8,
        unknown=0.15,
        malformed=0.02,
        without_inference=0.15,
        unattributed=0.15,
        unstamped=0.01,
    )


def build_world(kind: str, folder: Path, shape: CorpusShape, witness: Callable[[Path], None] | None = None) -> Path:
    """Write ``turns.db``, ``timeline.db`` and ``baseline.db`` of a kind into a folder, and return it.

    Kinds: ``plain`` (an old file, migrated), ``partial`` (the columns were there and held values before),
    ``foreign`` (migrated by hand, without a ledger), ``living`` (plain, and the service went on for a while),
    ``rebuilt`` (another hand had added the columns so that they had to be declared anew, and filled a few of them).
    ``witness`` is shown the migrated files, before the service goes on.
    """
    files = write_corpus(folder, shape)
    if kind == "rebuilt":
        add_by_another_hand(files.turns, "TEXT")
    if kind == "partial":
        _attribute_partly(files.turns, files.timeline, random.Random(shape.seed))
    shutil.copyfile(files.turns, folder / "baseline.db")
    if kind == "foreign":
        migrate_by_hand(files.turns)
    else:
        migrate(files.turns, backup=False, rebuild=kind == "rebuilt")
    if witness:
        witness(folder)
    if kind == "living":
        _live_on(folder, random.Random(shape.seed))
    return folder


def copy_world(source: Path, target: Path) -> Path:
    """A private copy of the three files."""
    target.mkdir(parents=True, exist_ok=True)
    for role in ROLES:
        shutil.copyfile(source / f"{role}.db", target / f"{role}.db")
    return target


def add_by_another_hand(path: Path, declaration: str) -> None:
    """Somebody has added the columns in a way of their own, filled them for some turns, and indexed turns by day."""
    with closing(apsw.Connection(str(path))) as connection, connection:
        for column in ("runtime_key", "inference_id"):
            connection.execute(f"ALTER TABLE turns ADD COLUMN {column} {declaration}")
        for column, key in (("runtime_key", "runtime"), ("inference_id", "inference_id")):
            member = f"turn_metadata_json, '$.\"geppetto.{key}@v1\"'"
            connection.execute(
                f"UPDATE turns SET {column} = trim(json_extract({member})) WHERE rowid % 7 = 0"
                f" AND CASE WHEN json_valid(turn_metadata_json) THEN json_type({member}) END = 'text'"
            )
        connection.execute("CREATE INDEX turns_by_day ON turns (turn_created_at_ms / 86400000)")


def _attribute_partly(path: Path, timeline: Path, rng: random.Random) -> None:
    """Some turns were attributed by a live service before: by explicit values where metadata is silent."""
    with closing(apsw.Connection(str(timeline))) as index:
        blank = index.execute("SELECT json_group_array(conv_id) FROM timeline_conversations WHERE runtime_key = ''").get
    with closing(apsw.Connection(str(path))) as connection, connection:
        for column in ("runtime_key", "inference_id"):
            connection.execute(f"ALTER TABLE turns ADD COLUMN {column} TEXT NOT NULL DEFAULT ''")
        # Whole conversations, so that no switch is made up between what is known and what is not.
        connection.execute(
            "UPDATE turns SET runtime_key = 'explicit-' || (rowid % 3) WHERE turn_metadata_json NOT LIKE '%runtime%'"
            " AND conv_id IN (SELECT value FROM json_each(?))",
            (blank,),
        )
        for (row_id,) in connection.execute(
            "SELECT rowid FROM turns WHERE turn_metadata_json NOT LIKE '%inference%'"
        ).fetchall():
            if rng.random() < 0.5:
                connection.execute("UPDATE turns SET inference_id = ? WHERE rowid = ?", (f"explicit-{row_id}", row_id))


def _live_on(folder: Path, rng: random.Random) -> None:
    """The service saves more turns after the migration, some of them in conversations that were there before."""
    with closing(apsw.Connection(str(folder / "turns.db"))) as connection:
        (started,) = connection.execute("SELECT max(finished_at_ms) FROM turntruth_migrations").fetchall()[0]
        known = connection.execute("SELECT conv_id, max(session_id) FROM turns GROUP BY conv_id").fetchall()
    places = rng.sample(sorted((str(conv_id), str(session_id)) for conv_id, session_id in known), len(known) // 2)
    places += [(f"new-{at}", f"session-{at}") for at in range(3)]
    clock_ms = int(str(started)) + 60_000
    turns, index = SqliteTurnStore(folder / "turns.db"), SqliteConversationStore(folder / "timeline.db")
    try:
        for place in places:
            for turn_number in range(rng.randint(1, 4)):
                clock_ms += rng.randrange(1_000, 60_000)
                _save_turn(turns, index, place, f"later-{turn_number}", rng.choice(RUNTIMES[:3]), clock_ms)
    finally:
        turns.close()
        index.close()
    for role in ("turns", "timeline"):
        with closing(apsw.Connection(str(folder / f"{role}.db"))) as connection:
            connection.pragma("journal_mode", "delete")


def _save_turn(
    turns: SqliteTurnStore,
    index: SqliteConversationStore,
    place: tuple[str, str],
    turn_id: str,
    runtime: str,
    at_ms: int,
) -> None:
    conv_id, session_id = place
    turn_id = f"{conv_id}-{turn_id}"
    block = Block(f"{turn_id}-b", "user", "user", {"text": "and now?"})
    turn = Turn(turn_id, (block,), {"geppetto.inference_id@v1": f"{turn_id}-i", "geppetto.runtime@v1": runtime})
    options = TurnSaveOptions(runtime_key=runtime, inference_id=f"{turn_id}-i")
    turns.save(conv_id, session_id, turn_id, "final", turn, created_at_ms=at_ms, options=options)
    patch = ConversationPatch(session_id=session_id, runtime_key=runtime, created_at_ms=at_ms, last_activity_ms=at_ms)
    index.upsert(conv_id, patch)


KINDS = ("plain", "partial", "foreign", "living", "rebuilt")
