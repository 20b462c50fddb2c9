from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from audit.certificates.parquet_hash import TableHash
from audit.certificates.verification.comparison import Outcome
from audit.certificates.verification.findings_verification import ROWS, ParquetTables, verify_findings
from audit.results.findings_csv import write_findings
from audit.results.shortened import shortened, shortened_by_version_0_1
from support.audits.report_examples import a_failed_check, a_finding, a_result

UNREAD = ParquetTables(TableHash(problem="not looked at"), TableHash(problem="not looked at"))


@pytest.mark.parametrize(
    ("cut", "outcome"),
    [
        (shortened, Outcome.SAME),
        (shortened_by_version_0_1, Outcome.SAME),
        (lambda text: text[:2_000], Outcome.DIFFERS),
        (lambda text: shortened(text + "!"), Outcome.DIFFERS),
    ],
)
def test_a_long_value_is_shown_as_this_version_or_the_first_one_cut_it(
    cut: Callable[[str], str], outcome: Outcome, tmp_path: Path
) -> None:
    finding = a_finding(found="x" * 100_000)
    with (tmp_path / "findings.csv").open("w", newline="") as stream:
        write_findings(stream, [finding])
    check = a_failed_check(findings=1, sample=(replace(finding, found=cut(finding.found)),))

    rows = next(each for each in verify_findings(a_result(check), tmp_path, UNREAD) if each.aspect == ROWS)
    assert rows.outcome is outcome
