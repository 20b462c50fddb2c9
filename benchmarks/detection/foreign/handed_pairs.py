"""The pairs of files from other people's programs: where they lie, and what they are called."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from audit.errors import UsageError

SAMPLES = "TURNTRUTH_SAMPLES"
"""The variable that names the folder of samples; the pairs lie in its folder ``pairs``."""


@dataclass(frozen=True, slots=True)
class HandedPair:
    """One pair: its short name, and the stems of its two files."""

    name: str
    before: str
    after: str

    def paths(self, folder: Path) -> tuple[Path, Path]:
        """Both files in a folder."""
        return folder / f"{self.before}.db", folder / f"{self.after}.db"


PAIRS = {
    pair.name: pair
    for pair in (
        HandedPair("django", "django-0001.before", "django-0002-pointer-guess.after"),
        HandedPair("langgraph", "langgraph-sqlite-1.0.3.before", "langgraph-sqlite-3.1.2.after"),
        HandedPair("llm", "llm-0.12.before", "llm-0.36.after"),
        HandedPair("mlflow", "mlflow-2.3.2.before", "mlflow-3.17.2.after"),
        HandedPair("openwebui", "openwebui-374d2f66af06.before", "openwebui-0.8.5-head.after"),
    )
}
"""Every pair by its name."""


class PairsMissingError(UsageError):
    """The pairs are not here: they belong to their makers, and are not part of this repository."""

    def __init__(self, folder: Path | None) -> None:
        found = f"{folder} is no such folder" if folder else "it is not set"
        super().__init__(
            f"the pairs of other programs are not here: wanted {SAMPLES} to name a folder that holds a folder pairs,"
            f" but {found}. Set it, and run the same command again"
        )


def find_pairs() -> Path:
    """The folder of the pairs.

    Raises
    ------
    PairsMissingError
        Nobody said where they are, or they are not there.
    """
    named = os.environ.get(SAMPLES, "")
    folder = Path(named) / "pairs" if named else None
    if folder is None or not folder.is_dir():
        raise PairsMissingError(folder)
    return folder
