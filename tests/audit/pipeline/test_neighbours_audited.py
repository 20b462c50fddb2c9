"""A store with search and other programs' objects passes its audit; what is new since the baseline does not."""

from __future__ import annotations

import shutil
import sqlite3
from pathlib import Path

import pytest

from audit.demo.corpus_shape import CorpusShape
from audit.demo.run import DemoFiles, migrate_demo, write_demo
from audit.pipeline import run
from audit.pipeline.settings import AuditSettings
from audit.policy.selection import Selection
from audit.results.records import AuditResult, Status, Verdict
from support.files.foreign_objects import FED_SEARCH, SEARCH, UNREADABLE, run_elsewhere

SHAPE = CorpusShape(turns=40, conversations=5, malformed=0)
LOOKED_AT = Selection(("schema", "defaults", "integrity", "preservation"))


@pytest.fixture
def files(tmp_path: Path) -> DemoFiles:
    return write_demo(tmp_path, SHAPE)


def audit(files: DemoFiles, *, baseline: bool, full: bool = False) -> AuditResult:
    compared = files.baseline if baseline else None
    return run.run_audit(AuditSettings(files.turns, baseline=compared, selection=LOOKED_AT, full_integrity=full))


def found(result: AuditResult, severity: str) -> dict[str, set[str]]:
    """What the failed checks of a severity name, by check."""
    return {
        check.check: {finding.found for finding in check.sample}
        for check in result.checks
        if check.status is Status.FAILED and check.severity == severity
    }


def put_into_both(files: DemoFiles, *makes: object) -> None:
    for make in makes:
        run_elsewhere(files.turns, make)  # type: ignore[arg-type]
    shutil.copyfile(files.turns, files.baseline)


def test_a_store_with_search_passes_its_first_audit(files: DemoFiles) -> None:
    run_elsewhere(files.turns, (*FED_SEARCH, *SEARCH["rtree"], *SEARCH["analyze"]))
    migrate_demo(files)
    result = audit(files, baseline=False)

    assert found(result, "critical") == {}
    assert result.verdict is Verdict.PASSED
    assert found(result, "info")["no_foreign_objects"] == {
        "table: full-text search (fts5)",
        "table: R*Tree (rtree)",
        "trigger: feeds notes",
    }
    assert [check.error for check in result.checks if check.error] == []


@pytest.mark.parametrize("full", [False, True])
def test_what_the_baseline_has_too_is_information_and_what_cannot_be_read_is_named(
    files: DemoFiles, *, full: bool
) -> None:
    def of_the_team(connection: sqlite3.Connection) -> None:
        connection.execute("CREATE VIEW newest AS SELECT max(updated_at_ms) FROM turns")
        connection.execute("CREATE TABLE seen (turn_id TEXT)")
        connection.execute("CREATE TRIGGER see AFTER INSERT ON turns BEGIN INSERT INTO seen VALUES (new.turn_id); END")
        connection.execute("ALTER TABLE turns ADD COLUMN rating INTEGER")
        connection.execute("CREATE UNIQUE INDEX one_hash ON blocks (content_hash, block_id, kind)")

    makes = [UNREADABLE[name][0] for name in ("module", "tokenizer", "collation")]
    put_into_both(files, of_the_team, *makes)
    migrate_demo(files)
    result = audit(files, baseline=True, full=full)

    assert [check.error for check in result.checks if check.error] == []
    assert found(result, "critical") == {}
    assert result.verdict is Verdict.PASSED
    told = found(result, "info")["no_foreign_objects"]
    assert {f"{kind}: in the baseline too" for kind in ("view", "table", "trigger", "column", "unique index")} <= told
    assert "table: vectors (vec0), in the baseline too" in told
    named = " ".join(result.not_looked_at)
    assert "vectors needs the module vec0" in named
    assert "words needs" in named
    assert "people needs the collation icu_root" in named


def test_a_search_without_texts_whose_index_is_another_is_named(files: DemoFiles) -> None:
    put_into_both(files, ("CREATE VIRTUAL TABLE notes USING fts5(body, content='')",))
    migrate_demo(files)
    run_elsewhere(files.turns, ("INSERT INTO notes (rowid, body) VALUES (1, 'word')",))
    result = audit(files, baseline=True)

    assert found(result, "critical") == {}
    assert "notes keeps no content, and its index is not that of the baseline" in " ".join(result.not_looked_at)


def test_what_is_new_since_the_baseline_stays_critical_of_whatever_kind(files: DemoFiles) -> None:
    put_into_both(files, ("CREATE VIEW newest AS SELECT 1",))
    migrate_demo(files)
    run_elsewhere(files.turns, (*FED_SEARCH, "CREATE VIEW another AS SELECT 1", "CREATE TABLE left_over (a)"))
    critical = found(audit(files, baseline=True), "critical")

    assert {"no_views", "no_triggers", "no_leftover_tables", "schema_objects_kept"} <= set(critical)
    assert critical["no_views"] == {"CREATE VIEW another AS SELECT 1"}


def test_a_broken_search_index_is_damage(files: DemoFiles) -> None:
    run_elsewhere(files.turns, SEARCH["plain fts5"])
    migrate_demo(files)
    run_elsewhere(files.turns, ("UPDATE notes_content SET c0 = 'something else'",))
    (problem,) = found(audit(files, baseline=False), "critical")["database_intact"]
    assert "notes" in problem
