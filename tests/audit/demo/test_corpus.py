from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from itertools import groupby, pairwise
from pathlib import Path

import apsw
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audit.demo.corpus import CorpusExistsError, CorpusFiles, dialogues, truths, write_corpus
from audit.demo.corpus_shape import CorpusShape, ShapeError
from audit.demo.dialogue import hash_block

SMALL = CorpusShape(turns=240, conversations=20)

TABLES = {
    "turns": ("turns", "blocks", "turn_block_membership"),
    "timeline": ("timeline_entities", "timeline_versions", "timeline_conversations"),
}


def rows(path: Path, sql: str) -> list[tuple[apsw.SQLiteValue, ...]]:
    connection = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)
    try:
        return connection.execute(sql).fetchall()
    finally:
        connection.close()


def content(corpus: CorpusFiles) -> dict[str, list[tuple[apsw.SQLiteValue, ...]]]:
    """Every row with its rowid, of every table."""
    return {
        table: rows(getattr(corpus, role), f"SELECT rowid, * FROM {table} ORDER BY rowid")
        for role, tables in TABLES.items()
        for table in tables
    }


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> CorpusFiles:
    return write_corpus(tmp_path_factory.mktemp("corpus"), SMALL)


class TestContent:
    def test_equal_shapes_give_equal_content_to_the_byte(self, corpus: CorpusFiles, tmp_path: Path) -> None:
        again = write_corpus(tmp_path, SMALL)
        assert content(again) == content(corpus)
        assert again.turns.read_bytes() == corpus.turns.read_bytes()

    def test_another_seed_gives_other_turns(self, corpus: CorpusFiles, tmp_path: Path) -> None:
        other = write_corpus(tmp_path, CorpusShape(turns=240, conversations=20, seed=2))
        theirs = set(rows(other.turns, "SELECT turn_id FROM turns"))
        assert theirs.isdisjoint(rows(corpus.turns, "SELECT turn_id FROM turns"))

    @settings(max_examples=25)
    @given(st.integers(1, 60), st.integers(0, 400))
    def test_turns_and_conversations_are_exact(self, conversations: int, more: int) -> None:
        shape = CorpusShape(turns=conversations + more, conversations=conversations, context_blocks=0)
        drawn = [len(dialogue.turns) for dialogue in dialogues(shape)]
        assert len(drawn) == conversations
        assert sum(drawn) == conversations + more
        assert min(drawn) >= 1

    def test_an_empty_corpus_has_the_tables_and_no_row(self, tmp_path: Path) -> None:
        corpus = write_corpus(tmp_path, CorpusShape(turns=0, conversations=0))
        assert all(found == [] for found in content(corpus).values())

    def test_sqlite_finds_nothing_wrong(self, corpus: CorpusFiles) -> None:
        for path in (corpus.turns, corpus.timeline):
            assert rows(path, "PRAGMA integrity_check") == [("ok",)]
            assert rows(path, "PRAGMA foreign_key_check") == []

    def test_every_phase_and_kind_of_block_occurs(self, corpus: CorpusFiles) -> None:
        phases = rows(corpus.turns, "SELECT DISTINCT phase FROM turn_block_membership ORDER BY phase")
        assert phases == [("final",), ("post_inference",), ("post_tools",), ("pre_inference",)]
        kinds = rows(corpus.turns, "SELECT DISTINCT kind FROM blocks ORDER BY kind")
        assert kinds == [("llm_text",), ("system",), ("tool_call",), ("tool_use",), ("user",)]

    def test_a_snapshot_carries_earlier_blocks_along(self, corpus: CorpusFiles) -> None:
        several = "SELECT 1 FROM turn_block_membership GROUP BY block_id HAVING count(DISTINCT turn_id) > 1"
        shared = f"SELECT count(*) FROM ({several})"
        assert rows(corpus.turns, shared) > [(100,)]

    def test_ordinals_of_a_snapshot_have_no_gap(self, corpus: CorpusFiles) -> None:
        gaps = (
            "SELECT 1 FROM turn_block_membership GROUP BY turn_id, phase, snapshot_created_at_ms"
            " HAVING min(ordinal) <> 0 OR max(ordinal) <> count(*) - 1"
        )
        assert rows(corpus.turns, gaps) == []

    def test_hashes_are_those_of_the_canonical_text(self, corpus: CorpusFiles) -> None:
        found = rows(corpus.turns, "SELECT kind, role, payload_json, block_metadata_json, content_hash FROM blocks")
        assert len(found) > 400
        for kind, role, payload, metadata, stored in found:
            assert hash_block(str(kind), str(role), str(payload), str(metadata)) == stored

    def test_the_hash_is_the_one_of_the_original_program(self, samples: Path) -> None:
        path = samples / "pre_small_turns.db"
        found = rows(path, "SELECT kind, role, payload_json, block_metadata_json, content_hash FROM blocks")
        assert len(found) > 1000
        for kind, role, payload, metadata, stored in found:
            assert hash_block(str(kind), str(role), str(payload), str(metadata)) == stored

    def test_the_schema_is_the_one_of_the_original_program(
        self, corpus: CorpusFiles, sample_copy: Callable[[str], Path]
    ) -> None:
        sql = "SELECT type, name, tbl_name, sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY name"
        for role in ("turns", "timeline"):
            original = rows(sample_copy(f"pre_small_{role}.db"), sql)
            ours = rows(getattr(corpus, role), sql)
            assert [tuple("".join(str(cell).split()) for cell in row) for row in ours] == [
                tuple("".join(str(cell).split()) for cell in row) for row in original
            ]


