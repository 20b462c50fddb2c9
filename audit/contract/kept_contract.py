"""A contract as it was when a comparison began: that is judged by, hashed and kept, whatever becomes of the file."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from audit.contract.contract import Contract
from audit.contract.contract_file import contract_content, parse_content
from audit.contract.errors import ContractChangedError
from audit.contract.turns_contract import is_of_turns, turns_contract


@dataclass(frozen=True, slots=True)
class KeptContract:
    """The bytes of the contract at ``path``."""

    path: Path
    content: bytes

    @classmethod
    def read(cls, path: Path) -> KeptContract:
        """Read it once.

        Raises
        ------
        ContractError
            It is not there, cannot be read or is too large.
        """
        return cls(path, contract_content(path))

    @property
    def sha256(self) -> str:
        """The hash of the bytes."""
        return hashlib.sha256(self.content).hexdigest()

    @property
    def contract(self) -> Contract:
        """What they say, as files are judged by it.

        Raises
        ------
        ContractSyntaxError
            They are of no good form.
        """
        return turns_contract() if is_of_turns(self.path) else parse_content(self.path, self.content)

    def require(self, sha256: str) -> None:
        """Refuse what was judged by other bytes.

        Raises
        ------
        ContractChangedError
            It was.
        """
        if sha256 != self.sha256:
            raise ContractChangedError(self.path)
