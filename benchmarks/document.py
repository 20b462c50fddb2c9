"""The page of all benchmarks: what is measured anew replaces its section, the others stay as they are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

PREFACE = """# Benchmarks

Written by `make bench`, `make bench-large`, `make bench-fleet`, `make bench-spark` and `make bench-memory`. Times say
little about another machine: look at the ratios, which are to references measured in the same run, on the same file.
The programs are in `benchmarks/`, one for each section.
"""

AT_SIZE = " at "
"""Between the heading of a benchmark and the size at which it was run, where that is not the usual one."""


def read_sections(path: Path) -> dict[str, str]:
    """The sections of a page by heading; none if there is no page yet."""
    if not path.exists():
        return {}
    _, *parts = f"\n{path.read_text(encoding='utf-8')}".split("\n## ")
    return {head: text.strip() for head, _, text in (part.partition("\n") for part in parts)}


def write_sections(sections: Mapping[str, str], order: Sequence[str]) -> str:
    """The text of the page: sections in this order of headings, each followed by those of other sizes.

    A section of which the order knows nothing is of a benchmark that is no more, and left out.
    """
    places = {head: _place(head, order) for head in sections if head.partition(AT_SIZE)[0] in order}
    heads = sorted(places, key=places.__getitem__)
    return "\n".join([PREFACE, *(f"## {head}\n\n{sections[head]}\n" for head in heads)])


def _place(head: str, order: Sequence[str]) -> tuple[int, int]:
    benchmark, _, size = head.partition(AT_SIZE)
    return order.index(benchmark), int("0" + "".join(filter(str.isdigit, size)))
