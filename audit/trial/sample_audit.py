"""The audit of a sample: the files are staged and the checks run as in any audit, and nobody judges or reports."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import apsw
import duckdb

from audit.checks.catalog import Catalog
from audit.checks.check import Check
from audit.checks.runner import Blocked, create_findings, run_checks
from audit.pipeline.inputs import stage_inputs
from audit.pipeline.settings import AuditSettings
from audit.results.records import CheckResult, Status
from audit.staging.demand.demand import demand_of
from audit.staging.native_tables import FILE_NEEDS, create_views
from audit.staging.warehouse import Warehouse
from audit.trial.damage import Identity
from audit.trial.sample import SHAPE, path_of

SAMPLE_SIZE = 20
_BASELINE_NEEDS = frozenset({"baseline", "baseline_turns"})


@dataclass(frozen=True, slots=True)
class SampleAudit:
    """What the checks said of one state of the sample; ``named`` has the identities that one of them named."""

    results: Mapping[str, CheckResult]
    named: tuple[Identity, ...]

    def failed(self) -> frozenset[str]:
        """Names of the checks that found something, or could not be run."""
        return frozenset(
            name for name, result in self.results.items() if result.status in {Status.FAILED, Status.ERRORED}
        )


def inputs_for(check: Check) -> frozenset[str]:
    """What is given to an audit for the sake of this check: both files, and what it needs besides."""
    needs = set(check.needs)
    return frozenset({"turns", "timeline", *needs} | ({"baseline"} if needs & _BASELINE_NEEDS else set()))


def audit_sample(folder: Path, clean: Path, given: frozenset[str], checks: Iterable[Check], of: Check) -> SampleAudit:
    """Run those of the checks whose needs are met on the sample in ``folder``.

    Parameters
    ----------
    clean
        The sample before any damage: of it an earlier audit and a debug API tell, where they are given.
    of
        The check whose identities are wanted.

    Raises
    ------
    AuditError
        The files are damaged in such a way that no audit can take them in.
    """
    run = tuple(check for check in checks if set(check.needs) <= given | set(FILE_NEEDS))
    said = _Answers.read(clean) if {"against", "api"} & given else None
    demand = demand_of([text for check in run for text in (check.sql, check.scans)])
    baseline = path_of(folder, "baseline") if "baseline" in given else None
    settings = AuditSettings(path_of(folder, "turns"), timeline=path_of(folder, "timeline"), baseline=baseline)
    slugs = SHAPE.runtimes if "registry" in given else ()
    with Warehouse() as warehouse:
        stage_inputs(warehouse, settings, slugs, lambda _: None, demand)
        if said is not None:
            said.stage(warehouse.connection, given)
        warehouse.lock()
        create_views(warehouse.connection, demand)
        create_findings(warehouse.connection)
        outcomes = run_checks(warehouse.connection, Catalog(run), Blocked(), sample_size=SAMPLE_SIZE)
        results = {result.check: result for result in outcomes}
        is_run = of.name in results and results[of.name].status is not Status.ERRORED
        return SampleAudit(results, tuple(_identities(warehouse.connection, of)) if is_run else ())


def _identities(connection: duckdb.DuckDBPyConnection, check: Check) -> Iterator[Identity]:
    offending = connection.execute(check.sql)
    columns = [description[0] for description in offending.description or ()]
    for row in offending.fetchall():
        cells = dict(zip(columns, row, strict=True))
        yield {column: str(cells[column]) for column in check.identity}


@dataclass(frozen=True, slots=True)
class _Answers:
    """What an earlier audit of the clean sample, and a debug API over it, say."""

    turns: list[tuple[object, ...]]
    snapshots: list[tuple[object, ...]]
    conversations: list[tuple[object, ...]]

    @classmethod
    def read(cls, clean: Path) -> _Answers:
        turns = "SELECT conv_id, session_id, turn_id, runtime_key, inference_id, turn_created_at_ms FROM turns"
        snapshots = (
            "SELECT DISTINCT conv_id, conv_id, session_id, turn_id, coalesce(phase, ''),"
            " coalesce(snapshot_created_at_ms, updated_at_ms), runtime_key, inference_id, false"
            " FROM turns LEFT JOIN turn_block_membership USING (conv_id, session_id, turn_id)"
        )
        conversations = (
            "SELECT conv_id, session_id, runtime_key, 'persisted', last_activity_ms, false FROM timeline_conversations"
        )
        files = {"turns": (turns, snapshots), "timeline": (conversations,)}
        found: list[list[tuple[object, ...]]] = []
        for role, queries in files.items():
            flags = apsw.SQLITE_OPEN_READONLY
            with closing(apsw.Connection(str(path_of(clean, role)), flags=flags)) as connection:
                found += [connection.execute(query).fetchall() for query in queries]
        return cls(*found)

    def stage(self, connection: duckdb.DuckDBPyConnection, given: frozenset[str]) -> None:
        if "against" in given:
            connection.executemany("INSERT INTO earlier_turns VALUES (?, ?, ?, ?, ?, ?)", self.turns)
        if "api" in given:
            connection.executemany("INSERT INTO api_snapshots VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", self.snapshots)
            connection.executemany("INSERT INTO api_conversations VALUES (?, ?, ?, ?, ?, ?)", self.conversations)
            connection.execute("INSERT INTO api_facts VALUES (false)")
