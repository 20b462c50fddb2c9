"""One audit from settings to result: the steps of :data:`STEPS`, in that order."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cache, partial
from pathlib import Path
from typing import Any, get_type_hints

import duckdb

from audit.certificates.certificate import ContentHashing, write_certificate
from audit.checks.findings_parquet import FINDINGS_PARQUET, write_findings_parquet
from audit.checks.runner import sorted_findings
from audit.errors import MemoryLimitError
from audit.great_expectations.loading import begin_loading
from audit.great_expectations.validation_process import Judge
from audit.pipeline.conclusion import conclude
from audit.pipeline.context import AuditContext, Progress
from audit.pipeline.inputs import StagedInputs, stage_inputs
from audit.pipeline.measurement import chronicle, judge, measure, trace, weigh
from audit.pipeline.plan import Plan, choose, plan
from audit.pipeline.settings import AuditSettings
from audit.pipeline.sqlite_queries import translate
from audit.references.fingerprints import EARLIER, FINGERPRINTS_FILE, stage_earlier, write_fingerprints
from audit.report import run_folder
from audit.results.records import AuditResult, InputFile
from audit.staging.warehouse import Warehouse

Step = Callable[..., Any]
"""Its parameters, by their types, are the context and results of steps before it; it returns its own, or nothing."""


def utc_now() -> datetime:
    """The present moment."""
    return datetime.now(UTC)


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
        audit = AuditContext(settings, warehouse, progress or (lambda _: None), stack, clock, clock(), judge)
        stack.enter_context(errors_of_duckdb(settings))
        told: Told = take_steps(STEPS, audit)[Told]
        return told.result


def take_steps(steps: Iterable[Step], audit: AuditContext, *known: object) -> dict[type, Any]:
    """Take the steps of an audit in their order; returns what each of them found, by its type.

    ``known`` is what steps would find that were taken before.
    """
    results: dict[type, Any] = {type(each): each for each in (audit, *known)}
    for step in steps:
        found = step(**{name: results[kind] for name, kind in _wanted(step).items()})
        results[type(found)] = found
    return results


@cache
def _wanted(step: Step) -> dict[str, type]:
    """The types of what a step reads, by the names of its parameters."""
    return {name: kind for name, kind in get_type_hints(step).items() if name != "return"}


@contextmanager
def errors_of_duckdb(settings: AuditSettings) -> Iterator[None]:
    """Ctrl-C during a query, which DuckDB tells as an error of its own, is Ctrl-C again."""
    try:
        yield
    except duckdb.OutOfMemoryException as error:
        raise MemoryLimitError(settings.memory_bytes) from error
    except RuntimeError as error:
        if type(error) is RuntimeError and str(error) == "Query interrupted":
            raise KeyboardInterrupt from error
        raise


@dataclass(frozen=True, slots=True)
class StagedFiles:
    """The files that were let go of, and what is made of them beside the checks where a report is written."""

    inputs: StagedInputs
    hashing: ContentHashing | None = None
    fingerprints: Path | None = None


def load_judge(audit: AuditContext) -> Judge:
    """Begin to load Great Expectations beside all other work."""
    return begin_loading(audit.settings.database_paths.values(), audit.stack, audit.judge)


def stage_files(audit: AuditContext, plan: Plan) -> StagedFiles:
    """Read the input files once and let go of them."""
    warehouse = audit.warehouse
    inputs = stage_inputs(warehouse, audit.settings, plan.slugs, audit.progress, plan.demand)
    if audit.settings.out_dir is None and not audit.settings.redact:
        return StagedFiles(inputs)
    # Now, because before it would take time from the comparison with the baseline; the checks leave a core to it.
    hashing = ContentHashing(warehouse.accesses, warehouse.folder, audit.stack)
    return StagedFiles(inputs, hashing, write_fingerprints(warehouse.connection, warehouse.folder))


def stage_references(audit: AuditContext, plan: Plan, files: StagedFiles) -> StagedInputs:
    """Take in what others say of the same turns beside the files: an earlier audit, and a debug API."""
    settings, warehouse, staged = audit.settings, audit.warehouse, files.inputs
    if plan.registry is not None:
        staged = _with_input(staged, plan.registry, {})
    if settings.against is not None:
        earlier, problem = stage_earlier(warehouse.connection, settings.against)
        staged = _with_input(staged, earlier, {EARLIER: problem} if problem else {})
    if settings.api:
        from audit.references.api_comparison import stage_api  # noqa: PLC0415  # httpx costs every other audit 0.1 s

        staged = _with_input(staged, *stage_api(warehouse, settings.api, settings.api_token, audit.progress))
    return staged


def _with_input(staged: StagedInputs, entry: InputFile, unusable: Mapping[str, str]) -> StagedInputs:
    return replace(staged, inputs=(*staged.inputs, entry), unusable={**staged.unusable, **unusable})


@dataclass(frozen=True, slots=True)
class Told:
    """The result as it is written and returned."""

    result: AuditResult


def redact_result(audit: AuditContext, files: StagedFiles, result: AuditResult) -> Told:
    """Replace who and what was audited, where that was asked for."""
    if not audit.settings.redact:
        return Told(result)
    from audit.redaction.redacted_run import redact  # noqa: PLC0415  # most audits do without

    assert files.fingerprints is not None, "they are kept where something is redacted"
    audit.progress("redacting")
    audit.warehouse.release()
    redacted = redact(audit.warehouse, result, files.fingerprints, audit.settings.redaction_key)
    redacted.fingerprints.replace(files.fingerprints)
    return Told(redacted.result)


def write_report(audit: AuditContext, files: StagedFiles, staged: StagedInputs, told: Told) -> None:
    """Write the folder of the run, its certificate last."""
    settings, warehouse, result = audit.settings, audit.warehouse, told.result
    if settings.out_dir is None or files.hashing is None:
        return
    audit.progress("writing the report")
    certified = files.hashing.finish(staged.inputs)
    if settings.redact:
        from audit.redaction.redacted_run import redacted_certificates  # noqa: PLC0415  # as above

        certified = redacted_certificates(certified, result)
    written = {FINGERPRINTS_FILE: files.fingerprints} if files.fingerprints else {}
    try:
        warehouse.release()
        written[FINDINGS_PARQUET] = write_findings_parquet(warehouse)
        run_folder.write_run(
            result,
            settings.out_dir,
            sorted_findings(warehouse.connection),
            written,
            seal=partial(write_certificate, result, certified),
            permissions=settings.permissions,
        )
    except duckdb.Error as error:
        # Most often the disk is full; the verdict is known by now and must not be lost with it.
        raise run_folder.RunWriteError(result, settings.out_dir / result.run_id, str(error).splitlines()[0]) from error


STEPS: tuple[Step, ...] = (
    choose,
    plan,
    load_judge,
    stage_files,
    stage_references,
    measure,
    weigh,
    trace,
    chronicle,
    translate,
    judge,
    conclude,
    redact_result,
    write_report,
)
"""The audit, in order; what a step reads are its parameters, and no step changes what another one found."""
