"""One audit from settings to result: the steps of :data:`STEPS`, in that order."""

from __future__ import annotations

import platform
from collections.abc import Callable, Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from importlib.metadata import version
from pathlib import Path

import duckdb

from audit.certificates.certificate import ContentHashing, write_certificate
from audit.certificates.digest import digest
from audit.checks.catalog import BrokenCheck, Catalog, load_catalog
from audit.checks.check import Check
from audit.checks.findings_parquet import FINDINGS_PARQUET, write_findings_parquet
from audit.checks.runner import Blocked, blank_result, create_findings, errored_file, run_checks, sorted_findings
from audit.errors import MemoryLimitError, UsageError
from audit.great_expectations.validation_process import Judge
from audit.pipeline.change_statement import READ as CHANGES_READ
from audit.pipeline.change_statement import describe_silent, measure_changes
from audit.pipeline.completeness import describe_notes, describe_partial, describe_skipped, reasons_incomplete
from audit.pipeline.inputs import Intake, missing_inputs, take_in
from audit.pipeline.settings import AuditSettings
from audit.policy.coverage import measure_coverage, measure_months
from audit.policy.coverage_gate import judge_coverage, judge_months
from audit.policy.policy import apply_policy
from audit.policy.selection import split_catalog
from audit.policy.verdict import decide
from audit.references.fingerprints import (
    EARLIER,
    FINGERPRINTS_FILE,
    require_earlier_run,
    stage_earlier,
    write_fingerprints,
)
from audit.report import run_folder
from audit.results.records import (
    Acceptance,
    AuditResult,
    CellChange,
    CheckResult,
    Coverage,
    CoverageGate,
    InputFile,
    Status,
)
from audit.staging.demand import EVERYTHING, Demand, demand_of
from audit.staging.native_tables import create_views
from audit.staging.registry import read_registry
from audit.staging.warehouse import Warehouse

Progress = Callable[[str], None]
NOT_SELECTED = "it was not selected"
LOADS_IN_TIME_FROM_BYTES = 256 << 20
"""To read files of this size takes longer than to load the judge, so that nobody will wait for it."""
LOADS_LAST_FROM_BYTES = 1 << 30
"""Beside the reading of files of this size its memory is too much: then its few seconds come after minutes."""
OWN_READING = ("coverage", "migration", "turn_evidence", *CHANGES_READ)
"""What an audit reads beside its checks."""


def utc_now() -> datetime:
    """The present moment."""
    return datetime.now(UTC)


@dataclass
class AuditRun:
    """What the steps hand on to each other."""

    settings: AuditSettings
    warehouse: Warehouse
    progress: Progress
    stack: ExitStack
    clock: Callable[[], datetime]
    started_at: datetime
    run_id: str = ""
    slugs: tuple[str, ...] = ()
    registry: InputFile | None = None
    catalog: Catalog = field(default_factory=lambda: Catalog(()))
    left_out: tuple[Check | BrokenCheck, ...] = ()
    demand: Demand = EVERYTHING
    judge: Judge | None = None
    intake: Intake = field(default_factory=Intake)
    hashing: ContentHashing | None = None
    fingerprints: Path | None = None
    missing: dict[str, str] = field(default_factory=dict)
    checks: tuple[CheckResult, ...] = ()
    coverage: Coverage = field(default_factory=Coverage)
    changes: tuple[CellChange, ...] = ()
    unstated: str = ""
    coverage_gates: tuple[CoverageGate, ...] = ()
    acceptances: tuple[Acceptance, ...] = ()
    result: AuditResult | None = None


def run_audit(
    settings: AuditSettings,
    progress: Progress | None = None,
    clock: Callable[[], datetime] = utc_now,
    judge: Judge | None = None,
) -> AuditResult:
    """Audit the given files; a failed check is a value in the result, never an exception.

    Parameters
    ----------
    progress
        Called with a few words whenever a stage begins.
    clock
        Tells the time, with its zone: that of the report, and the day on which acceptances expire.
    judge
        One that has begun to load; by default it begins when all that can be refused has been looked at.

    Raises
    ------
    UsageError
        Something is wrong with what was asked for or with a given file (``InputFileError``); nothing was written.
    RunWriteError
        The audit ended, but its report could not be written; the error holds the result.

    Examples
    --------
    >>> from pathlib import Path
    >>> from turntruth import AuditSettings
    >>> result = run_audit(AuditSettings(Path("turns.db"), baseline=Path("before.db"), out_dir=Path("reports")))
    >>> [check.check for check in result.checks if check.findings and check.severity == "critical"]
    []
    """
    with ExitStack() as stack:
        warehouse = stack.enter_context(Warehouse(memory_bytes=settings.memory_bytes))
        run = AuditRun(settings, warehouse, progress or (lambda _: None), stack, clock, clock(), judge=judge)
        for step in STEPS:
            _interruptible(step, run)
        assert run.result is not None
        return run.result


