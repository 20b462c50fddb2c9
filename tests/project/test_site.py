"""The documentation site has every page, and what its pages show works."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from audit.cli.command_page import render_command_page
from audit.demo.run import write_demo
from audit.history.view_page import render_view_page
from support.migrations.examples import ALEMBIC, EXAMPLES, Example

ROLES = ["data engineer", "release manager", "analyst", "contributor"]


@pytest.fixture(scope="module")
def docs(repository: Path) -> Path:
    return repository / "docs"


def shell_shown(page: Path) -> list[str]:
    return re.findall(r"^```sh\n(.*?)^```", page.read_text(), re.MULTILINE | re.DOTALL)


def test_every_page_is_in_the_contents_and_nothing_else(docs: Path) -> None:
    index = (docs / "index.md").read_text()
    listed = {
        line
        for block in re.findall(r"^```\{toctree\}\n(.*?)^```", index, re.MULTILINE | re.DOTALL)
        for line in block.splitlines()
        if line and not line.startswith(":")
    }
    pages = {path.relative_to(docs).with_suffix("").as_posix() for path in docs.rglob("*.md")} - {"index"}
    # The words and proofs of the ticket are read by its doctor.
    assert listed == {page for page in pages if not page.startswith("ticket/")} | {
        f"ticket/{name}" for name in ("index", "tasks", "evidence", "changelog")
    }


@pytest.mark.parametrize("role", ROLES)
def test_each_role_begins_with_pages_that_are_there(role: str, docs: Path) -> None:
    lines = (docs / "index.md").read_text().splitlines()
    (row,) = [line for line in lines if line.startswith((f"| a **{role}**", f"| an **{role}**"))]
    targets = re.findall(r"\]\(([^)]+)\)", row)

    assert len(targets) >= 2
    assert all((docs / target).is_file() for target in targets)


@pytest.mark.parametrize(("name", "render"), [("cli.md", render_command_page), ("views.md", render_view_page)])
def test_a_page_that_is_made_is_up_to_date(name: str, render: object, docs: Path) -> None:
    assert callable(render)
    assert (docs / name).read_text() == render(), f"run `make docs`: docs/{name} is not what the code says"


def test_the_calls_that_analysts_are_shown_are_there(docs: Path) -> None:
    from turntruth import RuntimeHistory  # noqa: PLC0415  # the name that the page shows

    called = set(re.findall(r"`history\.(\w+)\(", (docs / "for-analysts.md").read_text()))

    assert called == {
        name for name, value in vars(RuntimeHistory).items() if callable(value) and not name.startswith("_")
    } - {"close", "turns", "coverage"}


@pytest.mark.parametrize("name", ["airflow_audit.py", "dagster_audit.py"])
def test_the_examples_for_orchestrators_are_shown_as_they_are_run(name: str, docs: Path) -> None:
    assert f"```python\n{(docs / 'examples' / name).read_text()}```\n" in (docs / "automation.md").read_text()


@pytest.mark.parametrize(
    "name",
    [
        "gate.sh",
        *(f"{example.folder}/contract.toml" for example in EXAMPLES),
        "with_alembic/migrations/env.py",
        "with_alembic/migrations/versions/0002_message_runtime.py",
        "with_django/chat/migrations/0002_message_runtime.py",
        "with_sql/migrate.sql",
    ],
)
def test_the_examples_for_migrations_are_shown_as_they_are_run(name: str, docs: Path) -> None:
    path = docs / "examples" / "migrations" / name
    shown = {".sh": "sh", ".toml": "toml", ".py": "python", ".sql": "sql"}[path.suffix]

    assert f"```{shown}\n{path.read_text()}```\n" in (docs / "migrations-in-ci.md").read_text()


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.folder)
def test_the_gate_is_shown_with_the_command_that_is_tried(example: Example, docs: Path) -> None:
    called = f"sh gate.sh chat.db contract.toml {shlex.join(example.migration)}"

    assert f"{called}\n" in (docs / "migrations-in-ci.md").read_text()


def test_jobs_of_ci_end_as_the_gate_does_and_keep_its_report(docs: Path) -> None:
    page = (docs / "migrations-in-ci.md").read_text()
    github, gitlab = (
        yaml.safe_load(text) for text in re.findall(r"^```yaml\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    )
    called = f"sh gate.sh chat.db contract.toml {shlex.join(ALEMBIC.migration)}"

    *_, gate, kept = github["jobs"]["migration"]["steps"]
    assert gate == {"run": called}
    assert (kept["if"], kept["with"]["path"]) == ("always()", "reports")
    assert gitlab["migration"]["script"] == [called]
    assert (gitlab["migration"]["artifacts"]["when"], gitlab["migration"]["artifacts"]["paths"]) == (
        "always",
        ["reports/"],
    )


def test_the_scripts_for_ci_and_cron_run(docs: Path, tmp_path: Path) -> None:
    before_and_after, nightly = shell_shown(docs / "automation.md")
    write_demo(tmp_path)
    (tmp_path / "turns.before.db").unlink()
    tools = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])

    for script in (before_and_after, nightly):
        ran = subprocess.run(
            ["sh", "-c", script],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
            env=os.environ | {"PATH": tools},
        )
        assert ran.returncode == 0, ran.stdout + ran.stderr
    assert len(list((tmp_path / "reports").glob("run_*"))) == 2
