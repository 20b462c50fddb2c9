"""What the documents name exists: commands, make targets, files, folders and links."""

from __future__ import annotations

import ast
import json
import re
import subprocess
from pathlib import Path

import pytest

import turntruth
from audit import cli
from turntruth.reference import reference

DOCUMENTS = ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")


def documents(repository: Path) -> list[Path]:
    found = [repository / name for name in DOCUMENTS] + sorted((repository / "docs").glob("*.md"))
    assert len(found) >= len(DOCUMENTS)
    return found


def test_every_make_target_named_exists(repository: Path) -> None:
    targets = set(re.findall(r"^([a-z-]+):.*## ", (repository / "Makefile").read_text(), re.MULTILINE))
    named = {
        name for page in documents(repository) for name in re.findall(r"(?:\$|`)\s*make ([a-z-]+)", page.read_text())
    }

    assert {"demo", "test"} <= named
    assert named <= targets


def test_bare_make_lists_the_targets(repository: Path) -> None:
    listed = subprocess.run(["make", "--silent"], cwd=repository, capture_output=True, text=True, check=True).stdout

    for target in ("demo", "test", "lint", "bench", "drill", "clean"):
        assert re.search(rf"^{target}\s", listed, re.MULTILINE)


def test_every_command_and_option_shown_exists(
    repository: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    groups = {group.typer_instance.info.name for group in cli.build_app().registered_groups if group.typer_instance}
    shown: set[tuple[str, tuple[str, ...]]] = set()
    for page in documents(repository):
        for line in re.findall(r"turntruth ((?:[a-z]+)(?: [^`\n]*)?)", page.read_text()):
            command, *words = line.split()
            if command in groups and words and words[0].isalpha():
                command = f"{command} {words[0]}"
            if command.split()[0] in cli.command_names():
                shown.add((command, tuple(word.split("=")[0] for word in words if re.fullmatch(r"--[a-z-]+", word))))

    assert {"migrate", "audit", "checks"} <= {command for command, _ in shown}
    for command, options in shown:
        assert cli.run([*command.split(), "--help"]) == 0
        text = capsys.readouterr().out
        for option in options:
            assert option in text, f"turntruth {command} has no {option}"


def test_every_path_in_a_table_or_link_exists(repository: Path) -> None:
    checked = 0
    for page in documents(repository):
        text = page.read_text()
        links = re.findall(r"\]\((?!https?:)([^)#]+)", text)
        rooms = re.findall(r"`((?:store|audit|expectations|notebooks|docs|benchmarks)/[\w./]*)`(?!\s+would be:)", text)
        for name, base in [*((link, page.parent) for link in links), *((room, repository) for room in rooms)]:
            assert (base / name).exists(), f"{page.name} names {name}, which does not exist"
            checked += 1

    assert checked >= 10


@pytest.mark.parametrize("words", ["/root/", "/home/", "/work/"])
def test_no_path_of_one_machine_is_committed(repository: Path, words: str) -> None:
    found = subprocess.run(
        ["git", "grep", "-lI", words, "--", ".", ":!tests/project/test_documents.py"],
        cwd=repository,
        capture_output=True,
        text=True,
        check=False,
    )

    assert found.stdout == ""


def python_shown(repository: Path) -> list[tuple[str, str]]:
    """Name and text of every piece of Python for users in a page or a notebook; recipes are for behind the door."""
    found = [
        (page.name, text)
        for page in documents(repository)
        if page.name != "CONTRIBUTING.md"
        for text in re.findall(r"^```python\n(.*?)^```", page.read_text(), re.MULTILINE | re.DOTALL)
    ]
    for notebook in sorted((repository / "notebooks").glob("*.ipynb")):
        cells = json.loads(notebook.read_text())["cells"]
        found += [(notebook.name, "".join(cell["source"])) for cell in cells if cell["cell_type"] == "code"]
    return found


def test_what_is_shown_goes_through_the_door(repository: Path) -> None:
    imported = set()
    for page, text in python_shown(repository):
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.ImportFrom) and node.module:
                top = node.module.split(".")[0]
                assert top not in {"store", "audit", "expectations"}, f"{page}: from {node.module}"
                imported |= {alias.name for alias in node.names if top == "turntruth"}
            elif isinstance(node, ast.Import):
                tops = {alias.name.split(".")[0] for alias in node.names}
                assert not tops & {"store", "audit", "expectations"}, f"{page}: import {tops}"
    assert imported
    assert imported <= set(turntruth.__all__)


def test_the_reference_is_what_the_docstrings_say(repository: Path) -> None:
    kept = (repository / "docs" / "reference.md").read_text()
    assert kept == reference(), "run `make docs`: docs/reference.md is not what the docstrings say"


@pytest.mark.parametrize("name", ["checks.md", "outputs.md", "api.md", "reference.md", "cli.md", "views.md"])
def test_a_page_that_is_made_says_which_command_makes_it(repository: Path, name: str) -> None:
    assert "`make docs`" in (repository / "docs" / name).read_text()
    recipe = (repository / "Makefile").read_text().partition("\ndocs:")[2].partition("\n\n")[0]
    assert f"docs/{name}\n" in f"{recipe}\n", "make docs does not write it"
