"""The file of a drafted contract: never in the place of another one, and never there by half."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterable
from pathlib import Path

from audit.errors import UsageError
from audit.files.permissions import Permissions
from audit.files.private_folder import PrivateFolder
from audit.files.reserved_names import require_free_name

_NO_LINKS = {errno.EPERM, errno.EOPNOTSUPP, errno.ENOTSUP, errno.EMLINK}


class DraftExistsError(UsageError):
    """There is something of that name: somebody's work may be in it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        super().__init__(f"{path}: there is such a file already, and a draft never replaces one. Name another place")


class DraftUnderContractError(UsageError):
    """A draft says what differs where nobody has said yet what may."""

    def __init__(self) -> None:
        super().__init__("--draft writes a contract and --contract judges by one: give one of them")


class DraftWriteError(UsageError):
    """The draft cannot be written; nothing is left."""

    def __init__(self, path: Path, problem: str) -> None:
        self.path = path
        super().__init__(f"{path}: the draft cannot be written: {problem}. Name a file in a folder that is there")


class DraftFile:
    """The place of a draft; whether it is free is found out before any work.

    Raises
    ------
    DraftExistsError
        It is not.
    ReservedNameError
        It is the name of an input, or of a file that SQLite keeps beside one.
    DraftWriteError
        Its folder is not there.
    """

    def __init__(self, path: Path, inputs: Iterable[Path]) -> None:
        self.path = path
        self.inputs = tuple(inputs)
        require_free_name(path, self.inputs)
        if os.path.lexists(path):
            raise DraftExistsError(path)
        if not path.absolute().parent.is_dir():
            raise DraftWriteError(path, "there is no such folder")

    def write(self, drafted: Path) -> None:
        """Write what lies in ``drafted`` there, for those alone who may read both inputs.

        Raises
        ------
        DraftExistsError
            Something has come there meanwhile.
        DraftWriteError
            The disk is full, or the folder takes no files.
        """
        try:
            with PrivateFolder(self.path.absolute().parent, ".draft.", ".unfinished") as place:
                unfinished = place / "draft.toml"
                with unfinished.open("xb") as stream:
                    stream.write(drafted.read_bytes())
                    stream.flush()
                    os.fsync(stream.fileno())
                Permissions.of(self.inputs).settle(unfinished)
                self._give_name(unfinished)
        except OSError as error:
            raise DraftWriteError(self.path, error.strerror or str(error)) from error

    def _give_name(self, unfinished: Path) -> None:
        """Unlike a rename, a link never takes the place of a file that somebody has put there meanwhile."""
        try:
            self.path.hardlink_to(unfinished)
        except FileExistsError as error:
            raise DraftExistsError(self.path) from error
        except OSError as error:
            if error.errno not in _NO_LINKS:
                raise
            if os.path.lexists(self.path):
                raise DraftExistsError(self.path) from error
            unfinished.rename(self.path)  # a disk without links
