"""Another program that saves turns while a migration runs: how long it waits for locks.

Run as a process of its own: it saves a turn in a transaction, as the programs from before the columns do, pauses for a
moment, and goes on until its standard input ends.
"""

from __future__ import annotations

import json
import select
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO, Self

import apsw

from benchmarks.arm import REPOSITORY

PAUSE_S = 0.005
_GIVE_UP = 600  # times it asked for one lock
# What SQLite's own busy handler sleeps, in milliseconds: then for a hundred each time.
_DELAYS_MS = (1, 2, 5, 10, 15, 20, 25, 25, 25, 50, 50, 100)
_SAVE = (
    "INSERT INTO turns (conv_id, session_id, turn_id, turn_created_at_ms, turn_metadata_json, turn_data_json, "
    "updated_at_ms) VALUES ('another', 'writer', ?, ?, ?, '{}', ?)"
)
_METADATA = '{"geppetto.inference_id@v1":"another-%d","geppetto.runtime@v1":"inventory"}'
_BEGAN_MS = 1_780_000_000_000


@dataclass(frozen=True, slots=True)
class Wait:
    """When a save began, on the clock of `time.perf_counter`, and for how many ms it waited for locks."""

    at: float
    waited_ms: float


class OtherWriter:
    """The process, as a context manager.

    What it waited, and the longest write-ahead log it saw in bytes, are known when the context is left.
    """

    def __init__(self, path: Path) -> None:
        self._command = [sys.executable, "-m", __name__, str(path)]
        self.waits: list[Wait] = []
        self.log_bytes = 0

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=REPOSITORY
        )
        assert self._process.stdout is not None
        self._process.stdout.readline()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        told, _ = self._process.communicate()
        if self._process.returncode == 0:
            waits, self.log_bytes = json.loads(told)
            self.waits = [Wait(*each) for each in waits]
        elif error is None:
            raise subprocess.CalledProcessError(self._process.returncode, self._command)

    def longest_ms(self, began: float, ended: float) -> float:
        """The longest that a save waited which was under way between two moments; 0 if there was none."""
        under_way = (each for each in self.waits if began - each.waited_ms / 1000 <= each.at <= ended)
        return max((each.waited_ms for each in under_way), default=0.0)


class _Patience:
    """Waits for a lock as SQLite does by itself, and takes down for how long."""

    def __init__(self) -> None:
        self.waited_ms = 0.0

    def __call__(self, asked: int) -> bool:
        began = time.perf_counter()
        time.sleep(_DELAYS_MS[min(asked, len(_DELAYS_MS) - 1)] / 1000)
        self.waited_ms += (time.perf_counter() - began) * 1000
        return asked < _GIVE_UP


def save_until_told(path: Path, told: IO[str]) -> tuple[list[Wait], int]:
    """Save turn after turn until there is something to read in ``told``, or it has ended.

    How long each save waited, and how many bytes the write-ahead log had at most, 0 without one.
    """
    log = Path(f"{path}-wal")
    connection = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READWRITE)
    connection.pragma("synchronous", "normal" if connection.pragma("journal_mode") == "wal" else "full")
    waits, log_bytes = list[Wait](), 0
    try:
        while not select.select([told], [], [], PAUSE_S)[0]:
            patience, at = _Patience(), time.perf_counter()
            connection.set_busy_handler(patience)
            number = len(waits)
            connection.execute("BEGIN IMMEDIATE")
            connection.execute(_SAVE, (f"{number}", _BEGAN_MS + number, _METADATA % number, _BEGAN_MS + number))
            connection.execute("COMMIT")
            waits.append(Wait(at, patience.waited_ms))
            log_bytes = max(log_bytes, log.stat().st_size if log.exists() else 0)
    finally:
        connection.close()
    return waits, log_bytes


def main() -> None:
    """Save turns until the parent process hangs up, and tell it how long each save waited."""
    print("ready", flush=True)
    waits, log_bytes = save_until_told(Path(sys.argv[1]), sys.stdin)
    print(json.dumps([[(each.at, each.waited_ms) for each in waits], log_bytes]))


if __name__ == "__main__":
    main()