def _interruptible(step: Callable[[AuditRun], None], run: AuditRun) -> None:
    """Run a step; Ctrl-C during a query, which DuckDB tells as an error of its own, is Ctrl-C again."""
    try:
        step(run)
    except duckdb.OutOfMemoryException as error:
        raise MemoryLimitError(run.settings.memory_bytes) from error
    except RuntimeError as error:
        if type(error) is RuntimeError and str(error) == "Query interrupted":
            raise KeyboardInterrupt from error
        raise


def prepare(run: AuditRun) -> None:
    """Find out everything that can be refused before any work is done."""
    settings = run.settings
    run.run_id = run_folder.check_run_id(settings.run_id or run_folder.new_run_id())
    if settings.out_dir is not None:
        run_folder.check_writable(settings.out_dir, run.run_id, settings.read_files)
    if settings.registry is not None:
        run.slugs = read_registry(settings.registry)
        sha256, size_bytes = digest(str(settings.registry))
        run.registry = InputFile("registry", str(settings.registry), size_bytes, sha256, {"profiles": len(run.slugs)})
    if settings.against is not None:
        require_earlier_run(settings.against)
    catalog = load_catalog(settings.checks, settings.own_checks)
    settings.policy.require_known_checks(catalog)
    run.catalog, run.left_out = split_catalog(catalog, settings.selection)
    run.demand = demand_of([*OWN_READING, *(text for each in run.catalog.checks for text in (each.sql, each.scans))])
    _require_different_files(settings)


def _require_different_files(settings: AuditSettings) -> None:
    seen: list[tuple[str, Path]] = []
    for role, path in settings.database_paths.items():
        for other_role, other in seen:
            if path.exists() and other.exists() and path.samefile(other):
                raise UsageError(
                    f"{path}: given as {other_role} and as {role}. A file cannot be compared with itself: name another"
                )
        seen.append((role, path))


def load_judge(run: AuditRun) -> None:
    """Begin to load Great Expectations, which takes seconds, beside all other work."""
    if run.judge is None:
        run.judge = run.stack.enter_context(Judge())
    paths = run.settings.database_paths.values()
    size_bytes = sum(path.stat().st_size for path in paths if path.is_file())
    if size_bytes >= LOADS_LAST_FROM_BYTES:
        run.judge.put_off()
    elif size_bytes >= LOADS_IN_TIME_FROM_BYTES:
        run.judge.give_way()


def stage(run: AuditRun) -> None:
    """Read the input files once and let go of them."""
    run.intake = take_in(run.warehouse, run.settings, run.slugs, run.progress, run.demand)
    if run.settings.out_dir is not None:
        # Now, because before it would take time from the comparison with the baseline; the checks leave a core to it.
        run.hashing = ContentHashing(run.warehouse.accesses, run.warehouse.folder, run.stack)
        run.fingerprints = write_fingerprints(run.warehouse.connection, run.warehouse.folder)


def stage_witnesses(run: AuditRun) -> None:
    """Take in what others say of the same turns: an earlier audit, and a debug API."""
    settings = run.settings
    if run.registry is not None:
        _add_input(run, run.registry, {})
    if settings.against is not None:
        earlier, problem = stage_earlier(run.warehouse.connection, settings.against)
        _add_input(run, earlier, {EARLIER: problem} if problem else {})
    if settings.api:
        from audit.references.api_comparison import stage_api  # noqa: PLC0415  # httpx costs every other audit 0.1 s

        _add_input(run, *stage_api(run.warehouse, settings.api, settings.api_token, run.progress))


def _add_input(run: AuditRun, entry: InputFile, unusable: Mapping[str, str]) -> None:
    run.intake = replace(run.intake, inputs=(*run.intake.inputs, entry), unusable={**run.intake.unusable, **unusable})


def check(run: AuditRun) -> None:
    """Run every check in the locked warehouse."""
    run.warehouse.lock()
    connection = run.warehouse.connection
    create_views(connection, run.demand)
    create_findings(connection)
    run.coverage = measure_coverage(connection)
    compared = run.settings.baseline is not None and not run.intake.unusable.get("baseline_turns")
    run.changes, run.unstated = measure_changes(connection, with_baseline=compared), describe_silent(connection)
    run.missing = missing_inputs(run.settings, connection)
    run.progress(f"running {len(run.catalog.checks)} checks")
    blocked = Blocked(run.missing, run.intake.unusable)
    run.checks = tuple(run_checks(connection, run.catalog, blocked, sample_size=run.settings.sample_size))


