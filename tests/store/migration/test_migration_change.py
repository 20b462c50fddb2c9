"""Every cell that a migration changes is stated, in the same words and numbers before, by, and after the run."""

from __future__ import annotations

import json
import tempfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from audit import cli
from store.migration import Change, MigrationInterruptedError, MigrationSummary, failpoints, migrate, plan
from store.migration.change import add_up
from store.turns.metadata import inference_evidence, parse_metadata, runtime_evidence
from support.files.migration_files import (
    content,
    fixed_batches,
    payload,
    query,
    run_sql,
    texts,
    write_before_columns,
    write_payload_table,
    write_turns_beside_texts,
)

SampleCopy = Callable[[str], Path]
STATED = "SELECT counts_json -> '$.changes' FROM turntruth_migrations WHERE step = 'migration' ORDER BY rowid"
KINDS = ("text", "map", "profile", "alias")


def stated(path: Path) -> list[dict[str, Any]]:
    """What the ledger of the last run states."""
    found: list[dict[str, Any]] = json.loads(query(path, STATED)[-1][0])
    return found


def as_json(changes: tuple[Change, ...]) -> list[dict[str, Any]]:
    return [change.to_json() for change in changes]


def seen(before: dict[str, Any], after: dict[str, Any]) -> Counter[tuple[str, str]]:
    """What changed between two contents of a file, by column and rule, counted here and by nothing of the store's."""
    found: Counter[tuple[str, str]] = Counter()
    for was, now in zip(before["turns"], after["turns"], strict=True):
        _, metadata = parse_metadata(now[4])
        kinds = runtime_evidence(metadata).kind, inference_evidence(metadata).kind
        for column, at, kind in (("runtime_key", 6, kinds[0]), ("inference_id", 7, kinds[1])):
            if was[at] != now[at]:
                found[column, f"filled from {kind}"] += 1
        if was[8] != now[8]:
            assert now[8] == now[3]
            found["updated_at_ms", "repaired from turn_created_at_ms"] += 1
    return found


def counted(summary: MigrationSummary) -> Counter[tuple[str, str]]:
    return Counter({(one.column, one.rule): one.cells for one in summary.changes})


VALUES = st.sampled_from(["", " ", "inventory", "pl\u00e4ner"])
RUNTIMES: st.SearchStrategy[Any] = st.one_of(
    VALUES,
    st.fixed_dictionaries({}, optional={"runtime_key": VALUES, "profile.slug": VALUES}),
    st.sampled_from([None, 7, []]),
)
METADATA = st.one_of(
    st.fixed_dictionaries(
        {}, optional={"geppetto.runtime@v1": RUNTIMES, "runtime": VALUES, "inference_id": VALUES,
                      "geppetto.inference_id@v1": VALUES},
    ).map(json.dumps),
    st.sampled_from(["{", "", "null", '{"runtime": "a", "runtime": "b"}']),
)  # fmt: skip
TIMES = st.sampled_from([-1, 0, 1, 1_700_000_000_000])
TURNS = st.lists(st.tuples(METADATA, TIMES, TIMES, VALUES, VALUES), max_size=12)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(turns=TURNS, level=st.sampled_from(["all", "direct"]))
def test_the_plan_the_summary_the_ledger_and_the_rows_agree_on_any_file(turns: list[Any], level: Any) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "turns.db"
        write_before_columns(path, 0)
        run_sql(
            path,
            "ALTER TABLE turns ADD COLUMN runtime_key TEXT NOT NULL DEFAULT ''",
            "ALTER TABLE turns ADD COLUMN inference_id TEXT NOT NULL DEFAULT ''",
            *(
                "INSERT INTO turns (conv_id, session_id, turn_id, turn_metadata_json, turn_created_at_ms, "
                "updated_at_ms, runtime_key, inference_id) VALUES "
                f"('c', 's', 't{at}', '{metadata}', {created}, {updated}, '{runtime}', '{inference}')"
                for at, (metadata, created, updated, runtime, inference) in enumerate(turns)
            ),
        )
        before, foreseen = content(path), plan(path, evidence=level)
        summary = migrate(path, evidence=level, backup=False)

        assert counted(summary) == seen(before, content(path))
        assert as_json(foreseen.changes) == as_json(summary.changes) == stated(path)
        for column in (summary.counts.runtime_key, summary.counts.inference_id):
            assert column.rows == len(turns)
        assert plan(path, evidence=level).changes == migrate(path, evidence=level, backup=False).changes == ()


@pytest.mark.parametrize(
    "name",
    [
        "pre_small_turns.db",
        "gp26_from_pre_small_turns.db",
        "drift_downgrade_turns.db",
        "legacy0_turns.db",
        "legacy1_snapshots_turns.db",
        "legacy2_stuck_migration_turns.db",
    ],
)
def test_the_plan_of_a_real_file_states_what_the_run_does(sample_copy: SampleCopy, name: str) -> None:
    path = sample_copy(name)
    foreseen = plan(path)
    summary = migrate(path, backup=False)

    assert as_json(foreseen.changes) == as_json(summary.changes)
    if summary.status != "already_migrated":
        assert stated(path) == as_json(summary.changes)


