"""JUnit XML: one test suite a suite, one test case a check, as CI servers read it."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from xml.etree import ElementTree as ET

from audit.report.shares import counted
from audit.report.summary import at_or_above, blocks
from audit.report.visible import spelled_out
from audit.results.records import AuditResult, CheckResult, CoverageGate, Finding, Status, Verdict
from audit.results.shortened import NAME_CHARACTERS, shortened, shortened_sample

COMPLETENESS = "audit_is_complete"
"""Test case that stands for an audit that is errored although no single check is."""

CHANGES_CHECK = "changes_as_stated"
"""The check whose test case tells what the migration changed, if it passed; otherwise it tells what differs."""

_PLACE_COLUMNS = ("conv_id", "session_id", "turn_id", "table", "key", "column")
_VALUE_CHARACTERS = 400


def render_junit(result: AuditResult) -> str:
    """The text of the XML file.

    A check that failed below the gate passes here and tells its findings as output, so that the server's verdict is
    that of the audit.
    """
    root = ET.Element("testsuites", name="turntruth", time=_seconds(result.checks))
    checks = sorted(result.checks, key=lambda check: (check.suite, check.check))
    for suite, members in groupby(checks, key=lambda check: check.suite):
        _add_suite(root, suite, list(members), result)
    if result.coverage_gates and at_or_above(result.gate):
        _add_coverage(root, result.coverage_gates)
    if result.verdict is Verdict.ERRORED and not any(check.status is Status.ERRORED for check in checks):
        _add_incompleteness(root, result)
    for attribute in ("tests", "failures", "errors", "skipped"):
        root.set(attribute, str(sum(int(suite.get(attribute, "0")) for suite in root)))
    ET.indent(root)
    return ET.tostring(root, encoding="unicode", xml_declaration=False) + "\n"


def _add_suite(root: ET.Element, suite: str, checks: list[CheckResult], result: AuditResult) -> None:
    element = ET.SubElement(
        root,
        "testsuite",
        name=spelled_out(suite),
        timestamp=spelled_out(result.started_at.removesuffix("Z")),
        time=_seconds(checks),
        tests=str(len(checks)),
        failures=str(sum(blocks(check, result.gate) for check in checks)),
        errors=str(sum(check.status is Status.ERRORED for check in checks)),
        skipped=str(sum(check.status is Status.SKIPPED for check in checks)),
    )
    told = {cause.check: cause.sentence for cause in result.causes}
    for check in checks:
        case = _add_case(element, check, result.gate, told.get(check.check, check.title))
        if check.check == CHANGES_CHECK and check.status is Status.PASSED and result.changes:
            ET.SubElement(case, "system-out").text = "\n".join(
                spelled_out(shortened(str(change))) for change in result.changes
            )


def _add_case(suite: ET.Element, check: CheckResult, gate: str, told: str) -> ET.Element:
    case = ET.SubElement(
        suite,
        "testcase",
        classname=spelled_out(f"turntruth.{check.suite}"),
        name=spelled_out(check.check),
        time=_seconds([check]),
    )
    if check.status is Status.ERRORED:
        error = ET.SubElement(case, "error", type="errored", message=_one_line(check.error))
        error.text = spelled_out(shortened(check.error))
    elif check.status is Status.SKIPPED:
        ET.SubElement(case, "skipped", message=_one_line(check.skip_reason))
    elif blocks(check, gate):
        failure = ET.SubElement(case, "failure", type=check.severity, message=_one_line(_headline(check, told)))
        failure.text = _details(check)
    elif check.status is Status.FAILED:
        ET.SubElement(
            case, "system-out"
        ).text = f"{_one_line(_headline(check, told))} ({_why_it_passes(check)})\n{_details(check)}"
    return case


def _add_incompleteness(root: ET.Element, result: AuditResult) -> None:
    suite = ET.SubElement(
        root, "testsuite", name="audit", time="0.000", tests="1", failures="0", errors="1", skipped="0"
    )
    case = ET.SubElement(suite, "testcase", classname="turntruth.audit", name=COMPLETENESS, time="0.000")
    reasons = "; ".join(result.not_looked_at) or "nothing was audited"
    ET.SubElement(case, "error", type="incomplete", message=_one_line(reasons)).text = spelled_out(shortened(reasons))


def _add_coverage(root: ET.Element, gates: Sequence[CoverageGate]) -> None:
    failed = sum(gate.status is Status.FAILED for gate in gates)
    suite = ET.SubElement(
        root,
        "testsuite",
        name="coverage",
        time="0.000",
        tests=str(len(gates)),
        failures=str(failed),
        errors="0",
        skipped="0",
    )
    for gate in gates:
        name = spelled_out(gate.measure)
        case = ET.SubElement(suite, "testcase", classname="turntruth.coverage", name=name, time="0.000")
        if gate.status is Status.FAILED:
            message = f"{gate.known:,} of {gate.total:,} known, wanted at least {gate.minimum}"
            ET.SubElement(case, "failure", type="coverage", message=_one_line(message)).text = spelled_out(message)


def _why_it_passes(check: CheckResult) -> str:
    return "below the gate" if check.open_findings else "accepted"


def _headline(check: CheckResult, told: str) -> str:
    accepted = f", {check.accepted:,} accepted" if check.accepted else ""
    return f"{check.severity}: {counted(check.findings, 'row')} of {check.scanned:,}{accepted}: {told}"


def _details(check: CheckResult) -> str:
    lines = [f"What to do: {check.remedy}", *map(_row, check.sample)]
    if len(check.sample) < check.findings:
        lines.append(f"… {check.findings - len(check.sample):,} more in findings.csv")
    return "\n".join(spelled_out(line) for line in lines)


def _row(finding: Finding) -> str:
    parts = {name: getattr(finding, name) for name in _PLACE_COLUMNS}
    place = ", ".join(f"{name}={shortened_sample(part, NAME_CHARACTERS)}" for name, part in parts.items() if part)
    expected, found = (shortened_sample(value, _VALUE_CHARACTERS) for value in (finding.expected, finding.found))
    return f"{place}: expected {expected!r}, found {found!r}"


def _one_line(text: str) -> str:
    return spelled_out(shortened(" ".join(text.split())))


def _seconds(checks: list[CheckResult] | tuple[CheckResult, ...]) -> str:
    return f"{sum(check.duration_ms for check in checks) / 1000:.3f}"
