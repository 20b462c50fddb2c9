"""SHA-256 of the files that one audit reads: beside the reading in a child process, or before it in this one.

To close a descriptor of a file drops all locks that this process holds on it, those of SQLite included: so while it is
read, another process has to do it. A process costs more than to read a small file, and whoever audits many of them with
a process a core has no core to spare: there each file is hashed before SQLite sees it.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from audit.certificates.digest import digest
from audit.files.database_file import is_open_here
from audit.processes.children import Child
from audit.staging.access import Access, Signature, signature_of

DIGEST_MODULE = "audit.certificates.digest"


@dataclass(frozen=True, slots=True)
class FileDigest:
    """What was hashed of a file; ``signature`` is that of the file before, where that was before it was read."""

    sha256: str
    size_bytes: int
    signature: Signature | None = None

    def of(self, access: Access) -> str:
        """The digest of what was read; '' if the file has changed: then none can stand for the state that was read."""
        return self.sha256 if access.unchanged() and self.signature in {None, access.signature} else ""


class HashingChild:
    """Hashes files in a process of its own from now on, as long as nobody else wants the core."""

    def __init__(self, accesses: Mapping[str, Access], folder: Path, stack: ExitStack) -> None:
        self._roles = tuple(accesses)
        paths = [str(access.path) for access in accesses.values()]
        self._child = stack.enter_context(Child(DIGEST_MODULE, paths, folder))
        self._child.give_way()

    def finish(self) -> dict[str, FileDigest]:
        """Role to digest; `ChildError` if a file could not be read."""
        lines = [line.split() for line in self._child.finish().splitlines()]
        return {role: FileDigest(sha256, int(size)) for role, (sha256, size) in zip(self._roles, lines, strict=True)}


class Hashed:
    """Files that are hashed already."""

    def __init__(self, digests: dict[str, FileDigest]) -> None:
        self._digests = digests

    @classmethod
    def before_reading(cls, paths: Mapping[str, Path]) -> Hashed | None:
        """Hash the files by role; None where one cannot be read, which whoever reads it tells better."""
        digests = {}
        for role, path in paths.items():
            try:
                if is_open_here(path):
                    return None
                signature = signature_of(path)
                digests[role] = FileDigest(*digest(str(path)), signature)
            except OSError:
                return None
        return cls(digests)

    def finish(self) -> dict[str, FileDigest]:
        """Role to digest."""
        return self._digests
