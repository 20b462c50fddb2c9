"""A child process is waited for, tells why it failed, and never outlives the audit."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import duckdb
import pytest

from audit.certificates.digest import CHUNK_BYTES
from audit.processes.children import Child, ChildError


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.mark.parametrize("size_bytes", [0, 1, CHUNK_BYTES, CHUNK_BYTES + 1])
def test_the_digest_is_that_of_the_whole_file(tmp_path: Path, size_bytes: int) -> None:
    path = tmp_path / "odd name' \".bin"
    path.write_bytes(os.urandom(size_bytes))
    with Child("audit.certificates.digest", [str(path), str(path)], tmp_path) as child:
        lines = child.finish().splitlines()
    assert lines == [f"{hashlib.sha256(path.read_bytes()).hexdigest()} {size_bytes}"] * 2


def test_a_failing_child_is_told_with_the_last_line_it_wrote(tmp_path: Path) -> None:
    with (
        Child("audit.certificates.digest", [str(tmp_path / "missing")], tmp_path) as child,
        pytest.raises(ChildError) as caught,
    ):
        child.finish()
    assert caught.value.exit_code_of_child == 3
    assert caught.value.said == "No such file or directory"
    assert str(caught.value) == "audit.certificates.digest ended with exit code 3: No such file or directory"


def test_a_child_that_binds_values_in_duckdb_loads_no_pandas(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It took twice as long as all else that it does, and sixty megabytes."""
    monkeypatch.setenv("PYTHONPROFILEIMPORTTIME", "1")
    path = tmp_path / "rows.parquet"
    duckdb.execute(f"COPY (SELECT 1 AS number) TO '{path}' (FORMAT parquet)")
    with Child("audit.certificates.parquet_hash", [str(path), "number"], tmp_path) as child:
        assert json.loads(child.finish())["rows"] == 1
    loaded = (tmp_path / "audit.certificates.parquet_hash.err").read_text()
    assert " duckdb\n" in loaded
    assert "pandas.core" not in loaded


def test_whoever_leaves_early_leaves_no_process_behind(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    child = Child("audit.certificates.digest", [str(tmp_path / "pipe")], tmp_path)
    pid = child._process.pid
    assert alive(pid), "it waits for somebody to write into the pipe"
    with pytest.raises(KeyboardInterrupt), child:
        raise KeyboardInterrupt
    assert not alive(pid)


def test_a_child_gives_way_to_others_and_may_have_ended_before(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with Child("audit.certificates.digest", [str(tmp_path / "pipe")], tmp_path) as child:
        usual = os.getpriority(os.PRIO_PROCESS, 0)
        child.give_way()
        assert os.getpriority(os.PRIO_PROCESS, child._process.pid) == max(usual, 5)
    child.give_way()


def test_a_child_of_an_audit_that_gives_way_already_stays_as_it_is(tmp_path: Path) -> None:
    # Only the superuser may take back what `nice` gave away; for all others to try it would end the audit.
    os.mkfifo(tmp_path / "pipe")
    with Child("audit.certificates.digest", [str(tmp_path / "pipe")], tmp_path) as child:
        os.setpriority(os.PRIO_PROCESS, child._process.pid, 19)
        child.give_way()
        assert os.getpriority(os.PRIO_PROCESS, child._process.pid) == 19


def test_much_output_does_not_block_the_child(tmp_path: Path) -> None:
    path = tmp_path / "small"
    path.write_bytes(b"x")
    with Child("audit.certificates.digest", [str(path)] * 3000, tmp_path) as child:
        assert len(child.finish()) > 200_000


def test_modules_in_the_working_directory_are_not_imported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "hashlib.py").write_text("raise SystemExit('hijacked')")
    (tmp_path / "file").write_bytes(b"x")
    monkeypatch.chdir(tmp_path)
    with Child("audit.certificates.digest", ["file"], tmp_path) as child:
        assert child.finish().endswith(" 1\n")


def test_a_child_that_is_killed_is_told_as_such(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with Child("audit.comparison", ["--turns", str(tmp_path / "pipe")], tmp_path) as child:
        os.kill(child._process.pid, signal.SIGKILL)
        with pytest.raises(ChildError) as caught:
            child.finish()
    told = "the process that compares the file with its baseline was killed by SIGKILL (out of memory?)"
    assert caught.value.said == told
    assert str(caught.value) == f"{told}. Run the same command again"


def test_another_signal_is_told_by_its_name(tmp_path: Path) -> None:
    assert "that runs some.module was killed by SIGSEGV." in str(
        ChildError("some.module", -signal.SIGSEGV, "last words")
    )


def test_it_is_in_no_group_that_a_terminal_sends_signals_to(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with Child("audit.certificates.digest", [str(tmp_path / "pipe")], tmp_path) as child:
        assert os.getpgid(child._process.pid) == child._process.pid


def test_it_ends_with_a_parent_that_is_killed(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    program = (
        "import sys, time; from pathlib import Path; from audit.processes.children import Child\n"
        "child = Child('audit.great_expectations.validation_process', [], Path(sys.argv[1]), takes_input=True)\n"
        "print(child._process.pid, flush=True); time.sleep(60)\n"
    )
    command = [sys.executable, "-c", program, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        parent.kill()
    ends_at = time.monotonic() + 30
    while alive(pid) and time.monotonic() < ends_at:
        time.sleep(0.01)
    assert not alive(pid)
