"""Answers about the runtime history of a turns file: who produced a turn, and when a conversation switched.

The answers are those of the audit's own views, read from one consistent state of the file. An unknown runtime stays
unknown (``''``) in every answer; nothing is inferred from neighbours.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from audit.errors import FileInMotionError, UsageError

if TYPE_CHECKING:
    import duckdb

    from audit.results.records import Coverage
    from audit.staging.warehouse import Warehouse

_ATTEMPTS = 3
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

_TURNS = """
    FROM (
        SELECT e.conv_id, e.session_id, e.turn_id, place, e.created_ms, runtime_key, inference_id,
            evidence_runtime, runtime_kind, runtime_origin
        FROM turn_evidence e JOIN turn_order o
            ON o.turn_ref = e.turn_ref AND o.row_id IS NOT DISTINCT FROM e.row_id
    )
"""
"""A table without rowids has turns too, and a damaged creation time does not take a turn out of its conversation."""


class UnknownConversationError(UsageError):
    """The file has no turn of the conversation that was asked for."""

    def __init__(self, path: Path, conv_id: str, conversations: int) -> None:
        self.path = path
        self.conv_id = conv_id
        self.conversations = conversations
        super().__init__(
            f"{path}: no conversation {conv_id!r} among the {conversations:,} that have turns here. "
            "Ask without a conversation to see how they divide among runtimes.",
        )


@dataclass(frozen=True, slots=True)
class TurnRuntime:
    """What is known of one turn.

    Attributes
    ----------
    place
        Number of the turn in its conversation, from 1, across sessions.
    created_ms
        Creation time, epoch milliseconds; None where the cell holds no whole number.
    runtime_key, inference_id
        As stored; ``''`` is unknown.
    evidence, evidence_kind
        The runtime that the turn's metadata names, and how: text, map, profile, alias, or ``''`` for not at all.
    origin
        Who wrote ``runtime_key``: migration, live, or unknown.
    """

    conv_id: str
    session_id: str
    turn_id: str
    place: int
    created_ms: int | None
    runtime_key: str
    inference_id: str
    evidence: str
    evidence_kind: str
    origin: str

    @property
    def created_at(self) -> datetime | None:
        """Creation time in UTC; None where it is no time of the years 1 to 9999."""
        return moment_of(self.created_ms)


@dataclass(frozen=True, slots=True)
class RuntimeSegment:
    """An unbroken run of turns of one runtime; ``runtime_key`` is ``''`` for a run of unknown turns.

    ``first_place`` and ``last_place`` count from 1 within the conversation; times are epoch milliseconds.
    """

    conv_id: str
    segment: int
    runtime_key: str
    turns: int
    first_place: int
    last_place: int
    first_turn_id: str
    last_turn_id: str
    first_created_ms: int | None
    last_created_ms: int | None


@dataclass(frozen=True, slots=True)
class RuntimeSwitch:
    """The first turn that is known to have another runtime than the last known one before it.

    ``unknown_turns`` lie between the two: the switch itself may have happened at any of them.
    """

    conv_id: str
    from_runtime: str
    to_runtime: str
    turn_id: str
    place: int
    created_ms: int | None
    unknown_turns: int


@dataclass(frozen=True, slots=True)
class RuntimeUse:
    """How much one runtime was used, in a file or in one conversation; times are epoch milliseconds."""

    conv_id: str
    runtime_key: str
    turns: int
    conversations: int
    first_created_ms: int | None
    last_created_ms: int | None


class RuntimeHistory:
    """The runtime history of one turns file, as it was when it was opened.

    Use it as a context manager, or call :meth:`close`. The file is read once and let go of; it may not be open
    elsewhere in this process.

    Raises
    ------
    InputFileError
        The file is missing, unreadable, or not of a shape that has turns.
    MemoryLimitError
        Single cells of it are larger than the memory that is used.

    Examples
    --------
    >>> with RuntimeHistory("turns.db") as history:
    ...     switch = history.switches()[0]
    ...     switch.from_runtime != switch.to_runtime
    True
    """

    def __init__(self, path: Path | str) -> None:
        from audit.staging.native_tables import create_views  # noqa: PLC0415  # DuckDB is loaded with the first file, not before
        from audit.staging.warehouse import Warehouse  # noqa: PLC0415

        self.path = Path(path)
        with ExitStack() as stack:
            warehouse = stack.enter_context(Warehouse())
            _read_turns(warehouse, self.path)
            warehouse.lock()
            create_views(warehouse.connection)
            self.connection: duckdb.DuckDBPyConnection = warehouse.connection
            self._stack = stack.pop_all()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Drop the private copy of what was read."""
        self._stack.close()

    def find_turn(self, turn_id: str, conv_id: str = "") -> tuple[TurnRuntime, ...]:
        """Which runtime produced this turn; several where conversations share the id, none where nobody has it."""
        rows = self.connection.execute(
            f"{_TURNS} WHERE turn_id = $turn AND ($conversation = '' OR conv_id = $conversation)"
            " ORDER BY conv_id, place",
            {"turn": turn_id, "conversation": conv_id},
        ).fetchall()
        return tuple(TurnRuntime(*row) for row in rows)

    def turns(self, conv_id: str) -> tuple[TurnRuntime, ...]:
        """All turns of a conversation in their order.

        Raises
        ------
        UnknownConversationError
            It has no turns here.
        """
        rows = self.connection.execute(
            f"{_TURNS} WHERE conv_id = $conversation ORDER BY place", {"conversation": conv_id}
        ).fetchall()
        self._require(conv_id, rows)
        return tuple(TurnRuntime(*row) for row in rows)

    def segments(self, conv_id: str | None = None) -> tuple[RuntimeSegment, ...]:
        """The runs of one runtime in a conversation, in order, or in all of them; the same error as :meth:`turns`."""
        rows = self.connection.execute(
            "SELECT conv_id, segment, runtime_key, turns, first_place, last_place, first_turn_id, last_turn_id,"
            " first_created_ms, last_created_ms FROM runtime_segments"
            " WHERE $conversation IS NULL OR conv_id = $conversation ORDER BY conv_id, segment",
            {"conversation": conv_id},
        ).fetchall()
        if conv_id is not None:
            self._require(conv_id, rows)
        return tuple(RuntimeSegment(*row) for row in rows)

    def switches(self, conv_id: str | None = None) -> tuple[RuntimeSwitch, ...]:
        """Each move from one known runtime to another, in a conversation or in all; the same error as :meth:`turns`."""
        return tuple(switches_between(self.segments(conv_id)))

    def runtimes(self) -> tuple[RuntimeUse, ...]:
        """Every runtime of the file with its use, the most used first; ``''`` stands for the unknown turns."""
        return self._uses("SELECT '', runtime_key, count(*), count(DISTINCT conv_id)", "GROUP BY runtime_key")

    def conversations_using(self, runtime_key: str) -> tuple[RuntimeUse, ...]:
        """Which conversations ever used a runtime, the one with the most turns of it first."""
        return self._uses(
            "SELECT conv_id, runtime_key, count(*), 1",
            "WHERE runtime_key = $runtime GROUP BY conv_id, runtime_key",
            runtime=runtime_key,
        )

    def coverage(self) -> Coverage:
        """How much of the history is known, by evidence, month and conversation."""
        from audit.policy.coverage import measure_coverage  # noqa: PLC0415  # imported like the rest of the engine

        return measure_coverage(self.connection)

    def _uses(self, counts: str, grouping: str, **values: str) -> tuple[RuntimeUse, ...]:
        rows = self.connection.execute(
            f"{counts}, min(created_ms), max(created_ms) FROM turn_evidence {grouping} ORDER BY 3 DESC, 1, 2", values
        ).fetchall()
        return tuple(RuntimeUse(*row) for row in rows)

    def _require(self, conv_id: str, rows: list[tuple[object, ...]]) -> None:
        if rows:
            return
        counted = self.connection.execute("SELECT count(DISTINCT conv_id) FROM turn_evidence").fetchone()
        raise UnknownConversationError(self.path, conv_id, counted[0] if counted else 0)


