"""Files that only Spark reaches, by URI: a worker audits private copies of them, and removes these afterwards.

Python has no file system of Spark's in a task. So Spark itself reads the files, and hands them over one after the
other; each is written down before the next one comes. What lies beside a database and belongs to it is copied as well.
"""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from audit.certificates.digest import digest
from audit.errors import InputFileError, MissingFileError
from audit.files.private_folder import PrivateFolder
from audit.fleet.fleet_folder import OUTCOME_FILE
from audit.fleet.manifest import FleetFile, is_uri
from audit.fleet.spark.session import Session
from audit.fleet.spark.worker_task import Part, Terms, as_batch, workshop
from audit.fleet.unit_task import REUSED
from audit.staging.access import SIDE_FILES

_ROLES = ("path", "timeline", "baseline")
_MOST_BYTES = (1 << 31) - (1 << 20)
"""Spark hands a file over as one value."""


@dataclass(frozen=True, slots=True)
class Sources:
    """The files of one row of a manifest: Spark's names of them, with what each copy is called and how it was."""

    names: Mapping[str, str]
    signature: tuple[tuple[str, int, int], ...]

    @property
    def filled(self) -> list[str]:
        """Those that Spark hands over: it leaves out empty files."""
        return [name for name, size_bytes, _ in self.signature if size_bytes]


def find_sources(session: Session, file: FleetFile) -> Sources:
    """Look for the files of a row, and for what lies beside them.

    Raises
    ------
    InputFileError
        One is not there, or too large to be handed over.
    """
    names: dict[str, str] = {}
    signature = []
    for role in _ROLES:
        uri = getattr(file, role)
        if not uri:
            continue
        if not is_uri(uri):
            raise InputFileError(uri, "the other files of this row are named by URIs", "Name all of them in one way")
        for suffix in ("", *SIDE_FILES):
            status = session.status_of(uri + suffix)
            if status is None and not suffix:
                raise MissingFileError(uri, "Look whether Spark's file system has it")
            if status is not None:
                if status[1] > _MOST_BYTES:
                    raise InputFileError(uri, "Spark cannot hand over more than 2 GB", "Put it on a shared folder")
                names[status[0]] = f"{role}.db{suffix}"
                signature.append(status)
    return Sources(names, tuple(signature))


def copied_answers(
    batches: Iterator[Any], terms: Terms, file: FleetFile, sources: Sources, earlier_key: str
) -> Iterator[Any]:
    """For `mapInArrow`: batches of ``path`` and ``content`` to one of parts of the outcome."""
    shop = workshop(terms.task)
    with PrivateFolder() as private:
        for batch in batches:
            if not sources.filled:
                break
            for path, content in zip(batch.column(0).to_pylist(), batch.column(1), strict=True):
                with (private / sources.names[path]).open("xb") as copy:
                    copy.write(content.as_buffer())
        for path in sources.names.keys() - set(sources.filled):
            (private / sources.names[path]).touch()
        missing = [name for name in sources.names.values() if not (private / name).exists()]
        if missing:
            raise FileNotFoundError(f"{file.path}: Spark did not hand over {missing[0]}")
        key = _key(file, terms.task.asked, private)
        if earlier_key and earlier_key == key:
            yield as_batch([Part(0, REUSED, shop.host)])
            return
        lies_at = {role: str(private / f"{role}.db") for role in _ROLES if getattr(file, role)}
        parts = shop.audit(0, _at(file, lies_at), terms.late(file), terms.timeout_s)
        yield as_batch([_as_of_source(part, file, key, lies_at) for part in parts])


def _at(file: FleetFile, roles: Mapping[str, str]) -> FleetFile:
    return replace(file, path=roles["path"], timeline=roles.get("timeline", ""), baseline=roles.get("baseline", ""))


def _key(file: FleetFile, asked: str, private: Path) -> str:
    """The key of an outcome: as that of files at their place, with the bytes of the copies."""
    hasher = hashlib.sha256(f"{asked}\n{file.tenant}\n".encode(errors="surrogateescape"))
    for role in _ROLES:
        hasher.update(f"{role} {getattr(file, role)}\n".encode(errors="surrogateescape"))
    for path in sorted(private.glob("*.db*")):
        hasher.update(f"{path.name} {digest(str(path))}\n".encode())
    return hasher.hexdigest()


def _as_of_source(part: Part, file: FleetFile, key: str, lies_at: Mapping[str, str]) -> Part:
    """The outcome as one of the files that were copied: nobody else ever sees the copies."""
    if part.name != OUTCOME_FILE:
        return part
    text = gzip.decompress(part.content).decode()
    for role, path in lies_at.items():
        # The folder's name is drawn for it alone, so that this text is nothing else.
        text = text.replace(path, json.dumps(getattr(file, role), ensure_ascii=False)[1:-1])
    document = json.loads(text)
    if document["key"]:
        document["key"] = key
    content = json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()
    return replace(part, content=gzip.compress(content, mtime=0))