def weigh(run: AuditRun) -> None:
    """Let the team's policy tell what counts."""
    policy = run.settings.policy
    today = run.started_at.astimezone(UTC).date()
    run.checks, run.acceptances = apply_policy(
        run.warehouse.connection, run.checks, policy, today, run.settings.sample_size
    )
    months = measure_months(run.warehouse.connection) if policy.coverage_by_month else []
    run.coverage_gates = (
        *judge_coverage(run.coverage, policy.coverage),
        *judge_months(months, policy.coverage_by_month),
    )


def judge(run: AuditRun) -> None:
    """Let Great Expectations give the verdict of each check."""
    run.progress("judging")
    assert run.judge is not None, "it began to load first of all"
    # All checks have run: what DuckDB has in memory is not needed beside what Great Expectations takes. On a full disk
    # the report meets the same error and tells it together with the verdict.
    with suppress(duckdb.Error):
        run.warehouse.release()
    run.checks = run.judge.judge(run.checks)


def conclude(run: AuditRun) -> None:
    """Put the result together."""
    settings, inputs = run.settings, run.intake.inputs
    incomplete = reasons_incomplete(settings, run.missing, inputs, run.checks)
    checks = tuple(sorted((*run.checks, *map(_left_out, run.left_out)), key=_place))
    partial_audit = describe_partial(settings, len(run.left_out), len(checks))
    run.result = AuditResult(
        run_id=run.run_id,
        verdict=decide(run.checks, settings.fail_on, incomplete, run.coverage_gates),
        gate=settings.fail_on.value,
        started_at=_iso(run.started_at),
        finished_at=_iso(run.clock()),
        inputs=inputs,
        checks=checks,
        coverage=run.coverage,
        versions=_versions(run.intake.sqlite_version),
        not_looked_at=(
            *incomplete,
            *([f"this is a partial audit: {partial_audit}"] if partial_audit else []),
            *describe_skipped(run.missing, run.catalog, run.checks),
            *([run.intake.uncompared] if run.intake.uncompared else []),
            *run.intake.unread,
            *([run.unstated] if run.unstated else []),
        ),
        partial=partial_audit,
        coverage_gates=run.coverage_gates,
        changes=run.changes,
        acceptances=run.acceptances,
        notes=tuple(describe_notes(settings, inputs, run.acceptances)),
        configuration=str(settings.configuration or ""),
    )


def _left_out(each: Check | BrokenCheck) -> CheckResult:
    result = errored_file(each) if isinstance(each, BrokenCheck) else blank_result(each)
    return replace(result, status=Status.SKIPPED, error="", skip_reason=NOT_SELECTED)


def _place(result: CheckResult) -> tuple[bool, str, str]:
    """In the order of the catalogue: by suite and name, files that cannot be read last."""
    return (not result.sql, result.suite, result.check)


def report(run: AuditRun) -> None:
    """Write the folder of the run, its certificate last."""
    settings, result, hashing = run.settings, run.result, run.hashing
    if settings.out_dir is None or result is None or hashing is None:
        return
    run.progress("writing the report")
    certified = hashing.finish(run.intake.inputs)
    files = {FINGERPRINTS_FILE: run.fingerprints} if run.fingerprints else {}
    try:
        run.warehouse.release()
        files[FINDINGS_PARQUET] = write_findings_parquet(run.warehouse)
        run_folder.write_run(
            result,
            settings.out_dir,
            sorted_findings(run.warehouse.connection),
            files,
            seal=partial(write_certificate, result, certified),
            permissions=settings.permissions,
        )
    except duckdb.Error as error:
        # Most often the disk is full; the verdict is known by now and must not be lost with it.
        raise run_folder.RunWriteError(result, settings.out_dir / run.run_id, str(error).splitlines()[0]) from error


def _iso(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _versions(sqlite_version: str) -> dict[str, str]:
    return {
        "turntruth": version("turntruth"),
        "python": platform.python_version(),
        "sqlite": sqlite_version,
        "duckdb": version("duckdb"),
        "great_expectations": version("great-expectations"),
    }


STEPS: tuple[Callable[[AuditRun], None], ...] = (
    prepare,
    load_judge,
    stage,
    stage_witnesses,
    check,
    weigh,
    judge,
    conclude,
    report,
)
"""The audit, in order; each step reads and fills the one ``AuditRun``."""
