"""Bringing a turn database of any age to the current shape, on a live file, without losing a byte of it."""

from __future__ import annotations

from store.migration.backup.backup_name import require_free_name
from store.migration.backup.replaced_turns import LostTurn
from store.migration.backup.rollback import RollbackPlan, lost_turns, plan_rollback, rollback
from store.migration.backup.whole_content import whole_content_sha256
from store.migration.change import Change
from store.migration.errors import (
    BackupError,
    FileInUseError,
    MigrationInterruptedError,
    MigrationRefusedError,
    VerificationError,
)
from store.migration.execution.runner import migrate
from store.migration.inspection.diagnosis import Diagnosis, Remark
from store.migration.inspection.doctor import diagnose
from store.migration.plan import MigrationPlan, plan
from store.migration.progress import Progress, ProgressLine
from store.migration.rebuild.conversion import ColumnChange
from store.migration.recovery import undo_unfinished
from store.migration.sole_writer import BeingMigratedError, writing
from store.migration.summary import ColumnCounts, Counts, MigrationSummary

__all__ = [
    "BackupError",
    "BeingMigratedError",
    "Change",
    "ColumnChange",
    "ColumnCounts",
    "Counts",
    "Diagnosis",
    "FileInUseError",
    "LostTurn",
    "MigrationInterruptedError",
    "MigrationPlan",
    "MigrationRefusedError",
    "MigrationSummary",
    "Progress",
    "ProgressLine",
    "Remark",
    "RollbackPlan",
    "VerificationError",
    "diagnose",
    "lost_turns",
    "migrate",
    "plan",
    "plan_rollback",
    "require_free_name",
    "rollback",
    "undo_unfinished",
    "whole_content_sha256",
    "writing",
]
