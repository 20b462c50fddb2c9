"""Which files of a fleet are migrated next: a few first, then so many at a time, those that are done left out."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass

from audit.fleet.errors import ManifestError
from audit.fleet.manifest import FleetFile
from audit.fleet.migration.journal import Journal


@dataclass(frozen=True, slots=True)
class Wave:
    """Files that are migrated before any of the next wave is begun; ``is_new`` if the journal does not know it yet."""

    number: int
    files: tuple[FleetFile, ...]
    is_new: bool = True


def waves_of(files: Sequence[FleetFile], journal: Journal, *, canary: int = 0, size: int = 0) -> tuple[Wave, ...]:
    """The waves that are left, in the order of the manifest.

    What the last wave of an earlier run left undone comes first, under its number.

    Parameters
    ----------
    canary
        Only the first so many files of the manifest, in one wave; 0 for all.
    size
        Files a wave; 0 for all in one.
    """
    chosen = files[:canary] if canary else files
    done = set(journal.done(file.path for file in chosen))
    left = [file for file in chosen if file.path not in done]
    last = max(journal.waves, default=0)
    begun = set(journal.waves.get(last, ()))
    again = tuple(file for file in left if file.path in begun)
    rest = [file for file in left if file.path not in begun]
    step = (0 if canary else size) or len(rest) or 1
    new = [tuple(rest[at : at + step]) for at in range(0, len(rest), step)]
    numbered = (Wave(last + place, part) for place, part in enumerate(new, 1))
    return (*((Wave(last, again, is_new=False),) if again else ()), *numbered)


def require_unlike_files(files: Sequence[FleetFile]) -> None:
    """Refuse two rows that lead to one file by different names: it would be migrated, and taken back, twice.

    Refused is as well what is to be compared: whatever somebody else has migrated.

    Raises
    ------
    ManifestError
        There are such rows.
    """
    seen: dict[tuple[int, int], FleetFile] = {}
    for file in files:
        if file.is_pair:
            problem = f"{file.path}, row {file.row}, names a `before` and a `contract`: it is compared, not migrated"
            raise ManifestError("the files", problem, "Leave it out, or run `turntruth fleet audit`")
        try:
            found = os.stat(file.path)  # noqa: PTH116  names that are no UTF-8 stay as they are
        except (OSError, ValueError):
            continue  # whoever opens it says why
        first = seen.setdefault((found.st_dev, found.st_ino), file)
        if first is not file:
            problem = f"{first.path} and {file.path} are one file by two names, in rows {first.row} and {file.row}"
            raise ManifestError("the files", problem, "Each file has one row")
