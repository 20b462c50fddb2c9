"""A new check file that runs, for a team to change into what must be true."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path

from audit.checks.catalog import load_catalog
from audit.checks.check_file import NAME
from audit.errors import UsageError

_NAME_ONE = "Name one with --checks"


class NewCheckError(UsageError):
    """A check file cannot be written as asked."""

    def __init__(self, subject: str, problem: str, remedy: str) -> None:
        self.subject = subject
        self.problem = problem
        super().__init__(f"{subject}: {problem}. {remedy}")


def require_one_folder(folders: Sequence[Path]) -> Path:
    """The folder to write to.

    Raises
    ------
    NewCheckError
        None is known, or several are.
    """
    if len(folders) == 1:
        return folders[0]
    if folders:
        several = ", ".join(map(str, folders))
        raise NewCheckError("turntruth.toml", f"it names several folders of own checks ({several})", _NAME_ONE)
    remedy = f"{_NAME_ONE}, or as checks.folders in turntruth.toml"
    raise NewCheckError("checks", "no folder of own checks is known", remedy)


def write_new_check(name: str, folder: Path) -> Path:
    """Write ``folder/<suite>/<name>.sql``, with the folders that it needs; the path written.

    Raises
    ------
    NewCheckError
        ``name`` is not ``<suite>/<name>``, another check has it, or something lies there.
    OSError
        The file cannot be written.
    """
    suite, _, check = name.partition("/")
    if not (NAME.fullmatch(suite) and NAME.fullmatch(check)):
        wanted = f"wanted SUITE/NAME, both of small letters, digits and '_' ({NAME.pattern})"
        raise NewCheckError(name, wanted, "Choose another name")
    path = folder / suite / f"{check}.sql"
    if path.exists():
        raise NewCheckError(str(path), "there is a file already, which is not overwritten", "Choose another name")
    taken = next((each.path for each in load_catalog().checks if each.name == check), "")
    if taken:
        raise NewCheckError(name, f"a check of that name is {taken}", "Choose another name")
    path.parent.mkdir(parents=True, exist_ok=True)
    text = files("audit.trial").joinpath("template.sql").read_text(encoding="utf-8")
    with path.open("x", encoding="utf-8") as stream:
        stream.write(text)
    return path
