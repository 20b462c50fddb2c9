"""What an outcome depends on: under the same key it is taken over, and the file is not read again.

SQLite may change any page, so the key has every byte of each file, with its log. A file that is being written to has
none.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from audit.certificates.digest import digest
from audit.files.database_file import is_open_here
from audit.fleet.manifest import FleetFile
from audit.staging.access import SIDE_FILES, side_path, signature_of


def outcome_key(file: FleetFile, asked: str) -> str:
    """The key of a row, '' where a file cannot be read or changes meanwhile.

    ``asked`` is the digest of the fleet's options. To be called while SQLite has none of the files open.
    """
    hasher = hashlib.sha256(f"{asked}\n{file.tenant}\n".encode(errors="surrogateescape"))
    for role, path in _roles(file):
        if not path:
            continue
        try:
            before = signature_of(Path(path))
            hasher.update(f"{role} {path}\n".encode(errors="surrogateescape"))
            for each in (Path(path), *(side_path(Path(path), suffix) for suffix in SIDE_FILES)):
                if each.exists():
                    if is_open_here(each):
                        return ""
                    hasher.update(f"{digest(str(each))}\n".encode())
            if signature_of(Path(path)) != before:
                return ""
        except OSError:
            return ""
    return hasher.hexdigest()


def _roles(file: FleetFile) -> tuple[tuple[str, str], ...]:
    if file.is_pair:
        return (("before", file.before), ("after", file.path), ("contract", file.contract))
    return (("turns", file.path), ("timeline", file.timeline), ("baseline", file.baseline))
