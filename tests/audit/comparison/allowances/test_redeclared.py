"""What the ledger states of a rebuild is no difference; what a rebuild could lose besides is one."""

from __future__ import annotations

import io
import json
import shutil
from contextlib import closing
from pathlib import Path
from typing import Any

import apsw
import pytest

from audit.comparison.allowances.redeclared import without_declarations
from audit.comparison.proof import prove
from audit.demo.corpus_shape import CorpusShape
from audit.sqlite.tokens import tokens
from benchmarks.detection.files.world import build_world

SHAPE = CorpusShape(turns=20, conversations=3, malformed=0)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_world("rebuilt", tmp_path_factory.mktemp("world"), SHAPE)


def differences(world: Path, folder: Path, *statements: str, role: str = "turns") -> list[dict[str, Any]]:
    """What the proof finds after the statements have changed the file of a role."""
    shutil.copytree(world, folder)
    with closing(apsw.Connection(str(folder / f"{role}.db"))) as connection:
        for statement in statements:
            connection.execute(statement).fetchall()
    stream = io.BytesIO()
    prove(folder / "turns.db", folder / "baseline.db", stream)
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_a_stated_rebuild_is_no_difference(world: Path, tmp_path: Path) -> None:
    assert differences(world, tmp_path / "files") == []


def test_one_that_nobody_states_is(world: Path, tmp_path: Path) -> None:
    found = differences(world, tmp_path / "files", "DELETE FROM turntruth_migrations WHERE step = 'rebuild'")
    assert {(each["column"], each["expected"]) for each in found if each["column"]} == {
        ("runtime_key", "TEXT"),
        ("inference_id", "TEXT"),
    }


@pytest.mark.parametrize("counts", ["no JSON", "[]", '{"columns": 7}', '{"columns": [{"table": "turns"}]}'])
def test_a_record_that_cannot_be_read_states_nothing(world: Path, tmp_path: Path, counts: str) -> None:
    statement = f"UPDATE turntruth_migrations SET counts_json = '{counts}' WHERE step = 'rebuild'"
    assert differences(world, tmp_path / "files", statement) != []


def test_a_column_that_is_not_named_is_a_difference(world: Path, tmp_path: Path) -> None:
    found = differences(
        world,
        tmp_path / "files",
        "PRAGMA writable_schema = ON",
        "UPDATE sqlite_schema SET sql = replace(sql, 'session_id TEXT NOT NULL', 'session_id TEXT') "
        "WHERE name = 'turns'",
        "PRAGMA writable_schema = RESET",
        role="baseline",
    )
    assert [each["column"] for each in found] == ["session_id"]


def test_a_kept_value_that_changed_is_a_difference(world: Path, tmp_path: Path) -> None:
    with closing(apsw.Connection(str(world / "baseline.db"))) as connection:
        kept = connection.execute("SELECT rowid FROM turns WHERE runtime_key <> '' LIMIT 1").get
    found = differences(world, tmp_path / "files", f"UPDATE turns SET runtime_key = 'other' WHERE rowid = {kept}")
    assert [(each["kind"], each["column"]) for each in found] == [("changed", "runtime_key")]


def test_a_number_may_have_become_the_text_that_says_it_and_no_other(world: Path, tmp_path: Path) -> None:
    declared = (
        "UPDATE sqlite_schema SET sql = replace(sql, 'runtime_key TEXT', 'runtime_key NUMERIC') WHERE name = 'turns'"
    )
    before = ("PRAGMA writable_schema = ON", declared, "PRAGMA writable_schema = RESET",
              "UPDATE turns SET runtime_key = 7 WHERE rowid < 3")  # fmt: skip
    changed = tmp_path / "changed"
    shutil.copytree(world, changed)
    with closing(apsw.Connection(str(changed / "turns.db"))) as connection:
        connection.execute("UPDATE turns SET runtime_key = CASE rowid WHEN 1 THEN '7' ELSE '8' END WHERE rowid < 3")
    found = differences(changed, tmp_path / "files", *before, role="baseline")

    assert [(each["expected"], each["found"]) for each in found] == [("7", "'8'")]


def test_of_a_redeclared_column_only_checks_and_references_are_compared() -> None:
    sql = "CREATE TABLE t (a TEXT, b {} CONSTRAINT c CHECK (b <> ')') REFERENCES p (x) {}, CHECK (a <> ','))"
    old, new = sql.format("VARCHAR(9, 1) DEFAULT NULL UNIQUE", "COLLATE NOCASE"), sql.format("TEXT NOT NULL", "")
    columns = frozenset({"b"})

    assert without_declarations(tokens(old), columns) == without_declarations(tokens(new), columns)
    for lost in ("CONSTRAINT c CHECK (b <> ')') ", "REFERENCES p (x) ", ", CHECK (a <> ',')"):
        assert without_declarations(tokens(old), columns) != without_declarations(
            tokens(new.replace(lost, "")), columns
        )
