"""Evidence that a migration may have changed: what the file after says of it is not what the file before said."""

from __future__ import annotations

from collections.abc import Iterator

from audit.comparison.claims.names import Thing, column_of, folded, readings
from audit.comparison.single_file.evidence_reads import Reads
from audit.contract.contract import Contract
from audit.sqlite.tokens import fold


class ChangedEvidence:
    """What a contract lets differ, as far as evidence may be read from there."""

    def __init__(self, contract: Contract) -> None:
        changes = contract.changes
        self._appended = {fold(name) for name in changes.appended}
        self._deleted = {fold(each.table) for each in changes.deleted}
        self._columns = {folded(column): why for column, why in _columns(contract)}

    def reason(self, reads: Reads, table: str, *, has_query: bool) -> str:
        """Why a claim about ``table`` whose evidence is read there cannot be judged on the file after, '' if it can."""
        if fold(table) in self._appended:
            return f"rows of {table} may have come since, and one file does not say which"
        for of, column in sorted(reads):
            if fold(of) in self._appended:
                return f"rows of {of} may have come since, which are no evidence, and one file does not say which"
            if has_query and fold(of) in self._deleted:
                return f"rows of {of} may be gone, and with them evidence"
            if why := self._columns.get(folded(column_of(of, column))):
                return f"its evidence is read from {of}.{column}, which {why}"
        return ""


def _columns(contract: Contract) -> Iterator[tuple[Thing, str]]:
    """Every column that may have another value than before, with the reason.

    What a name can mean besides, as no file is here that would say it, may have one as well.
    """
    changes = contract.changes
    for claim in contract.rows:
        for name in claim.columns:
            yield column_of(claim.table, name), "is claimed to have been changed itself"
        for name in claim.filled:
            yield column_of(claim.table, name), "may have been filled"
    for named in changes.rewritten:
        yield from ((each, "may have been rewritten") for each in readings(named.name))
    for named in changes.redeclared:
        yield from ((each, "is declared otherwise than before") for each in readings(named.name))
    for name in changes.new:
        # A pattern lets whatever comes be new; what was there already is evidence all the same.
        yield from ((each, "is new, so that the file before had none") for each in readings(name) if "*" not in name)
    for name in changes.same:
        yield from ((each, "may be written otherwise than before") for each in readings(name))
