"""How a runtime looks on a page: its name, a letter, a colour, and for an unknown one a pattern, never colour alone."""

from __future__ import annotations

import dataclasses
import zlib
from collections.abc import Iterable

COLOURS = 8


@dataclasses.dataclass(frozen=True, slots=True)
class RuntimeMark:
    """One runtime on one page; `css` is the class of its colour."""

    key: str
    label: str
    letter: str
    css: str

    @property
    def known(self) -> bool:
        """Whether it is known which runtime it was."""
        return bool(self.key)


UNKNOWN = RuntimeMark("", "unknown", "?", "rt-unknown")


class RuntimeMarks:
    """The marks of the runtimes of one page: the same key has mostly the same colour on every page."""

    def __init__(self, keys: Iterable[str]) -> None:
        self._marks = {"": UNKNOWN}
        taken: set[int] = set()
        for key in sorted(set(keys) - {""}):
            wanted = zlib.crc32(key.encode("utf-8", "surrogatepass")) % COLOURS
            free = [(wanted + step) % COLOURS for step in range(COLOURS) if (wanted + step) % COLOURS not in taken]
            colour = free[0] if free else wanted
            taken.add(colour)
            self._marks[key] = RuntimeMark(key, key, key[0].upper(), f"rt-{colour}")

    def __getitem__(self, key: str) -> RuntimeMark:
        """The mark of one of the runtimes the page was made for, or of the unknown one."""
        return self._marks[key]
