"""Commands in processes that need not load anything: each is a fork of one that has loaded all, and has done nothing.

To load Great Expectations and the rest takes an audit of a small file longer than all else. What such a process prints,
writes and ends with is its own, as of any process; how one begins, and what it loads when, can be seen only of one that
is started as users start it.
"""

from __future__ import annotations

import atexit
import gc
import json
import os
import signal
import subprocess
import sys
import tempfile
import traceback
from importlib import import_module
from pathlib import Path
from typing import Any, NoReturn

LIMIT_S = 120
LOADED = ("audit.great_expectations.validation", "audit.pipeline.run", "audit.report.run_folder", "store.migration")
_started: list[subprocess.Popen[str]] = []


def turntruth(
    *arguments: str | Path, cwd: str | Path | None = None, **environment: str
) -> subprocess.CompletedProcess[str]:
    """Run the command line to its end, with variables besides those of this process; killed after two minutes."""
    given = list(map(str, arguments))
    with tempfile.TemporaryDirectory() as folder:
        out, err = Path(folder, "out"), Path(folder, "err")
        request = {
            "arguments": given,
            "cwd": str(cwd or Path.cwd()),
            "environment": {**os.environ, **environment},
            "streams": [os.devnull, str(out), str(err)],
        }
        exit_code = int(_ask(request))
        return subprocess.CompletedProcess(given, exit_code, out.read_text(), err.read_text())


def _ask(request: dict[str, Any]) -> str:
    if not _started:
        command = [sys.executable, __file__]
        _started.append(subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True))
        atexit.register(_end)
    (process,) = _started
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(json.dumps(request) + "\n")
    process.stdin.flush()
    line = process.stdout.readline()
    assert line, f"the process that runs commands ended with {process.wait()}"
    return line


def _end() -> None:
    _started.pop().communicate()


def _serve() -> None:
    sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]  # as in `conftest.py`
    for name in (*LOADED, *_commands()):
        import_module(name)
    gc.freeze()
    for line in sys.stdin:
        pid = os.fork()
        if pid == 0:
            _become(json.loads(line))
        _, status = os.waitpid(pid, 0)
        sys.stdout.write(f"{os.waitstatus_to_exitcode(status)}\n")
        sys.stdout.flush()


def _commands() -> list[str]:
    names: list[str] = [name.replace("-", "_") for name in import_module("audit.cli").command_modules()]
    return [f"audit.cli.commands.{name}" for name in names]


def _become(request: dict[str, Any]) -> NoReturn:
    """What ``python -c "from audit.cli import main; main()"`` is once it has begun."""
    signal.alarm(LIMIT_S)
    os.chdir(request["cwd"])
    os.environ.clear()
    os.environ.update(request["environment"])
    for number, path in enumerate(request["streams"]):
        opened = os.open(path, os.O_CREAT | (os.O_WRONLY if number else os.O_RDONLY), 0o600)
        os.dup2(opened, number)
        os.close(opened)
    sys.stdin = open(0, closefd=False)  # noqa: SIM115  as long as the process lives
    sys.stdout = open(1, "w", closefd=False)  # noqa: SIM115
    sys.stderr = open(2, "w", buffering=1, errors="backslashreplace", closefd=False)  # noqa: SIM115
    tempfile.tempdir = None
    sys.argv = ["-c", *request["arguments"]]
    exit_code = 1
    try:
        import_module("audit.cli").main()
    except SystemExit as left:
        exit_code = left.code if isinstance(left.code, int) else int(left.code is not None)
    except BaseException:  # noqa: BLE001  as the interpreter tells it
        traceback.print_exc()
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(exit_code)


if __name__ == "__main__":
    _serve()
