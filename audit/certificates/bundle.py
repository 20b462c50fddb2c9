"""A run in one zip file: its folder with certificate and signature, to be sent and to be verified as it is.

The same run gives the same bytes: files in the order of their names, with one fixed time, deflated at one level. It is
read as a file of a stranger: only plain files in one folder, no more of them and no larger than a run can have, and
nothing is written outside a private folder that goes with the command.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import stat
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from audit.certificates.certificate import CERTIFICATE_FILE, SIGNATURE_FILE, read_certificate
from audit.errors import AuditError, InputFileError, UsageError
from audit.files.permissions import Permissions
from audit.files.private_folder import PrivateFolder
from audit.files.regular_file import open_regular
from audit.files.reserved_names import require_free_name
from audit.processes.interruption import shielded
from audit.report.run_folder import RUN_ID, check_run_id

MOST_FILES = 64
MOST_BYTES = 16 << 30
"""Unpacked: a run with ten million findings has a tenth of it."""
MOST_TIMES_LARGER = 250
"""Unpacked, beside the zip file itself; tables of findings that are alike come to a fifth of it."""
SMALL_BYTES = 64 << 20
"""So much is unpacked however small the zip file is."""
_MOST_DIRECTORY_BYTES = 1 << 20

_CHUNK_BYTES = 1 << 20
_LEVEL = 6
_TIME = (1980, 1, 1, 0, 0, 0)
_MODE = (stat.S_IFREG | 0o644) << 16
_UNIX = 3
_ENCRYPTED = 0x1
_METHODS = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})


class BundleExistsError(UsageError):
    """Something has that name already; nothing is ever overwritten."""

    def __init__(self, path: Path) -> None:
        self.path = path
        super().__init__(f"{path}: there is a file of this name already. Choose another name, or move that file")


class UnbundledRunError(AuditError):
    """The folder is not as its certificate says, so a bundle of it would not verify, or would hold too much."""

    exit_code = 1

    def __init__(self, folder: Path, problem: str) -> None:
        self.folder = folder
        self.problem = problem
        super().__init__(f"{folder}: no bundle was made: {problem}. See `turntruth verify`")


class BundleWriteError(AuditError):
    """The bundle could not be written; nothing of it is left."""

    def __init__(self, path: Path, problem: str) -> None:
        self.path = path
        super().__init__(f"{path}: the bundle could not be written: {problem}. Make room, or name another place")


class BundleError(InputFileError):
    """The file is no bundle of a run, or one that is not unpacked."""

    def __init__(self, path: Path, problem: str) -> None:
        super().__init__(path, problem, "Give the folder of a run, or a file that `turntruth report --bundle` wrote")


def write_bundle(folder: Path, target: Path) -> int:
    """Write the run in ``folder`` to a new zip file; its size in bytes.

    Raises
    ------
    InputFileError
        The folder is no run, or its certificate cannot be read.
    UnbundledRunError
        A file is missing, is not as certified, or is none of the run.
    BundleExistsError
        There is something of that name.
    BundleWriteError
        The disk is full, or the folder takes no files.
    """
    certificate = read_certificate(folder)
    run_id = check_run_id(certificate.run_id)
    files = {name: sha256 for name, sha256 in certificate.report.items() if Path(name).name == name}
    files |= dict.fromkeys({CERTIFICATE_FILE, SIGNATURE_FILE} & {entry.name for entry in folder.iterdir()}, "")
    _require_as_certified(folder, set(files))
    require_free_name(target, [folder / name for name in files])
    if os.path.lexists(target):
        raise BundleExistsError(target)
    permissions = Permissions.of([folder / name for name in files])
    try:
        with PrivateFolder(target.absolute().parent, f".{run_id}.", ".unfinished") as place:
            unfinished = place / "bundle.zip"
            with zipfile.ZipFile(unfinished, "x", zipfile.ZIP_DEFLATED, compresslevel=_LEVEL) as archive:
                for name in sorted(files):
                    _add(archive, folder, f"{run_id}/{name}", files[name])
            permissions.settle(unfinished)
            size_bytes = unfinished.stat().st_size
            _give_name(unfinished, target)
    except OSError as error:
        raise BundleWriteError(target, error.strerror or str(error)) from error
    return size_bytes


def _require_as_certified(folder: Path, names: set[str]) -> None:
    """Nothing but the run: what somebody has laid beside it would be sent along."""
    for entry in sorted(folder.iterdir()):
        if entry.name not in names:
            raise UnbundledRunError(folder, f"{entry.name} is no file of this run: move it away first")
        if entry.is_symlink():
            raise UnbundledRunError(folder, f"{entry.name} is a symbolic link")


def _add(archive: zipfile.ZipFile, folder: Path, member: str, sha256: str) -> None:
    entry = zipfile.ZipInfo(member, _TIME)
    entry.compress_type, entry.create_system, entry.external_attr = zipfile.ZIP_DEFLATED, _UNIX, _MODE
    path = folder / Path(member).name
    try:
        source = open_regular(path)
    except OSError as error:
        raise UnbundledRunError(folder, f"{path.name} cannot be read: {error.strerror or error}") from error
    hasher = hashlib.sha256()
    with source, archive.open(entry, "w", force_zip64=True) as packed:
        while chunk := source.read(_CHUNK_BYTES):
            hasher.update(chunk)
            packed.write(chunk)
    if sha256 and hasher.hexdigest() != sha256:
        raise UnbundledRunError(folder, f"{path.name} is not as its certificate says")


def _give_name(unfinished: Path, target: Path) -> None:
    """Unlike a rename, a link never takes the place of a file that somebody has put there meanwhile."""
    with unfinished.open("rb") as stream:
        os.fsync(stream.fileno())
    try:
        target.hardlink_to(unfinished)
    except FileExistsError as error:
        raise BundleExistsError(target) from error


@contextmanager
def opened_run(path: Path) -> Iterator[Path]:
    """The folder of a run: the given one, or that of a bundle, which is unpacked until the end of the block.

    Raises
    ------
    BundleError
        The path is neither; or it is a zip file with something else in it than a run, or too much of it.
    """
    if not path.is_file():
        yield path
        return
    with PrivateFolder() as place:
        try:
            with open_regular(path) as stream, zipfile.ZipFile(_Directory(stream, path)) as archive:
                folder = _unpack(archive, os.fstat(stream.fileno()).st_size, path, place)
        except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, UnicodeError) as error:
            raise BundleError(path, f"it is no zip file that can be unpacked ({error})") from error
        except OSError as error:
            raise BundleError(path, f"it cannot be unpacked: {error.strerror or error}") from error
        yield folder


class _Directory:
    """The stream of a zip file, of which no part is read at once that is larger than a run's list of files."""

    def __init__(self, stream: IO[bytes], path: Path) -> None:
        self._stream = stream
        self._path = path
        self.seek, self.tell, self.seekable = stream.seek, stream.tell, stream.seekable

    def read(self, size_bytes: int = -1) -> bytes:
        wanted = _MOST_DIRECTORY_BYTES + 1 if size_bytes < 0 else size_bytes
        found = self._stream.read(min(wanted, _MOST_DIRECTORY_BYTES + 1))
        if len(found) > _MOST_DIRECTORY_BYTES:
            raise BundleError(self._path, "its list of files is larger than that of any run")
        return found


