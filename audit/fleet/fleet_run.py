"""One run over a fleet: each file to its outcome, all outcomes to one result, judged once."""

from __future__ import annotations

import platform
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Protocol

from audit.checks.catalog import load_catalog
from audit.contract.contract_file import read_contract
from audit.fleet.fleet_causes import FleetCauses
from audit.fleet.fleet_folder import FleetFolder
from audit.fleet.fleet_result import FleetResult, TenantCause, TenantRow
from audit.fleet.manifest import FleetFile
from audit.fleet.options import FleetOptions
from audit.fleet.outcome import Outcome, checks_to_json
from audit.fleet.pool import Finished
from audit.fleet.roll_up import ListedFile, Sums, check_across, fleet_catalog
from audit.fleet.shards import as_shard, describe_shards, shared_stores
from audit.fleet.unit_task import AUDITED, ERRORED, REUSED, Task, checks_of
from audit.great_expectations.validation_process import Judge
from audit.policy.verdict import Gate, decide
from audit.report.run_folder import new_run_id
from audit.report.shares import counted
from audit.results.records import AuditResult, CheckResult, Status, Verdict

MISSING = "missing"
CAUSES_OF_A_TENANT = 5

Progress = Callable[[int, int, str], None]
"""Is told how many files are done, of how many, and the tenant of the last one."""


class Engine(Protocol):
    """What takes the units of files: see `LocalPool.run`."""

    def run(self, files: Sequence[FleetFile]) -> Iterator[Finished]:
        """Audit them and yield each when its outcome lies in the folder."""
        ...


@dataclass(frozen=True, slots=True)
class FleetRequest:
    """What is asked: which files, how, and when to give up.

    Attributes
    ----------
    engine
        Makes the engine of a folder and a task.
    reuse
        Take over outcomes of files whose key is the same.
    max_errors
        Stop after so many files that could not be read; 0 for never.
    """

    files: tuple[FleetFile, ...]
    options: FleetOptions
    engine: Callable[[FleetFolder, Task], Engine]
    reuse: bool = True
    max_errors: int = 0
    run_id: str = ""


def utc_now() -> datetime:
    """The present moment."""
    return datetime.now(UTC)


def audit_fleet(
    folder: FleetFolder,
    request: FleetRequest,
    progress: Progress | None = None,
    clock: Callable[[], datetime] = utc_now,
    judge: Judge | None = None,
) -> FleetResult:
    """Audit every file of a fleet into a folder that `FleetFolder.working` holds.

    Raises
    ------
    UsageError
        Something is wrong with what was asked for all files alike, or a contract is of no good form. What is wrong
        with one file is its outcome.
    """
    started = clock()
    for contract in sorted({file.contract for file in request.files if file.is_pair}):
        read_contract(Path(contract))
    # A check that no file could have been asked for is no check of this fleet.
    checks = {} if all(file.is_pair for file in request.files) else checks_of(request.options)
    task = Task(request.options, request.options.digest(), request.reuse)
    folder.write_request(request.files, request.options, checks_to_json(checks))
    how = _take_units(folder, request, task, progress)
    folder.forget_others(request.files)
    rolled = _roll_up(folder, request, how, checks)
    with judge or Judge() as judging:
        judged = judging.judge((*rolled.sums.checks.values(), *rolled.across))
    run_id = request.run_id or new_run_id()
    total = _total(run_id, request, rolled, judged, (started, clock()))
    return FleetResult(run_id, total.verdict, tuple(rolled.tenants), total, request.options, rolled.notes(how))


def _take_units(folder: FleetFolder, request: FleetRequest, task: Task, progress: Progress | None) -> dict[str, str]:
    """Tenant to how its outcome came about; those that were not begun are not there."""
    how: dict[str, str] = {}
    errors = 0
    for finished in request.engine(folder, task).run(request.files):
        how[finished.file.tenant] = finished.how
        errors += finished.how == ERRORED
        if progress is not None:
            progress(len(how), len(request.files), finished.file.tenant)
        if request.max_errors and errors >= request.max_errors:
            break
    return how


@dataclass(slots=True)
class _RolledUp:
    sums: Sums
    tenants: list[TenantRow] = field(default_factory=list)
    listed: list[ListedFile] = field(default_factory=list)
    across: tuple[CheckResult, ...] = ()
    causes: FleetCauses = field(default_factory=lambda: FleetCauses({}))
    stores: frozenset[str] = frozenset()
    partial: str = ""

    def notes(self, how: dict[str, str]) -> tuple[str, ...]:
        reused = sum(each == REUSED for each in how.values())
        said = (
            f"{counted(reused, 'outcome')} of {len(self.tenants)} taken over from the run before:"
            " no byte of these files, no check and no setting has changed since"
        )
        pairs = sum(bool(row.contract) for row in self.tenants)
        compared = f"{counted(pairs, 'file')} compared under a contract with what was there before"
        notes = (said if reused else "", compared if pairs else "", describe_shards(self.stores))
        return tuple(note for note in notes if note)


