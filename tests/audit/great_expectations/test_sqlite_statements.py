"""Each check has one statement that SQLite runs, or one reason why it has none."""

from __future__ import annotations

import pytest

from audit.checks.catalog import load_catalog
from audit.great_expectations.sqlite_statements import SqliteStatements


@pytest.mark.parametrize("ledger", [True, False])
def test_a_statement_or_a_reason_and_never_both(ledger: bool) -> None:
    with SqliteStatements(ledger=ledger) as statements:
        said = [statements.of(check) for check in load_catalog().checks]

    assert all((sql == "") != (reason == "") for sql, reason in said)
    assert sum(sql != "" for sql, _ in said) > 50
