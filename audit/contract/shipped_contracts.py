"""The contracts that come with turntruth, called by their names."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

from audit.contract.errors import ContractError


def shipped_contracts() -> dict[str, Path]:
    """Where each lies, by name.

    Examples
    --------
    >>> sorted(shipped_contracts())[0]
    'llm-responses'
    """
    folder = Path(str(files("expectations").joinpath("contracts")))
    return {file.stem: file for file in sorted(folder.glob("*.toml"))}


def find_contract(given: str) -> Path:
    """The file that a path or the name of a shipped contract means; a path comes first.

    Raises
    ------
    ContractError
        It is neither.
    """
    path, shipped = Path(given), shipped_contracts()
    if path.exists() or given not in shipped:
        if not path.exists():
            names = ", ".join(shipped)
            raise ContractError(path, "", f"no such file. Give the path of a contract, or one that is shipped: {names}")
        return path
    return shipped[given]
