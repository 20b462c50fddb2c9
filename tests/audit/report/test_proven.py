"""What was proven is said with every verdict, and never more than was."""

from __future__ import annotations

from dataclasses import replace

import pytest

from audit.report.proven import Level, level_of, what_was_proven
from audit.results.records import AuditResult, ChangeProof, CheckResult, Coverage, Status, Verdict
from support.audits.report_examples import a_check, a_coverage, a_failed_check, a_result, some_changes

KEPT = a_check("turns_kept", suite="preservation")
LEDGER = (
    a_check("completion_true", suite="ledger"),
    a_check("changes_as_stated", suite="ledger", status=Status.SKIPPED),
)


def told(result: AuditResult) -> dict[str, str]:
    return {each.about: each.sentence for each in what_was_proven(result)}


@pytest.mark.parametrize(
    ("checks", "level"),
    [
        ((KEPT, *LEDGER), Level.BASELINE),
        ((a_failed_check("turns_kept", suite="preservation"),), Level.BASELINE),
        ((KEPT, a_check("blocks_unchanged", suite="preservation", status=Status.ERRORED)), Level.ITSELF),
        ((replace(KEPT, status=Status.SKIPPED), *LEDGER), Level.LEDGER),
        ((a_check("one", suite="ledger"), *(replace(LEDGER[1], check=f"c{at}") for at in range(2))), Level.ITSELF),
        ((a_check(),), Level.ITSELF),
    ],
)
def test_the_level_is_the_strongest_of_which_everything_was_looked_at(
    checks: tuple[CheckResult, ...], level: Level
) -> None:
    assert level_of(a_result(*checks)) is level


def test_only_a_go_calls_it_proven() -> None:
    assert told(a_result(KEPT))["Held against"] == "proven against the file from before, turns.before.db"
    failed = a_result(KEPT, a_failed_check(), verdict=Verdict.FAILED)
    assert told(failed)["Held against"] == "compared with the file from before, turns.before.db"


def test_nothing_is_proven_behind_an_open_gate() -> None:
    lost = a_failed_check("turns_kept", suite="preservation")

    assert told(a_result(lost, gate="never"))["Held against"].startswith("compared with the file from before")
    assert told(a_result(KEPT, gate="never"))["Held against"].startswith("proven against the file from before")


def test_a_file_from_before_that_was_not_given_or_not_used_is_said() -> None:
    result = a_result(*LEDGER)
    assert told(result)["Held against"] == "consistent with its ledger; the file from before could not be used"
    alone = replace(result, inputs=result.inputs[:1])
    assert told(alone)["Held against"] == "consistent with its ledger; the file from before was not given"


def test_how_much_is_known_is_told_apart_by_what_it_rests_on() -> None:
    proofs = {"proven": 1700, "given": 30, "contradicted": 4, "without evidence": 6, "unknown": 260}
    result = a_result(coverage=replace(a_coverage(), runtime_by_proof=proofs))

    assert told(result)["Runtime known"] == (
        "86.5 % of the turns: 1,700 by the turn's own metadata, 30 by a live writer, 4 contradicted by the metadata,"
        " 6 without evidence, 260 unknown"
    )


def test_a_file_without_turns_claims_nothing_of_them() -> None:
    result = a_result(coverage=Coverage())
    assert told(result)["Looked at"] == "0 turns in 0 conversations, by 1 of 1 check"
    assert "Runtime known" not in told(result)


def test_changes_are_these_and_no_others_only_where_all_were_compared() -> None:
    same, _, differs, alone, _ = some_changes()
    assert told(a_result(changes=(same,)))["Changed by the migration"] == "1,100 cells by 1 rule, these and no others"
    span = replace(same, found=0, possible=2_000)
    assert (
        "as far as turns that came, went or were saved again"
        in told(a_result(changes=(span,)))["Changed by the migration"]
    )
    assert "by what its ledger states" in told(a_result(changes=(same, alone)))["Changed by the migration"]
    text = told(a_result(changes=(same, differs)))["Changed by the migration"]
    assert text == "1,101 cells by 2 rules; of 1 rule the files show another number"
    assert differs.proof is ChangeProof.DIFFERS
