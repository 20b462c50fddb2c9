"""Bringing a turn database of any age to the current shape, on a live file, without losing a byte of it."""

from __future__ import annotations

from store.migration.progress import Progress, ProgressLine
from store.migration.runner import migrate
from store.migration.summary import ColumnCounts, Counts, MigrationSummary

__all__ = ["ColumnCounts", "Counts", "MigrationSummary", "Progress", "ProgressLine", "migrate"]
