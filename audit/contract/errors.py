"""What can be wrong with a contract before anything is judged by it."""

from __future__ import annotations

from pathlib import Path

from audit.errors import UsageError


class ContractError(UsageError):
    """A contract cannot be used; ``place`` is where in it, such as ``rows.turns.key``, '' for the file as a whole."""

    def __init__(self, path: Path, place: str, problem: str) -> None:
        self.path = path
        self.place = place
        self.problem = problem
        super().__init__(f"{path}: {f'{place}: ' if place else ''}{problem}")


class ContractSyntaxError(ContractError):
    """It is no TOML, has an unknown key or a value of the wrong kind."""


class ContractNameError(ContractError):
    """It names a table, column or object that the files do not have."""


class ContractSqlError(ContractError):
    """One of its SQL texts is refused: it is no single query or expression, or does more than read."""


class ContractChangedError(ContractError):
    """Somebody wrote to it while files were compared by it: which of the two was meant nobody can say."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, "", "it was written to while the files were compared by it. Run it again")


class ContractNotApplicableError(ContractError):
    """What ``applies`` asks for is not true of these files: it is a contract for others."""
