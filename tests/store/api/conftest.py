"""Fixtures of the API's tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from support.processes.audit_process import AuditProcess


@pytest.fixture(scope="session")
def audits() -> Iterator[AuditProcess]:
    """Audits files from a process of its own."""
    with AuditProcess() as process:
        yield process