def _read_turns(warehouse: Warehouse, path: Path) -> None:
    """Stage what the questions need, from one state of the file; a writer that comes in between means a new start."""
    from audit.staging.memory_limit import within_memory  # noqa: PLC0415
    from audit.staging.native_tables import create_tables, stage  # noqa: PLC0415
    from audit.staging.scan_errors import reading  # noqa: PLC0415
    from audit.staging.shape import require_shape  # noqa: PLC0415  # as above

    for _ in range(_ATTEMPTS):
        access = warehouse.attach("turns", path)
        require_shape("turns", path, warehouse.tables("turns"))
        create_tables(warehouse.connection)
        with within_memory(warehouse.memory_bytes), reading(path), warehouse.snapshot() as connection:
            stage(connection, "turns", block_hashes=False)
        warehouse.detach()
        if access.is_consistent():
            return
        warehouse.reset()
    raise FileInMotionError(path, _ATTEMPTS)


def switches_between(segments: Iterable[RuntimeSegment]) -> Iterator[RuntimeSwitch]:
    """The switches between segments that come conversation by conversation, each in its order."""
    before: RuntimeSegment | None = None
    for segment in segments:
        if not segment.runtime_key:
            continue
        if before and before.conv_id == segment.conv_id and before.runtime_key != segment.runtime_key:
            yield RuntimeSwitch(
                conv_id=segment.conv_id,
                from_runtime=before.runtime_key,
                to_runtime=segment.runtime_key,
                turn_id=segment.first_turn_id,
                place=segment.first_place,
                created_ms=segment.first_created_ms,
                unknown_turns=segment.first_place - before.last_place - 1,
            )
        before = segment


def moment_of(epoch_ms: int | None) -> datetime | None:
    """The time in UTC, exact to the millisecond; None for a number that is no time of the years 1 to 9999."""
    if epoch_ms is None:
        return None
    try:
        return _EPOCH + timedelta(milliseconds=epoch_ms)
    except OverflowError:
        return None
