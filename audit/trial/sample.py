"""The clean files that checks are tried on: small, migrated, the same for everybody, and made anew each time."""

from __future__ import annotations

from pathlib import Path

from audit.demo.corpus_shape import CorpusShape
from audit.demo.run import migrate_demo, write_demo

SHAPE = CorpusShape(turns=240, conversations=16, seed=7, malformed=0, unknown=0.15, unattributed=0.12, switching=0.9)
"""Nothing is wrong in such files, but there is something for every check to look at."""

ROLES = ("turns", "timeline", "baseline")
"""Whose files a sample has."""


def write_sample(folder: Path) -> None:
    """Write ``turns.db`` (migrated), ``timeline.db``, and ``baseline.db`` as the turns were before."""
    files = write_demo(folder, SHAPE)
    migrate_demo(files)
    files.baseline.rename(path_of(folder, "baseline"))


def path_of(folder: Path, role: str) -> Path:
    """Where the file of that role lies in the folder of a sample."""
    return folder / f"{role}.db"
