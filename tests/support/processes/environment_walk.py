"""A program that migrates and audits a pair of files, and tells which environment variables were read on the way.

``python environment_walk.py FOLDER`` takes ``turns.db``, ``timeline.db`` and ``before.db`` in the folder; clock, run id
and the ledger's ids are the same each time. It prints the names that were read, by who read them, and what came out.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import os
import sys
import sysconfig
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from traceback import walk_stack
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch
from uuid import UUID

ROOMS = ("store", "audit", "expectations", "turntruth")
REPOSITORY = Path(__file__).resolve().parents[3]
STANDARD = sysconfig.get_paths()["stdlib"]
NOW = datetime(2026, 3, 1, tzinfo=UTC)
NOW_MS = int(NOW.timestamp() * 1000)
read: dict[str, set[str]] = {"ours": set(), "others": set()}


class Watched(os._Environ):  # type: ignore[type-arg]
    """The environment, which remembers who asked for what; copying it whole for a child asks for nothing."""

    def __getitem__(self, name: str) -> str:
        read["ours" if reader_is_ours() else "others"].add(name)
        return str(super().__getitem__(name))

    def copy(self) -> dict[str, str]:
        return {os.fsdecode(name): os.fsdecode(value) for name, value in os.environb.items()}

    def __or__(self, other: Any) -> dict[Any, Any]:
        return {**self.copy(), **other}


def reader_is_ours() -> bool:
    """Whether the first caller that is not of the standard library lies in one of our rooms."""
    for frame, _ in walk_stack(sys._getframe(2)):
        name = frame.f_code.co_filename
        if not name.startswith((STANDARD, "<")) or "site-packages" in name:
            return any(Path(name).is_relative_to(REPOSITORY / room) for room in ROOMS)
    return False


def main(folder: Path) -> None:
    """Walk the whole way once."""
    os.environ.__class__ = Watched
    from audit.pipeline.run import run_audit  # noqa: PLC0415  reading begins with importing
    from audit.pipeline.settings import AuditSettings  # noqa: PLC0415
    from store.migration import ledger, migrate  # noqa: PLC0415
    from store.migration.execution import schema_steps  # noqa: PLC0415

    numbers = itertools.count(1)
    with ExitStack() as stack:
        stack.enter_context(patch("uuid.uuid4", lambda: UUID(int=next(numbers) << 96)))
        stack.enter_context(patch.object(ledger, "now_ms", lambda: NOW_MS))
        # How long the building of indexes held the lock stands in the ledger too.
        stack.enter_context(patch.object(schema_steps, "time", SimpleNamespace(perf_counter=lambda: 0.0)))
        migrate(folder / "turns.db", backup=False)
    settings = AuditSettings(
        folder / "turns.db", folder / "timeline.db", folder / "before.db", out_dir=folder / "reports", run_id="walk"
    )
    result = run_audit(settings, clock=lambda: NOW)
    told = {
        "turns.db": hashlib.sha256((folder / "turns.db").read_bytes()).hexdigest(),
        "findings.csv": (folder / "reports" / "walk" / "findings.csv").read_bytes().hex(),
        "verdict": str(result.verdict),
        "checks": {check.check: [str(check.status), check.findings, check.scanned] for check in result.checks},
        "coverage": repr(result.coverage),
    }
    print(json.dumps({"read": {who: sorted(names) for who, names in read.items()}, "told": told}))  # noqa: T201


if __name__ == "__main__":
    main(Path(sys.argv[1]))
