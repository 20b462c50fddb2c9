"""Comparing many pairs, one after the other, in one process that stays: to start it costs more than two small files.

It opens files through one SQLite library alone, as the process that compares a single pair. One that dies is replaced.
"""

from __future__ import annotations

import json
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

from audit.contract.kept_contract import KeptContract
from audit.diff.pair_result import PairResult
from audit.diff.pair_run import FINDINGS, SUMMARY, PairFileError
from audit.files.private_folder import PrivateFolder
from audit.processes.children import AskedChild, ChildError

MODULE = "audit.comparison.comparison_worker"


class WarmComparison:
    """Compares pairs under contracts; a context manager.

    Parameters
    ----------
    contract_seconds
        How long the SQL of a contract may take in all on one pair; 0 for what `turntruth diff` gives it.
    """

    def __init__(self, contract_seconds: float = 0) -> None:
        self._seconds = contract_seconds
        self._stack = ExitStack()
        self._child: AskedChild | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._child = None
        self._stack.close()

    def compare(self, before: Path, after: Path, contract: Path, folder: Path) -> PairResult:
        """Compare two files; the findings lie in ``folder``.

        A process that dies meanwhile is replaced and asked once more: what killed it may have been the want of memory.

        Raises
        ------
        PairFileError
            A file cannot be read, or the contract cannot be used for them.
        ContractError
            The contract cannot be read, or was written to meanwhile.
        ChildError
            The process died twice.
        """
        judged_by = KeptContract.read(contract)
        asked = {"before": before, "after": after, "contract": contract, "out": folder}
        line = json.dumps({name: str(path.absolute()) for name, path in asked.items()} | {"seconds": self._seconds})
        try:
            said = self._ask(line)
        except ChildError:
            said = self._ask(line)
        answer = json.loads(said)
        if answer["exit_code"]:
            raise PairFileError(answer["said"], answer["exit_code"])
        return PairResult.read(folder / SUMMARY, folder / FINDINGS, judged_by)

    def _ask(self, line: str) -> str:
        if self._child is None:
            folder = self._stack.enter_context(PrivateFolder())
            self._child = self._stack.enter_context(AskedChild(MODULE, folder))
        try:
            self._child.tell(line)
            return self._child.answer()
        except ChildError:
            self.__exit__(None, None, None)
            raise
