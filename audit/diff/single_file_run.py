"""Asking what of a contract one file can answer, in the process that reads files for comparisons."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from audit.diff.pair_run import MODULE, SUMMARY, PairFileError
from audit.files.private_folder import PrivateFolder
from audit.processes.children import Child, ChildError

_TOLD_CODES = frozenset({2, 3})


def ask_single_file(contract: Path, after: Path) -> Mapping[str, Any]:
    """Statements for what the file after can answer of a contract, and the reasons for what it cannot.

    Raises
    ------
    PairFileError
        The contract cannot be used, or the file cannot be read.
    """
    with PrivateFolder() as folder:
        arguments = [
            "--statements",
            f"--contract={contract.absolute()}",
            f"--after={after.absolute()}",
            f"--out={folder}",
        ]
        with Child(MODULE, arguments, folder) as child:
            try:
                child.finish()
            except ChildError as error:
                if error.exit_code_of_child in _TOLD_CODES and error.said:
                    raise PairFileError(error.said, error.exit_code_of_child) from error
                raise
        answer: Mapping[str, Any] = json.loads((folder / SUMMARY).read_bytes())
        return answer
