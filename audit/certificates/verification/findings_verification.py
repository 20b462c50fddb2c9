"""Whether the tables beside results.json hold the findings and the turns that it counts."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import astuple, dataclass, field
from pathlib import Path

from audit.certificates.digest import digest
from audit.certificates.parquet_hash import TableHash, as_hex, hash_in_child, hash_row
from audit.certificates.verification.comparison import Comparison, agree, compare, unknown
from audit.checks.findings_parquet import FINDINGS_PARQUET
from audit.errors import AuditError
from audit.references.fingerprints import FINGERPRINTS_FILE
from audit.report.run_folder import FINDINGS_FILE
from audit.results.findings_csv import COLUMNS, read_findings, write_findings
from audit.results.records import AcceptanceState, AuditResult, CheckResult, Finding, Status
from audit.results.shortened import shortened, shortened_by_version_0_1

ROWS = "rows as results.json counts them"
SEEN_COLUMNS = ("conv_id", "inference_id", "runtime_key", "session_id", "turn_id", "created_ms")
"""Columns of the fingerprints in the order in which they are hashed."""


@dataclass(frozen=True, slots=True)
class ParquetTables:
    """What the two Parquet files of a run say."""

    findings: TableHash
    fingerprints: TableHash


def read_parquet_tables(folder: Path) -> ParquetTables:
    """Read both in one process."""
    files = [(folder / FINDINGS_PARQUET, (*COLUMNS, "accepted")), (folder / FINGERPRINTS_FILE, SEEN_COLUMNS)]
    return ParquetTables(*hash_in_child(files))


@dataclass
class _Seen:
    """What the rows of one check were: how many, and the first open and accepted ones, as samples show them."""

    rows: int = 0
    accepted: int = 0
    open_first: list[set[Finding]] = field(default_factory=list)
    accepted_first: list[set[Finding]] = field(default_factory=list)


class _Tally:
    """Reads findings once, one at a time: counts them, hashes them, and hashes the file that holds just them."""

    def __init__(self, result: AuditResult) -> None:
        self._acceptances = [each for each in result.acceptances if each.state is AcceptanceState.ACTIVE]
        self._shown = max((len(check.sample) for check in result.checks), default=0)
        self._text = hashlib.sha256()
        self.checks: dict[str, _Seen] = {}
        self.severities: Counter[tuple[str, str]] = Counter()
        self.rows, self.total, self.is_sorted = 0, 0, True

    def read(self, path: Path) -> None:
        write_findings(self, self._noted(read_findings(path)))

    def write(self, text: str) -> int:
        """The rows come back as the text of a file, which is hashed."""
        self._text.update(text.encode())
        return len(text)

    @property
    def sha256(self) -> str:
        return self._text.hexdigest()

    @property
    def hash(self) -> str:
        return as_hex(self.total)

    def _noted(self, findings: Iterator[Finding]) -> Iterator[Finding]:
        previous: tuple[str, ...] = ()
        for finding in findings:
            row = astuple(finding)
            self.is_sorted &= previous <= row
            previous = row
            reason = next((each.reason for each in self._acceptances if each.accepts(finding)), "")
            self.rows += 1
            self.total += hash_row((*row, reason))
            seen = self.checks.setdefault(finding.check, _Seen())
            seen.rows += 1
            seen.accepted += bool(reason)
            first = seen.accepted_first if reason else seen.open_first
            if len(first) < self._shown:
                first.append({Finding(*map(cut, row)) for cut in (shortened, shortened_by_version_0_1)})
            self.severities[finding.check, finding.severity] += 1
            yield finding


def verify_findings(result: AuditResult, folder: Path, parquet: ParquetTables) -> Iterator[Comparison]:
    """findings.csv, findings.parquet and fingerprints.parquet beside what results.json says of them."""
    tally = _Tally(result)
    try:
        tally.read(folder / FINDINGS_FILE)
        found = digest(str(folder / FINDINGS_FILE))[0]
    except (AuditError, OSError) as error:
        yield unknown(FINDINGS_FILE, ROWS, str(error))
    else:
        yield from agree(FINDINGS_FILE, ROWS, [*_disagreements(result, tally)])
        yield from agree(FINDINGS_FILE, "form", _form(tally, found))
        wanted = TableHash(tally.rows, tally.hash)
        yield _compare_tables(FINDINGS_PARQUET, f"rows of {FINDINGS_FILE}", wanted, parquet.findings)
    seen = parquet.fingerprints
    yield _compare_tables(FINGERPRINTS_FILE, ROWS, TableHash(result.coverage.turns, seen.hash), seen)


def _form(tally: _Tally, found: str) -> list[str]:
    if tally.sha256 != found:
        return ["it is not as turntruth writes these rows"]
    return [] if tally.is_sorted else ["its rows are not sorted"]


def _disagreements(result: AuditResult, tally: _Tally) -> Iterator[str]:
    checks = {check.check: check for check in result.checks}
    yield from (f"{name}: results.json has no such check" for name in tally.checks if name not in checks)
    for check in result.checks:
        # What a check left behind before it failed to be judged is not counted.
        if check.status is not Status.ERRORED:
            yield from _of_check(check, tally)


def _of_check(check: CheckResult, tally: _Tally) -> Iterator[str]:
    seen = tally.checks.get(check.check, _Seen())
    if seen.rows != check.findings:
        yield f"{check.check}: it has {seen.rows} rows, and results.json counts {check.findings}"
    elif seen.accepted != check.accepted:
        yield f"{check.check}: {seen.accepted} rows are accepted, and results.json counts {check.accepted}"
    elif tally.severities[check.check, check.severity] != seen.rows:
        yield f"{check.check}: a row is not {check.severity}, as results.json says of this check"
    elif not _are_shown(seen, check):
        yield f"{check.check}: results.json shows other rows than the first of this check"


def _are_shown(seen: _Seen, check: CheckResult) -> bool:
    first = seen.open_first + seen.accepted_first
    return len(check.sample) <= len(first) and all(
        shown in row for row, shown in zip(first, check.sample, strict=False)
    )


def _compare_tables(name: str, aspect: str, wanted: TableHash, found: TableHash) -> Comparison:
    if found.problem:
        return unknown(name, aspect, f"it cannot be read: {found.problem}")
    return compare(name, aspect, f"{wanted.rows} rows, {wanted.hash}", f"{found.rows} rows, {found.hash}")
