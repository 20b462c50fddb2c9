"""What a process sees of the files of a fleet, so that workers which see others are found out before the work.

A path can lead to nothing on another machine, or to another file: each has a folder for temporary files. Then a job
would succeed that looked at nothing it was asked to look at.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from audit.fleet.manifest import FleetFile, is_uri

_SETTLED_S = 120
"""File systems of networks may show sizes and times that are a minute old."""

Seen = tuple[int, int] | None
"""Bytes, and seconds at which it was last written; None for what cannot be seen."""


@dataclass(frozen=True, slots=True)
class Sight:
    """What is seen at each of a file's paths; nothing is looked for at a URI."""

    seen: tuple[Seen, ...]

    @classmethod
    def of(cls, file: FleetFile) -> Self:
        """Look at the paths of a file from here."""
        return cls(tuple(map(_look, file.paths)))

    @property
    def size_bytes(self) -> int:
        """Of all files that are seen."""
        return sum(one[0] for one in self.seen if one is not None)

    def lacks(self, other: Self) -> int | None:
        """The place of the first path at which the other one sees a file and this one none."""
        pairs = enumerate(zip(self.seen, other.seen, strict=True))
        return next((place for place, (here, there) in pairs if here is None and there is not None), None)

    def contradicts(self, other: Self) -> int | None:
        """The place of the first path at which both see a file, and another one, that nobody has written lately."""
        latest = time.time() - _SETTLED_S
        for place, (here, there) in enumerate(zip(self.seen, other.seen, strict=True)):
            if here is not None and there is not None and here != there and max(here[1], there[1]) < latest:
                return place
        return None


def _look(path: str) -> Seen:
    if is_uri(path):
        return None
    try:
        found = Path(path).stat()
    except (OSError, ValueError):
        return None
    return found.st_size, int(found.st_mtime)
