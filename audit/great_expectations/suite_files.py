"""The suites as Great Expectations keeps them: one JSON file a folder of checks, made from the check files."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from itertools import groupby
from pathlib import Path

from audit.checks.catalog import Catalog
from audit.checks.runner import blank_result
from audit.errors import UsageError
from audit.files.whole_file import write_whole
from audit.great_expectations import validation
from audit.results.records import Status

FILE_NAME = "suite.json"


class NoFolderError(UsageError):
    """The suites are to be written to a folder that is not there or is no folder of checks."""

    def __init__(self, folder: Path, problem: str) -> None:
        self.folder = folder
        super().__init__(f"{folder}: {problem}. Give the folder that holds the folders of checks")


def suite_texts(catalog: Catalog) -> Iterator[tuple[str, str]]:
    """Pairs of suite name and JSON text; the same catalogue always gives the same bytes.

    Raises
    ------
    CheckFileError
        A check file is broken: a suite without it would look complete.
    """
    for broken in catalog.broken:
        raise broken.error
    for name, checks in groupby(catalog.checks, key=lambda each: each.suite):
        # All that an expectation is made of is known before its check has run.
        not_run = [replace(blank_result(check), status=Status.SKIPPED) for check in checks]
        yield name, json_text(validation.suite_document(name, not_run))


def json_text(document: object) -> str:
    """JSON as it is kept in a repository: sorted, indented, one line break at the end."""
    return json.dumps(document, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def outdated(catalog: Catalog, folder: Path) -> list[Path]:
    """The files below ``folder`` that are missing, do not say what the checks say, or belong to no suite any more."""
    wanted = {folder / name / FILE_NAME: text for name, text in suite_texts(catalog)}
    wrong = [path for path, text in wanted.items() if not path.is_file() or path.read_text(encoding="utf-8") != text]
    return sorted([*wrong, *(set(folder.glob(f"*/{FILE_NAME}")) - wanted.keys())])


def write_suites(catalog: Catalog, folder: Path) -> list[Path]:
    """Write every suite to ``folder/<suite>/suite.json`` and remove those of folders without checks; the paths written.

    Raises
    ------
    NoFolderError
        ``folder`` or one of the folders of checks in it is not there.
    """
    if not folder.is_dir():
        raise NoFolderError(folder, "no such folder")
    wanted = {folder / name / FILE_NAME: text for name, text in suite_texts(catalog)}
    for path in wanted:
        if not path.parent.is_dir():
            raise NoFolderError(folder, f"it has no folder {path.parent.name!r}")
    for path, text in wanted.items():
        write_whole(path, text)
    for path in set(folder.glob(f"*/{FILE_NAME}")) - wanted.keys():
        path.unlink()
    return sorted(wanted)
