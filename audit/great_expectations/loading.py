"""When Great Expectations loads, which takes seconds: beside all other work, and out of its way where files are big."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import ExitStack
from pathlib import Path

from audit.great_expectations.validation_process import Judge

LOADS_IN_TIME_FROM_BYTES = 256 << 20
"""To read files of this size takes longer than to load the judge, so that nobody will wait for it."""
LOADS_LAST_FROM_BYTES = 1 << 30
"""Beside the reading of files of this size its memory is too much: then its few seconds come after minutes."""


def begin_loading(paths: Iterable[Path], stack: ExitStack, begun: Judge | None = None) -> Judge:
    """A judge that loads as the size of the files allows.

    Parameters
    ----------
    paths
        The files that are going to be read meanwhile.
    stack
        Ends its process.
    begun
        One that loads already, and that somebody else ends.
    """
    judge = begun if begun is not None else stack.enter_context(Judge())
    size_bytes = sum(path.stat().st_size for path in paths if path.is_file())
    if size_bytes >= LOADS_LAST_FROM_BYTES:
        judge.put_off()
    elif size_bytes >= LOADS_IN_TIME_FROM_BYTES:
        judge.give_way()
    return judge
