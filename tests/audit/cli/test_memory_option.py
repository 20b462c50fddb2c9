"""The option by which a command is allowed more memory than usual."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import typer

from audit.cli.memory_option import LEAST_BYTES, parse_memory
from support.files.runtime_files import make_history
from support.files.sqlite_files import run_sql
from support.processes.warm_process import turntruth


@pytest.fixture(scope="module")
def large_ids(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file whose ids together need more than the least memory."""
    path = make_history(tmp_path_factory.mktemp("large") / "turns.db", {"c": ["planner"] * 30})
    run_sql(path, "UPDATE turns SET inference_id = printf('%.*c', 3000000, 'i') || turn_id")
    return path


@pytest.mark.parametrize(
    ("text", "size_bytes"),
    [("512MB", 512_000_000), ("512MiB", 512 << 20), ("2 GiB", 2 << 30), ("0.5gib", 512 << 20), ("100000000", 10**8)],
)
def test_a_size_is_written_as_people_write_it(text: str, size_bytes: int) -> None:
    assert parse_memory(text) == size_bytes


@pytest.mark.parametrize("text", ["", "much", "-1GiB", "1XB", "nan", "63MiB", "0"])
def test_what_is_none_or_too_small_is_refused_with_what_is_wanted(text: str) -> None:
    with pytest.raises(typer.BadParameter, match=r"wanted (a size such as|at least)"):
        parse_memory(text)


@pytest.mark.parametrize("command", [("history",), ("sql", "SELECT count(*) FROM turns")])
def test_with_what_the_error_names_the_command_ends_sooner_or_later(large_ids: Path, command: tuple[str, ...]) -> None:
    name, *options = command
    memory, tried = f"{LEAST_BYTES >> 20}MiB", 0
    while (ran := turntruth(name, large_ids, *options, "--no-cache", "--memory", memory)).returncode == 3:
        memory = _named(ran.stderr)
        tried += 1

    assert tried > 0, "the least was enough: this shows nothing"
    assert ran.returncode == 0
    assert parse_memory(memory) == LEAST_BYTES << tried


def test_an_audit_takes_it_too(large_ids: Path, tmp_path: Path) -> None:
    ran = turntruth("audit", large_ids, "--out", tmp_path / "reports", "-q", "--memory", "64MiB")

    assert ran.returncode == 3
    assert parse_memory(_named(ran.stderr)) == 2 * LEAST_BYTES


def _named(told: str) -> str:
    (memory,) = re.findall(r"allow more: --memory (\w+),", " ".join(told.split()))
    return str(memory)


def test_a_wrong_size_is_wrong_usage(large_ids: Path) -> None:
    ran = turntruth("history", large_ids, "--memory", "lots")

    assert ran.returncode == 2
    assert "wanted a size such as 512MB or 2GiB" in " ".join(ran.stderr.split())


def test_so_does_a_fleet_whose_other_files_go_on(large_ids: Path, tmp_path: Path) -> None:
    small = make_history(tmp_path / "small.db", {"c": ["planner"]})

    ran = turntruth("fleet", "audit", large_ids, small, "--out", tmp_path / "fleet", "-q", "--memory", "64MiB")

    assert ran.returncode == 3
    tenants = json.loads((tmp_path / "fleet" / "fleet.json").read_text())["tenants"]
    told = {each["tenant"]: each["error"] for each in tenants}
    assert parse_memory(_named(told["turns"])) == 2 * LEAST_BYTES
    assert not told["small"]