class TestTruth:
    def test_every_kind_of_evidence_occurs_and_is_counted(self, corpus: CorpusFiles) -> None:
        assert set(corpus.runtime) == {"text", "map", "profile", "alias", "unknown", "malformed"}
        assert set(corpus.inference) == {"text", "alias", "unknown", "malformed"}
        assert sum(corpus.runtime.values()) == sum(corpus.inference.values()) == 240
        drawn = [truth for _, truth in truths(SMALL)]
        assert Counter(truth.runtime_evidence for truth in drawn) == corpus.runtime
        assert Counter(truth.inference_evidence for truth in drawn) == corpus.inference

    def test_a_value_is_proved_exactly_where_there_is_evidence(self) -> None:
        for _, truth in truths(SMALL):
            assert bool(truth.runtime_key) == (truth.runtime_evidence in {"text", "map", "profile", "alias"})
            assert bool(truth.inference_id) == (truth.inference_evidence in {"text", "alias"})

    def test_metadata_is_an_object_except_where_it_is_said_to_be_malformed(self, corpus: CorpusFiles) -> None:
        found = rows(corpus.turns, "SELECT turn_id, turn_metadata_json FROM turns")
        texts = {str(turn_id): str(text) for turn_id, text in found}
        for (_, _, turn_id), truth in truths(SMALL):
            try:
                value = json.loads(texts[turn_id] or "null")
            except ValueError:
                value = texts[turn_id].strip() or None
            assert (truth.runtime_evidence == "malformed") == (value is not None and not isinstance(value, dict))

    def test_the_pointer_is_the_runtime_of_the_latest_attributed_turn(self) -> None:
        pointers = set()
        for dialogue in dialogues(SMALL):
            known = [turn.truth.runtime_key for turn in dialogue.turns if turn.truth.runtime_key]
            assert dialogue.record[2] == (known[-1] if known else "")
            pointers.add(dialogue.record[2])
        assert "" in pointers
        assert len(pointers) > 2

    def test_switch_entities_tell_the_same_runs_as_the_turns(self) -> None:
        patterns = set()
        for dialogue in dialogues(CorpusShape(turns=600, conversations=40)):
            known = [turn.truth.runtime_key for turn in dialogue.turns if turn.truth.runtime_key]
            runs = [runtime for runtime, _ in groupby(known)]
            told = [json.loads(entity[6])["props"] for entity in dialogue.entities if entity[2] == "profile_switch"]
            assert [(props["from"], props["to"]) for props in told] == list(pairwise(runs))
            patterns.add((len(runs), len(set(runs))))
        assert {(1, 1), (2, 2), (3, 2), (3, 3)} <= patterns

    def test_the_clean_twin_differs_in_damage_only(self) -> None:
        twin = SMALL.without_damage()
        drawn = [truth for _, truth in truths(twin)]
        assert all(truth.runtime_key and truth.inference_id for truth in drawn)
        assert len(drawn) == SMALL.turns

    def test_one_runtime_makes_no_switch(self) -> None:
        shape = CorpusShape(turns=60, conversations=5, runtimes=("planner",))
        assert {truth.runtime_key for _, truth in truths(shape)} == {"planner", ""}


class TestFiles:
    def test_a_corpus_never_overwrites_a_file(self, corpus: CorpusFiles) -> None:
        before = corpus.turns.read_bytes()
        with pytest.raises(CorpusExistsError, match=r"turns\.db exists already"):
            write_corpus(corpus.turns.parent, SMALL)
        assert corpus.turns.read_bytes() == before

    @pytest.mark.parametrize("mode", ["delete", "wal"])
    def test_no_side_file_is_left(self, tmp_path: Path, mode: str) -> None:
        corpus = write_corpus(tmp_path / "new", CorpusShape(turns=10, conversations=2, journal_mode=mode))
        assert sorted(path.name for path in corpus.turns.parent.iterdir()) == ["timeline.db", "turns.db"]
        assert corpus.turns.read_bytes()[18:20] == (b"\x02\x02" if mode == "wal" else b"\x01\x01")

    def test_turns_alternate_between_conversations_unless_told_otherwise(self, tmp_path: Path) -> None:
        changes = "SELECT count(*) FROM (SELECT conv_id <> lag(conv_id) OVER (ORDER BY rowid) AS c FROM turns) WHERE c"
        mixed = write_corpus(tmp_path / "mixed", SMALL)
        apart = write_corpus(tmp_path / "apart", CorpusShape(turns=240, conversations=20, interleaved=False))
        assert rows(apart.turns, changes) == [(19,)]
        assert rows(mixed.turns, changes) > [(60,)]

    def test_text_can_be_made_long(self, tmp_path: Path) -> None:
        corpus = write_corpus(tmp_path, CorpusShape(turns=4, conversations=1, text_bytes=50_000))
        shortest = "SELECT min(length(CAST(payload_json AS BLOB))) FROM blocks WHERE kind = 'llm_text'"
        assert rows(corpus.turns, shortest) >= [(50_000,)]


class TestRefusedShapes:
    @pytest.mark.parametrize(
        ("knobs", "message"),
        [
            ({"turns": 3, "conversations": 4}, r"conversations must be at most turns \(3\), got 4"),
            ({"turns": 3, "conversations": 0}, "both positive or both 0"),
            ({"turns": -1, "conversations": -1}, "both positive or both 0"),
            ({"switching": 1.5}, "switching must be a share between 0 and 1, got 1.5"),
            ({"runtimes": ()}, "at least one key"),
            ({"journal_mode": "off"}, "delete or wal"),
            ({"text_bytes": -1}, "0 or more"),
        ],
    )
    def test_a_shape_that_cannot_be_is_refused_by_name(self, knobs: dict[str, object], message: str) -> None:
        with pytest.raises(ShapeError, match=message):
            CorpusShape(**knobs)  # type: ignore[arg-type]  # the point of the test: any value may come in
