"""The judge in a process of its own says what it says in this one, and its death is never a verdict."""

from __future__ import annotations

import io
import json
import os
import signal
import sys
from pathlib import Path

import pytest

from audit.great_expectations import validation
from audit.great_expectations.validation_process import Judge, answer
from audit.results.record_json import plain
from audit.results.records import Status
from support.audits.judged_checks import result

ODD_TEXT = "tab\there, 中, \x00"


RESULTS = (
    result("two", 7, "backfill", conv_id=ODD_TEXT),
    result("one", 0),
    result("without_input", 0, status=Status.SKIPPED, skip_reason="no baseline"),
    result("broken", 0, status=Status.ERRORED, error="no such view"),
    result("contradicted", 2, sample=()),
)


@pytest.fixture
def not_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a process that has not loaded Great Expectations."""
    monkeypatch.delitem(sys.modules, "audit.great_expectations.validation")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where temporary folders are made."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    return tmp_path


@pytest.mark.usefixtures("not_loaded")
def test_the_verdicts_are_those_of_the_judge_in_this_process(folder: Path) -> None:
    with Judge() as judge:
        judged = judge.judge(RESULTS)
    assert judged == validation.judge(RESULTS)
    assert [each.status for each in judged] == ["failed", "passed", "skipped", "errored", "errored"]
    assert "Great Expectations says passed, but DuckDB found 2 rows" in judged[-1].error
    assert list(folder.iterdir()) == []


def test_where_it_is_loaded_already_no_process_is_started() -> None:
    with Judge() as judge:
        assert judge._child is None
        assert judge.judge(RESULTS) == validation.judge(RESULTS)


@pytest.mark.usefixtures("not_loaded")
def test_one_that_was_put_off_leaves_its_process_and_judges_when_asked(folder: Path) -> None:
    with Judge() as judge:
        assert judge._child is not None
        process = judge._child._process
        judge.put_off()
        assert process.returncode == -signal.SIGKILL
        assert list(folder.iterdir()) == []
        assert judge.judge(RESULTS) == validation.judge(RESULTS)
    assert list(folder.iterdir()) == []


@pytest.mark.usefixtures("not_loaded")
def test_whoever_leaves_early_leaves_neither_process_nor_folder(folder: Path) -> None:
    with Judge() as judge:
        assert judge._child is not None
        process = judge._child._process
    assert process.returncode == -signal.SIGKILL
    assert list(folder.iterdir()) == []


@pytest.mark.usefixtures("not_loaded")
def test_the_checks_that_ran_are_errored_when_it_dies() -> None:
    with Judge() as judge:
        assert judge._child is not None
        os.kill(judge._child._process.pid, signal.SIGKILL)
        judged = judge.judge(RESULTS)
    assert [each.status for each in judged] == ["errored", "errored", "skipped", "errored", "errored"]
    told = "the process that judges with Great Expectations was killed by SIGKILL (out of memory?)"
    assert f"could not judge it: {told}" in judged[0].error
    assert judged[3].error == "no such view"


@pytest.mark.usefixtures("not_loaded")
@pytest.mark.parametrize("said", ["", "nonsense\n", "[]\n", '[["passed", ""]]\n', '{"one": "passed"}\n'])
def test_an_answer_that_is_none_is_no_verdict(monkeypatch: pytest.MonkeyPatch, said: str) -> None:
    with Judge() as judge:
        monkeypatch.setattr(judge._child, "finish", lambda _: said)
        assert {each.status for each in judge.judge(RESULTS)} == {Status.ERRORED, Status.SKIPPED}


def test_the_answer_has_a_status_and_an_error_for_each_result_in_its_order() -> None:
    answers = io.StringIO()
    answer(io.StringIO(json.dumps([plain(each) for each in RESULTS[:2]])), answers)
    assert json.loads(answers.getvalue()) == [["failed", ""], ["passed", ""]]
