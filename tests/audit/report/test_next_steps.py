"""What to do next follows from what was found: every kind of outcome names it, and the command to run."""

from __future__ import annotations

from dataclasses import replace

import pytest

from audit.report.next_steps import first_command, next_steps
from audit.results.records import AuditResult, CoverageGate, Status, Verdict
from audit.results.redaction import Redaction, RedactionMethod
from support.audits.report_examples import a_check, a_failed_check, a_result

KEPT = a_check("turns_kept", suite="preservation")
ERRORED = a_check("blocks_kept", status=Status.ERRORED, error="out of disk")
WRONG = a_failed_check("blanks", remedy="Restore the rows.")


def sentences(result: AuditResult) -> list[str]:
    return [step.sentence.split(":")[0] for step in next_steps(result)]


def test_a_no_go_begins_with_the_remedy_of_its_gravest_cause() -> None:
    first, last = next_steps(a_result(WRONG, KEPT, verdict=Verdict.FAILED))

    assert (first.sentence, first.command) == ("Restore the rows.", "turntruth explain blanks")
    assert last.command.startswith("turntruth verify ")


def test_what_could_not_be_judged_comes_before_what_is_wrong() -> None:
    result = a_result(WRONG, ERRORED, verdict=Verdict.ERRORED)

    assert [step.command for step in next_steps(result)[:1]] == ["turntruth explain blocks_kept"]


def test_an_incomplete_audit_asks_for_what_is_missing() -> None:
    assert next_steps(a_result(KEPT, verdict=Verdict.ERRORED))[0].sentence.startswith("Give the audit what it")


def test_too_little_known_says_where_to_look() -> None:
    gate = CoverageGate("runtime", "95 %", 10, 20, Status.FAILED)

    assert "which months" in next_steps(a_result(KEPT, verdict=Verdict.FAILED, coverage_gates=(gate,)))[0].sentence


def test_only_a_go_without_the_file_from_before_asks_for_it() -> None:
    asks = "Only the file from before can prove that nothing was lost"

    assert asks in sentences(a_result(a_check()))
    assert asks not in sentences(a_result(KEPT))
    assert asks not in sentences(a_result(WRONG, verdict=Verdict.FAILED))


@pytest.mark.parametrize("folder", ["reports/a run", "reports/x;rm -rf y"])
def test_a_folder_is_one_word_of_the_command(folder: str) -> None:
    assert first_command(a_result(KEPT), folder) == f"turntruth verify '{folder}'"


def test_a_redacted_run_is_verified_with_the_originals() -> None:
    redacted = replace(a_result(KEPT), redaction=Redaction(method=RedactionMethod.NUMBERS))

    assert first_command(redacted, "run").endswith(" --input turns=ORIGINAL")
