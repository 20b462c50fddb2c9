"""The verdict is Great Expectations'; it equals the exact count for every check, or the check is errored."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest

from audit.checks.catalog import load_catalog
from audit.checks.check import Severity
from audit.checks.check_file import NAME
from audit.great_expectations import validation
from audit.results.records import Finding, Status
from support.audits.judged_checks import result


def test_the_verdict_of_each_check_follows_its_findings_in_the_given_order() -> None:
    given = [result("one", 0), result("two", 1, "backfill"), result("three", 70_000), result("four", 0, "backfill")]
    judged = validation.judge(given)
    assert [each.check for each in judged] == ["one", "two", "three", "four"]
    assert [each.status for each in judged] == [Status.PASSED, Status.FAILED, Status.FAILED, Status.PASSED]
    assert [each.findings for each in judged] == [0, 1, 70_000, 0]


def test_one_check_does_not_fail_another_whose_name_contains_its_own() -> None:
    judged = validation.judge([result("runtime", 3), result("runtime_key", 0), result("key", 0)])
    assert [each.status for each in judged] == [Status.FAILED, Status.PASSED, Status.PASSED]


@pytest.mark.parametrize("status", [Status.SKIPPED, Status.ERRORED])
def test_what_did_not_run_is_not_judged(status: Status) -> None:
    (judged,) = validation.judge([result("one", 0, status=status, error="e", skip_reason="s")])
    assert (judged.status, judged.error, judged.skip_reason) == (status, "e", "s")


def test_no_checks_give_no_verdicts() -> None:
    assert validation.judge([]) == ()


@pytest.mark.parametrize(
    "changes", [{"findings": 2, "sample": ()}, {"findings": 0, "sample": (Finding("one", "critical"),)}]
)
def test_a_verdict_that_contradicts_the_count_is_an_error(changes: dict[str, Any]) -> None:
    (judged,) = validation.judge([replace(result("one", 1), **changes)])
    assert judged.status is Status.ERRORED
    assert "DuckDB found" in judged.error


def test_an_exception_in_one_suite_is_an_error_of_its_checks_only(monkeypatch: pytest.MonkeyPatch) -> None:
    validate = validation._validate

    def fail_for_schema(suite: Any, frame: Any, source: Any) -> Any:
        if suite.name == "schema":
            message = "no memory"
            raise MemoryError(message)
        return validate(suite, frame, source)

    monkeypatch.setattr(validation, "_validate", fail_for_schema)
    broken, fine = validation.judge([result("one", 1), result("two", 1, "backfill")])
    assert (broken.status, fine.status) == (Status.ERRORED, Status.FAILED)
    assert "MemoryError: no memory" in broken.error


def test_where_great_expectations_cannot_begin_no_check_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> Any:
        message = "no context"
        raise RuntimeError(message)

    monkeypatch.setattr(validation, "_make_source", fail)
    judged = validation.judge([result("one", 0), result("two", 1, "backfill")])
    assert {(each.status, "RuntimeError: no context" in each.error) for each in judged} == {(Status.ERRORED, True)}


def test_what_an_expectation_keeps_of_itself_is_what_it_would_make_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also after a validation, which hands it around; and not what it was before a field was set."""
    asked: list[validation.ExpectNoFinding] = []
    keeping = validation.ExpectNoFinding.configuration

    def remember(self: validation.ExpectNoFinding) -> Any:
        asked.append(self)
        return keeping.fget(self)  # type: ignore[attr-defined]  # mypy takes a property for what it gives

    monkeypatch.setattr(validation.ExpectNoFinding, "configuration", property(remember))
    validation.judge([result("one", 0), result("two", 1, "backfill", conv_id="c")])
    assert len(asked) > 100
    of_each = {id(each): each for each in asked}.values()
    assert len(of_each) < len(asked) / 2
    for each in of_each:
        anew = super(validation.ExpectNoFinding, each).configuration
        assert each._kept is not None
        assert (each._kept.to_json_dict(), each._kept.kwargs) == (anew.to_json_dict(), anew.kwargs)
    expectation = validation.build_expectation(result("one", 0))
    before = expectation.configuration
    expectation.id = "another"
    assert (before.id, expectation.configuration.id) == (None, "another")


def test_an_exception_inside_an_expectation_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    frame = validation._frame
    # A frame without the column that is judged makes every metric fail inside Great Expectations.
    monkeypatch.setattr(validation, "_frame", lambda results: frame(results).drop(columns=["check"]))
    (judged,) = validation.judge([result("one", 0)])
    assert judged.status is Status.ERRORED
    assert judged.error.startswith("Great Expectations")


def test_a_missing_result_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(validation, "_read_outcome", lambda _: iter(()))
    (judged,) = validation.judge([result("one", 0)])
    assert (judged.status, judged.error) == (Status.ERRORED, "Great Expectations gave no result for it")


def test_a_suite_names_its_expectations_after_the_checks() -> None:
    document = validation.suite_document("backfill", [result("backfill_complete", 0, "backfill")])
    (expectation,) = document["expectations"]
    assert validation.class_name("backfill_complete") == "ExpectBackfillComplete"
    assert expectation["type"] == "expect_backfill_complete"
    assert expectation["severity"] == "critical"
    assert expectation["description"] == "Title of backfill_complete"
    assert expectation["meta"]["sql"] == "SELECT 1"
    assert expectation["meta"]["sql_sha256"] == "ab" * 32


def test_a_rebuilt_suite_is_the_same_and_its_ids_are_unique() -> None:
    results = [result(f"check_{n}", 0) for n in range(5)]
    first, second = validation.suite_document("schema", results), validation.suite_document("schema", results)
    assert first == second
    ids = [first["id"], *(each["id"] for each in first["expectations"])]
    assert len(set(ids)) == len(ids)


@pytest.mark.parametrize("severity", list(Severity))
def test_severity_is_kept_and_does_not_change_the_verdict(severity: Severity) -> None:
    given = result("one", 1, severity=severity.value)
    assert validation.judge([given])[0].status is Status.FAILED
    (expectation,) = validation.suite_document("schema", [given])["expectations"]
    assert expectation["severity"] == severity.value


def test_class_names_of_the_catalogue_are_unique() -> None:
    names = [check.name for check in load_catalog().checks]
    assert len({validation.class_name(name) for name in names}) == len(names)
    assert all(
        NAME.fullmatch(name) and re.fullmatch(r"Expect[A-Za-z0-9]+", validation.class_name(name)) for name in names
    )


def test_judging_is_silent_and_leaves_nothing_on_disk(
    tmp_path: Any, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    validation.judge([result("one", 1)])
    assert list(tmp_path.iterdir()) == []
    captured = capfd.readouterr()
    assert (captured.out, captured.err) == ("", "")
