"""``turntruth diff`` as people and programs meet it; the comparison itself runs as a process of its own each time."""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from rich.cells import cell_len

from audit.cli import run
from support.files.pair_files import make_file
from support.files.proof_files import make_store
from support.files.stray_logs import STRAYS, log_of_another, set_beside

_TABLE = "CREATE TABLE people (mail TEXT PRIMARY KEY, name TEXT NOT NULL, age)"
_ROWS = "INSERT INTO people VALUES ('ada@example.org', 'Ada', 36), ('bo@example.org', 'Bo', 40)"

_WRITER = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("UPDATE people SET age = 99 WHERE name = 'Bo'")
connection.execute("BEGIN IMMEDIATE")
connection.execute("DELETE FROM people")
print("ready", flush=True)
sys.stdin.read()
"""
"""Changes a row, and then has begun to remove all of them."""


@pytest.fixture(name="before")
def make_before(tmp_path: Path) -> Path:
    return make_file(tmp_path / "before.db", _TABLE, _ROWS)


def _after(before: Path, *statements: str) -> Path:
    path = before.with_name("after.db")
    path.write_bytes(before.read_bytes())
    return make_file(path, *statements)


def _state(folder: Path) -> dict[str, str]:
    """Every file below a folder with the hash of its bytes."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def _diff(capsys: pytest.CaptureFixture[str], *words: str | Path) -> tuple[int, str, str]:
    """Exit code and both outputs; whatever it is called with, no byte of a file changes, and none comes or goes."""
    folder = next((word.parent for word in words if isinstance(word, Path)), Path())
    state = _state(folder)
    code = run(["diff", *map(str, words)])
    assert _state(folder) == state
    printed = capsys.readouterr()
    return code, printed.out, printed.err


