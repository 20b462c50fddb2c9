"""Every public name has a docstring, and its example does what it shows."""

from __future__ import annotations

import doctest
import shutil
from pathlib import Path
from types import ModuleType

import pytest

import turntruth
from turntruth import demo, migrate, run_audit
from turntruth.hidden import HiddenPackageError

MODULES = {"demo", "frames"}


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An old file, the same migrated, its timeline, the file from before, and the folder of one run."""
    folder = tmp_path_factory.mktemp("prepared")
    files = demo.write_demo(folder / "demo")
    shutil.copy(files.turns, folder / "old.db")
    shutil.copy(files.turns, folder / "before.db")
    shutil.copy(files.timeline, folder / "timeline.db")
    shutil.copy(files.turns, folder / "turns.db")
    migrate(folder / "turns.db", backup=False)
    settings = turntruth.AuditSettings(
        folder / "turns.db", folder / "timeline.db", folder / "before.db", out_dir=folder / "reports", run_id="first"
    )
    run_audit(settings)
    shutil.rmtree(folder / "demo")
    return folder


@pytest.mark.parametrize("name", sorted(set(turntruth.__all__) - MODULES))
def test_its_example_does_what_it_shows(
    name: str, prepared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(prepared, tmp_path / "here")
    monkeypatch.chdir(tmp_path / "here")
    subject = getattr(turntruth, name)
    finder = doctest.DocTestFinder(recurse=False)
    (example,) = finder.find(subject, name, globs={name: subject, subject.__name__: subject})
    assert example.examples, f"{name} has no example"
    told: list[str] = []
    doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(example, out=told.append)
    assert told == []


def test_modules_say_what_they_hold() -> None:
    for name in MODULES:
        module = getattr(turntruth, name)
        assert isinstance(module, ModuleType)
        assert module.__doc__


def test_the_names_are_complete() -> None:
    assert set(turntruth.__all__) == set(turntruth._PLACES) | {HiddenPackageError.__name__}
    assert set(turntruth.__all__) < set(dir(turntruth))
    assert turntruth.__version__


def test_a_name_that_is_not_there_is_told_with_those_that_are() -> None:
    with pytest.raises(AttributeError, match=r"has no attribute 'audit_all'; it has .*run_audit"):
        getattr(turntruth, "audit_all")  # noqa: B009  the name is not there
