"""What every step of one audit may use: nothing that a step finds out stands here."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime

from audit.great_expectations.validation_process import Judge
from audit.pipeline.settings import AuditSettings
from audit.staging.warehouse import Warehouse

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class AuditContext:
    """One audit that is under way.

    ``stack`` ends what steps begin, when the audit ends; ``judge`` is one that somebody else has begun to load.
    """

    settings: AuditSettings
    warehouse: Warehouse
    progress: Progress
    stack: ExitStack
    clock: Callable[[], datetime]
    started_at: datetime
    judge: Judge | None = None
