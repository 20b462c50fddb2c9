"""Asking what of a contract one file can answer, in the process that reads files for comparisons."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from audit.diff.pair_run import SUMMARY, run_comparison
from audit.files.private_folder import PrivateFolder


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
        run_comparison(arguments, folder)
        answer: Mapping[str, Any] = json.loads((folder / SUMMARY).read_bytes())
        return answer
