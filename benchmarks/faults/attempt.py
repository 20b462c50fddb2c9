"""A trial from its empty folder to its outcome, whatever happens in it."""

from __future__ import annotations

import shutil
import tempfile
import time
import traceback
from pathlib import Path

from benchmarks.faults.section import Section, Workspace
from benchmarks.faults.tool import TURNTRUTH, Tool
from benchmarks.faults.trial import FaultFoundError, Kind, Outcome, Trial


def attempt(section: Section, trial: Trial, work: Path, tool: Tool = TURNTRUTH) -> Outcome:
    """Make a trial in a folder of its own below ``work``, and leave nothing of it."""
    folder = Path(tempfile.mkdtemp(prefix=f"{trial.section}-{trial.number}-", dir=work))
    started = time.monotonic()
    try:
        return section.run(trial, Workspace(folder, shared_folder(work, section.name), tool))
    except FaultFoundError as found:
        return Outcome(trial, found.kind, found.detail, time.monotonic() - started)
    except Exception:  # noqa: BLE001  an hour of trials is not thrown away for one: it is told, and counted
        last = "".join(traceback.format_exc().strip().splitlines(keepends=True)[-5:])
        return Outcome(trial, Kind.BROKEN, last, time.monotonic() - started)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def shared_folder(work: Path, section: str) -> Path:
    """Where what a section has prepared for all its trials lies."""
    return work / "shared" / section
