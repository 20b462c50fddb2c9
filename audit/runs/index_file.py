"""Writing ``reports/index.html`` anew: whole or not at all, and never over a file that is not ours.

No lock is needed beside other audits. Whoever has put its index in place looks once more whether another run has come
meanwhile, so that the last one to do so has seen them all.
"""

from __future__ import annotations

import errno
import os
from contextlib import suppress
from pathlib import Path

from audit.errors import InputFileError
from audit.files.permissions import Permissions
from audit.files.private_folder import PrivateFolder
from audit.files.regular_file import open_regular
from audit.processes.interruption import shielded
from audit.report.run_folder import RESULTS_FILE
from audit.runs.index_page import GENERATOR, render_index
from audit.runs.kept_run import run_names
from audit.runs.overview import look_over

INDEX_FILE = "index.html"

_MARK = f'<meta name="generator" content="{GENERATOR}">'.encode()
_HEAD_BYTES = 512
_ATTEMPTS = 20
"""Where more runs come and go than that, one of those that bring them writes the last index."""


class IndexFileError(InputFileError):
    """There is an ``index.html`` that turntruth did not write, or none can be written."""


def renew_index(out_dir: Path) -> Path:
    """Write the index of the runs in a folder, and return where it lies.

    It may be read by whoever may read every run of the folder.

    Raises
    ------
    InputFileError
        The folder cannot be read.
    IndexFileError
        There is another file of that name, which stays as it is, or the disk is full.
    """
    path = out_dir / INDEX_FILE
    try:
        for _ in range(_ATTEMPTS):
            overview = look_over(out_dir)
            _put(path, render_index(overview), _permissions(out_dir, overview.names))
            if run_names(out_dir) == overview.names:
                break
    except OSError as error:
        problem = f"the index of the runs could not be written: {error.strerror or error}"
        raise IndexFileError(path, problem, "The runs themselves are complete") from error
    return path


def is_ours(path: Path) -> bool:
    """Whether an index that turntruth wrote lies there; links and whatever is no file are not ours."""
    try:
        if path.is_symlink():
            return False
        with open_regular(path) as stream:
            return _MARK in stream.read(_HEAD_BYTES)
    except OSError:
        return False


def _put(path: Path, text: str, permissions: Permissions) -> None:
    with PrivateFolder(path.parent, ".index.", ".unfinished") as place:
        unfinished = place / INDEX_FILE
        with unfinished.open("w", encoding="utf-8", errors="replace", newline="") as stream:
            stream.write(text)
            stream.flush()
            # After a power cut an empty file would be there, which nobody could tell for ours.
            os.fsync(stream.fileno())
        permissions.settle(unfinished)
        with shielded():
            _name(unfinished, path)


def _name(unfinished: Path, path: Path) -> None:
    """Give the file its name, which another program may take at any moment."""
    if not os.path.lexists(path):
        try:
            path.hardlink_to(unfinished)
        except FileExistsError:
            pass
        except OSError as error:
            if error.errno not in {errno.EPERM, errno.EOPNOTSUPP, errno.ENOTSUP, errno.EMLINK}:
                raise
            unfinished.replace(path)  # a disk without links
            return
        else:
            return
    if not is_ours(path):
        problem = "this file is not turntruth's, so it stays, and there is no index of the runs"
        raise IndexFileError(path, problem, "Move it, or audit with another --out")
    unfinished.replace(path)


def _permissions(out_dir: Path, names: frozenset[str]) -> Permissions:
    """What all runs have in common; the folder of a run that is damaged stands for it."""
    read = []
    for name in sorted(names):
        read.append(out_dir / name)
        with suppress(OSError):
            (out_dir / name / RESULTS_FILE).lstat()
            read[-1] = out_dir / name / RESULTS_FILE
    return Permissions.of(read)
