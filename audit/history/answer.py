"""The answer to a question of the runtime history: a table that is computed when it is looked at."""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from html import escape
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb

from audit.errors import UsageError
from audit.history.views import views_told
from audit.report.visible import on_one_line, visible
from audit.staging.warehouse import quote_identifier, quote_literal

if TYPE_CHECKING:
    import pandas as pd

SHOWN_ROWS = 20
CELL_CHARACTERS = 200
ROWS_AT_ONCE = 10_000


class ClosedHistoryError(UsageError):
    """The history was closed, and what it had read is gone."""

    def __init__(self) -> None:
        super().__init__("this runtime history is closed. Open it again, and take what you need, as .df(), before")


class LibraryMissingError(UsageError):
    """What was asked for is an object of a library that is not installed."""

    def __init__(self, form: str, library: str, extra: str) -> None:
        super().__init__(f".{form}() needs {library}, which is not installed. Run `pip install 'turntruth[{extra}]'`")


class QueryError(UsageError):
    """The query is none, does not only read, or does not work."""


class AnswerMemoryError(QueryError):
    """The answer does not fit into the memory that DuckDB was allowed."""

    def __init__(self) -> None:
        super().__init__(
            "the answer needs more memory than DuckDB was allowed. Ask for fewer columns or conversations, or allow"
            " more: --memory 1GiB, or in Python RuntimeHistory(…, memory_bytes=1 << 30)"
        )


@contextmanager
def in_duckdb() -> Iterator[None]:
    """Raise `QueryError` with DuckDB's words where it cannot compute what was asked for."""
    try:
        yield
    except duckdb.OutOfMemoryException as error:
        raise AnswerMemoryError from error
    except duckdb.Error as error:
        raise QueryError(f"{str(error).strip().splitlines()[0].removesuffix('.')}. {views_told()}") from error


class Answer:
    """Rows of an answer; nothing is computed before one of its methods is called.

    Times named ``…_at`` are UTC, and NULL where the stored number is no time; ``…_ms`` has the number as it is stored.

    Examples
    --------
    >>> from turntruth import RuntimeHistory
    >>> with RuntimeHistory("turns.db") as history:
    ...     history.switches().columns[:3]
    ('conv_id', 'from_runtime', 'to_runtime')
    """

    def __init__(self, relation: duckdb.DuckDBPyRelation, require_open: Callable[[], None]) -> None:
        self._relation = relation
        self._require_open = require_open

    @property
    def relation(self) -> duckdb.DuckDBPyRelation:
        """The same as DuckDB has it, to go on with ``.filter``, ``.aggregate`` and whatever a relation knows."""
        self._require_open()
        return self._relation

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of its columns."""
        return tuple(self.relation.columns)

    def between(self, column: str, since: datetime | None, until: datetime | None) -> Answer:
        """The rows whose time in that column is ``since`` or later, and before ``until``; both UTC."""
        found = self.relation
        if since is not None:
            found = found.filter(f"{quote_identifier(column)} >= TIMESTAMP '{_utc(since)}'")
        if until is not None:
            found = found.filter(f"{quote_identifier(column)} < TIMESTAMP '{_utc(until)}'")
        return Answer(found, self._require_open)

    def df(self) -> pd.DataFrame:
        """A pandas frame."""
        with in_duckdb():
            return self.relation.df()

    def arrow(self) -> Any:
        """A pyarrow table; `LibraryMissingError` where the extra ``arrow`` is not installed."""
        _require_library("arrow", "pyarrow", "arrow")
        with in_duckdb():
            return self.relation.to_arrow_table()

    def pl(self) -> Any:
        """A polars frame; `LibraryMissingError` where the extra ``polars`` is not installed."""
        _require_library("pl", "polars", "polars")
        with in_duckdb():
            return self.relation.pl()

    def write_parquet(self, path: Path) -> None:
        """Write it as a parquet file, by a DuckDB of its own: the one that has read the files may write none."""
        with duckdb.connect() as writer:
            writer.register("answer", self.df())
            writer.execute(f"COPY (FROM answer) TO {quote_literal(str(path))} (FORMAT parquet)")

    def __iter__(self) -> Iterator[Any]:
        """The rows, with their columns as attributes, some at a time."""
        row = namedtuple("Row", self.columns, rename=True)  # type: ignore[misc]  # noqa: PYI024  # known only now
        with in_duckdb():
            # A relation of its own, so that others can be gone through meanwhile.
            found = self.relation.project("*")
            while rows := found.fetchmany(ROWS_AT_ONCE):
                yield from map(row._make, rows)

    def __len__(self) -> int:
        """How many rows there are, which computes them."""
        with in_duckdb():
            return len(self.relation)

    def __getitem__(self, place: int) -> Any:
        """One row by its place, from 0; all of them are computed."""
        return list(self)[place]

    def __repr__(self) -> str:
        with in_duckdb():
            return "\n".join(map(on_one_line, str(self.relation.limit(SHOWN_ROWS)).splitlines()))

    def _repr_html_(self) -> str:
        """The first rows for a notebook; nothing that a file says becomes markup."""
        with in_duckdb():
            rows = self.relation.limit(SHOWN_ROWS + 1).fetchall()
        cells = "".join(
            f"<tr>{''.join(f'<td>{_shown(value)}</td>' for value in row)}</tr>" for row in rows[:SHOWN_ROWS]
        )
        head = "".join(f"<th>{escape(column)}</th>" for column in self.columns)
        more = f"<p>the first {SHOWN_ROWS} rows</p>" if len(rows) > SHOWN_ROWS else ""
        return f"<table><thead><tr>{head}</tr></thead><tbody>{cells}</tbody></table>{more}"


def _utc(moment: datetime) -> str:
    """As DuckDB reads it; a time without a zone is UTC."""
    return (moment.astimezone(UTC) if moment.tzinfo else moment).replace(tzinfo=None).isoformat(sep=" ")


def _require_library(form: str, library: str, extra: str) -> None:
    if find_spec(library) is None:
        raise LibraryMissingError(form, library, extra)


def _shown(value: object) -> str:
    return "" if value is None else str(visible(str(value), CELL_CHARACTERS))
