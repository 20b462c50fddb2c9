"""Tables and shares of the page about what is detected."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[str]:
    """The lines of a table, and an empty one."""
    yield "| " + " | ".join(head) + " |"
    yield "|" + "---|" * len(head)
    for row in rows:
        yield "| " + " | ".join(str(cell).replace("|", "\\|").replace("\n", " ") for cell in row) + " |"
    yield ""


def percent(share: float | None) -> str:
    """A share as people read it; '-' where nothing was there to be counted."""
    if share is None:
        return "-"
    # 99.96 % is not 100 %: what is not whole must not be rounded to whole.
    text = f"{share:.1%}"
    return "> 99.9%" if text == "100.0%" and share < 1 else text.replace(".0%", "%")


def seconds(value: float | None) -> str:
    """A time, '-' for none."""
    return "-" if value is None else f"{value:.2f} s"
