"""What ``TABLE.COLUMN`` can mean, where either name may have dots itself."""

from __future__ import annotations

import re
from collections.abc import Iterator

_QUOTED = re.compile(r'"((?:[^"]|"")+)"', re.DOTALL)


def spellings(part: str) -> Iterator[str]:
    """What a name can mean by itself: one in double quotes may be meant with them or without."""
    yield part
    if quoted := _QUOTED.fullmatch(part):
        yield quoted[1].replace('""', '"')


def tables_and_columns(name: str) -> Iterator[tuple[str, str]]:
    """Every table and column that a name can mean.

    Examples
    --------
    >>> list(tables_and_columns("a.b.c"))
    [('a', 'b.c'), ('a.b', 'c')]
    >>> ("a.b", "c") in tables_and_columns('"a.b".c')
    True
    """
    for at, character in enumerate(name):
        if character == ".":
            yield from ((table, column) for table in spellings(name[:at]) for column in spellings(name[at + 1 :]))
