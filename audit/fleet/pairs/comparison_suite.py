"""One comparison under a contract as a suite of Great Expectations with its validation result, in one JSON file.

Each claim, each admission, and that nothing else is lost, changed or new, is an expectation by name; they are judged
over the number of rows of each that nobody expects.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from audit.contract.contract import Contract
from audit.diff.pair_result import PairResult
from audit.errors import AuditError, UsageError
from audit.files.permissions import Permissions
from audit.files.reserved_names import require_free_name
from audit.files.whole_file import write_whole
from audit.fleet.pairs.claim_checks import ClaimChecks
from audit.great_expectations.rolled_up import NOT_JUDGED, JudgedRollUp, RolledUp
from audit.great_expectations.suite_files import json_text
from audit.results.records import CheckResult, Status

FORMAT = "gx"
SUITE_NAME = "turntruth_comparison"


class ComparisonTargetError(UsageError):
    """A further output of a comparison that cannot be written as asked."""

    def __init__(self, target: str, problem: str) -> None:
        self.target = target
        self.problem = problem
        super().__init__(f"{target}: {problem}. Wanted {FORMAT}:PATH, beside --contract")


class ComparisonWriteError(AuditError):
    """The comparison was made, but its suite could not be written."""

    def __init__(self, path: Path, problem: str) -> None:
        self.path = path
        self.problem = problem
        super().__init__(f"{path}: could not be written: {problem}. Make room or name another place")


class JudgementsDifferError(AuditError):
    """Great Expectations says something else of a comparison than its own verdict; neither is to be believed."""

    exit_code = 3

    def __init__(self, headline: str, *, success: bool) -> None:
        self.headline = headline
        self.success = success
        said = "every expectation holds" if success else "an expectation does not hold"
        super().__init__(f"the verdict is {headline}, but Great Expectations says that {said}. Please report this")


class ComparisonSuite:
    """Where the suite of one comparison is to be written; that it can be is found out before any work.

    Raises
    ------
    ComparisonTargetError, ReservedNameError
        It cannot.
    """

    def __init__(self, target: str, before: Path, after: Path, contract: Path | None) -> None:
        name, _, path = target.partition(":")
        if name != FORMAT:
            raise ComparisonTargetError(target, f"there is no format {name!r} of comparisons")
        if not path or Path(path).is_dir():
            raise ComparisonTargetError(target, "the path of a file is missing")
        if contract is None:
            raise ComparisonTargetError(
                target, "without a contract nothing is claimed, so that there is no expectation"
            )
        if not Path(path).absolute().parent.is_dir():
            raise ComparisonTargetError(target, f"{Path(path).parent} is no folder")
        self.path = Path(path)
        self._contract = contract
        self._inputs = (before, after)
        require_free_name(self.path, (*self._inputs, contract))

    def write(self, result: PairResult) -> Path:
        """Have the comparison judged, and write suite, roll-up and result; gives the path.

        Raises
        ------
        JudgementsDifferError
            The two verdicts are not one; then nothing is written.
        ComparisonWriteError
            The file cannot be written.
        """
        assert result.judged_by is not None, "it was compared under a contract"
        rows = roll_up(result, result.judged_by.contract)
        judged = judge(f"{SUITE_NAME}_{self._contract.stem}", rows, result)
        document = {"suite": judged.suite, "roll_up": [row.to_json() for row in rows], "result": judged.result}
        try:
            write_whole(self.path, json_text(document), Permissions.of(self._inputs))
        except OSError as error:
            raise ComparisonWriteError(self.path, error.strerror or str(error)) from error
        return self.path


def roll_up(result: PairResult, contract: Contract) -> tuple[RolledUp, ...]:
    """One row a claim, a change that nobody admits, and an admission; reads all findings once."""
    checks = ClaimChecks(contract, result, 0)
    for finding in result.findings():
        checks.add(finding)
    return (*map(_claimed, checks.results()), *_admitted(result))


def judge(name: str, rows: tuple[RolledUp, ...], result: PairResult) -> JudgedRollUp:
    """Let Great Expectations judge the roll-up of a comparison; imports it, which takes seconds.

    Raises
    ------
    JudgementsDifferError
        Its verdict is not that of the comparison.
    """
    from audit.great_expectations import validation  # noqa: PLC0415  who does not ask for it need not wait for it

    assert result.contract is not None, "it was compared under a contract"
    meta = {
        "contract": {"name": result.contract["name"], "sha256": result.contract["sha256"]},
        "before": result.before,
        "after": result.after,
        "verdict": result.headline,
    }
    judged = validation.judge_roll_up(name, rows, meta)
    if judged.success != (result.exit_code == 0):
        raise JudgementsDifferError(result.headline, success=judged.success)
    return judged


def _claimed(check: CheckResult) -> RolledUp:
    unexpected = NOT_JUDGED if check.status is Status.ERRORED else check.findings
    return RolledUp(check.check, check.title, unexpected, check.scanned, problem=check.error)


def _admitted(result: PairResult) -> Iterator[RolledUp]:
    """What is admitted is expected, however often it happened; two entries of one name are told together."""
    found: dict[str, RolledUp] = {}
    for entry in (result.contract or {}).get("admitted", ()):
        name = f"{entry['change']} {entry['name']}"
        known = found.get(name)
        titles = [known.title] if known else []
        reason = f": {entry['reason']}" if entry["reason"] else ""
        titles.append(f"{name} is admitted{reason}")
        found[name] = RolledUp(name, "; ".join(titles), 0, admitted=entry["count"] + (known.admitted if known else 0))
    yield from found.values()
