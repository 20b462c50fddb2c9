"""Rows whose key changed: one is gone and another is new, but all the rest of them says that they are the same row."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from audit.comparison.difference import Cell

MOST_STRAYS = 10_000
"""Where more rows of one side have no counterpart, nobody would read a pairing, and it would not fit in memory."""


@dataclass(frozen=True, slots=True)
class Stray:
    """A row that has no row of its key on the other side.

    ``rest`` has a digest of each cell that is no part of the key, nothing of a NULL; ``rowid`` is None where rows have
    no number.
    """

    key: Mapping[str, Cell]
    rowid: int | None
    rest: tuple[bytes, ...]

    @property
    def name(self) -> tuple[Cell, ...]:
        """The key as one value."""
        return tuple(self.key.values())


Trait = Callable[[Stray], Hashable | None]
"""What rows are paired by."""


def digest(cell: Cell) -> bytes:
    """What stands for a cell, of whatever size; nothing for NULL, which makes no two rows one."""
    if cell.value is None:
        return b""
    value = cell.value if isinstance(cell.value, bytes) else repr(cell.value).encode()
    return hashlib.blake2b(cell.storage.encode() + b":" + value, digest_size=16).digest()


def pair_strays(gone: Sequence[Stray], new: Sequence[Stray]) -> Iterator[tuple[Stray, Stray]]:
    """Pairs of a row before and a row after that are one row under another key; whatever is in doubt is left out.

    All other cells have to agree, and no third row may have the same ones; or else the row number and at least one
    other cell, if the table has any.
    """
    left = {stray.name: stray for stray in gone}
    right = {stray.name: stray for stray in new}
    for before, after in _only_candidates(gone, new, lambda stray: stray.rest if any(stray.rest) else None):
        yield left.pop(before.name), right.pop(after.name)
    for before, after in _only_candidates(left.values(), right.values(), lambda stray: stray.rowid):
        agree = [old == now != b"" for old, now in zip(before.rest, after.rest, strict=True)]
        if any(agree) or not agree:
            yield before, after


def _only_candidates(gone: Iterable[Stray], new: Iterable[Stray], trait: Trait) -> list[tuple[Stray, Stray]]:
    """Pairs of rows with the same trait that no other row of either side has; None is no trait."""
    sides = [_by_trait(side, trait) for side in (gone, new)]
    return [
        (strays[0], sides[1][key][0])
        for key, strays in sides[0].items()
        if len(strays) == 1 and len(sides[1].get(key, ())) == 1
    ]


def _by_trait(strays: Iterable[Stray], trait: Trait) -> dict[Hashable, list[Stray]]:
    found: dict[Hashable, list[Stray]] = {}
    for stray in strays:
        if (key := trait(stray)) is not None:
            found.setdefault(key, []).append(stray)
    return found