class TestResult:
    def test_the_first_three_lines_tell_lost_apart_from_new(
        self, before: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        after = _after(
            before,
            "DELETE FROM people WHERE name = 'Bo'",
            "UPDATE people SET age = 37",
            "INSERT INTO people VALUES ('cy@example.org', 'Cy', 1)",
        )
        code, out, _ = _diff(capsys, before, after)

        assert code == 1
        assert out.splitlines()[:4] == [
            "lost     1 row", "changed  1 cell", "new      1 row", "LOST OR CHANGED",
        ]  # fmt: skip
        assert "Ada" not in out
        assert "ada@example.org" in out

    @pytest.mark.parametrize(
        ("statement", "headline", "code"),
        [
            ("SELECT 1", "SAME", 0),
            ("VACUUM", "SAME", 0),
            ("ALTER TABLE people ADD COLUMN city TEXT", "ONLY NEW", 0),
            ("INSERT INTO people VALUES ('cy', 'Cy', 1)", "ONLY NEW", 0),
            ("UPDATE people SET age = 36.0 WHERE age = 36", "LOST OR CHANGED", 1),
            ("DROP TABLE people", "LOST OR CHANGED", 1),
        ],
    )
    def test_headline_and_exit_code(
        self, before: Path, capsys: pytest.CaptureFixture[str], statement: str, headline: str, code: int
    ) -> None:
        found, out, _ = _diff(capsys, before, _after(before, statement), "-q")

        assert (found, out) == (code, f"{headline}\n")

    def test_another_index_over_texts_that_are_nowhere_is_never_the_same(
        self, before: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        make_file(before, "CREATE VIRTUAL TABLE find USING fts5 (name, content='')", "INSERT INTO find VALUES ('Ada')")
        contract = before.with_name("c.toml")
        contract.write_text('name = "nothing is meant"\n')
        after = _after(before, "INSERT INTO find (rowid, name) VALUES (2, 'Bo')")
        for words, good in (((), "SAME"), (("--contract", contract), "GO")):
            assert _diff(capsys, before, before.with_name("after.db"), *words, "-q")[:2] == (3, "CANNOT TELL\n")
            same = before.with_name("same.db")
            same.write_bytes(before.read_bytes())
            assert _diff(capsys, before, same, *words, "-q")[:2] == (0, f"{good}\n")

        _, out, _ = _diff(capsys, before, after)
        told = " ".join(out.split())
        assert "find: it keeps no content, so whether the index of this full-text search still says the same" in told
        assert "rebuild it from its source" in told

    def test_json_has_every_finding(self, before: Path, capsys: pytest.CaptureFixture[str]) -> None:
        after = _after(before, "UPDATE people SET name = upper(name)")
        code, out, _ = _diff(capsys, before, after, "--format", "json", "--show", "people.name")
        document: dict[str, Any] = json.loads(out)

        assert code == document["exit_code"] == 1
        assert document["counts"] == {"lost": {}, "changed": {"cell": 2}, "new": {}}
        assert [(each["key"], each["before"], each["after"]) for each in document["findings"]] == [
            ('{"mail":"ada@example.org"}', "'Ada'", "'ADA'"), ('{"mail":"bo@example.org"}', "'Bo'", "'BO'"),
        ]  # fmt: skip
        assert document["tables"][0]["paired_by"] == "rowid"

    def test_json_of_two_files_that_are_the_same_has_an_empty_list(
        self, before: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        _, out, _ = _diff(capsys, before, _after(before), "--format", "json")

        assert json.loads(out)["findings"] == []

    def test_closed_keys_are_nowhere(self, before: Path, capsys: pytest.CaptureFixture[str]) -> None:
        after = _after(before, "UPDATE people SET age = 1", "DELETE FROM people WHERE name = 'Bo'")
        for form in ("text", "json"):
            _, out, _ = _diff(capsys, before, after, "--redact", "--format", form)
            assert "example.org" not in out

    def test_no_line_is_longer_than_80_cells_and_none_is_broken_by_a_value(
        self, before: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        name = "漢" * 90
        after = _after(
            before,
            f'ALTER TABLE people ADD COLUMN "{name}" TEXT',
            "UPDATE people SET name = 'line' || char(10) || 'LOST', mail = char(27) || '[31m' || mail || char(10)",
            f'CREATE TABLE "a{chr(10)}b" (x)',
        )
        _, out, _ = _diff(capsys, before, after, "--show", "people.name", "--show", "people.mail")

        assert max(map(cell_len, out.splitlines())) <= 80
        assert "\x1b" not in out
        assert "b: 1 new object" in out.replace("aU+000Ab", "b")

    def test_two_turn_files_are_told_where_their_values_are_judged(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        store = make_store(tmp_path / "before.db")
        code, out, _ = _diff(capsys, store, _after(store))

        assert code == 0
        assert "values not judged: run audit --baseline" in out

    def test_files_that_have_nothing_in_common_say_so(self, before: Path, capsys: pytest.CaptureFixture[str]) -> None:
        other = make_file(before.with_name("after.db"), "CREATE TABLE other (x)")
        code, out, _ = _diff(capsys, before, other)

        assert code == 1
        assert "no table in common" in out


class TestBadInput:
    def test_a_missing_file_is_not_made(self, before: Path, capsys: pytest.CaptureFixture[str]) -> None:
        code, out, err = _diff(capsys, before, before.with_name("missing.db"))

        assert (code, out) == (2, "")
        assert "missing.db: no such file" in err

    @pytest.mark.parametrize("link", ["symlink_to", "hardlink_to", ""])
    def test_one_file_under_two_names_proves_nothing(
        self, before: Path, capsys: pytest.CaptureFixture[str], link: str
    ) -> None:
        other = before.with_name("after.db") if link else before
        if link:
            getattr(other, link)(before)
        code, out, err = _diff(capsys, before, other)

        assert (code, out) == (2, "")
        assert "one and the same file" in err

    def test_a_column_that_nobody_has_cannot_be_shown(self, before: Path, capsys: pytest.CaptureFixture[str]) -> None:
        code, _, err = _diff(capsys, before, _after(before), "--show", "people.nam")

        assert code == 2
        assert "'people.nam' cannot be shown" in err

    @pytest.mark.parametrize(
        "content", [b"", b"no database " * 99, os.urandom(8192)], ids=["empty", "text", "encrypted"]
    )
    def test_what_is_no_database_cannot_be_read(
        self, before: Path, capsys: pytest.CaptureFixture[str], content: bytes
    ) -> None:
        after = before.with_name("after.db")
        after.write_bytes(content)
        code, out, err = _diff(capsys, before, after)

        assert (code, out) == (3, "")
        assert "after.db" in err

    @pytest.mark.parametrize("which", [0, 1])
    def test_an_empty_file_is_told_as_that(self, before: Path, capsys: pytest.CaptureFixture[str], which: int) -> None:
        empty = before.with_name("empty.db")
        empty.touch()
        pair = (before, empty) if which else (empty, before)

        code, out, err = _diff(capsys, *pair)

        assert (code, out) == (3, "")
        assert "empty.db: the file is empty (0 bytes), which SQLite takes for a database without tables" in err
        assert "give the path of the one that has the tables" in err

    @pytest.mark.parametrize(("is_wal", "page_size", "said"), STRAYS.values(), ids=STRAYS)
    def test_the_log_of_another_file_is_told_as_that_and_nothing_is_left_beside_it(
        self, before: Path, capsys: pytest.CaptureFixture[str], *, is_wal: bool, page_size: int, said: str
    ) -> None:
        after = _after(before, *(["PRAGMA journal_mode = wal"] if is_wal else []))
        log = set_beside(after, log_of_another(before.parent, page_size=page_size))

        code, out, err = _diff(capsys, before, after)

        assert (code, out) == (3, "")
        assert f"the log beside it ({log}) does not belong to it" in err
        assert said in err
        assert "damaged" not in err

    @pytest.mark.parametrize("is_wal", [False, True])
    def test_a_log_of_which_sqlite_takes_nothing_is_no_difference(
        self, before: Path, capsys: pytest.CaptureFixture[str], *, is_wal: bool
    ) -> None:
        after = _after(before, *(["PRAGMA journal_mode = wal"] if is_wal else []))
        set_beside(after, os.urandom(9000))

        assert _diff(capsys, before, after, "-q")[:2] == (0, "SAME\n")

    def test_damage_by_a_log_that_fits_names_that_log(self, before: Path, capsys: pytest.CaptureFixture[str]) -> None:
        after = _after(before, "PRAGMA journal_mode = wal")
        log = set_beside(after, log_of_another(before.parent, is_late=True))

        code, out, err = _diff(capsys, before, after)

        assert code == 3
        assert err == ""
        assert f"(read with {log}: is that its own log?)" in " ".join(out.split())

    def test_a_damaged_page_is_no_pass_and_hides_no_other_table(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        filling = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < 500) INSERT INTO"
        before = make_file(
            tmp_path / "before.db",
            "CREATE TABLE a (x)", f"{filling} a SELECT hex(randomblob(50)) FROM n",
            "CREATE TABLE b (x)", f"{filling} b SELECT x FROM n",
        )  # fmt: skip
        after = _after(before, "DELETE FROM b WHERE x = 7")
        with closing(sqlite3.connect(after)) as connection:
            (root,) = connection.execute("SELECT rootpage FROM sqlite_schema WHERE name = 'a'").fetchone()
            (size,) = connection.execute("PRAGMA page_size").fetchone()
        content = bytearray(after.read_bytes())
        content[(root - 1) * size : root * size] = b"\xff" * size
        after.write_bytes(content)
        code, out, _ = _diff(capsys, before, after)

        assert code == 3
        assert "LOST OR CHANGED (and not all could be compared)" in out
        assert "not compared: a:" in out
        assert "b: 1 row" in out

    def test_a_live_file_is_read_in_one_state(self, before: Path, capsys: pytest.CaptureFixture[str]) -> None:
        after = _after(before, "PRAGMA journal_mode = wal")
        writer = subprocess.Popen(
            [
                sys.executable,
                "-c",
                _WRITER,
                str(after),
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        try:
            assert writer.stdout is not None
            assert writer.stdout.readline() == b"ready\n"
            content = before.read_bytes(), after.read_bytes(), after.with_name("after.db-wal").read_bytes()
            code = run(["diff", str(before), str(after)])
            assert content == (before.read_bytes(), after.read_bytes(), after.with_name("after.db-wal").read_bytes())
        finally:
            writer.communicate()
        out = capsys.readouterr().out

        assert code == 1
        assert out.splitlines()[:3] == ["lost     nothing", "changed  1 cell", "new      nothing"]

    def test_a_log_that_nobody_has_open_is_read_and_left_alone(
        self, before: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        after = _after(before, "PRAGMA journal_mode = wal", "INSERT INTO people VALUES ('x', 'X', 1)")
        code, out, _ = _diff(capsys, before, after)

        assert code == 0
        assert "new      1 row" in out

    def test_virtual_tables_of_unknown_modules_are_compared_by_what_they_keep(
        self, before: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        unknown = (
            "CREATE TABLE magic_rows (id INTEGER PRIMARY KEY, v)",
            "INSERT INTO magic_rows VALUES (1, 'x')",
            "PRAGMA writable_schema = on",
            "INSERT INTO sqlite_schema VALUES ('table', 'm', 'm', 0, 'CREATE VIRTUAL TABLE m USING spell(x)')",
        )
        make_file(before, *unknown)
        after = _after(before)
        make_file(after, "UPDATE magic_rows SET v = 'y'")
        code, out, _ = _diff(capsys, before, after)

        assert code == 1
        assert "magic_rows.v: 1 cell" in out

    def test_collations_of_other_programs_are_no_obstacle(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        paths = []
        for name, rows in (("before.db", ["b", "a"]), ("after.db", ["a", "c"])):
            with closing(sqlite3.connect(tmp_path / name)) as connection:
                connection.create_collation("theirs", lambda left, right: (left < right) - (left > right))
                connection.execute("CREATE TABLE t (k TEXT COLLATE theirs PRIMARY KEY, v)")
                connection.executemany("INSERT INTO t VALUES (?, ?)", [(row, f"{name[0]}{row}") for row in rows])
                connection.commit()
            paths.append(tmp_path / name)
        code, out, _ = _diff(capsys, *paths)

        assert code == 1
        assert out.splitlines()[:3] == ["lost     1 row", "changed  1 cell", "new      1 row"]

    def test_names_of_any_script_and_kind_are_compared(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        names = ['sel"ect', "таблица", "テーブル", "a.b", "' OR 1=1 --", "rowid", "Ä", "ä"]
        columns = ", ".join('"' + name.replace('"', '""') + '"' for name in ["k", *names])
        tables = [f'CREATE TABLE "{name.replace(chr(34), chr(34) * 2)}" ({columns}, PRIMARY KEY (k))' for name in names]
        rows = [f'INSERT INTO "{name.replace(chr(34), chr(34) * 2)}" (k, rowid) VALUES (1, 1)' for name in names]
        before = make_file(tmp_path / "before.db", *tables, *rows)
        updates = [f'UPDATE "{name.replace(chr(34), chr(34) * 2)}" SET "a.b" = 2' for name in names]
        code, out, _ = _diff(capsys, before, _after(before, *updates), "--show", "a.b.a.b", "--format", "json")
        findings = json.loads(out)["findings"]

        assert code == 1
        assert sorted((each["table"], each["column"]) for each in findings) == sorted((name, "a.b") for name in names)
        assert [each["after"] for each in findings if each["table"] == "a.b"] == ["2"]


def test_the_command_as_a_process_of_its_own(before: Path) -> None:
    after = _after(before, "DELETE FROM people")
    ran = subprocess.run(
        [sys.executable, "-m", "turntruth", "diff", str(before), str(after)],
        capture_output=True,
        text=True,
        check=False,
    )

    assert (ran.returncode, ran.stderr) == (1, "")
    assert ran.stdout.splitlines()[:4] == ["lost     2 rows", "changed  nothing", "new      nothing", "LOST OR CHANGED"]


def test_rows_that_did_not_come_and_rows_without_evidence_are_told_by_their_kind(
    before: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    after = _after(before, "DELETE FROM people WHERE name = 'Bo'", "INSERT INTO people VALUES ('cy', 'Cy', 1)")
    contract = before.with_name("contract.toml")
    contract.write_text("[rows.people]\n")
    code, out, err = _diff(capsys, before, after, "--contract", contract, "--format", "json")

    assert (code, err) == (1, "")
    document = json.loads(out)
    assert document["headline"] == "NO-GO"
    assert document["counts"]["claim"] == {"missing": 1, "without evidence": 1}
    assert document["contract"]["claims"][0]["found"] == {"missing": 1, "without evidence": 1}


class TestContract:
    _CONTRACT = """
        name = "people get a nick"
        [rows.people.columns]
        nick = "lower(name)"
        [changes]
        new = ["people.nick"]
        """

    @pytest.fixture(name="after")
    def make_after(self, before: Path) -> Path:
        return _after(before, "ALTER TABLE people ADD COLUMN nick", "UPDATE people SET nick = lower(name)")

    @pytest.fixture(name="contract")
    def write_contract(self, tmp_path: Path) -> Path:
        path = tmp_path / "contract.toml"
        path.write_text(self._CONTRACT)
        return path

    def test_what_was_meant_is_go(
        self, before: Path, after: Path, contract: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        code, out, _ = _diff(capsys, before, after, "--contract", str(contract))

        assert code == 0
        lines = out.splitlines()
        assert lines[:5] == ["claims   nothing", "lost     nothing", "changed  nothing", "new      nothing", "GO"]
        assert "  people: nick: holds for 2 rows" in lines
        assert "  1 new: people.nick" in lines

    def test_what_was_not_is_no_go_and_can_be_verified_later(
        self, before: Path, after: Path, contract: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        make_file(after, "UPDATE people SET nick = 'ada' WHERE name = 'Bo'")
        words = ["diff", str(before), str(after), "--contract", str(contract), "--out", str(tmp_path / "runs")]

        assert run([*words, "--run-id", "one"]) == 1

        out = capsys.readouterr().out
        assert "NO-GO" in out
        assert 'people.nick: 1 contradicts: {"mail":"bo@example.org"}' in out
        kept = tmp_path / "runs" / "one"
        assert run(["verify", str(kept)]) == 0
        certificate = json.loads((kept / "certificate.json").read_text())
        assert certificate["checks_sha256"] == hashlib.sha256(contract.read_bytes()).hexdigest()
        assert certificate["verdict"] == "NO-GO"
        (kept / "contract.toml").write_text("name = 'another one'")
        assert run(["verify", str(kept)]) == 1

    def test_one_that_cannot_be_used_is_wrong_usage_in_one_line(
        self, before: Path, after: Path, contract: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        contract.write_text("[rows.persons]")
        code, out, err = _diff(capsys, before, after, "--contract", str(contract))

        assert (code, out) == (2, "")
        assert err.splitlines() == [f"turntruth: {contract}: rows.persons: the file after has no such table"]

    def test_one_that_cannot_be_judged_is_no_pass(
        self, before: Path, after: Path, contract: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        contract.write_text("[rows.people]\nfrom = \"SELECT 'x' AS mail UNION ALL SELECT 'x'\"\n")
        code, out, _ = _diff(capsys, before, after, "--contract", str(contract))

        assert code == 3
        assert "not compared: rows.people: the evidence has more than one row of key" in " ".join(out.split())

    def test_it_can_be_tried_without_being_a_verdict(
        self, before: Path, after: Path, contract: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        make_file(after, "UPDATE people SET nick = NULL")

        assert run(["contract", "check", str(contract), str(before), str(after)]) == 0
        assert "people: nick: 2 not filled" in capsys.readouterr().out
        contract.write_text("[rows.persons]")
        assert run(["contract", "check", str(contract), str(before), str(after)]) == 2
        assert run(["contract", "list"]) == 0
        assert "llm-responses" in capsys.readouterr().out

    def test_two_turn_stores_have_theirs_unless_nobody_wants_it(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        store = make_store(tmp_path / "before.db")
        after = _after(store, "DROP INDEX turns_by_session")
        _, judged, _ = _diff(capsys, after, store)
        _, plain, _ = _diff(capsys, after, store, "--no-contract")

        assert judged.splitlines()[4] == "ONLY NEW"
        assert "  1 new: index turns_by_session" in judged
        assert "contract" not in plain
        assert "turns: 1 new object" in plain


class TestDraft:
    _NEW = ("ALTER TABLE people ADD COLUMN nick TEXT", "UPDATE people SET nick = name")

    def _draft(self, capsys: pytest.CaptureFixture[str], *words: str | Path) -> tuple[int, str, str]:
        code = run(["diff", *map(str, words)])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    def test_it_is_written_beside_the_comparison_which_stays_what_it_is(
        self, before: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        draft = before.with_name("contract.toml")
        before.chmod(0o600)

        code, out, _ = self._draft(capsys, before, _after(before, *self._NEW), "--draft", draft)

        assert code == 0
        assert "ONLY NEW" in out
        assert out.splitlines()[-1] == f"draft: {draft} (refused until its name and every reason say something)"
        assert 'nick = "name"' in draft.read_text()
        assert draft.stat().st_mode & 0o777 == 0o600
        assert sorted(path.name for path in before.parent.iterdir()) == ["after.db", "before.db", "contract.toml"]

    def test_as_it_is_it_is_refused_and_with_a_name_it_is_a_contract(
        self, before: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        draft, after = before.with_name("contract.toml"), _after(before, *self._NEW)
        self._draft(capsys, before, after, "--draft", draft, "-q")

        code, _, err = self._draft(capsys, before, after, "--contract", draft)
        assert code == 2
        assert "name: wanted a text, found an empty one" in err
        draft.write_text(draft.read_text().replace('name = ""', 'name = "nicknames"', 1))
        assert self._draft(capsys, before, after, "--contract", draft, "-q")[:2] == (0, "GO\n")

    def test_a_loss_stays_one(self, before: Path, capsys: pytest.CaptureFixture[str]) -> None:
        draft = before.with_name("contract.toml")
        after = _after(before, "DELETE FROM people WHERE name = 'Bo'")

        assert self._draft(capsys, before, after, "--draft", draft, "-q")[:2] == (1, "LOST OR CHANGED\n")

        draft.write_text(draft.read_text().replace('""', '"x"'))
        assert self._draft(capsys, before, after, "--contract", draft, "-q")[:2] == (1, "NO-GO\n")

    @pytest.mark.parametrize("kind", ["file", "folder", "link to nothing"])
    def test_what_is_there_is_never_replaced_and_nothing_is_compared(
        self, before: Path, capsys: pytest.CaptureFixture[str], kind: str
    ) -> None:
        draft = before.with_name("contract.toml")
        if kind == "file":
            draft.write_text("mine")
        elif kind == "folder":
            draft.mkdir()
        else:
            draft.symlink_to("nowhere")
        state = _state(before.parent)

        code, out, err = self._draft(capsys, before, _after(before), "--draft", draft)

        assert (code, out) == (2, "")
        assert "a draft never replaces one" in err
        assert _state(before.parent) == state | _state_of(before.with_name("after.db"))

    def test_it_is_written_under_no_name_of_the_pair_and_into_no_folder_that_is_missing(
        self, before: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        after = _after(before)

        for name, told in (("after.db", "input"), ("before.db-wal", "SQLite keeps"), ("none/x.toml", "no such folder")):
            code, out, err = self._draft(capsys, before, after, "--draft", before.parent / name)
            assert (code, out) == (2, "")
            assert told in err

    def test_one_either_drafts_a_contract_or_judges_by_one(
        self, before: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        names = [before.with_name(name) for name in ("a.toml", "b.toml")]
        words = ["--draft", str(names[0]), "--contract", str(names[1])]

        code, _, err = self._draft(capsys, before, _after(before), *words)

        assert code == 2
        assert "give one of them" in err

    def test_json_stays_one_document(self, before: Path, capsys: pytest.CaptureFixture[str]) -> None:
        words = ["--draft", str(before.with_name("c.toml")), "--format", "json"]

        _, out, err = self._draft(capsys, before, _after(before, *self._NEW), *words)

        assert json.loads(out)["findings"]
        assert "c.toml" in err


def _state_of(path: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest()}
