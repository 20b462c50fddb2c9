"""JUnit XML of a fleet: a test suite a tenant with a case a check or claim, and one for the checks across files."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from xml.sax.saxutils import quoteattr

from audit.checks.check import CONTRACT_SUITE
from audit.fleet.fleet_result import FleetResult, TenantRow
from audit.fleet.roll_up import SUITE
from audit.report.shares import counted
from audit.report.summary import at_or_above
from audit.report.visible import spelled_out
from audit.results.records import CheckResult, Status
from audit.results.shortened import shortened

UNREAD = "file_is_read"
"""Test case that stands for a file that could not be read."""


def junit_lines(result: FleetResult) -> Iterator[str]:
    """The lines of the file, one after the other: a thousand tenants have a hundred thousand cases.

    A check that failed below the gate passes, so that the server's verdict is that of the fleet.
    """
    yield '<testsuites name="turntruth fleet">\n'
    for row in result.tenants:
        yield from _suite(row.tenant, _cases(result, row))
    across = [check for check in result.total.checks if check.suite == SUITE]
    if across:
        yield from _suite("across files", (_across(check, result) for check in across))
    yield "</testsuites>\n"


def _suite(name: str, cases: Iterable[tuple[str, str]]) -> Iterator[str]:
    """The suite with its cases, each a name and what is inside: '' for one that passed."""
    found = list(cases)
    kinds = {
        kind: sum(inside.startswith(f"<{kind}") for _, inside in found) for kind in ("failure", "error", "skipped")
    }
    yield (
        f'  <testsuite name={_attribute(name)} tests="{len(found)}" failures="{kinds["failure"]}"'
        f' errors="{kinds["error"]}" skipped="{kinds["skipped"]}">\n'
    )
    for case, inside in found:
        head = f"    <testcase classname={_attribute(f'turntruth.{name}')} name={_attribute(case)}"
        yield f"{head}>{inside}</testcase>\n" if inside else f"{head}/>\n"
    yield "  </testsuite>\n"


def _cases(result: FleetResult, row: TenantRow) -> Iterator[tuple[str, str]]:
    if row.how in {"errored", "missing"} or (row.error and not row.errored):
        yield UNREAD, f'<error type="errored" message={_attribute(row.error)}/>'
        return
    blocking = at_or_above(result.total.gate)
    told = {cause.check: cause.sentence for cause in row.causes}
    for check in result.total.checks:
        if check.suite == SUITE or check.status is Status.SKIPPED or not _is_asked_of(check, row):
            continue
        number = row.failed.get(check.check, 0)
        if check.check in row.errored:
            yield check.check, f'<error type="errored" message={_attribute(check.error or "not judged")}/>'
        elif number and check.severity in blocking:
            otherwise = f"{counted(number, 'row')}: {check.title}"
            message = f"{check.severity}: {told.get(check.check, otherwise)}"
            yield check.check, f"<failure type={_attribute(check.severity)} message={_attribute(message)}/>"
        else:
            yield check.check, ""


def _is_asked_of(check: CheckResult, row: TenantRow) -> bool:
    """A file that is compared has its own claims, and no check of turns."""
    return check.check in row.claims if row.contract else check.suite != CONTRACT_SUITE


def _across(check: CheckResult, result: FleetResult) -> tuple[str, str]:
    if check.status is Status.ERRORED:
        return check.check, f'<error type="errored" message={_attribute(check.error)}/>'
    if check.status is Status.SKIPPED:
        return check.check, f"<skipped message={_attribute(check.skip_reason)}/>"
    if check.open_findings and check.severity in at_or_above(result.total.gate):
        message = f"{counted(check.open_findings, 'row')}: {check.title}"
        return check.check, f"<failure type={_attribute(check.severity)} message={_attribute(message)}/>"
    return check.check, ""


def _attribute(text: str) -> str:
    return quoteattr(spelled_out(shortened(" ".join(text.split()))))
