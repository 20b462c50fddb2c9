"""Several processes on one file: migrating it at once, and writing into it as an old program does meanwhile."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Self

_MIGRATE = """
import json, sys
sys.path[:0] = sys.argv[1:]
from store.migration import migrate
print("ready", flush=True)
for line in sys.stdin:
    print(json.dumps(migrate(line.rstrip("\\n"), backup=False).to_json()), flush=True)
"""

# What a program from before the columns does for each turn: an upsert that names the columns it knows, in a
# transaction of its own, with the busy timeout such programs have.
_OLD_WRITER = """
import apsw, json, sys, time
path, per_second = sys.argv[1], float(sys.argv[2])
connection = apsw.Connection(path)
connection.set_busy_timeout(5_000)
connection.pragma("synchronous", "normal")
print("ready", flush=True)
number, began, waited = 0, time.monotonic(), 0.0
connection.config(apsw.SQLITE_DBCONFIG_DQS_DML, 0)
import select
while not select.select([sys.stdin], [], [], 0)[0]:
    asked = time.monotonic()
    connection.execute(
        "INSERT INTO turns (conv_id, session_id, turn_id, turn_created_at_ms, turn_metadata_json, updated_at_ms) "
        "VALUES ('live', 'live', ?, ?, ?, ?) "
        "ON CONFLICT (conv_id, session_id, turn_id) DO UPDATE SET updated_at_ms = excluded.updated_at_ms",
        (f"live-{number}", number + 1, json.dumps({"geppetto.runtime@v1": "live", "n": number}), number + 1),
    )
    waited = max(waited, time.monotonic() - asked)
    number += 1
    time.sleep(max(0.0, began + number / per_second - time.monotonic()))
connection.close()
print(json.dumps({"written": number, "longest_wait_ms": waited * 1000}))
"""


class Migrators:
    """Processes that wait to migrate a file, all at the same moment, as often as they are told to."""

    def __init__(self, processes: int, repository: Path) -> None:
        self._processes = [
            subprocess.Popen(
                [sys.executable, "-c", _MIGRATE, str(repository)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
            for _ in range(processes)
        ]

    def __enter__(self) -> Self:
        assert self._answers() == ["ready\n"] * len(self._processes)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for process in self._processes:
            process.communicate(timeout=120)

    def migrate(self, path: Path) -> list[dict[str, object]]:
        """What each of them printed about the file."""
        for process in self._processes:
            assert process.stdin is not None
            process.stdin.write(f"{path}\n")
            process.stdin.flush()
        return [json.loads(answer) for answer in self._answers()]

    def _answers(self) -> list[str]:
        """A line of each; what a process said on stderr if it has ended instead."""
        answers = []
        for process in self._processes:
            assert process.stdout is not None
            assert process.stderr is not None
            line = process.stdout.readline()
            assert line, process.stderr.read()
            answers.append(line)
        return answers


class OldWriter:
    """A process that appends turns at a steady rate until it is stopped; it knows nothing of the new columns."""

    def __init__(self, path: Path, per_second: float) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", _OLD_WRITER, str(path), str(per_second)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout is not None
        assert self._process.stdout.readline() == "ready\n"

    def stop(self) -> dict[str, float]:
        """End it and return how many turns it wrote and how long it had to wait at most, in ms."""
        out, errors = self._process.communicate("stop\n", timeout=60)
        assert self._process.returncode == 0, errors
        found: dict[str, float] = json.loads(out)
        return found
