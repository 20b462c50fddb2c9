"""A pair of databases as it was before turns carried their runtime: seeded, so that everybody gets the same content."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

import apsw

from audit.demo.corpus_shape import CorpusShape
from audit.demo.dialogue import FIRST_MS, Dialogue, TurnRecord, draw_dialogue
from audit.demo.turn_truth import TurnTruth
from audit.errors import UsageError
from store.sqlite.database import schema_sql

# Conversations that go on at the same time; a cohort is what the generator holds in memory.
COHORT = 64
_START_STEP_MS = 300_000

_INSERTS = {
    "turns": "INSERT INTO turns VALUES (?, ?, ?, ?, ?, ?, ?)",
    "blocks": "INSERT INTO blocks VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
    "memberships": "INSERT INTO turn_block_membership VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
    "entities": "INSERT INTO timeline_entities VALUES (?, ?, ?, ?, ?, ?, ?)",
    "versions": "INSERT INTO timeline_versions VALUES (?, ?)",
    "records": "INSERT INTO timeline_conversations VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
}


class CorpusExistsError(UsageError):
    """A corpus never overwrites a file."""

    def __init__(self, path: Path) -> None:
        self.path = path
        super().__init__(f"{path} exists already. Write the corpus into a new folder, or remove the file")


@dataclass(frozen=True, slots=True)
class CorpusFiles:
    """The two databases of a corpus, and what its turns prove.

    ``runtime`` and ``inference`` count turns by evidence: text, map, profile, alias, unknown, malformed.
    """

    turns: Path
    timeline: Path
    runtime: dict[str, int]
    inference: dict[str, int]


def write_corpus(folder: Path, shape: CorpusShape | None = None) -> CorpusFiles:
    """Write ``turns.db`` and ``timeline.db`` into ``folder``, which is made if it is missing.

    Raises
    ------
    CorpusExistsError
        One of the two files is there already.
    """
    shape = shape or CorpusShape()
    turns_path, timeline_path = folder / "turns.db", folder / "timeline.db"
    for path in (turns_path, timeline_path):
        if path.exists():
            raise CorpusExistsError(path)
    folder.mkdir(parents=True, exist_ok=True)
    runtime: Counter[str] = Counter()
    inference: Counter[str] = Counter()
    with closing(_create(turns_path)) as turns, closing(_create(timeline_path)) as timeline:
        tables, indexes = _split_schema(files("audit.demo").joinpath("pre_migration.sql").read_text("utf-8"))
        turns.execute(tables)
        timeline.execute(schema_sql("timeline"))
        with turns, timeline:
            for cohort in _cohorts(shape):
                _insert_turns(turns, cohort, interleaved=shape.interleaved)
                _insert_timeline(timeline, cohort)
                runtime.update(turn.truth.runtime_evidence for dialogue in cohort for turn in dialogue.turns)
                inference.update(turn.truth.inference_evidence for dialogue in cohort for turn in dialogue.turns)
        turns.execute(indexes)
        for connection in (turns, timeline):
            connection.pragma("journal_mode", shape.journal_mode)
    return CorpusFiles(turns_path, timeline_path, dict(runtime), dict(inference))


def dialogues(shape: CorpusShape) -> Iterator[Dialogue]:
    """All conversations of a corpus, in order of their number."""
    for number, turns in enumerate(_turns_per_conversation(shape)):
        yield draw_dialogue(shape, number, turns, FIRST_MS + number * _START_STEP_MS)


def truths(shape: CorpusShape) -> Iterator[tuple[tuple[str, str, str], TurnTruth]]:
    """What each turn of a corpus proves, by (conversation, session, turn)."""
    for dialogue in dialogues(shape):
        for turn in dialogue.turns:
            yield turn.row[:3], turn.truth


def _turns_per_conversation(shape: CorpusShape) -> Iterator[int]:
    """Uneven numbers of turns, from half the average to one and a half, which add up exactly."""
    rng = random.Random(f"{shape.seed}/sizes")
    left = shape.turns
    for conversations_left in range(shape.conversations, 0, -1):
        average = left / conversations_left
        drawn = left if conversations_left == 1 else round(average * rng.uniform(0.5, 1.5))
        size = max(1, min(drawn, left - (conversations_left - 1)))
        left -= size
        yield size


def _cohorts(shape: CorpusShape) -> Iterator[list[Dialogue]]:
    cohort: list[Dialogue] = []
    for dialogue in dialogues(shape):
        cohort.append(dialogue)
        if len(cohort) == COHORT:
            yield cohort
            cohort = []
    if cohort:
        yield cohort


def _insert_turns(connection: apsw.Connection, cohort: list[Dialogue], *, interleaved: bool) -> None:
    """Insert in the order in which a service would have written: by time, or conversation after conversation."""
    records = [turn for dialogue in cohort for turn in dialogue.turns]
    if interleaved:
        records.sort(key=_created_at_ms)
    connection.executemany(_INSERTS["turns"], (turn.row for turn in records))
    connection.executemany(_INSERTS["blocks"], (row for turn in records for row in turn.blocks))
    connection.executemany(_INSERTS["memberships"], (row for turn in records for row in turn.memberships))


def _created_at_ms(turn: TurnRecord) -> int:
    return turn.row[3]


def _insert_timeline(connection: apsw.Connection, cohort: list[Dialogue]) -> None:
    connection.executemany(_INSERTS["entities"], (row for dialogue in cohort for row in dialogue.entities))
    versions = ((dialogue.conv_id, len(dialogue.entities)) for dialogue in cohort if dialogue.entities)
    connection.executemany(_INSERTS["versions"], versions)
    connection.executemany(_INSERTS["records"], (dialogue.record for dialogue in cohort))


def _create(path: Path) -> apsw.Connection:
    connection = apsw.Connection(str(path))
    # Nobody needs half a corpus: after a crash it is written again, so it need not survive one.
    connection.pragma("journal_mode", "memory")
    connection.pragma("synchronous", "off")
    connection.pragma("foreign_keys", "off")
    return connection


def _split_schema(text: str) -> tuple[str, str]:
    """The tables, and the indexes apart: indexes are built faster over rows that are there."""
    tables, *indexes = text.split("CREATE INDEX")
    return tables, "".join("CREATE INDEX" + index for index in indexes)
