"""What a migration states of its changes is what the audit finds, on any file; what else happened is told apart."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from audit.pipeline.change_statement import READ, describe_deleted, describe_silent, measure_changes
from audit.results.records import CellChange, ChangeProof
from audit.staging import native_tables as staging
from audit.staging.demand.demand import demand_of
from audit.staging.warehouse import CATALOGS, quote_literal
from store.migration import MigrationInterruptedError, MigrationSummary, failpoints, migrate
from store.turns.payload import turn_from_text
from store.turns.records import TurnSaveOptions
from store.turns.turn_store import SqliteTurnStore
from support.audits.sqlite_reader import open_reader
from support.files.migration_files import fixed_batches, run_sql, texts, write_before_columns, write_payload_table

SampleCopy = Callable[[str], Path]
DEMAND = demand_of(READ)


def changes_of(turns: Path, baseline: Path | None = None) -> tuple[tuple[CellChange, ...], str]:
    """The changes that an audit of these files tells, and what it says of runs that state none."""
    with closing(open_reader()) as connection:
        staging.create_tables(connection)
        for role, path in (("turns", turns), ("baseline", baseline)):
            if path:
                connection.execute(f"ATTACH {quote_literal(str(path))} AS {CATALOGS[role]} (TYPE sqlite, READ_ONLY)")
                staging.stage(connection, role, demand=DEMAND)
                connection.execute(f"DETACH {CATALOGS[role]}")
        staging.create_views(connection, DEMAND)
        return measure_changes(connection, with_baseline=baseline is not None), describe_silent(connection)


def audited(turns: Path, baseline: Path | None = None) -> list[str]:
    """Each change as a text, the way every report tells it."""
    changes, silent = changes_of(turns, baseline)
    assert silent == ""
    return [str(each) for each in changes]


def told(*summaries: MigrationSummary) -> list[str]:
    return [str(each) for summary in summaries for each in summary.changes]


@pytest.fixture
def old(tmp_path: Path) -> tuple[Path, Path]:
    """A file from before the columns, and a copy of it."""
    return with_copy(write_before_columns(tmp_path / "turns.db", 60))


def with_copy(path: Path) -> tuple[Path, Path]:
    baseline = path.with_name("before.db")
    shutil.copyfile(path, baseline)
    return path, baseline


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
TURNS = st.lists(st.tuples(METADATA, TIMES, TIMES, VALUES, VALUES), min_size=1, max_size=12)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(turns=TURNS, level=st.sampled_from(["all", "direct"]), had_columns=st.booleans())
def test_what_is_stated_of_any_file_is_what_is_found(turns: list[Any], level: Any, had_columns: bool) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = write_before_columns(Path(folder) / "turns.db", 0)
        columns = ", runtime_key, inference_id" if had_columns else ""
        run_sql(
            path,
            *(f"ALTER TABLE turns ADD COLUMN {name} TEXT NOT NULL DEFAULT ''" for name in columns.split(", ")[1:]),
            *(
                "INSERT INTO turns (conv_id, session_id, turn_id, turn_metadata_json, turn_created_at_ms, "
                f"updated_at_ms{columns}) VALUES ('c', 's', 't{at}', '{metadata}', {created}, {updated}"
                + (f", '{runtime}', '{inference}')" if had_columns else ")")
                for at, (metadata, created, updated, runtime, inference) in enumerate(turns)
            ),
        )
        path, baseline = with_copy(path)

        summary = migrate(path, evidence=level, backup=False)

        assert audited(path, baseline) == told(summary)


@pytest.mark.parametrize(
    "name",
    ["pre_small_turns.db", "legacy0_turns.db", "legacy1_snapshots_turns.db", "legacy2_stuck_migration_turns.db"],
)
def test_what_is_stated_of_a_real_file_is_what_is_found(sample_copy: SampleCopy, name: str) -> None:
    path, baseline = with_copy(sample_copy(name))
    summary = migrate(path, backup=False)

    assert audited(path, baseline) == told(summary)


def test_without_a_baseline_what_is_stated_is_told_as_not_compared(old: tuple[Path, Path]) -> None:
    summary = migrate(old[0], backup=False)

    assert audited(old[0]) == [f"{each} (not compared)" for each in told(summary)]


def test_a_file_that_was_never_migrated_tells_no_change(old: tuple[Path, Path]) -> None:
    assert audited(old[0], old[1]) == audited(old[0]) == []


def test_what_a_script_changed_is_found_and_stated_by_nobody(old: tuple[Path, Path]) -> None:
    run_sql(old[0], "UPDATE turns SET updated_at_ms = turn_created_at_ms WHERE updated_at_ms = 0")

    assert audited(*old) == [
        "turns.updated_at_ms repaired from turn_created_at_ms: 12 found, nothing stated",
    ]


class TestRuns:
    def test_that_were_stopped_and_went_on_add_up(
        self, old: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        fixed_batches(monkeypatch, 7)
        stop(old[0], "backfill: committed")
        half = audited(*old)
        assert half
        assert not any("found" in each for each in half)
        summary = migrate(old[0], backup=False)
        assert audited(*old) == told(summary)

    def test_that_took_over_add_up(self, old: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> None:
        fixed_batches(monkeypatch, 7)
        whole = told(migrate_copy(old[0]))
        stop(old[0], "backfill: committed", evidence="direct")
        migrate(old[0], backup=False)

        assert audited(*old) == whole

    def test_since_the_baseline_alone_are_counted(self, old: tuple[Path, Path]) -> None:
        migrate(old[0], backup=False)
        save_by_old_program(old[0])
        path, baseline = with_copy(old[0])
        second = migrate(path, backup=False)

        assert audited(path, baseline) == told(second)
        assert told(second) == [
            "turns.runtime_key filled from alias: 2",
            "turns.updated_at_ms repaired from turn_created_at_ms: 1",
        ]

    def test_of_which_one_had_begun_before_the_baseline_count_for_the_rest(
        self, old: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        fixed_batches(monkeypatch, 7)
        stop(old[0], "backfill: committed")
        path, baseline = with_copy(old[0])
        summary = migrate(path, backup=False)
        changes, _ = changes_of(path, baseline)

        assert {each.proof for each in changes} == {ChangeProof.SAME}
        assert 0 < sum(each.stated for each in changes) < sum(each.cells for each in summary.changes)


class TestTheServiceWentOn:
    def test_turns_that_came_later_may_have_been_filled_by_either(self, old: tuple[Path, Path]) -> None:
        summary = migrate(old[0], backup=False)
        save_by_old_program(old[0])
        second = migrate(old[0], backup=False)
        changes, _ = changes_of(*old)

        assert {each.proof for each in changes} == {ChangeProof.SAME}
        assert sum(each.stated for each in changes) == sum(
            each.cells for one in (summary, second) for each in one.changes
        )

    def test_a_turn_saved_again_may_have_been_changed_by_either(self, old: tuple[Path, Path]) -> None:
        migrate(old[0], backup=False)
        turn = turn_from_text("id: turn-0\nblocks:\n  - {kind: user, role: user, payload: {text: again}}\n")
        with SqliteTurnStore(old[0]) as store:
            store.save(
                "conv", "sess", "turn-0", "final", turn, created_at_ms=4_000_000_000_000,
                options=TurnSaveOptions(on_conflict="keep"),
            )  # fmt: skip
        changes, _ = changes_of(*old)

        assert {each.proof for each in changes} == {ChangeProof.SAME}
        assert any(each.found < each.stated <= each.possible for each in changes)

    def test_a_turn_that_is_gone_is_no_miscount(self, old: tuple[Path, Path]) -> None:
        migrate(old[0], backup=False)
        for path in old:  # in both, as a declared retention does
            run_sql(path, "DELETE FROM turns WHERE turn_id IN ('turn-0', 'turn-1')")

        assert {each.proof for each in changes_of(*old)[0]} == {ChangeProof.SAME}


class TestWhatIsNotSo:
    @pytest.mark.parametrize(
        ("statement", "line"),
        [
            (
                "UPDATE turns SET runtime_key = '' WHERE turn_id = 'turn-0'",
                "turns.runtime_key filled from text: 17 stated, 16 found",
            ),
            (
                "UPDATE turns SET runtime_key = 'made up' WHERE turn_id = 'turn-4'",
                "turns.runtime_key filled without evidence: 0 stated, 1 found",
            ),
            (
                "UPDATE turns SET updated_at_ms = 0 WHERE turn_id = 'turn-0'",
                "turns.updated_at_ms repaired from turn_created_at_ms: 12 stated, 11 found",
            ),
        ],
    )
    def test_is_told_with_column_rule_and_both_numbers(self, old: tuple[Path, Path], statement: str, line: str) -> None:
        migrate(old[0], backup=False)
        run_sql(old[0], statement)

        assert line in audited(*old)

    def test_a_text_that_became_nothing_is_told(self, tmp_path: Path) -> None:
        path, baseline = with_copy(write_payload_table(tmp_path / "turns.db", rows=texts(4)))
        migrate(path, backup=False)
        run_sql(
            path,
            "DELETE FROM turn_block_membership WHERE turn_id = 'turn-1'",
            "DELETE FROM turns WHERE turn_id = 'turn-1'",
        )

        assert "turn_snapshots_legacy.payload left out: 0 stated, 2 found" in audited(path, baseline)
        assert "turns.turn_id made from a payload text: 4 stated, 3 found" in audited(path, baseline)


def test_a_ledger_of_an_earlier_version_is_said_and_not_accused(old: tuple[Path, Path]) -> None:
    summary = migrate(old[0], backup=False)
    run_sql(old[0], "UPDATE turntruth_migrations SET counts_json = json_remove(counts_json, '$.changes')")
    changes, silent = changes_of(*old)

    assert summary.migration_id in silent
    assert {each.proof for each in changes} == {ChangeProof.NOT_STATED}


@pytest.mark.parametrize(("turns", "told"), [(59, "at least 1 were deleted"), (60, ""), (61, "")])
def test_turns_that_the_ledger_counted_and_that_are_gone_are_told(
    old: tuple[Path, Path], turns: int, told: str
) -> None:
    migrate(old[0], backup=False)
    with closing(open_reader()) as connection:
        staging.create_tables(connection)
        connection.execute(f"ATTACH {quote_literal(str(old[0]))} AS {CATALOGS['turns']} (TYPE sqlite, READ_ONLY)")
        staging.stage(connection, "turns", demand=DEMAND)

        said = describe_deleted(connection, turns)
    assert told in said
    assert bool(said) == bool(told)


def stop(path: Path, failpoint: str, **options: Any) -> None:
    """Interrupt a migration where it comes to a failpoint for the first time."""

    def hook(name: str) -> None:
        if name == failpoint:
            raise KeyboardInterrupt

    with failpoints.armed(hook), pytest.raises(MigrationInterruptedError):
        migrate(path, backup=False, **options)


def migrate_copy(path: Path) -> MigrationSummary:
    """What the migration of such a file states, tried on a copy."""
    copy = path.with_name("copy.db")
    shutil.copyfile(path, copy)
    return migrate(copy, backup=False)


def save_by_old_program(path: Path) -> None:
    """Two turns of a program that does not know the columns, one of them without a time of update."""
    insert = (
        "INSERT INTO turns (conv_id, session_id, turn_id, turn_created_at_ms, updated_at_ms, turn_metadata_json) "
        "VALUES ('later', 's', 'l{0}', 4000000000000, 4000000000000 * {0}, '{{\"runtime\": \"r\"}}')"
    )
    run_sql(path, insert.format(0), insert.format(1))
