"""The unit: what one file says, without Great Expectations and without a report.

A single audit is the unit, judged and reported. A fleet takes the unit of each of its files and judges all of them
together.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from audit.checks.findings_parquet import write_findings_parquet
from audit.pipeline.conclusion import conclude
from audit.pipeline.context import AuditContext
from audit.pipeline.measurement import Judged, Weighed, chronicle, measure, trace, weigh
from audit.pipeline.plan import Plan, choose_checks, plan
from audit.pipeline.run import StagedFiles, errors_of_duckdb, stage_files, stage_references, take_steps, utc_now
from audit.pipeline.settings import AuditSettings
from audit.pipeline.sqlite_queries import translate
from audit.pipeline.turn_keys import write_turn_keys
from audit.results.records import AuditResult
from audit.staging.kept.kept_engine import KeptEngine
from audit.staging.native_tables import create_empty


@dataclass(frozen=True, slots=True)
class KeptKeys:
    """That the keys of turns lie in the folder of the warehouse."""


def keep_keys(audit: AuditContext, plan: Plan, files: StagedFiles) -> KeptKeys:
    """Keep what other files may know of the same turns, while files can still be written."""
    write_turn_keys(audit.warehouse.connection, audit.warehouse.folder)
    return KeptKeys()


def not_judged(weighed: Weighed) -> Judged:
    """The outcomes with the status that the count of rows gives them; whoever has all files judges them together."""
    return Judged(weighed.checks)


UNIT_STEPS = (
    plan,
    stage_files,
    keep_keys,
    stage_references,
    measure,
    weigh,
    trace,
    chronicle,
    translate,
    not_judged,
    conclude,
)
"""The steps of a single audit without those that judge, redact and report."""


class UnitRunner:
    """Takes the unit of many files, one after the other, with the same settings; a context manager.

    Parameters
    ----------
    settings
        Those of every file; its paths do not count, and nothing is reported.
    clock
        Tells the time, with its zone.

    Examples
    --------
    >>> from dataclasses import replace
    >>> from pathlib import Path
    >>> from audit.pipeline.settings import AuditSettings
    >>> settings = AuditSettings(Path("turns.db"))
    >>> with UnitRunner(settings) as runner:
    ...     result = runner.run(replace(settings, timeline=Path("timeline.db")), Path("kept"))
    >>> [check.check for check in result.checks if check.findings and check.severity == "critical"]
    []
    """

    def __init__(self, settings: AuditSettings, clock: Callable[[], datetime] = utc_now) -> None:
        self._settings = settings
        self._clock = clock

    def __enter__(self) -> Self:
        self._chosen = choose_checks(self._settings)
        demand = self._chosen.demand
        self._engine = KeptEngine(
            lambda connection: create_empty(connection, demand), memory_bytes=self._settings.memory_bytes
        )
        self._engine.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._engine.__exit__(kind, error, trace)

    def run(self, settings: AuditSettings, into: Path) -> AuditResult:
        """What the files of ``settings`` say, not judged.

        ``into`` is a folder that gets ``turn_keys.parquet``, ``conversation_keys.parquet`` and, if there are findings,
        ``findings.parquet``.

        Raises
        ------
        InputFileError
            A file cannot be read, or not in its role.
        """
        with ExitStack() as stack:
            warehouse = stack.enter_context(self._engine.warehouse())
            audit = AuditContext(settings, warehouse, lambda _: None, stack, self._clock, self._clock())
            stack.enter_context(errors_of_duckdb(settings))
            result: AuditResult = take_steps(UNIT_STEPS, audit, self._chosen)[AuditResult]
            if any(check.findings for check in result.checks):
                warehouse.release()
                write_findings_parquet(warehouse)
            for path in sorted(warehouse.folder.glob("*.parquet")):
                path.replace(into / path.name)
        return result