def _unpack(archive: zipfile.ZipFile, size_bytes: int, path: Path, place: Path) -> Path:
    entries = archive.infolist()
    run_id = _require_run(entries, path)
    unpacked = sum(entry.file_size for entry in entries)
    limit = min(MOST_BYTES, max(SMALL_BYTES, MOST_TIMES_LARGER * size_bytes))
    if unpacked > limit:
        problem = f"it would unpack to {unpacked:,} bytes, more than the {limit:,} that are taken of a file of its size"
        raise BundleError(path, problem)
    free = shutil.disk_usage(place).free
    if unpacked > free:
        raise BundleError(path, f"it needs {unpacked:,} bytes where temporary files are, and {free:,} are free there")
    folder = place / run_id
    with shielded():
        folder.mkdir(0o700)
    for entry in entries:
        # No more than `file_size` is ever read of an entry, whatever lies behind it.
        with archive.open(entry) as packed, (folder / entry.filename.partition("/")[2]).open("xb") as stream:
            shutil.copyfileobj(packed, stream, _CHUNK_BYTES)
    return folder


def _require_run(entries: list[zipfile.ZipInfo], path: Path) -> str:
    """The name of the one folder that the entries lie in, each of them a plain file."""
    if len(entries) > MOST_FILES:
        raise BundleError(path, f"it has {len(entries):,} files, and a run has {MOST_FILES} at most")
    folders = {entry.filename.partition("/")[0] for entry in entries}
    names = [entry.filename.partition("/")[2] for entry in entries]
    for entry, name in zip(entries, names, strict=True):
        kind = stat.S_IFMT(entry.external_attr >> 16) if entry.create_system == _UNIX else 0
        if not name or Path(name).name != name or "\\" in name or kind not in {0, stat.S_IFREG}:
            raise BundleError(path, f"it holds {entry.filename[:100]!r}, which is no plain file in the folder of a run")
        if entry.flag_bits & _ENCRYPTED or entry.compress_type not in _METHODS:
            raise BundleError(path, f"it holds {entry.filename[:100]!r}, encrypted or packed in an unusual way")
    if len(folders) != 1 or len({name.casefold() for name in names}) != len(names) or CERTIFICATE_FILE not in names:
        raise BundleError(path, f"it is no zip file with one run in it (one folder, with {CERTIFICATE_FILE})")
    folder = folders.pop()
    if not RUN_ID.fullmatch(folder):
        raise BundleError(path, f"its folder is called {folder[:100]!r}, and no run can be")
    return folder
