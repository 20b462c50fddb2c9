"""Comparing two files in a process of its own, which reads them through another SQLite library than DuckDB's."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from audit.contract.kept_contract import KeptContract
from audit.diff.draft_file import DraftFile
from audit.diff.pair_result import PairResult
from audit.errors import AuditError
from audit.files.private_folder import PrivateFolder
from audit.processes.children import Child, ChildError

MODULE = "audit.comparison"
FINDINGS, SUMMARY, DRAFT = "differences.ndjson", "summary.json", "draft.toml"
_TOLD_CODES = frozenset({2, 3})


class PairFileError(AuditError):
    """One of the files cannot be compared; says which, why and what to do. ``exit_code`` is 2 for wrong usage."""

    def __init__(self, said: str, exit_code: int) -> None:
        self.exit_code = exit_code
        super().__init__(said)


def run_comparison(arguments: Sequence[str], folder: Path) -> None:
    """Run the process that reads files for comparisons to its end, in a private folder.

    Raises
    ------
    PairFileError
        What it says of the files, or of what is asked for.
    """
    with Child(MODULE, arguments, folder) as child:
        try:
            child.finish()
        except ChildError as error:
            if error.exit_code_of_child in _TOLD_CODES and error.said:
                raise PairFileError(error.said, error.exit_code_of_child) from error
            raise


@contextmanager
def compared(
    before: Path,
    after: Path,
    *,
    show: Sequence[str] = (),
    redact: bool = False,
    contract: Path | None = None,
    contract_seconds: float | None = None,
    no_contract: bool = False,
    draft: DraftFile | None = None,
    folder: Path | None = None,
) -> Iterator[PairResult]:
    """Compare two files; the findings are there as long as the block runs.

    Parameters
    ----------
    show
        Columns whose values are shown, as ``TABLE.COLUMN``.
    redact
        Close keys as well.
    contract
        What had to change, and what may; then everything else is a finding.
    contract_seconds
        How long its SQL may take in all.
    no_contract
        Do not judge two turn stores by their own contract either.
    draft
        Where to write the contract that the pair suggests; then no contract judges two turn stores either.
    folder
        Where the findings lie meanwhile; a private one is made where none is given.

    Raises
    ------
    PairFileError
        A file cannot be read, or what is asked for cannot be compared.
    ContractError
        The contract cannot be read, or was written to meanwhile.
    DraftExistsError, DraftWriteError
        The draft cannot be written.
    """
    judged_by = None if contract is None else KeptContract.read(contract)
    with PrivateFolder() as made:
        place = folder or made
        # One word each: a name may look like an option.
        arguments = [f"--before={before.absolute()}", f"--after={after.absolute()}", f"--out={place}"]
        arguments += [f"--show={column}" for column in show]
        arguments += ["--redact"] if redact else []
        arguments += [] if contract is None else [f"--contract={contract.absolute()}"]
        arguments += ["--no-contract"] if no_contract else []
        arguments += [] if contract_seconds is None else [f"--contract-seconds={contract_seconds}"]
        arguments += [] if draft is None else ["--draft"]
        run_comparison(arguments, made)
        if draft is not None:
            draft.write(place / DRAFT)
        yield PairResult.read(place / SUMMARY, place / FINDINGS, judged_by)
