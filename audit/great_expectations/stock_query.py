"""One expectation of a stock suite before it is one: a name, and the query for the rows that nobody expects."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class StockQuery:
    """``title`` says what must be true, ``notes`` are for readers, ``meta`` is kept as it is."""

    name: str
    title: str
    sql: str
    severity: str
    meta: Mapping[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