def test_a_repaired_time_is_stated_wherever_a_count_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write_before_columns(tmp_path / "turns.db", 10)
    repaired = "turns.updated_at_ms repaired from turn_created_at_ms: 2"
    told = []
    for options in (["--dry-run"], ["--sql"], ["--no-backup"]):
        assert cli.run(["migrate", "-q", str(path), *options]) == 0
        lines = capsys.readouterr().out.splitlines()
        told.append([line.removeprefix("--").removeprefix("  changes").strip() for line in lines if " turns." in line])

    assert repaired in told[0]
    assert told[0] == told[1] == told[2]


def test_a_file_of_which_no_cell_changes_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write_before_columns(tmp_path / "turns.db", 10)
    migrate(path, backup=False)
    for options in (["--dry-run"], []):
        assert cli.run(["migrate", "-q", str(path), *options]) == 0
        assert "  changes       no cell\n" in capsys.readouterr().out


class TestPayloadTexts:
    def test_each_text_and_each_turn_made_is_stated(self, tmp_path: Path) -> None:
        empty = ("conv", "sess", "turn-9", "final", 9_000, "id: turn-9\nblocks: []\n")
        broken = ("conv", "sess", "bad", "final", 5, "not yaml: [")
        path = write_payload_table(tmp_path / "turns.db", rows=[*texts(3), empty, broken])
        foreseen = plan(path).changes

        assert migrate(path, backup=False).changes == foreseen
        assert [str(one) for one in foreseen] == [
            "turns.inference_id filled from text: 3",
            "turns.runtime_key filled from text: 3",
            "turns.turn_id made from a payload text: 4",
            "turn_snapshots_legacy.payload converted to a snapshot: 6",
            "turn_snapshots_legacy.payload converted to a turn without blocks: 1",
            "turn_snapshots_legacy.payload put in quarantine: 1",
        ]

    @pytest.mark.parametrize("failpoint", ["begin: committed", "convert: committed", "backfill: committed"])
    def test_a_run_that_was_stopped_states_everything_once(
        self, tmp_path: Path, failpoint: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        fixed_batches(monkeypatch, 2)
        whole, stopped = (write_payload_table(tmp_path / name, rows=texts(40)) for name in ("whole.db", "stopped.db"))
        stop_at(stopped, failpoint)

        assert as_json(migrate(stopped, backup=False).changes) == as_json(migrate(whole, backup=False).changes)
        assert stated(stopped) == stated(whole)


WORDS = st.sampled_from(["hello", "again"])
ROWS = st.lists(
    st.tuples(
        st.sampled_from(["turn-1", "turn-2", "turn-3"]),
        st.sampled_from(["pre_inference", "final"]),
        st.integers(0, 5),
        st.sampled_from(["inventory", "planner"]),
        WORDS,
    ),
    unique_by=lambda row: row[:3],
    max_size=8,
)
THERE = st.lists(
    st.tuples(
        st.sampled_from(["turn-1", "turn-2", "turn-4"]), st.integers(0, 5), st.integers(-1, 5), METADATA, st.booleans()
    ),
    unique_by=lambda row: row[0],
    max_size=3,
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(rows=ROWS, there=THERE, shared=WORDS)
def test_texts_beside_turns_that_are_there_already_are_foreseen_to_the_cell(
    rows: list[Any], there: list[Any], shared: str
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        payloads = [
            ("conv", "sess", turn_id, phase, at_ms, payload(turn_id, runtime, text))
            for turn_id, phase, at_ms, runtime, text in rows
        ]
        path = write_payload_table(Path(folder) / "turns.db", "turn_snapshots", rows=payloads)
        other = write_payload_table(
            Path(folder) / "other.db", rows=[("conv", "sess", "turn-1", "final", 4, payload("turn-1", "a", shared))]
        )
        migrate(other, backup=False)
        write_turns_beside_texts(path, there, other)
        foreseen = plan(path)
        summary = migrate(path, backup=False)

        assert as_json(foreseen.changes) == as_json(summary.changes) == stated(path)
        assert foreseen.counts.to_json() == summary.counts.to_json()


def stop_at(path: Path, failpoint: str, **options: Any) -> None:
    """Interrupt a migration where it comes to a failpoint for the first time."""

    def hook(name: str) -> None:
        if name == failpoint:
            raise KeyboardInterrupt

    with failpoints.armed(hook), pytest.raises(MigrationInterruptedError):
        migrate(path, backup=False, **options)


class TestRunsThatDidNotEnd:
    def test_the_plan_says_how_much_was_done_already(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        fixed_batches(monkeypatch, 7)
        path = write_before_columns(tmp_path / "turns.db", 60)
        whole = plan(path).changes
        stop_at(path, "backfill: committed")
        rest = plan(path)

        assert rest.changes == whole
        assert 0 < rest.changed_before < sum(one.cells for one in whole)
        assert cli.run(["migrate", "-q", str(path), "--dry-run"]) == 0
        assert f"of these      {rest.changed_before} were made by the run that did not end" in capsys.readouterr().out
        assert migrate(path, backup=False).changes == whole

    def test_a_run_that_takes_over_leaves_the_first_one_its_own_changes(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        fixed_batches(monkeypatch, 7)
        path = write_before_columns(tmp_path / "turns.db", 60)
        before = {**content_without_columns(path)}
        stop_at(path, "backfill: committed", evidence="direct")
        foreseen = plan(path)
        summary = migrate(path, backup=False)
        runs = [json.loads(changes) for (changes,) in query(path, STATED)]

        assert len(runs) == 2
        assert runs[0]
        assert runs[1] == as_json(summary.changes) == as_json(foreseen.changes)
        both = Counter({(c["column"], c["rule"]): c["cells"] for c in runs[0]}) + counted(summary)
        assert both == seen(before, content(path))

    def test_a_turn_filled_late_is_stated(self, tmp_path: Path) -> None:
        path = write_before_columns(tmp_path / "turns.db", 5)  # the fifth has no evidence
        before = content_without_columns(path)

        def hook(name: str) -> None:
            if name == "indexes: committed":
                run_sql(
                    path,
                    'UPDATE turns SET turn_metadata_json = \'{"runtime": "late"}\', updated_at_ms = 0 '
                    "WHERE turn_id = 'turn-4' AND runtime_key = ''",
                )

        with failpoints.armed(hook):
            summary = migrate(path, backup=False)

        last = ("updated_at_ms", "repaired from turn_created_at_ms")
        assert counted(summary)["runtime_key", "filled from alias"] == 2
        assert counted(summary)[last] == seen(before, content(path))[last] + 1
        assert stated(path) == as_json(summary.changes)


def content_without_columns(path: Path) -> dict[str, Any]:
    """What `content` gives, of a file that has no columns to be filled yet."""
    rows = query(
        path,
        "SELECT conv_id, session_id, turn_id, turn_created_at_ms, CAST(turn_metadata_json AS BLOB), turn_data_json, "
        "'', '', updated_at_ms FROM turns ORDER BY 1, 2, 3",
    )
    return {"turns": rows}


class TestEarlierLedgers:
    def test_a_run_of_an_earlier_version_states_nothing_and_is_no_obstacle(self, tmp_path: Path) -> None:
        path = write_before_columns(tmp_path / "turns.db", 20)
        migrate(path, backup=False)
        run_sql(path, "UPDATE turntruth_migrations SET counts_json = json_remove(counts_json, '$.changes')")

        assert migrate(path, backup=False).changes == ()
        run_sql(
            path,
            "INSERT INTO turns (conv_id, session_id, turn_id, turn_created_at_ms, updated_at_ms, turn_metadata_json) "
            "VALUES ('c', 's', 'new', 1, 0, '{\"runtime\": \"r\"}')",
        )
        assert [str(one) for one in migrate(path, backup=False).changes] == [
            "turns.runtime_key filled from alias: 1",
            "turns.updated_at_ms repaired from turn_created_at_ms: 1",
        ]

    def test_a_run_that_an_earlier_version_began_is_finished(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        fixed_batches(monkeypatch, 7)
        path = write_before_columns(tmp_path / "turns.db", 60)
        whole = plan(path).changes
        stop_at(path, "backfill: committed")
        run_sql(path, "UPDATE turntruth_migrations SET counts_json = json_remove(counts_json, '$.changes')")

        assert migrate(path, backup=False).changes == whole


def test_equal_rules_are_added_and_none_of_nothing_is_told() -> None:
    one = Change("turns", "runtime_key", "filled from text", 2)

    assert add_up([one], [one, Change("turns", "runtime_key", "filled from map", 0)]) == (
        Change("turns", "runtime_key", "filled from text", 4),
    )


def test_cells_that_a_rebuild_changes_are_stated(tmp_path: Path) -> None:
    path = write_before_columns(tmp_path / "turns.db", 7)
    run_sql(
        path,
        "ALTER TABLE turns ADD COLUMN runtime_key TEXT",
        "ALTER TABLE turns ADD COLUMN inference_id INTEGER NOT NULL DEFAULT 5",
        "UPDATE turns SET inference_id = 'kept' WHERE turn_id <> 'turn-0'",
    )
    foreseen = plan(path, rebuild=True)
    summary = migrate(path, backup=False, rebuild=True)

    assert counted(summary)["runtime_key", "given the default instead of NULL"] == 7
    assert counted(summary)["inference_id", "converted to the declared type"] == 1
    assert as_json(foreseen.changes) == as_json(summary.changes) == stated(path)
