"""What a question of the runtime history has to read of the files, and no more; it is read when it is first needed.

The audit's own views work on what is read; documented ones over them are all that a user's SQL sees by a bare name.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from audit.errors import DamagedFileError, FileInMotionError, UsageError
from audit.history.order_staging import stage_order
from audit.history.views import EVIDENCE_VIEWS, ORDER_VIEWS, ROLE_OF_VIEW, documented_view
from audit.policy.coverage import measure_coverage
from audit.results.records import Coverage
from audit.staging.access import Signature
from audit.staging.demand.demand import demand_of
from audit.staging.memory_limit import within_memory
from audit.staging.native_tables import create_tables, create_views, stage
from audit.staging.scan_errors import reading
from audit.staging.shape import require_shape
from audit.staging.warehouse import Warehouse, quote_literal

if TYPE_CHECKING:
    import duckdb

_ATTEMPTS = 3
_TAKER = "RuntimeHistory"
"""Who can be told to let DuckDB use more memory."""
_STAGED = "staged"
"""The schema of what is read, so that the documented views alone have bare names."""


@dataclass(frozen=True, slots=True)
class Reading:
    """One way to read the files.

    Attributes
    ----------
    roles
        The files that it needs.
    reads
        Views of the audit, which say what is staged.
    views
        The documented views that it can answer.
    """

    roles: tuple[str, ...]
    reads: tuple[str, ...]
    views: tuple[str, ...]


ORDER = Reading(("turns",), ("turn_order", "runtime_segments"), ORDER_VIEWS)
"""The turns in their order, without their metadata: what most questions are about."""

_EVIDENCE_READS = ("turn_evidence", "coverage", *ORDER.reads)
_READS_OF_VIEW = {"pointers": "pointers", "changes": "baseline_turns"}
_ROLE_WORDS = {"timeline": "conversation file", "baseline": "file from before the migration"}


class InputNotGivenError(UsageError):
    """The question is about a file that was not given."""

    def __init__(self, view: str, role: str) -> None:
        super().__init__(f"{view} needs the {_ROLE_WORDS[role]}. Give it as {role}=…, or --{role} FILE")


class ChangedFileError(UsageError):
    """A file was written to between two questions that need different parts of it."""

    def __init__(self, path: Path) -> None:
        super().__init__(f"{path}: it was written to since it was opened, so that answers would not fit. Open it again")


def reading_for(wanted: Iterable[str], given: Iterable[str]) -> Reading:
    """The smallest reading that answers about these views, from the files that were given.

    Raises
    ------
    InputNotGivenError
        A view needs a file that was not.
    """
    wanted, given = set(wanted), set(given)
    for view in wanted & set(ROLE_OF_VIEW):
        if ROLE_OF_VIEW[view] not in given:
            raise InputNotGivenError(view, ROLE_OF_VIEW[view])
    further = wanted - set(ORDER_VIEWS)
    if not further:
        return ORDER
    if len(further) == 1 and further <= set(ROLE_OF_VIEW):
        return _with_files(ORDER, further)
    evidence = Reading(("turns",), _EVIDENCE_READS, (*ORDER_VIEWS, *EVIDENCE_VIEWS))
    return _with_files(evidence, {view for view, role in ROLE_OF_VIEW.items() if role in given})


def _with_files(reads: Reading, views: set[str]) -> Reading:
    """The same with what further files tell."""
    added = sorted(views)
    return Reading(
        (*reads.roles, *(ROLE_OF_VIEW[view] for view in added)),
        (*reads.reads, *(_READS_OF_VIEW[view] for view in added)),
        (*reads.views, *added),
    )


@dataclass(frozen=True, slots=True)
class Staged:
    """What was read: the state of each file, and how much is known, which only evidence tells."""

    states: Mapping[str, Signature]
    coverage: Coverage | None


def stage_reading(
    warehouse: Warehouse, reads: Reading, paths: Mapping[str, Path], earlier: Mapping[str, Signature]
) -> Staged:
    """Read the files, each in one state, and lock the warehouse.

    Parameters
    ----------
    earlier
        The states that other questions were answered from.

    Raises
    ------
    ChangedFileError
        A file is not in that state any more.
    FileInMotionError
        It was written to while it was read, each time.
    DamagedFileError
        A table could not be read to its end.
    """
    for _ in range(_ATTEMPTS):
        states = _attach(warehouse, reads, paths)
        if changed := [role for role, state in states.items() if earlier.get(role, state) != state]:
            raise ChangedFileError(paths[changed[0]])
        _stage(warehouse, reads, paths)
        warehouse.detach()
        if warehouse.is_consistent():
            with within_memory(warehouse.memory_bytes, _TAKER):
                known = _view(warehouse, reads)
            warehouse.lock()
            return Staged(states, known)
        warehouse.reset()
    raise FileInMotionError(paths["turns"], _ATTEMPTS)


def _attach(warehouse: Warehouse, reads: Reading, paths: Mapping[str, Path]) -> dict[str, Signature]:
    states = {}
    for role in reads.roles:
        states[role] = warehouse.attach(role, paths[role]).signature
        require_shape(role, paths[role], warehouse.tables(role))
    return states


def _stage(warehouse: Warehouse, reads: Reading, paths: Mapping[str, Path]) -> None:
    connection = warehouse.connection
    connection.execute(f"CREATE SCHEMA {_STAGED}")
    connection.execute(f"SET schema = '{_STAGED}'")
    create_tables(connection)
    with within_memory(warehouse.memory_bytes, _TAKER), reading(paths["turns"]), warehouse.snapshot():
        if reads == ORDER:
            # SQLite reads on one core anyway; more of them would hold more memory and spend time on each other.
            connection.execute("SET threads = 1")
            stage_order(connection)
        else:
            for role in reads.roles:
                stage(connection, role, block_hashes=False, demand=demand_of(reads.reads))
    unread = connection.execute("SELECT role, table_name, problem FROM unreadable_tables LIMIT 1").fetchone()
    if unread is not None:
        role, table, problem = unread
        raise DamagedFileError(
            paths[role], f"the table {table} cannot be read to its end ({problem})", "Run `turntruth doctor` on it"
        )


def _view(warehouse: Warehouse, reads: Reading) -> Coverage | None:
    """Create all views, and measure what is known where evidence tells.

    Each step has an instance of its own: together they would hold more memory than the largest of them does.
    """
    _begin_step(warehouse, reads)
    create_views(warehouse.connection, demand_of(reads.reads))
    known = measure_coverage(warehouse.connection) if set(_EVIDENCE_READS) <= set(reads.reads) else None
    _begin_step(warehouse, reads)
    _create_documented(warehouse.connection, reads)
    return known


def _begin_step(warehouse: Warehouse, reads: Reading) -> None:
    warehouse.renew()
    warehouse.connection.execute(f"SET schema = '{_STAGED}'")
    # What is computed here is read by every question: compressed, each of them holds tens of megabytes less.
    warehouse.connection.execute("SET force_compression = 'auto'")
    if reads == ORDER:
        warehouse.connection.execute("SET threads = 1")


def _create_documented(connection: duckdb.DuckDBPyConnection, reads: Reading) -> None:
    """Keep what the documented views read as tables, since a view cannot name what lies in another schema's view."""
    connection.execute("CREATE TABLE segments AS SELECT * FROM runtime_segments")
    connection.execute(
        "CREATE MACRO moment(ms) AS CASE WHEN ms BETWEEN -62135596800000 AND 253402300799999"
        " THEN make_timestamp_ms(ms) END"
    )
    for view in map(documented_view, reads.views):
        connection.execute(view.definition)
        connection.execute(f"COMMENT ON VIEW main.{view.name} IS {quote_literal(view.comment)}")
        for column, text in view.columns.items():
            connection.execute(f"COMMENT ON COLUMN main.{view.name}.{column} IS {quote_literal(text)}")
