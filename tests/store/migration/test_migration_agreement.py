"""Columns by another hand: doctor, plan, migration and audit say the same of each, before and after."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import apsw
import pytest

from audit.demo.corpus import write_corpus
from audit.demo.corpus_shape import CorpusShape
from benchmarks.detection.examiner import Examiner, Findings
from store.migration import MigrationRefusedError, diagnose, migrate, plan

SHAPE = CorpusShape(turns=24, conversations=4, malformed=0, unstamped=0, unknown=0.2)
COLUMNS_OF_TURNS = {("turns", "runtime_key"), ("turns", "inference_id")}


@dataclass(frozen=True, slots=True)
class Variant:
    """What another hand did to a file, and what everybody has to say of it.

    `different` names the columns that only a rebuild puts right. `without_baseline` are the checks that cannot know
    that something was so before, where nobody shows them the file from before.
    """

    title: str
    add: str = ""
    redefine: tuple[tuple[str, str], ...] = ()
    after: tuple[str, ...] = ()
    different: frozenset[tuple[str, str]] = frozenset()
    without_baseline: frozenset[str] = frozenset()
    clause: str = ""
    """What the audit finds in the definition of turns instead of in those of its columns."""


def _added(declaration: str, *, same: bool, clause: str = "") -> Variant:
    different = frozenset() if same else frozenset(COLUMNS_OF_TURNS)
    return Variant(declaration, declaration, different=different, clause=clause)


VARIANTS = (
    _added("TEXT NOT NULL DEFAULT ''", same=True),
    _added("text NOT NULL DEFAULT ('')", same=True),
    _added('TEXT NOT NULL DEFAULT ""', same=True),
    _added("VARCHAR(64) NOT NULL DEFAULT ''", same=True),
    _added("TEXT COLLATE BINARY NOT NULL DEFAULT ''", same=True),
    _added("TEXT", same=False),
    _added("TEXT DEFAULT ''", same=False),
    _added("VARCHAR(64)", same=False),
    _added("NUMERIC", same=False),
    _added("TEXT NOT NULL DEFAULT '' COLLATE NOCASE", same=False, clause="COLLATE"),
    _added("TEXT NOT NULL ON CONFLICT REPLACE DEFAULT ''", same=False, clause="ON CONFLICT"),
    _added("TEXT GENERATED ALWAYS AS ('') VIRTUAL", same=False),
    Variant(
        "a CHECK that can stay",
        "TEXT CHECK ({column} IS NULL OR length({column}) < 99)",
        different=frozenset(COLUMNS_OF_TURNS),
        without_baseline=frozenset({"tables_as_declared"}),
    ),
    Variant(
        "only one of the two, nullable",
        after=("ALTER TABLE turns ADD COLUMN inference_id TEXT",),
        different=frozenset({("turns", "inference_id")}),
    ),
    Variant(
        "the two in the other order and in other letters",
        after=(
            "ALTER TABLE turns ADD COLUMN Inference_ID TEXT NOT NULL DEFAULT ''",
            "ALTER TABLE turns ADD COLUMN RUNTIME_KEY TEXT NOT NULL DEFAULT ''",
        ),
    ),
    Variant(
        "a table of VARCHAR and BIGINT",
        "VARCHAR(64) NOT NULL DEFAULT ''",
        redefine=(("TEXT", "VARCHAR(255)"), ("INTEGER", "BIGINT")),
    ),
    Variant(
        "nullable columns all over",
        "TEXT",
        redefine=(("turn_metadata_json TEXT NOT NULL", "turn_metadata_json TEXT"), ("kind TEXT NOT NULL", "kind TEXT")),
        different=frozenset({*COLUMNS_OF_TURNS, ("turns", "turn_metadata_json"), ("blocks", "kind")}),
    ),
    Variant(
        "a table whose columns stand in another order",
        "TEXT",
        redefine=(
            (r"conv_id TEXT NOT NULL,\s+session_id TEXT NOT NULL,", "session_id TEXT NOT NULL, conv_id TEXT NOT NULL,"),
        ),
        different=frozenset(COLUMNS_OF_TURNS),
        without_baseline=frozenset({"columns_in_order"}),
    ),
)


def written(variant: Variant, folder: Path, corpus: Path) -> Path:
    """The files of a variant: the old ones, written anew with other definitions, then changed."""
    shutil.copytree(corpus, folder)
    if variant.redefine:
        _write_anew(folder / "turns.db", variant.redefine)
    with closing(apsw.Connection(str(folder / "turns.db"))) as connection:
        for column in ("runtime_key", "inference_id") if variant.add else ():
            connection.execute(f"ALTER TABLE turns ADD COLUMN {column} {variant.add.format(column=column)}")
        for statement in variant.after:
            connection.execute(statement)
    shutil.copyfile(folder / "turns.db", folder / "baseline.db")
    return folder


def _write_anew(path: Path, patterns: tuple[tuple[str, str], ...], encoding: str = "UTF-8") -> None:
    copy = path.with_name("copy.db")
    with closing(apsw.Connection(str(path))) as source, closing(apsw.Connection(str(copy))) as target:
        target.pragma("encoding", encoding)
        target.execute("BEGIN")
        objects = source.execute(
            "SELECT type, name, sql FROM sqlite_schema WHERE sql <> '' ORDER BY type DESC"
        ).fetchall()
        for kind, name, sql in objects:
            text = str(sql)
            for pattern, new in patterns if kind == "table" else ():
                text = re.sub(pattern, new, text)
            target.execute(text)
            if kind == "table":
                names = [row[0] for row in source.execute("SELECT name FROM pragma_table_info(?)", (name,))]
                columns, marks = ", ".join(["rowid", *map(str, names)]), ", ".join("?" * (len(names) + 1))
                rows = source.execute(f"SELECT {columns} FROM {name}").fetchall()
                target.executemany(f"INSERT INTO {name} ({columns}) VALUES ({marks})", rows)
        target.execute("COMMIT")
    copy.replace(path)


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("corpus")
    write_corpus(folder, SHAPE)
    return folder


@pytest.fixture(scope="module")
def examiner() -> Iterator[Examiner]:
    made = Examiner(SHAPE.runtimes)
    yield made
    made.close()


def named(findings: Findings) -> set[tuple[str, str]]:
    """The columns whose declaration the audit finds fault with, those that are missing left out."""
    rows = [
        dict(identity)
        for check in ("attribution_columns_exist", "other_columns_as_declared")
        for identity in findings.found.get(check, ())
    ]
    return {(row["table_name"], row["column_name"]) for row in rows}


def told(text: str) -> set[tuple[str, str]]:
    """The columns that a message of the migration names."""
    return {(table, column) for table, column in re.findall(r"(\w+)\.(\w+) is declared", text)}


@pytest.mark.parametrize("variant", VARIANTS, ids=lambda variant: variant.title)
def test_everybody_says_the_same_of_it(tmp_path: Path, variant: Variant, corpus: Path, examiner: Examiner) -> None:
    folder = written(variant, tmp_path / "files", corpus)
    path = folder / "turns.db"
    there = {"runtime_key", "inference_id"} & {column for _, column in _columns(path)}
    missing = {("turns", column) for column in {"runtime_key", "inference_id"} - there}
    before = examiner.examine(folder, ("without",))["without"]
    shape = next(remark for remark in diagnose(path).remarks if remark.topic == "shape")

    if variant.clause:
        clauses = {(("clause", variant.clause), ("table_name", "turns"))}
        assert before.found["tables_as_declared"] == clauses
    else:
        assert named(before) - missing == variant.different
    assert told(shape.message) == variant.different
    assert (shape.severity == "critical") is bool(variant.different)
    assert (plan(path).status == "refused") is bool(variant.different)
    assert told(plan(path).reason) == variant.different
    if variant.different:
        with pytest.raises(MigrationRefusedError) as refused:
            migrate(path)
        assert told(str(refused.value)) == variant.different
        assert "turntruth migrate --rebuild" in shape.remedy

    summary = migrate(path, backup=False, rebuild=True)
    after = examiner.examine(folder, ("without", "with"))

    assert {(change.table, change.column) for change in summary.rebuilt} == variant.different
    assert diagnose(path).healthy
    kept = [remark for remark in diagnose(path).remarks if "kept as they are" in remark.message]
    assert bool(kept) is bool(variant.without_baseline)
    assert all("--baseline" in remark.remedy for remark in kept)
    assert set(after["without"].found) == variant.without_baseline
    assert after["with"].found == {}
    assert after["with"].errors == {}


def _columns(path: Path) -> list[tuple[str, str]]:
    with closing(apsw.Connection(str(path))) as connection:
        return [
            (str(table), str(column))
            for table, column in connection.execute(
                "SELECT lower(t.name), lower(c.name) FROM sqlite_schema t JOIN pragma_table_xinfo(t.name) c "
                "WHERE t.type = 'table' AND t.name = 'turns'"
            )
        ]


class TestUtf16:
    """Nothing changes the encoding of a file: everybody says so, and the command lines that they give work."""

    @pytest.fixture
    def folder(self, tmp_path: Path, corpus: Path) -> Path:
        folder = tmp_path / "it's in UTF-16"
        shutil.copytree(corpus, folder)
        _write_anew(folder / "turns.db", (), encoding="UTF-16le")
        with closing(apsw.Connection(str(folder / "turns.db"))) as connection:
            connection.execute(
                "PRAGMA user_version = 7; PRAGMA application_id = 9; UPDATE turns SET rowid = rowid + 1000"
            )
        return folder

    def test_is_told_by_everybody(self, folder: Path, examiner: Examiner) -> None:
        path = folder / "turns.db"
        shape = next(remark for remark in diagnose(path).remarks if remark.topic == "shape")
        with pytest.raises(MigrationRefusedError) as refused:
            migrate(path, rebuild=True)
        found = examiner.examine(folder, ("without",))["without"].found["attribution_columns_exist"]

        assert shape.severity == "critical"
        for text in (shape.message, plan(path, rebuild=True).reason, str(refused.value)):
            assert "its text encoding is UTF-16le" in text
        for text in (shape.remedy, plan(path, rebuild=True).reason, str(refused.value)):
            assert ".dump --preserve-rowids" in text
        assert {dict(identity)["column_name"] for identity in found} == {"runtime_key", "inference_id"}
        check = next(check for check in examiner.catalog.checks if check.name == "attribution_columns_exist")
        assert ".dump --preserve-rowids" in check.remedy

    def test_a_file_that_has_the_columns_is_told_as_well(self, folder: Path, examiner: Examiner) -> None:
        with closing(apsw.Connection(str(folder / "turns.db"))) as connection:
            for column in ("runtime_key", "inference_id"):
                connection.execute(f"ALTER TABLE turns ADD COLUMN {column} TEXT NOT NULL DEFAULT ''")

        found = examiner.examine(folder, ("without",))["without"].found["attribution_columns_exist"]
        assert {dict(identity)["column_name"] for identity in found} == {"runtime_key", "inference_id"}

    @pytest.mark.skipif(not shutil.which("sqlite3"), reason="there is no sqlite3 shell here")
    def test_the_command_lines_make_a_copy_that_can_be_migrated(
        self, folder: Path, repository: Path, examiner: Examiner
    ) -> None:
        path = folder / "turns.db"
        commands = plan(path).reason.partition("migrate the copy: ")[2]
        tool = Path(sys.executable).parent
        environment = os.environ | {"PATH": f"{tool}{os.pathsep}{os.environ['PATH']}"}
        ran = subprocess.run(
            ["/bin/bash", "-c", f"{commands} --no-backup -q"],
            check=False, capture_output=True, text=True, cwd=repository, env=environment, timeout=120,
        )  # fmt: skip
        copy = folder / "turns.utf8.db"
        rows = "SELECT rowid, conv_id, turn_id, turn_metadata_json, turn_created_at_ms FROM turns ORDER BY 1"

        assert (ran.returncode, ran.stderr) == (0, "")
        with closing(apsw.Connection(str(path))) as old, closing(apsw.Connection(str(copy))) as new:
            assert new.pragma("encoding") == "UTF-8"
            assert (new.pragma("user_version"), new.pragma("application_id")) == (7, 9)
            assert new.execute(rows).fetchall() == old.execute(rows).fetchall()
        copy.replace(path)
        assert examiner.examine(folder, ("without",))["without"].found == {}
