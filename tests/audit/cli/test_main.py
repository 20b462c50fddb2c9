"""What holds for every command: versions, one line an error, exit codes, no traceback unless asked for."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import typer
import typer.main
from typer.core import TyperGroup

from audit import cli


def turntruth(*arguments: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "from audit.cli import main; main()", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=cwd, timeout=120)


def test_version_names_every_engine() -> None:
    ran = turntruth("--version")

    assert ran.returncode == 0
    first_words = [line.rsplit(" ", 1)[0].split(" (")[0] for line in ran.stdout.splitlines()]
    assert first_words[0] == "turntruth"
    assert first_words[1] == "Python"
    assert any(line.startswith("SQLite 3.") for line in ran.stdout.splitlines())
    assert "DuckDB 1.5.5" in ran.stdout
    assert "Great Expectations 1.24.1" in ran.stdout


def test_help_lists_every_command() -> None:
    ran = turntruth("--help")

    assert ran.returncode == 0
    for name in cli.command_names():
        assert f" {name} " in ran.stdout


def told(app: typer.Typer) -> dict[str, str]:
    """Command to what it says of itself and of everything that it takes."""
    group = typer.main.get_command(app)
    assert isinstance(group, TyperGroup)
    return {
        name: command.get_help(command.make_context(name, [], resilient_parsing=True))
        for name, command in group.commands.items()
    }


def test_a_command_is_the_same_without_the_others() -> None:
    whole = told(cli.build_app())

    for name, command in whole.items():
        alone = told(cli.build_app(name))
        assert alone[name] == command
        assert len(alone) < len(whole) / 2
    assert told(cli.build_app("no-such-command")) == whole


def test_every_command_lies_where_it_is_looked_for() -> None:
    """One that is not named there is found all the same, but only after all others are loaded."""
    assert sorted(told(cli.build_app())) == sorted(cli.command_names())
    assert set(cli.LIES_WITH.values()) <= set(cli.command_modules())


@pytest.mark.parametrize("arguments", [["no-such-command"], ["audit"], ["migrate", "--no-such-option", "x.db"]])
def test_wrong_usage_is_exit_code_2_without_traceback(arguments: list[str]) -> None:
    ran = turntruth(*arguments)

    assert ran.returncode == 2
    assert ran.stdout == ""
    assert "Traceback" not in ran.stderr


@pytest.mark.parametrize("command", ["migrate", "audit"])
def test_a_missing_file_is_one_line_and_is_not_created(command: str, tmp_path: Path) -> None:
    missing = tmp_path / "no such.db"
    ran = turntruth(command, str(missing), cwd=tmp_path)

    assert ran.returncode == 2
    assert ran.stdout == ""
    assert len(ran.stderr.splitlines()) == 1
    assert "no such.db" in ran.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("position", ["first", "last"])
def test_debug_shows_the_traceback_wherever_it_stands(position: str, tmp_path: Path) -> None:
    words = ["migrate", str(tmp_path / "missing.db")]
    ran = turntruth(*(["--debug", *words] if position == "first" else [*words, "--debug"]))

    assert ran.returncode == 2
    assert "Traceback" in ran.stderr


def test_a_defect_of_ours_is_told_in_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken() -> None:
        message = "boom"
        raise ZeroDivisionError(message)

    monkeypatch.setattr(cli, "build_app", lambda *_: lambda **_: broken())

    assert cli.run([]) == 3
    assert "unexpected ZeroDivisionError: boom" in capsys.readouterr().err


def test_ctrl_c_is_130(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    app = typer.Typer()

    @app.command()
    def wait() -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(cli, "build_app", lambda *_: app)

    assert cli.run([]) == 130
    told = "turntruth: interrupted by SIGINT: nothing was written; run the same command again\n"
    assert capsys.readouterr().err == told


def test_a_reader_that_leaves_early_is_no_failure() -> None:
    program = "from audit.cli import main; main()"
    ran = subprocess.run(
        f"{sys.executable} -c '{program}' checks | head -c 1; exit ${{PIPESTATUS[0]}}",
        shell=True,
        executable="/bin/bash",
        capture_output=True,
        text=True,
        check=False,
    )

    assert ran.returncode == 0
    assert ran.stderr == ""


@pytest.mark.parametrize(("command", "told"), [("audit", "None"), ("verify", "None"), ("suite", "not loaded")])
def test_pandas_is_out_of_reach_of_commands_that_have_no_use_for_it(command: str, told: str, tmp_path: Path) -> None:
    program = (
        "import sys\nfrom audit.cli import main\n"
        "try: main()\nexcept SystemExit: print(sys.modules.get('pandas', 'not loaded'))"
    )
    arguments = [sys.executable, "-c", program, command, "missing.db"]
    ran = subprocess.run(arguments, capture_output=True, text=True, check=False, cwd=tmp_path, timeout=120)
    assert ran.stdout == f"{told}\n"
