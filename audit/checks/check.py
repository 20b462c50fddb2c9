"""The contract of a check: what a check file declares in its header, and the query it holds."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from enum import StrEnum

CONTRACT_SUITE = "contract"
"""Suite of the checks that are claims of a contract, of which a fleet may have some."""


class Severity(StrEnum):
    """How bad a finding is; the gate of a run (``--fail-on``) is one of these."""

    CRITICAL = "critical"
    WARNING = "warning"
    INFO = "info"


class Kind(StrEnum):
    """What a failure is, the gravest first: of causes of one severity, people look at them in this order."""

    LOST = "lost"
    WRONG = "wrong"
    MADE_UP = "made_up"
    MISSING = "missing"
    FORM = "form"


@dataclass(frozen=True, slots=True)
class Failure:
    """What a check says when it fails: a sentence for one row, and one with ``{n}`` for several."""

    one: str
    many: str

    def told(self, number: int) -> str:
        """The sentence for so many rows.

        Examples
        --------
        >>> Failure("1 turn is missing", "{n} turns are missing").told(1200)
        '1,200 turns are missing'
        """
        return self.one if number == 1 else self.many.replace("{n}", f"{number:,}")


@dataclass(frozen=True, slots=True)
class Check:
    """One check: a query for the offending rows; no row means that it holds.

    Attributes
    ----------
    name
        File name without suffix, ``^[a-z][a-z0-9_]*$``; unique over all suites.
    suite
        Name of the folder the file lies in.
    needs
        Inputs without which the check is skipped: ``turns``, ``timeline``, ``baseline``, ``registry``, ``cutover``,
        ``ledger``, ``against``, ``api``.
    identity
        Columns of the query that identify an offending row; others than conv_id, session_id, turn_id go into ``key``.
    scans
        The view whose row count is reported as ``scanned``.
    breaks
        Pairs of target (``turns``, ``timeline``, ``baseline``) and a SQLite statement that makes the check fail. A
        team's own check may have none, and is called untested then: nothing shows that it can fail.
    consequence_of
        Checks whose fault can bring about findings of this one, on the same keys: their ``breaks`` makes this one fail.
    also_fails
        The same told from the other end, for checks whose files are somebody else's: they fail with this one's
        ``breaks``. `Catalog.consequences` has both.
    failure
        What it says when it fails; a check that gives none is told by its title.
    kind
        What such a failure is.
    """

    name: str
    suite: str
    title: str
    severity: Severity
    needs: tuple[str, ...]
    identity: tuple[str, ...]
    scans: str
    remedy: str
    breaks: tuple[tuple[str, str], ...]
    consequence_of: tuple[str, ...]
    also_fails: tuple[str, ...]
    sql: str
    path: str
    failure: Failure | None = None
    kind: Kind = Kind.WRONG

    @property
    def untested(self) -> bool:
        """Whether it says of no damage that it would find it."""
        return not self.breaks

    @property
    def sql_sha256(self) -> str:
        """Lower-case hex SHA-256 over the UTF-8 bytes of the query."""
        return hashlib.sha256(self.sql.encode()).hexdigest()
