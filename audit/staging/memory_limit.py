"""Running out of the memory that DuckDB was allowed, told as that and never as a fault of somebody's file."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import duckdb

from audit.errors import AuditError, MemoryLimitError


def is_out_of_memory(error: BaseException | None) -> bool:
    """Whether an error, or one that was being handled when it was raised, says that memory ran out.

    Running out of memory says nothing about the file, so it must not become a finding about it.
    """
    while error is not None and not isinstance(error, duckdb.OutOfMemoryException):
        error = error.__context__
    return error is not None


@contextmanager
def within_memory(limit_bytes: int, taker: str) -> Iterator[None]:
    """Raise ``MemoryLimitError`` in place of whatever follows from running out of memory; ``taker`` as there."""
    try:
        yield
    except (duckdb.Error, AuditError) as error:
        if is_out_of_memory(error):
            raise MemoryLimitError(limit_bytes, taker) from error
        raise
