"""Finds the check files in ``expectations/`` and reads their headers; faults are told with file and line."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from audit.checks.check import Check
from audit.checks.check_file import parse_check
from audit.errors import CheckFileError, UsageError
from audit.files.text_encoding import TextEncodingError, decode_text

OF_SEVERAL_FILES = ("contracts", "fleet")
"""Folders beside the suites: what they hold is true of several files together, not of one."""

STRAY_SUITE = "(none)"
"""The suite of a check file that lies in none."""


@dataclass(frozen=True, slots=True)
class BrokenCheck:
    """A check file that cannot be used; the audit reports it as errored and goes on."""

    name: str
    suite: str
    error: CheckFileError


@dataclass(frozen=True, slots=True)
class Catalog:
    """All checks, sorted by suite and name, and the files that claim to be one but are not."""

    checks: tuple[Check, ...]
    broken: tuple[BrokenCheck, ...] = ()

    def consequences(self, name: str) -> tuple[str, ...]:
        """Names of the checks that can fail as a consequence of the fault that the named one finds, sorted.

        Only direct ones, and only checks of this catalogue; whichever of the two files says so.
        """
        declared = {word for check in self.checks if check.name == name for word in check.also_fails}
        return tuple(
            sorted(check.name for check in self.checks if name in check.consequence_of or check.name in declared)
        )


def load_catalog(root: Traversable | None = None, own: Sequence[Path] = ()) -> Catalog:
    """Read every ``<suite>/<check>.sql`` below ``root``, by default the installed package ``expectations``.

    Parameters
    ----------
    own
        Folders of a team's own checks, laid out in the same way. A name is taken by the first file that has it.

    Raises
    ------
    UsageError
        One of the folders of own checks is no folder, or has no check file.
    """
    checks: dict[str, Check] = {}
    broken: list[BrokenCheck] = []
    shipped = files("expectations") if root is None else root
    for shown, folder, is_own in [("expectations", shipped, False), *_own_folders(own)]:
        for suite, file in _check_files(folder):
            name = file.name.removesuffix(".sql")
            path = "/".join(part for part in (shown, suite, file.name) if part)
            try:
                _require_suite(suite, path, shown)
                check = parse_check(_read(file, path), suite=suite, name=name, path=path, is_own=is_own)
                _require_new_name(check, checks)
                checks[name] = check
            except CheckFileError as error:
                broken.append(BrokenCheck(name, suite or STRAY_SUITE, error))
    return Catalog(tuple(sorted(checks.values(), key=lambda each: (each.suite, each.name))), tuple(broken))


def _own_folders(folders: Sequence[Path]) -> Iterator[tuple[str, Path, bool]]:
    for folder in folders:
        if not folder.is_dir():
            raise UsageError(f"{folder}: no folder of checks. Give a folder that holds <suite>/<check>.sql")
        if not any(True for _ in _check_files(folder)):
            raise UsageError(f"{folder}: holds no check file. Put one at {folder}/<suite>/<check>.sql")
        yield str(folder), folder, True


def _require_suite(suite: str, path: str, root: str) -> None:
    if not suite:
        raise CheckFileError(path, 0, f"a check file lies in the folder of its suite: {root}/<suite>/")


def _require_new_name(check: Check, checks: Mapping[str, Check]) -> None:
    if check.name in checks:
        raise CheckFileError(check.path, 0, f"the name {check.name!r} is already taken by {checks[check.name].path}")


def _check_files(root: Traversable) -> Iterator[tuple[str, Traversable]]:
    """Pairs of suite and file, sorted; ``''`` for files that lie in no suite. Other files are not looked at."""
    entries = sorted(root.iterdir(), key=lambda entry: entry.name)
    yield from (("", entry) for entry in entries if entry.is_file() and entry.name.endswith(".sql"))
    for folder in entries:
        if folder.is_dir() and folder.name not in OF_SEVERAL_FILES:
            for file in sorted(folder.iterdir(), key=lambda entry: entry.name):
                if file.name.endswith(".sql"):
                    yield folder.name, file


def _read(file: Traversable, path: str) -> str:
    try:
        return decode_text(file.read_bytes())
    except (OSError, TextEncodingError) as error:
        raise CheckFileError(path, 0, f"cannot be read: {error}") from error