def _roll_up(
    folder: FleetFolder, request: FleetRequest, how: dict[str, str], checks: dict[str, CheckResult]
) -> _RolledUp:
    catalog = load_catalog(None, request.options.template().own_checks)
    known = {check.name: check for check in (*catalog.checks, *fleet_catalog().checks)}
    rolled = _RolledUp(
        Sums(dict(checks), request.options.sample_size), causes=FleetCauses(known), stores=shared_stores(request.files)
    )
    for file in request.files:
        outcome = folder.read_outcome(file, checks) if file.tenant in how else None
        if outcome is not None and outcome.result is not None and file.store in rolled.stores:
            outcome = replace(outcome, result=as_shard(outcome.result))
        rolled.tenants.append(_tenant_row(folder, file, outcome, how.get(file.tenant, MISSING)))
        if outcome is not None and outcome.result is not None:
            rolled.sums.add(outcome)
            rolled.causes.add(outcome.result.causes)
            # The selection is that of the fleet: what it leaves out is the same for every file.
            rolled.partial = rolled.partial or outcome.result.partial
            if file.is_pair:
                continue
            sha256 = next((each.sha256 for each in outcome.result.inputs if each.role == "turns"), "")
            rolled.listed.append(ListedFile(file, sha256, outcome.result.coverage))
    if not all(file.is_pair for file in request.files):
        rolled.across = check_across(folder, rolled.listed, request.options.sample_size)
    return rolled


def _tenant_row(folder: FleetFolder, file: FleetFile, outcome: Outcome | None, how: str) -> TenantRow:
    row = TenantRow(
        file.tenant,
        file.path,
        Verdict.ERRORED,
        MISSING,
        error="it was not looked at",
        store=file.store,
        labels=file.labels,
        place=folder.place_of(file).name,
        before=file.before,
        contract=file.contract,
    )
    if outcome is None:
        return row
    if outcome.result is None:
        return replace(row, how=ERRORED, error=outcome.error)
    result = outcome.result
    open_checks = [check for check in result.checks if check.open_findings]
    severities = {word: sum(each.open_findings for each in open_checks if each.severity == word) for word in _WORDS}
    return replace(
        row,
        verdict=result.verdict,
        how=how if how in {AUDITED, REUSED} else AUDITED,
        error=result.not_looked_at[0] if result.verdict is Verdict.ERRORED and result.not_looked_at else "",
        inputs=result.inputs,
        coverage=replace(result.coverage, by_month=(), by_conversation=()),
        findings=severities,
        failed={check.check: check.open_findings for check in open_checks},
        errored=tuple(check.check for check in result.checks if check.status is Status.ERRORED),
        claims=tuple(check.check for check in result.checks) if file.is_pair else (),
        causes=tuple(
            TenantCause(each.check, each.severity, each.sentence) for each in result.causes[:CAUSES_OF_A_TENANT]
        ),
    )


_WORDS = ("critical", "warning", "info")


def _total(
    run_id: str,
    request: FleetRequest,
    rolled: _RolledUp,
    judged: Sequence[CheckResult],
    span: tuple[datetime, datetime],
) -> AuditResult:
    """The roll-up as the result of one audit."""
    unread = [row for row in rolled.tenants if row.how in {ERRORED, MISSING}]
    incomplete = [row for row in rolled.tenants if row.verdict is Verdict.ERRORED and row not in unread]
    bad = (*unread, *incomplete)
    not_looked_at = [f"{row.tenant}: {row.error or 'some of its checks could not be judged'}" for row in bad]
    if bad:
        not_looked_at.insert(
            0,
            f"of {counted(len(rolled.tenants), 'file')}, {len(unread)} could not be read and "
            f"{len(incomplete)} are incomplete",
        )
    gate = Gate(request.options.fail_on)
    verdict = decide(judged, gate, not_looked_at)
    if verdict is Verdict.PASSED and any(row.verdict is Verdict.FAILED for row in rolled.tenants):
        # A file can fail by what is demanded of its coverage, which no check says.
        verdict = Verdict.FAILED
    if rolled.partial:
        not_looked_at.append(f"this is a partial audit: {rolled.partial}")
    return AuditResult(
        run_id=run_id,
        verdict=verdict,
        gate=gate.value,
        started_at=_iso(span[0]),
        finished_at=_iso(span[1]),
        inputs=(),
        checks=tuple(sorted(judged, key=lambda check: (check.suite, check.check))),
        coverage=rolled.sums.coverage,
        versions=_versions(with_pairs=any(file.is_pair for file in request.files)),
        not_looked_at=tuple(not_looked_at),
        partial=rolled.partial,
        configuration=request.options.configuration,
        causes=rolled.causes.told(rolled.across),
    )


def _versions(*, with_pairs: bool) -> dict[str, str]:
    names = {"turntruth": "turntruth", "duckdb": "duckdb", "great_expectations": "great-expectations"}
    names |= {"apsw": "apsw"} if with_pairs else {}
    return {word: version(name) for word, name in names.items()} | {"python": platform.python_version()}


def _iso(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
