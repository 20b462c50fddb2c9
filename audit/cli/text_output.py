"""Text for people on standard output: lines and tables that no value from a file can break.

In a pipe every value is whole; a long one moves only what stands behind it on its own line. On a terminal values are
shortened in the middle until their row fits, since both ends of an id tell it from others; what ``--format json`` or
``csv`` writes is never shortened.
"""

from __future__ import annotations

import re
import shutil
import sys
from collections.abc import Iterable, Iterator, Sequence
from functools import partial

import typer

PADDED_CELLS = 40
"""In a pipe, columns are as wide as their widest value up to this."""

LEAST_CELLS = 8
"""Where a column would be narrower, each row is told as a list of its values."""

OPEN_CELLS = 24
"""What is kept free for a last column that may go on below."""

NAME_CELLS = 256
"""No name in a path can be as long: whatever is comes out of a database."""

_BREAK = re.compile(r"\s*[\r\n]+\s*")
_GAP = "  "


def print_lines(lines: Iterable[str], *, err: bool = False) -> None:
    """Print lines, each of which stays one whatever texts are in it."""
    from audit.report.visible import on_one_line

    is_terminal = (sys.stderr if err else sys.stdout).isatty()
    for line in lines:
        shown = on_one_line(_BREAK.sub(" ", line.rstrip()).expandtabs())
        typer.echo(without_endless_words(shown) if is_terminal else shown, err=err)


def print_sentences(sentences: Iterable[str], *, err: bool = False) -> None:
    """Print each on one line, and on a terminal on as many as it needs; a word is never broken."""
    from audit.report.visible import on_one_line

    stream = sys.stderr if err else sys.stdout
    if not stream.isatty():
        print_lines(sentences, err=err)
        return
    width = shutil.get_terminal_size().columns
    for sentence in sentences:
        # Made visible before it is folded: what steers a terminal is shown in more cells than it has.
        shown = on_one_line(_BREAK.sub(" ", sentence.rstrip()).expandtabs())
        print_lines(fold_sentence(shown, width), err=err)


def fold_sentence(sentence: str, width: int) -> Iterator[str]:
    """Lines that fit, but for words that are longer: a path or a hash stays whole, so that it can be copied.

    Examples
    --------
    >>> list(fold_sentence("differs  before: certified 5cb960ec, found fde12482", 30))
    ['differs  before: certified', '  5cb960ec, found fde12482']
    """
    from rich.cells import cell_len

    line = ""
    for word in sentence.split(" "):
        if line.strip() and cell_len(line) + 1 + cell_len(word) > width:
            yield line.rstrip()
            line = f"  {word}"
        else:
            line = f"{line} {word}" if line else word
    yield line


def print_table(
    headings: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    whole: Iterable[str] = (),
    is_open: bool = False,
    err: bool = False,
) -> None:
    """Print rows of texts below their headings; see :func:`table_lines`."""
    is_terminal = (sys.stderr if err else sys.stdout).isatty()
    width = shutil.get_terminal_size().columns if is_terminal else None
    for line in table_lines(headings, rows, width=width, whole=whole, is_open=is_open):
        typer.echo(line, err=err)


def table_lines(
    headings: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    width: int | None,
    whole: Iterable[str] = (),
    is_open: bool = False,
) -> list[str]:
    """The lines of a table.

    Parameters
    ----------
    width
        Cells of the terminal; None for a pipe, where nothing is shortened.
    whole
        Headings of columns that are never shortened, such as times and numbers.
    is_open
        The last column holds sentences, which a terminal folds as it likes; then the headings are for lists of values
        only, and are not printed above.
    """
    from rich.cells import cell_len

    from audit.report.visible import on_one_line

    cells = [[on_one_line(value) for value in row] for row in rows]
    lines = cells if is_open else [list(headings), *cells]
    widths = [max(map(cell_len, column)) for column in zip(*lines, strict=True)]
    if width is None:
        return [_joined(line, [min(each, PADDED_CELLS) for each in widths]) for line in lines]
    kept = {place for place, heading in enumerate(headings) if heading in whole}
    room = width - len(_GAP) * (len(headings) - 1)
    if is_open and widths:
        kept.add(len(widths) - 1)
        room += widths[-1] - min(widths[-1], OPEN_CELLS)
    limit = _limit(widths, kept, room)
    if limit is None:
        return _records(headings, cells, width)
    shown = [
        [value if place in kept else shortened_to(value, limit) for place, value in enumerate(line)] for line in lines
    ]
    return [
        _joined(line, [each if place in kept else min(each, limit) for place, each in enumerate(widths)])
        for line in shown
    ]


def shortened_to(text: str, cells: int) -> str:
    """The text in so many cells of a terminal, without its middle where it is longer.

    Examples
    --------
    >>> shortened_to("conversation-0042", 11)
    'conve…-0042'
    """
    from rich.cells import cell_len

    if cell_len(text) <= cells:
        return text
    sign = "…" if "utf" in str(sys.stdout.encoding).lower() else "..."
    room = max(cells - len(sign), 0)
    first = _fitting(text[:room], room - room // 2)
    last = _fitting(text[::-1][:room], room // 2)[::-1]
    return f"{first}{sign}{last}"[: max(cells, 1)]


def without_endless_words(line: str, cells: int = NAME_CELLS) -> str:
    """The line with words shortened that take so many cells; by default those that are in no path."""
    from rich.cells import cell_len

    def shown(found: re.Match[str]) -> str:
        return shortened_to(found[0], cells // 2) if cell_len(found[0]) >= cells else found[0]

    return re.sub(r"[^\s/]{20,}", shown, line)


def _fitting(text: str, cells: int) -> str:
    """The beginning of a text that takes no more cells."""
    from rich.cells import cell_len

    end = 0
    while end < len(text) and cell_len(text[: end + 1]) <= cells:
        end += 1
    return text[:end]


def _limit(widths: Sequence[int], kept: set[int], room: int) -> int | None:
    """The most cells that every other column may take; None where one would get too few of them."""
    left = room - sum(widths[place] for place in kept)
    others = sorted(each for place, each in enumerate(widths) if place not in kept)
    for place, each in enumerate(others):
        share = left // (len(others) - place)
        if each > share:
            return share if share >= LEAST_CELLS else None
        left -= each
    return max(widths, default=0) if left >= 0 else None


def _records(headings: Sequence[str], cells: Sequence[Sequence[str]], width: int) -> list[str]:
    """Each row as a list of its values, with an empty line between them."""
    label = max(map(len, headings))
    room = max(width - label - len(_GAP), LEAST_CELLS)
    to_room = partial(shortened_to, cells=room)
    lines: list[str] = []
    for row in cells:
        lines += [""] if lines else []
        lines += [_joined([heading, to_room(value)], [label, 0]) for heading, value in zip(headings, row, strict=True)]
    return lines


def _joined(values: Sequence[str], widths: Sequence[int]) -> str:
    from rich.cells import cell_len

    padded = [value + " " * (each - cell_len(value)) for value, each in zip(values, widths, strict=True)]
    return _GAP.join(padded).rstrip()
