"""Verification says exactly what is no longer as certified: report, bytes, rows, schema, content or attribution."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import apsw
import pytest

from audit.certificates.verification.comparison import Outcome
from audit.certificates.verification.run_verification import Verification, verify_run
from audit.errors import InputFileError, MissingFileError
from support.audits.certified_run import Files, lay_at, make_files
from support.processes.warm_process import turntruth


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Files:
    files = make_files(tmp_path_factory.mktemp("original"))
    files.audit("first", baseline=files.baseline)
    return files


@pytest.fixture
def copy(original: Files, tmp_path: Path) -> Files:
    return original.copy(tmp_path / "copy")


def verify(files: Files) -> Verification:
    return verify_run(
        files.run("first"), {"turns": files.turns, "timeline": files.timeline, "baseline": files.baseline}
    )


def differing(verification: Verification) -> set[tuple[str, str]]:
    return {(each.subject, each.aspect) for each in verification.comparisons if each.outcome is Outcome.DIFFERS}


def in_turns(sql: str) -> Callable[[Files], None]:
    def change(files: Files) -> None:
        connection = apsw.Connection(str(files.turns))
        connection.execute(sql)
        connection.close()

    return change


def test_nothing_differs_where_nothing_was_changed(copy: Files) -> None:
    verification = verify(copy)
    assert verification.outcome is Outcome.SAME
    assert {each.outcome for each in verification.comparisons} == {Outcome.SAME}
    assert {each.subject for each in verification.comparisons} >= {"turns", "timeline", "baseline", "results.json"}


BYTES = ("turns", "bytes")
CONTENT, ATTRIBUTION = ("turns", "content of the old columns"), ("turns", "attribution")


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (in_turns("VACUUM"), {BYTES}),
        (in_turns("UPDATE turns SET runtime_key = 'other' WHERE rowid = 1"), {BYTES, ATTRIBUTION}),
        (in_turns("UPDATE turns SET turn_data_json = '[]' WHERE rowid = 1"), {BYTES, CONTENT}),
        (in_turns("DELETE FROM turns WHERE rowid = 1"), {BYTES, CONTENT, ATTRIBUTION, ("turns", "rows of turns")}),
        (in_turns("CREATE INDEX i ON turns(turn_id)"), {BYTES, ("turns", "schema")}),
        (in_turns("CREATE TABLE t (a)"), {BYTES, ("turns", "schema"), ("turns", "rows of t")}),
        (
            in_turns("DELETE FROM turn_block_membership WHERE rowid = 1"),
            {BYTES, ("turns", "rows of turn_block_membership")},
        ),
    ],
)
def test_each_change_of_a_database_is_told_as_what_it_is(
    copy: Files, change: Callable[[Files], None], expected: set[tuple[str, str]]
) -> None:
    change(copy)
    verification = verify(copy)
    assert (verification.outcome, differing(verification)) == (Outcome.DIFFERS, expected)


def test_a_changed_missing_or_added_file_of_the_report_is_told(copy: Files) -> None:
    folder = copy.run("first")
    with (folder / "findings.csv").open("a") as stream:
        stream.write("\n")
    (folder / "index.html").unlink()
    (folder / "notes.txt").touch()
    verification = verify(copy)
    assert differing(verification) == {("findings.csv", "bytes"), ("notes.txt", "bytes")}
    open_questions = {each.subject for each in verification.comparisons if each.outcome is Outcome.UNKNOWN}
    assert open_questions == {"index.html", "findings.csv"}


def test_a_prettier_verdict_is_told(copy: Files) -> None:
    path = copy.run("first") / "results.json"
    document = json.loads(path.read_text())
    document["verdict"] = "failed" if document["verdict"] == "passed" else "passed"
    document["checks"] = document["checks"][1:]
    path.write_text(json.dumps(document))
    assert differing(verify(copy)) == {
        *(("results.json", aspect) for aspect in ("bytes", "verdict", "checks", "in itself", "form")),
        ("index.html", "made again from the run"),
    }


def test_a_database_that_has_gone_leaves_the_answer_open(copy: Files) -> None:
    elsewhere = copy.turns.rename(copy.folder / "moved.db")
    lay_at(copy.run("first"), "turns", copy.folder / "absent.db")
    open_question = verify_run(copy.run("first"), {})
    assert open_question.outcome is Outcome.UNKNOWN
    problem = next(each.problem for each in open_question.comparisons if each.outcome is Outcome.UNKNOWN)
    assert problem.endswith("absent.db: No such file or directory; say where it lies now with --input turns=PATH")
    assert verify_run(copy.run("first"), {"turns": elsewhere}).outcome is Outcome.SAME


def test_a_database_that_cannot_be_read_to_its_end_is_no_match(copy: Files) -> None:
    connection = apsw.Connection(str(copy.turns))
    ((page,),) = connection.execute("SELECT rootpage FROM sqlite_schema WHERE name = 'turns'").fetchall()
    page_size_bytes = int(str(connection.pragma("page_size")))
    connection.close()
    content = bytearray(copy.turns.read_bytes())
    content[(int(str(page)) - 1) * page_size_bytes : int(str(page)) * page_size_bytes] = b"\x55" * page_size_bytes
    copy.turns.write_bytes(bytes(content))
    verification = verify(copy)
    assert (verification.outcome, differing(verification)) == (Outcome.DIFFERS, {BYTES})
    assert any("cannot be read to its end" in each.problem for each in verification.comparisons)


def test_a_database_that_the_audit_did_not_have_cannot_be_compared(original: Files) -> None:
    original.audit("alone", timeline=None)
    verification = verify_run(original.run("alone"), {"timeline": original.timeline})
    assert verification.outcome is Outcome.UNKNOWN
    assert "the audit had no timeline" in [each.problem for each in verification.comparisons]


def test_a_given_path_must_exist(original: Files, tmp_path: Path) -> None:
    with pytest.raises(MissingFileError):
        verify_run(original.run("first"), {"turns": tmp_path / "absent.db"})
    assert not (tmp_path / "absent.db").exists()


def test_a_folder_that_is_no_run_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputFileError):
        verify_run(tmp_path, {})


class TestCommand:
    @staticmethod
    def verify(files: Files, *arguments: str) -> subprocess.CompletedProcess[str]:
        return turntruth("verify", files.run("first"), "--turns", files.turns, *arguments)

    def test_all_the_same_is_exit_code_0(self, copy: Files) -> None:
        ran = self.verify(copy)
        assert (ran.returncode, ran.stderr) == (0, "")
        assert ran.stdout.splitlines()[-1].endswith("certificate: same, unsigned")

    def test_a_difference_is_exit_code_1_and_a_line(self, copy: Files) -> None:
        in_turns("UPDATE turns SET runtime_key = 'other' WHERE rowid = 1")(copy)
        ran = self.verify(copy)
        assert ran.returncode == 1
        differing = [line for line in ran.stdout.splitlines() if line.startswith("differs")]
        assert [line.split(": certified ")[0] for line in differing] == [
            "differs  turns: bytes",
            "differs  turns: attribution",
        ]

    def test_json_holds_what_was_certified_and_found(self, copy: Files) -> None:
        in_turns("CREATE TABLE t (a)")(copy)
        ran = self.verify(copy, "--format", "json")
        document = json.loads(ran.stdout)
        assert (ran.returncode, document["run_id"], document["outcome"]) == (1, "first", "differs")
        counted = next(each for each in document["comparisons"] if each["aspect"] == "rows of t")
        assert (counted["certified"], counted["found"], counted["outcome"]) == ("no such table", "0", "differs")

    def test_what_cannot_be_told_is_exit_code_3(self, copy: Files) -> None:
        lay_at(copy.run("first"), "baseline", copy.folder / "absent.db")
        assert self.verify(copy).returncode == 3

    def test_a_folder_that_is_no_run_is_exit_code_2(self, tmp_path: Path) -> None:
        ran = turntruth("verify", tmp_path)
        assert (ran.returncode, len(ran.stderr.splitlines())) == (2, 1)
