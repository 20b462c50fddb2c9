"""Files that an audit writes further outputs to, given as ``FORMAT:PATH``."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from audit.errors import AuditError, UsageError
from audit.files.permissions import PRIVATE, Permissions
from audit.files.reserved_names import whose_name
from audit.files.whole_file import write_whole
from audit.report.outputs import OUTPUTS
from audit.results.records import AuditResult, Finding


class TargetError(UsageError):
    """A ``FORMAT:PATH`` that cannot be written as asked."""

    def __init__(self, target: str, problem: str) -> None:
        self.target = target
        self.problem = problem
        super().__init__(f"{target}: {problem}. Wanted FORMAT:PATH, the format one of {', '.join(OUTPUTS)}")


class TargetWriteError(AuditError):
    """A further format could not be written; the run itself is not touched by that."""

    def __init__(self, path: Path, problem: str) -> None:
        self.path = path
        self.problem = problem
        super().__init__(f"{path}: could not be written: {problem}. Make room or name another place")


@dataclass(frozen=True, slots=True)
class Target:
    """A format and the file to write it to."""

    format: str
    path: Path


def parse_target(text: str) -> Target:
    """Read ``FORMAT:PATH``, and look whether the file's folder is there.

    Raises
    ------
    TargetError
        Unknown format, no path, or a path in no folder.
    """
    name, colon, path = text.partition(":")
    if name not in OUTPUTS:
        raise TargetError(text, f"there is no format {name!r}")
    if not colon or not path:
        raise TargetError(text, "no path is given")
    if not Path(path).absolute().parent.is_dir():
        raise TargetError(text, f"{Path(path).parent} is no folder")
    if Path(path).is_dir():
        raise TargetError(text, "that is a folder")
    if Path(path).exists() and not Path(path).is_file():
        # It would be replaced by a file, which breaks a terminal or pipe for everybody.
        raise TargetError(text, "that is a device or pipe; use --format to print")
    if not os.access(Path(path).absolute().parent, os.W_OK):
        raise TargetError(text, f"{Path(path).parent} takes no files from you")
    return Target(name, Path(path))


def parse_targets(texts: Iterable[str], inputs: Iterable[Path] = ()) -> tuple[Target, ...]:
    """Read several targets, none of which may be written over another, over an input or under a name of SQLite's.

    Raises
    ------
    TargetError
        The first one that cannot be written as asked.
    """
    given, taken = tuple(inputs), set[Path]()
    targets = []
    for text in texts:
        target = parse_target(text)
        place = target.path.resolve()
        if place in taken:
            raise TargetError(text, "another report is written there")
        if problem := whose_name(target.path, given):
            raise TargetError(text, problem)
        taken.add(place)
        targets.append(target)
    return tuple(targets)


def write_target(
    target: Target, result: AuditResult, findings: Iterable[Finding], permissions: Permissions = PRIVATE
) -> None:
    """Write one format into its file, whole or not at all; an existing file is replaced.

    By default nobody but its owner may read it.

    Raises
    ------
    TargetWriteError
        The disk is full, or the folder takes no files.
    """
    text = OUTPUTS[target.format].render(result, findings)
    try:
        write_whole(target.path, text, permissions)
    except OSError as error:
        raise TargetWriteError(target.path, error.strerror or str(error)) from error


def write_targets(
    targets: Iterable[Target],
    result: AuditResult,
    findings: Callable[[], Iterable[Finding]],
    permissions: Permissions = PRIVATE,
) -> None:
    """Write several formats, each of which reads the findings anew.

    Raises
    ------
    TargetWriteError
        Of the first one that could not be written, when all of them have been tried.
    """
    problems: list[TargetWriteError] = []
    for target in targets:
        try:
            write_target(target, result, findings(), permissions)
        except TargetWriteError as error:
            problems.append(error)
    for problem in problems:
        raise problem
