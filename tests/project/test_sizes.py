"""How big things are, and what they are called: a folder is a room, a module a noun that no other room means else."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

PRODUCT = ("turntruth", "store", "audit", "expectations")
MOST_FILES = 15
MOST_LINES = 300

LARGER: dict[str, int] = {}
"""What is over the measure, and may not grow; with its reason behind it."""

MEAN_THE_SAME = {
    "__init__": "Python's",
    "__main__": "Python's",
    "attributed_column": "one a side: the two declarations",
    "damage": "what is wrong with a file: found in one, or done to try a check",
    "errors": "what can go wrong in that room",
    "file_kind": "one a side, which know nothing of each other",
    "foreign_code": "one a side",
    "json_text": "JSON as a text: of payloads, of results",
    "neighbours": "one a side",
    "permissions": "one a side",
    "plan": "what is going to be done, found out before any work",
    "records": "what that room takes and gives",
    "reference": "writes a page of reference out of what it describes",
    "reserved_names": "one a side",
    "run": "something from start to end: an audit, the demo",
    "runner": "runs that room's work: checks, a migration",
    "settings": "what that room's work is started with",
    "summary": "the outcome in numbers and words: of a migration, of an audit",
    "trial": "something tried before it counts: a conversion, a check",
}
"""Names that several modules have, with what all of them mean."""


def _modules(repository: Path) -> list[Path]:
    return sorted(path for name in PRODUCT for path in (repository / name).rglob("*.py"))


def test_a_folder_has_at_most_15_files_of_python(repository: Path) -> None:
    folders = defaultdict(list)
    for path in _modules(repository):
        folders[path.parent].append(path.name)

    sizes = {folder.relative_to(repository).as_posix(): len(files) for folder, files in folders.items()}
    assert len(sizes) > 30
    assert {folder: size for folder, size in sizes.items() if size > LARGER.get(folder, MOST_FILES)} == {}


def test_a_module_has_at_most_300_lines(repository: Path) -> None:
    modules = {path.relative_to(repository).as_posix(): path for path in _modules(repository)}
    lines = {name: path.read_text(encoding="utf-8").count("\n") for name, path in modules.items()}

    assert {name: count for name, count in lines.items() if count > LARGER.get(name, MOST_LINES)} == {}


def test_modules_of_the_same_name_mean_the_same(repository: Path) -> None:
    names = defaultdict(list)
    for path in _modules(repository):
        # A command is called what it is called on the command line.
        if path.parent != repository / "audit" / "cli" / "commands":
            names[path.stem].append(str(path.relative_to(repository)))
    several = {name: paths for name, paths in names.items() if len(paths) > 1}

    assert {name: paths for name, paths in several.items() if name not in MEAN_THE_SAME} == {}
    assert MEAN_THE_SAME.keys() - several.keys() == set()
