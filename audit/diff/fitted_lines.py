"""Lines that fit a terminal of 80 cells, whatever a file puts into them."""

from __future__ import annotations

from collections.abc import Iterator

from audit.report.visible import on_one_line

CELLS = 80
"""No line has more."""

_INDENT = "  "


def folded(text: str) -> Iterator[str]:
    """A sentence on as many lines as it needs."""
    line = ""
    for word in on_one_line(text).split(" "):
        if line and len(line) + 1 + len(word) > CELLS:
            yield line
            line = _INDENT + word
        else:
            line = f"{line} {word}" if line else word
    yield fit(line)


def fit(line: str) -> str:
    """A line that no value can break or widen."""
    from rich.cells import cell_len, set_cell_size  # noqa: PLC0415  other users of the module need no width

    shown = on_one_line(line.rstrip())
    return shown if cell_len(shown) <= CELLS else set_cell_size(shown, CELLS - 1).rstrip() + "…"
