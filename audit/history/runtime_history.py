"""Answers about the runtime history of a turns file: who produced a turn, and when a conversation switched.

The answers are those of the audit's own views, read from one consistent state of the file. An unknown runtime stays
unknown (``''``) in every answer; nothing is inferred from neighbours.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from enum import StrEnum
from importlib.resources import files
from pathlib import Path
from types import TracebackType
from typing import Self

import duckdb

from audit.errors import UsageError
from audit.files.private_folder import PrivateFolder
from audit.history.answer import Answer, ClosedHistoryError
from audit.history.cache import FileState, keep_copy, open_copy, state_of
from audit.history.query import checked_query
from audit.history.staged_reading import ORDER, Reading, reading_for, stage_reading
from audit.history.views import views_named
from audit.processes.address_space import DEFAULT_MEMORY_BYTES
from audit.results.records import Coverage
from audit.staging.access import Route, Signature, signature_of
from audit.staging.warehouse import DATABASE, Warehouse


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


class Period(StrEnum):
    """How long the periods are that turns are counted by, in UTC."""

    HOUR = "hour"
    DAY = "day"
    MONTH = "month"


class RuntimeHistory:
    """The runtime history of one turns file, as it was when it was opened.

    Use it as a context manager, or call :meth:`close`. Each file is read for what is asked, in one state of it, and let
    go of; it may not be open elsewhere in this process.

    Parameters
    ----------
    turns
        The turn database.
    timeline
        Its conversation file, for what conversations point to.
    baseline
        The file from before its migration, for what that changed.
    cache
        Keep what was read of the turns in the user's cache folder, and take it from there while the file is unchanged.
    memory_bytes
        What DuckDB may hold in memory; most of what goes beyond that it puts on disk.

    Raises
    ------
    InputFileError
        The file is missing, unreadable, or not of a shape that has turns.
    MemoryLimitError
        Single cells of it, or its ids together, are too large for that memory.

    Examples
    --------
    >>> with RuntimeHistory("turns.db") as history:
    ...     switch = history.switches()[0]
    ...     switch.from_runtime != switch.to_runtime
    True
    """

    def __init__(
        self,
        turns: Path | str,
        timeline: Path | str | None = None,
        baseline: Path | str | None = None,
        *,
        cache: bool = True,
        memory_bytes: int = DEFAULT_MEMORY_BYTES,
    ) -> None:
        given = {"turns": turns, "timeline": timeline, "baseline": baseline}
        self.paths = {role: Path(path) for role, path in given.items() if path is not None}
        self.path = self.paths["turns"]
        self._memory_bytes = memory_bytes
        self._stack = ExitStack()
        self._connections: dict[Reading, duckdb.DuckDBPyConnection] = {}
        self._states: dict[str, Signature] = {}
        self._coverage: Coverage | None = None
        self._is_open = True
        self._open(cache=cache)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Drop the private copy of what was read; answers that were not taken out of it are gone."""
        self._is_open = False
        self._connections.clear()
        self._stack.close()

    def turns(self, conv_id: str | None = None) -> Answer:
        """The turns of a conversation in their order, or all of them.

        Raises
        ------
        UnknownConversationError
            The conversation has no turns here.
        """
        return self._of_conversation("turns", conv_id, "conv_id, place")

    def find_turn(self, turn_id: str, conv_id: str = "") -> Answer:
        """Which runtime produced this turn, and how that is known; several rows where conversations share the id."""
        return self._ask(
            "FROM evidence WHERE turn_id = $turn AND ($conversation = '' OR conv_id = $conversation)"
            " ORDER BY conv_id, place",
            turn=turn_id,
            conversation=conv_id,
        )

    def find_inference(self, inference_id: str) -> Answer:
        """The turns that an inference produced: one, unless two claim it."""
        return self._ask("FROM turns WHERE inference_id = $inference ORDER BY conv_id, place", inference=inference_id)

    def turns_using(self, runtime_key: str) -> Answer:
        """The turns that a runtime produced, in order; those of which nobody knows for ``''``."""
        return self._ask("FROM turns WHERE runtime_key = $runtime ORDER BY conv_id, place", runtime=runtime_key)

    def segments(self, conv_id: str | None = None) -> Answer:
        """The runs of one runtime in a conversation, in order, or in all of them; the same error as :meth:`turns`."""
        return self._of_conversation("segments", conv_id, "conv_id, segment")

    def switches(self, conv_id: str | None = None) -> Answer:
        """Each move from one known runtime to another, in a conversation or in all; the same error as :meth:`turns`."""
        return self._of_conversation("switches", conv_id, "conv_id, place")

    def runtimes(self) -> Answer:
        """Every runtime of the file with its use, the most used first; ``''`` stands for the unknown turns."""
        return self._ask("FROM runtimes ORDER BY turns DESC, runtime_key")

    def conversations_using(self, runtime_key: str) -> Answer:
        """Which conversations ever used a runtime, the one with the most turns of it first."""
        return self._ask(
            "FROM conversation_runtimes WHERE runtime_key = $runtime ORDER BY turns DESC, conv_id", runtime=runtime_key
        )

    def shares(self, period: str = Period.DAY) -> Answer:
        """How the turns of each hour, day or month (UTC) divide among runtimes; turns without a time are left out.

        Raises
        ------
        ValueError
            There is no such period.
        """
        query = files("audit.history").joinpath("queries", "shares.sql").read_text(encoding="utf-8")
        return self._ask(query, period=Period(period).value)

    def pointers(self, *, all_of_them: bool = False) -> Answer:
        """The conversations whose record points to another runtime than their last known turn has, or all of them.

        Raises
        ------
        InputNotGivenError
            The conversation file was not given.
        """
        return self._ask("FROM pointers WHERE disagrees OR $every ORDER BY conv_id", every=all_of_them)

    def evidence(self, conv_id: str | None = None) -> Answer:
        """What the metadata of each turn says beside its values, in a conversation or in all of them.

        This reads all metadata of the file, once, which takes several times as long as its turns.
        """
        return self._of_conversation("evidence", conv_id, "conv_id, place")

    def changes(self) -> Answer:
        """The turns of which another runtime or inference is known than in the file from before the migration.

        Raises
        ------
        InputNotGivenError
            The file from before was not given.
        """
        return self._ask("FROM changes WHERE state <> 'same' ORDER BY conv_id, session_id, turn_id")

    def coverage_by_month(self) -> Answer:
        """How many turns of each month (UTC) are known; NULL for turns without a time."""
        return self._ask("FROM coverage_by_month")

    def coverage_by_conversation(self) -> Answer:
        """How many turns of each conversation are known, the least known first."""
        return self._ask("FROM coverage_by_conversation")

    def coverage(self) -> Coverage:
        """How much of the history is known in all, by evidence, month and conversation, as an audit tells it."""
        self._connection_of(reading_for({"evidence"}, self.paths))
        assert self._coverage is not None, "who reads the evidence measures it"
        return self._coverage

    def sql(self, query: str, parameters: Mapping[str, object] | None = None, **frames: object) -> Answer:
        """The answer to a query over the documented views, and over frames of your own under the names you give.

        Parameters
        ----------
        parameters
            Values for ``$name`` in the query.

        Raises
        ------
        QueryError
            It is no single query that only reads, or it does not work.

        Examples
        --------
        >>> with RuntimeHistory("turns.db") as history:
        ...     answer = history.sql("SELECT count(*) AS turns FROM turns WHERE runtime_key <> $known", {"known": ""})
        ...     answer[0].turns > 0
        True
        """
        connection = self._connection_of(reading_for(views_named(query), self.paths))
        return Answer(checked_query(connection, query, parameters or {}, frames), self._require_open)

    def _ask(self, query: str, **parameters: object) -> Answer:
        return self.sql(query, parameters)

    def _of_conversation(self, view: str, conv_id: str | None, order: str) -> Answer:
        if conv_id is None:
            return self._ask(f"FROM {view} ORDER BY {order}")
        (found, conversations), *_ = self._ask(
            "SELECT count(*) FILTER (conv_id = $conversation), count(DISTINCT conv_id) FROM turns", conversation=conv_id
        )
        if not found:
            raise UnknownConversationError(self.path, conv_id, conversations)
        return self._ask(f"FROM {view} WHERE conv_id = $conversation ORDER BY {order}", conversation=conv_id)

    def _require_open(self) -> None:
        if not self._is_open:
            raise ClosedHistoryError

    def _connection_of(self, reads: Reading) -> duckdb.DuckDBPyConnection:
        """The connection to what that reading has read; the files are read when it is first asked for."""
        self._require_open()
        if reads not in self._connections:
            self._stage(reads)
        return self._connections[reads]

    def _stage(self, reads: Reading) -> Warehouse:
        with ExitStack() as stack:
            warehouse = stack.enter_context(Warehouse(memory_bytes=self._memory_bytes))
            staged = stage_reading(warehouse, reads, self.paths, self._states)
            self._states |= staged.states
            self._coverage = staged.coverage or self._coverage
            self._connections[reads] = warehouse.connection
            self._stack.push(stack.pop_all())
        return warehouse

    def _open(self, *, cache: bool) -> None:
        """Read the turns in their order, or take what was read of them before."""
        signature = signature_of(self.path)
        state = state_of(self.path) if cache else None
        if state is None or not state.is_settled:
            self._stage(ORDER)
        elif not self._take_copy(state, signature):
            warehouse = self._stage(ORDER)
            access = warehouse.accesses["turns"]
            if linked := access.route is Route.LINK:
                access.reached_at.unlink()  # now, since that moves the file's ctime once more
            now = state_of(self.path)
            if now is not None and (now == state or (linked and now.differs_by_links_alone(state))):
                keep_copy(now.key, warehouse.folder / DATABASE)

    def _take_copy(self, state: FileState, signature: Signature) -> bool:
        """Whether the turns were read before, in this state of the file, and are kept."""
        with ExitStack() as stack:
            connection = open_copy(state.key, stack.enter_context(PrivateFolder()), self._memory_bytes)
            if connection is None:
                return False
            stack.callback(connection.close)
            self._connections[ORDER] = connection
            self._states["turns"] = signature
            self._stack.push(stack.pop_all())
        return True
