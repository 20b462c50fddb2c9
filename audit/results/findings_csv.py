"""``findings.csv``: every row that a check named, UTF-8 with a header line, quoted as RFC 4180 says.

A spreadsheet runs a cell as a formula when it starts with one of ``= + - @`` (also in their full-width forms), a tab or
a line break, and the cells come from databases that strangers write to. Such a cell gets an apostrophe in front, and so
does one that starts with an apostrophe itself. Hence the way back is without exception: drop one leading apostrophe.

Many readers take a NUL for the end of a cell, or refuse the file. It is written as its symbol, ``␀``; where a text
holds that symbol itself, ``␛`` stands before it, and before a ``␛`` too.
"""

from __future__ import annotations

import csv
import io
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import astuple, fields
from pathlib import Path
from typing import TYPE_CHECKING

from audit.errors import InputFileError
from audit.files.regular_file import open_regular
from audit.results.records import Finding

if TYPE_CHECKING:
    from _typeshed import SupportsWrite

COLUMNS = tuple(each.name for each in fields(Finding))

_REMEDY = "Audit again, or name the folder of another run."

_ESCAPE = "'"
_FULL_WIDTH = "\uff1d\uff0b\uff0d\uff20"
_ESCAPED_STARTS = frozenset("=+-@\t\r\n" + _FULL_WIDTH + _ESCAPE)


_NUL = "\0"
_NUL_SYMBOL, _SHIFT = "\u2400", "\u241b"
_SHIFTED = re.compile(f"{_SHIFT}(.)|{_NUL_SYMBOL}", re.DOTALL)


def escape_nul(cell: str) -> str:
    """The cell without a NUL."""
    for sign in (_SHIFT, _NUL_SYMBOL):
        cell = cell.replace(sign, _SHIFT + sign)
    return cell.replace(_NUL, _NUL_SYMBOL)


def unescape_nul(cell: str) -> str:
    """The cell that :func:`escape_nul` was given."""
    return _SHIFTED.sub(lambda found: found[1] or _NUL, cell)


def escape_formula(cell: str) -> str:
    """The cell as no spreadsheet runs it."""
    return _ESCAPE + cell if cell[:1] in _ESCAPED_STARTS else cell


def unescape_formula(cell: str) -> str:
    """The cell that :func:`escape_formula` was given."""
    return cell.removeprefix(_ESCAPE)


def write_findings(stream: SupportsWrite[str], findings: Iterable[Finding | Sequence[str | None]]) -> int:
    """Write header and rows while reading ``findings`` once, one at a time; returns how many there were.

    A row may be given as a plain sequence in the order of :data:`COLUMNS`, as a database cursor hands it out.
    """
    # Python quotes a cell that holds a character of the line's end: with both of them here, no cell can break a line.
    writer = csv.writer(stream, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    count = 0
    for finding in findings:
        row = astuple(finding) if isinstance(finding, Finding) else finding
        writer.writerow([escape_formula(escape_nul(cell)) if cell else "" for cell in row])
        count += 1
    return count


def read_findings(path: Path) -> Iterator[Finding]:
    """The findings of a file that :func:`write_findings` wrote, one at a time.

    Raises
    ------
    InputFileError
        The file is missing or unreadable, or a line of it is no finding.

    Examples
    --------
    >>> from pathlib import Path
    >>> sorted({finding.check for finding in read_findings(Path("reports/first/findings.csv"))})
    ['metadata_readable']
    """
    # Python refuses cells of more than 128 KiB by default; the metadata of one turn can have megabytes.
    csv.field_size_limit(sys.maxsize)
    try:
        with io.TextIOWrapper(io.BufferedReader(open_regular(path)), encoding="utf-8", newline="") as stream:
            rows = csv.reader(stream)
            next(rows, None)
            for row in rows:
                if len(row) != len(COLUMNS):
                    problem = f"line {rows.line_num}: wanted {len(COLUMNS)} cells, found {len(row)}"
                    raise InputFileError(path, problem, _REMEDY)
                yield Finding(*(unescape_nul(unescape_formula(cell)) for cell in row))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputFileError(path, getattr(error, "strerror", None) or str(error), _REMEDY) from error
