"""Payload texts of the oldest shapes become turns: what was listed before is listed after, and nothing disappears."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from store.errors import MigrationNeededError
from store.migration import MigrationInterruptedError, VerificationError, failpoints, migrate, plan
from store.turns.payload import turn_from_text, turn_to_value
from store.turns.records import TurnQuery
from store.turns.schema import turn_schema_sql
from store.turns.turn_store import SqliteTurnStore
from support.files.migration_files import content, payload, query, run_sql, sha256, texts, write_payload_table

SampleCopy = Callable[[str], Path]
LEGACY_SAMPLES = [
    ("legacy0_clean_turns.db", "legacy0_clean.list.legacy0.jsonl", "legacy_session"),
    ("legacy0_turns.db", "legacy0.list.legacy0.jsonl", "legacy_session"),
    ("legacy1_snapshots_turns.db", "legacy1_snapshots.list.snap.jsonl", "legacy_interim"),
    ("legacy2_stuck_migration_turns.db", "legacy0.list.legacy0.jsonl", "legacy_stuck"),
]
NO_TURNS = {"tc-0": "no YAML", "tc-1": "it is a text", "tc-3": "blocks is a number"}
WITHOUT_BLOCKS = {"tc-2", "tc-4"}
OTHER_ID_INSIDE = {"tc-6"}


def listed(path: Path) -> dict[tuple[str, ...], dict[str, Any]]:
    """What our store lists, by everything that identifies a snapshot; the payload as data."""
    conversations = [conv for (conv,) in query(path, "SELECT DISTINCT conv_id FROM turns")]
    found: dict[tuple[str, ...], dict[str, Any]] = {}
    with SqliteTurnStore(path) as store:
        for conv_id in conversations:
            for snapshot in store.list(TurnQuery(conv_id=conv_id, limit=1_000)):
                key = (conv_id, snapshot.session_id, snapshot.turn_id, snapshot.phase, str(snapshot.created_at_ms))
                found[key] = turn_to_value(snapshot.turn)
    return found


def oracle(samples: Path, name: str) -> dict[tuple[str, ...], str]:
    """What the original program listed before: the payload as it was saved."""
    rows = map(json.loads, (samples / "oracle" / name).read_text().strip().split("\n"))
    return {
        (row["conv_id"], row["session_id"], row["turn_id"], row["phase"], str(row["created_at_ms"])): row["payload"]
        for row in rows
    }


@pytest.mark.parametrize(("name", "listing", "shape"), LEGACY_SAMPLES)
def test_every_snapshot_is_listed_as_before_but_for_the_named_ones(
    samples: Path, sample_copy: SampleCopy, name: str, listing: str, shape: str
) -> None:
    path = sample_copy(name)
    summary = migrate(path, backup=False)
    before, after = oracle(samples, listing), listed(path)
    same = before.keys() & after.keys()

    assert summary.shape == shape
    assert {key[2] for key in before.keys() - after.keys()} == (NO_TURNS.keys() | WITHOUT_BLOCKS) & {
        k[2] for k in before
    }
    assert {key[2:4] for key in after.keys() - before.keys()} == {(turn, "") for turn in WITHOUT_BLOCKS}
    last_of_turn = {key[:3]: max(int(k[4]) for k in same if k[:3] == key[:3]) for key in same}
    for key in same:
        expected, found = turn_to_value(turn_from_text(before[key])), after[key]
        if key[2] in OTHER_ID_INSIDE:
            assert expected.pop("id") == "other-id"
            assert found.pop("id") == key[2]
        # A block without an id got one when it was saved; metadata and data are those of the turn's last snapshot.
        assert [b | {"id": ""} for b in found["blocks"]] == [b | {"id": ""} for b in _normalised(expected)["blocks"]]
        if int(key[4]) == last_of_turn[key[:3]]:
            assert (found.get("metadata"), found.get("data")) == (expected.get("metadata"), expected.get("data"))


def _normalised(value: dict[str, Any]) -> dict[str, Any]:
    """The turn as one that went through the store once: kinds known, roles given."""
    known = {"user", "llm_text", "tool_call", "tool_use", "system", "reasoning", "other"}
    blocks = [block | {"kind": block["kind"] if block["kind"] in known else "other"} for block in value["blocks"]]
    return value | {"blocks": blocks}


@pytest.mark.parametrize(("name", "listing", "shape"), LEGACY_SAMPLES[1:])
def test_what_is_no_turn_is_kept_with_its_reason(
    samples: Path, sample_copy: SampleCopy, name: str, listing: str, shape: str
) -> None:
    path = sample_copy(name)
    table = {"legacy_session": "turns", "legacy_interim": "turn_snapshots"}.get(shape, "turn_snapshots_legacy")
    before = query(path, f"SELECT rowid, CAST(payload AS BLOB) FROM {table}")
    summary = migrate(path, backup=False)

    rows = query(path, "SELECT turn_id, reason, source_rowid, CAST(payload AS BLOB) FROM turntruth_quarantine")
    assert {turn for turn, *_ in rows} == NO_TURNS.keys()
    for turn, reason, rowid, text in rows:
        assert NO_TURNS[turn] in reason
        assert (rowid, text) in before
    assert summary.status == "completed_with_residue"
    assert "3 payload texts are no turns" in summary.warnings[0]
    assert summary.converted + summary.without_blocks + summary.quarantined == len(before) == 159
    assert query(path, "SELECT rowid, CAST(payload AS BLOB) FROM turn_snapshots_legacy") == before


def test_the_turns_are_those_of_the_last_original_program_that_could_convert(
    samples: Path, sample_copy: SampleCopy
) -> None:
    path = sample_copy("legacy0_clean_turns.db")
    migrate(path, backup=False)
    lines = (samples / "oracle" / "legacy_migrated_gp26.turns_rows.jsonl").read_text().strip().split("\n")
    columns = ("conv_id", "session_id", "turn_id", "runtime_key", "inference_id", "turn_created_at_ms", "updated_at_ms")
    expected = {tuple(row[column] for column in columns) for row in map(json.loads, lines)}
    found = set(query(path, f"SELECT {', '.join(columns)} FROM turns"))

    assert len(found) == len(expected) == 76
    # There the id inside of the payload won over the id the row had.
    assert {(row[2], *row[3:]) for row in found - expected} == {("tc-6", "", "", 1770000999006, 1770000999006)}
    assert {(row[2], *row[3:]) for row in expected - found} == {("other-id", "", "", 1770000999006, 1770000999006)}


def test_the_differences_are_those_the_document_lists(repository: Path) -> None:
    text = (repository / "docs" / "migration-differences.md").read_text()
    listed_there = {line.split("`")[1]: line for line in text.splitlines() if line.startswith("| `tc-")}

    assert listed_there.keys() == NO_TURNS.keys() | WITHOUT_BLOCKS | OTHER_ID_INSIDE
    assert all(NO_TURNS[turn] in listed_there[turn] for turn in NO_TURNS)


class TestOwnFixtures:
    @pytest.mark.parametrize("session", ["session_id", "run_id"])
    def test_a_run_was_the_session_of_its_time(self, tmp_path: Path, session: str) -> None:
        path = write_payload_table(tmp_path / "t.db", session=session)
        summary = migrate(path, backup=False)

        assert summary.shape == ("legacy_session" if session == "session_id" else "legacy_run")
        assert summary.status == "migrated"
        assert query(path, "SELECT DISTINCT session_id FROM turns") == [("sess",)]
        assert query(path, "SELECT turn_id, runtime_key, inference_id FROM turns ORDER BY 1") == [
            (f"turn-{n}", "inventory" if n % 2 else "planner", f"inf-turn-{n}") for n in range(1, 5)
        ]
        assert len(listed(path)) == 8

    @pytest.mark.parametrize("session", ["session_id", "run_id"])
    def test_a_file_that_a_newer_program_opened_in_vain_is_converted_as_well(
        self, tmp_path: Path, session: str
    ) -> None:
        path = write_payload_table(tmp_path / "t.db", session=session)
        plain = write_payload_table(tmp_path / "plain.db", session=session)
        run_sql(path, *_what_a_newer_program_adds(session))
        assert plan(path).shape == "legacy_reopened"
        summary = migrate(path, backup=False)
        migrate(plain, backup=False)

        assert summary.status == "migrated"
        assert content(path) == content(plain)
        assert query(path, "SELECT sql FROM sqlite_schema WHERE name = 'turns_by_session'") == [
            ("CREATE INDEX turns_by_session ON turns(session_id, updated_at_ms DESC)",)
        ]
        assert query(path, "PRAGMA foreign_key_check") == []

    def test_a_damaged_text_goes_to_quarantine_and_the_others_do_not_wait(self, tmp_path: Path) -> None:
        rows = texts()
        damaged = [
            ("conv", "sess", "bytes", "final", 7, b"id: bytes\xff"),
            ("conv", "sess", "time", "final", "yesterday", payload("time", "planner")),
            ("conv", "sess", " padded ", "final", 7, payload("padded", "planner")),
            ("conv", "sess", "bomb", "final", 7, "a: &a [x, x]\nb: &b [*a, *a]\nid: bomb\nblocks: [*b]\n"),
        ]
        path = write_payload_table(tmp_path / "t.db", rows=[*rows, *damaged])
        summary = migrate(path, backup=False)

        assert (summary.converted, summary.quarantined) == (len(rows), len(damaged))
        reasons: dict[str, str] = dict(query(path, "SELECT turn_id, reason FROM turntruth_quarantine"))
        assert "UTF-8" in reasons["bytes"]
        assert "created_at_ms" in reasons["time"]
        assert "turn_id" in reasons[" padded "]
        assert query(path, "SELECT typeof(payload) FROM turntruth_quarantine WHERE turn_id = 'bytes'") == [("blob",)]

    def test_times_are_kept_also_where_they_are_not_positive(self, tmp_path: Path) -> None:
        path = write_payload_table(tmp_path / "t.db", rows=[("c", "s", "t", "final", 0, payload("t", "planner"))])
        migrate(path, backup=False)

        assert query(path, "SELECT turn_created_at_ms, updated_at_ms FROM turns") == [(0, 0)]
        assert query(path, "SELECT snapshot_created_at_ms FROM turn_block_membership") == [(0,)]

    def test_the_order_of_rows_does_not_matter(self, tmp_path: Path) -> None:
        rows = texts(6)
        forward = write_payload_table(tmp_path / "forward.db", rows=rows)
        backward = write_payload_table(tmp_path / "backward.db", rows=rows[::-1])
        migrate(forward, backup=False)
        migrate(backward, backup=False)

        assert content(forward) == content(backward)

    def test_direct_evidence_counts_for_converted_turns_too(self, tmp_path: Path) -> None:
        text = "id: t\nblocks: [{kind: user}]\nmetadata: {runtime: planner, geppetto.inference_id@v1: i}\n"
        path = write_payload_table(tmp_path / "t.db", rows=[("c", "s", "t", "final", 1, text)])
        summary = migrate(path, evidence="direct", backup=False)

        assert query(path, "SELECT runtime_key, inference_id FROM turns") == [("", "i")]
        assert summary.counts.runtime_key.held_back == 1

    def test_the_texts_stay_until_they_are_dropped(self, tmp_path: Path) -> None:
        path = write_payload_table(tmp_path / "t.db")
        migrate(path, backup=False)
        before = content(path)
        assert query(path, "SELECT count(*) FROM turn_snapshots_legacy") == [(8,)]
        dropped = migrate(path, backup=False, drop_legacy=True)

        assert dropped.status == "migrated"
        assert query(path, "SELECT name FROM sqlite_schema WHERE name LIKE '%legacy%'") == []
        assert content(path) == before
        assert migrate(path, drop_legacy=True).status == "already_migrated"

    def test_texts_that_are_lost_on_the_way_stop_the_run_before_it_is_called_complete(self, tmp_path: Path) -> None:
        path = write_payload_table(tmp_path / "t.db")

        def lose_one(name: str) -> None:
            if name == "convert: committed":
                run_sql(path, "DELETE FROM turn_block_membership WHERE turn_id = 'turn-2'")

        with failpoints.armed(lose_one), pytest.raises(VerificationError, match="8 texts = 8 snapshots"):
            migrate(path, backup=False)

        assert query(path, "SELECT state FROM turntruth_migrations WHERE step = 'migration'") == [("failed",)]
        assert query(path, "SELECT count(*) FROM turn_snapshots_legacy") == [(8,)]

    @pytest.mark.parametrize("failpoint", ["begin: committed", "convert: committed", "legacy accounted: before commit"])
    def test_a_store_whose_conversion_was_interrupted_says_so_and_names_the_command(
        self, tmp_path: Path, failpoint: str
    ) -> None:
        """Its tables look complete already; the turns whose texts still wait would just be missing."""
        path = write_payload_table(tmp_path / "t.db")

        def stop(name: str) -> None:
            if name == failpoint:
                raise KeyboardInterrupt

        with failpoints.armed(stop), pytest.raises(MigrationInterruptedError):
            migrate(path, backup=False)
        before = sha256(path)
        with pytest.raises(MigrationNeededError, match=f"has stopped. Run: turntruth migrate {path}"):
            SqliteTurnStore(path)

        assert sha256(path) == before
        with SqliteTurnStore(path, migrate=True) as store:
            assert len(store.list(TurnQuery(conv_id="conv", limit=100))) == 8

    @pytest.mark.parametrize("failpoint", ["", "begin: committed", "convert: committed"])
    def test_texts_that_an_old_program_writes_after_the_first_ones_were_dropped_are_converted_too(
        self, tmp_path: Path, failpoint: str
    ) -> None:
        """What the ledger says of the dropped table says nothing about the next one; they share rowids, too."""
        first = [*texts(2, phases=("final",)), ("conv", "sess", "bad", "final", 5, "no turn: [")]
        path = write_payload_table(tmp_path / "t.db", rows=first)
        migrate(path, backup=False)
        migrate(path, backup=False, drop_legacy=True)
        later = [("late", "sess", f"late-{n}", "final", n, payload(f"late-{n}", "planner")) for n in (1, 2)]
        later.append(("late", "sess", "bad too", "final", 5, "no turn: ["))
        other = write_payload_table(tmp_path / "other.db", "turn_snapshots", rows=later)
        run_sql(path, f"ATTACH '{other}' AS other; CREATE TABLE turn_snapshots AS SELECT * FROM other.turn_snapshots")

        def stop(name: str) -> None:
            if name == failpoint:
                raise KeyboardInterrupt

        if failpoint:
            with failpoints.armed(stop), pytest.raises(MigrationInterruptedError):
                migrate(path, backup=False)
            assert plan(path).status == "would_migrate"
        summary = migrate(path, backup=False)

        assert (summary.status, summary.converted, summary.quarantined) == ("completed_with_residue", 2, 1)
        assert query(path, "SELECT turn_id, runtime_key FROM turns WHERE conv_id = 'late'") == [
            ("late-1", "planner"),
            ("late-2", "planner"),
        ]
        assert query(path, "SELECT turn_id FROM turntruth_quarantine ORDER BY quarantined_at_ms, turn_id") == [
            ("bad",),
            ("bad too",),
        ]
        migrate(path, backup=False, drop_legacy=True)
        assert query(path, "SELECT count(*) FROM turntruth_quarantine") == [(2,)]

    def test_a_store_can_be_opened_while_the_converted_texts_are_kept(self, tmp_path: Path) -> None:
        path = write_payload_table(tmp_path / "t.db")
        migrate(path, backup=False)
        assert query(path, "SELECT count(*) FROM turn_snapshots_legacy") == [(8,)]

        SqliteTurnStore(path).close()

    def test_two_tables_of_texts_are_refused(self, tmp_path: Path) -> None:
        path = write_payload_table(tmp_path / "t.db")
        run_sql(path, "CREATE TABLE turn_snapshots AS SELECT * FROM turns")
        before = sha256(path)
        with pytest.raises(Exception, match="payload texts in turns and in turn_snapshots"):
            migrate(path)

        assert sha256(path) == before


def _what_a_newer_program_adds(session: str) -> list[str]:
    """What the original program does to such a file when it opens it: tables, columns, what indexes it can."""
    target = [part for part in turn_schema_sql().split(";") if "TABLE" in part and " turns " not in part.split("(")[0]]
    columns = [
        "turn_created_at_ms INTEGER NOT NULL DEFAULT 0",
        "turn_metadata_json TEXT NOT NULL DEFAULT '{}'",
        "turn_data_json TEXT NOT NULL DEFAULT '{}'",
        "updated_at_ms INTEGER NOT NULL DEFAULT 0",
        "runtime_key TEXT NOT NULL DEFAULT ''",
        "inference_id TEXT NOT NULL DEFAULT ''",
    ]
    added = [*target, *(f"ALTER TABLE turns ADD COLUMN {column}" for column in columns)]
    added.append("UPDATE turns SET updated_at_ms = created_at_ms, turn_created_at_ms = created_at_ms")
    if session == "session_id":
        added += [
            "CREATE INDEX turns_by_conv_session ON turns(conv_id, session_id, updated_at_ms DESC)",
            "CREATE INDEX turns_by_conv_runtime_updated ON turns(conv_id, runtime_key, updated_at_ms DESC)",
        ]
    return added
