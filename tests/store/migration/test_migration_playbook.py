"""The playbook's statements and commands do what it says, and say what must be said."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import apsw
import pytest

from audit import cli
from store.migration import migrate
from store.migration.inspection.encoding import to_utf8
from support.files.migration_files import query, run_sql, write_before_columns

SampleCopy = Callable[[str], Path]
PLAYBOOK = Path(__file__).resolve().parents[3] / "docs" / "migration-playbook.md"
FENCE = re.compile(r"^ *```(\w+)\n(.*?)^ *```$", re.DOTALL | re.MULTILINE)


def examples(language: str) -> list[str]:
    return [body.strip() for kind, body in FENCE.findall(PLAYBOOK.read_text()) if kind == language]


def flat(text: str) -> str:
    """The text without its line breaks and emphasis, so that a phrase can be looked for."""
    return " ".join(text.replace("*", "").replace(">", "").split())


@pytest.fixture
def migrated(sample_copy: SampleCopy) -> Path:
    path = sample_copy("legacy1_snapshots_turns.db")
    migrate(path, backup=False)
    return path


def run(path: Path, statement: str) -> tuple[list[tuple[object, ...]], int]:
    """The rows of a statement, and the rows it changed; what it names with a colon is taken from a turn."""
    (conv_id, session_id, turn_id) = query(
        path, "SELECT conv_id, session_id, turn_id FROM turns WHERE runtime_key = ''"
    )[0]
    values = {"conv_id": conv_id, "session_id": session_id, "turn_id": turn_id, "runtime_key": "known from outside"}
    connection = apsw.Connection(str(path))
    try:
        return [tuple(row) for row in connection.execute(statement, values)], connection.changes()
    finally:
        connection.close()


@pytest.mark.parametrize("statement", examples("sql"), ids=lambda text: " ".join(text.split()[:6]))
def test_every_statement_runs_on_a_migrated_file(migrated: Path, statement: str) -> None:
    before = migrated.read_bytes()
    rows, changed = run(migrated, statement)

    if statement.startswith("UPDATE"):
        assert changed == 1
    else:
        assert migrated.read_bytes() == before
        assert rows or "'[object object]'" in statement


class TestStatementsFind:
    def test_the_columns_and_the_indexes(self, migrated: Path) -> None:
        columns = next(s for s in examples("sql") if "pragma_table_info" in s)
        indexes = next(s for s in examples("sql") if "sqlite_schema" in s)

        assert {row[0]: row[1:] for row in run(migrated, columns)[0]} == dict.fromkeys(
            ("runtime_key", "inference_id"), ("TEXT", 1, "''")
        )
        assert len(run(migrated, indexes)[0]) == 2

    def test_the_counts_of_the_summary(self, sample_copy: SampleCopy) -> None:
        path = sample_copy("pre_small_turns.db")
        summary = migrate(path, backup=False)
        statement = next(s for s in examples("sql") if "without_runtime" in s)
        runtime, inference = summary.counts.runtime_key, summary.counts.inference_id

        assert run(path, statement)[0] == [
            (runtime.unknown + runtime.malformed, inference.unknown + inference.malformed, summary.counts.rows)
        ]

    def test_a_placeholder(self, migrated: Path) -> None:
        statement = next(s for s in examples("sql") if "'[object object]'" in s)
        run(migrated, "UPDATE turns SET runtime_key = '[object Object]' WHERE rowid = 1")

        assert len(run(migrated, statement)[0]) == 1


def test_every_command_is_one_that_exists_and_parses(capsys: pytest.CaptureFixture[str]) -> None:
    lines = [line.strip() for body in examples("sh") for line in body.splitlines()]
    assert len(lines) == 8
    for line in lines:
        program, *words = shlex.split(line)
        assert program == "turntruth"
        # On files that are not there a command that parses ends with one line about the file.
        assert cli.run(words) == 2
        assert "no such file" in capsys.readouterr().err


@pytest.mark.parametrize(
    "phrase",
    [
        "not history",
        "the latest runtime",
        "`''` means that nobody knows",
        "no compatibility flag",
        "The conversation's pointer is the latest runtime. Filling old turns from it",
        "A value belongs to the turn, not to one of its snapshots",
        "Run it again".lower(),
    ],
)
def test_it_says_what_must_not_be_misunderstood(phrase: str) -> None:
    assert phrase in flat(PLAYBOOK.read_text())


def test_a_copy_in_utf_8_is_made_as_the_messages_say() -> None:
    told = to_utf8("turns.db").partition("migrate the copy: ")[2].split(" && ")
    lines = [line for body in examples("bash") for line in body.splitlines()]

    assert lines == told[:-1]
    assert told[-1] == "turntruth migrate turns.utf8.db"


def test_its_statuses_are_those_of_the_program() -> None:
    named = set(re.findall(r"^\| `(\w+)` \| \d+ \|", PLAYBOOK.read_text(), re.MULTILINE))

    assert named == {"migrated", "already_migrated", "completed_with_residue", "refused", "interrupted"}


class TestTheBackupOfARun:
    @pytest.mark.parametrize("name", ["pre_small_turns.db", "legacy1_snapshots_turns.db"])
    def test_is_recognised_by_its_content_after_a_vacuum(self, sample_copy: SampleCopy, name: str) -> None:
        path = sample_copy(name)
        migrate(path)
        statement = next(s for s in examples("sql") if "backup_relative" in s)
        ((where, relative, content_sha256),) = query(path, statement)
        assert (path.parent / relative).samefile(where)
        run_sql(Path(where), "PRAGMA page_size = 8192", "VACUUM")

        assert computed(Path(where)) == content_sha256
        run_sql(Path(where), f"DELETE FROM {'turns' if name.startswith('pre') else 'turn_snapshots'} WHERE rowid = 1")
        assert computed(Path(where)) != content_sha256

    def test_is_recognised_whatever_its_cells_are(self, tmp_path: Path) -> None:
        path = write_before_columns(tmp_path / "turns.db", 4)
        run_sql(
            path,
            "UPDATE turns SET turn_data_json = x'00ff' WHERE turn_id = 'turn-0'",
            "UPDATE turns SET turn_data_json = 'a' || char(0) || 'b' WHERE turn_id = 'turn-1'",
            "UPDATE turns SET updated_at_ms = 1.5 WHERE turn_id = 'turn-2'",
        )
        migrate(path, backup=tmp_path / "before.db")

        assert query(path, "SELECT counts_json ->> '$.backup_content_sha256' FROM turntruth_migrations LIMIT 1") == [
            (computed(tmp_path / "before.db"),)
        ]


def computed(backup: Path) -> str:
    """What the program in the playbook prints, in a process of its own."""
    (program,) = examples("python")
    done = subprocess.run([sys.executable, "-c", program, str(backup)], capture_output=True, text=True, check=True)
    return done.stdout.strip()
