"""Too little address space is told before a library can end the process for it."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from audit import cli
from audit.processes import address_space
from audit.processes.address_space import AddressSpaceError, require_address_space

MIB = 1 << 20
LIMITED = f"import resource; resource.setrlimit(resource.RLIMIT_AS, ({900_000 << 10},) * 2); "


def limited_to(monkeypatch: pytest.MonkeyPatch, limit_bytes: int) -> None:
    monkeypatch.setattr(resource, "getrlimit", lambda _: (limit_bytes, resource.RLIM_INFINITY))


def test_no_limit_is_enough() -> None:
    require_address_space()


def test_each_processor_takes_more(monkeypatch: pytest.MonkeyPatch) -> None:
    limited_to(monkeypatch, 1_600 * MIB)
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    require_address_space()
    monkeypatch.setattr(os, "cpu_count", lambda: 16)
    with pytest.raises(AddressSpaceError, match=r"may map 1,600 MiB .* wants 2,880 MiB on this computer"):
        require_address_space()


def test_what_loads_libraries_only_takes_less(monkeypatch: pytest.MonkeyPatch) -> None:
    limited_to(monkeypatch, address_space.LOADED_BYTES)
    require_address_space(address_space.LOADED_BYTES)
    limited_to(monkeypatch, address_space.LOADED_BYTES - 1)
    with pytest.raises(AddressSpaceError):
        require_address_space(address_space.LOADED_BYTES)


@pytest.mark.parametrize(
    "words", [["history", "t.db"], ["audit", "t.db"], ["demo"], ["suite", "export", "--engine", "sqlite"]]
)
def test_the_commands_that_need_it_say_so_and_write_nothing(words: list[str], tmp_path: Path) -> None:
    (tmp_path / "t.db").write_bytes(b"")
    program = f"{LIMITED}from audit.cli import main; main()"
    ran = subprocess.run(
        [sys.executable, "-c", program, *words], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 3
    assert ran.stderr.startswith("turntruth: this process may map 878 MiB of memory (ulimit -v 900000)")
    assert [path.name for path in tmp_path.iterdir()] == ["t.db"]


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (MemoryError(), "there is not enough memory (MemoryError)"),
        (ImportError("_duckdb.so: failed to map segment from shared object"), "there is not enough memory (_duckdb.so"),
        (OSError(12, "Cannot allocate memory"), "there is not enough memory ("),
        (OSError(24, "Too many open files"), "system: this process may not open more files"),
    ],
)
def test_what_the_system_does_not_give_is_no_defect(
    error: Exception, told: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(**_: object) -> None:
        raise error

    monkeypatch.setattr(cli, "build_app", lambda *_: broken)
    assert cli.run([]) == 3
    assert capsys.readouterr().err.startswith(f"turntruth: {told}")
