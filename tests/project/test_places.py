"""Where things lie: tests in the folder of what they test."""

from __future__ import annotations

from pathlib import Path

OF_THE_REPOSITORY = {"project", "support"}
"""Folders of tests that are not named after a folder of code."""


def _folders_of_tests(repository: Path) -> list[Path]:
    tests = repository / "tests"
    folders = {path.parent.relative_to(tests) for path in tests.rglob("*.py")}
    return sorted(folder for folder in folders if folder.parts and folder.parts[0] not in OF_THE_REPOSITORY)


def test_a_folder_of_tests_has_the_path_of_a_folder_of_code(repository: Path) -> None:
    folders = _folders_of_tests(repository)

    assert len(folders) > 30
    assert [str(folder) for folder in folders if not (repository / folder).is_dir()] == []


def test_tests_lie_in_folders_alone(repository: Path) -> None:
    assert [path.name for path in (repository / "tests").glob("*.py")] == ["conftest.py"]


def test_what_tests_share_holds_no_test(repository: Path) -> None:
    support = repository / "tests" / "support"

    assert [path.name for path in support.rglob("*.py") if path.name.startswith(("test_", "conftest"))] == []
