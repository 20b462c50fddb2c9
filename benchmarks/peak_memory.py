"""The most memory that a process and its descendants ever held together, looked at from outside."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from threading import Event, Thread
from types import TracebackType
from typing import Self

EVERY_SECONDS = 0.05
PROCESSES = Path("/proc")


class PeakMemory:
    """Looks twenty times a second while it is open; a page that several processes share counts once (Linux only)."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._peak_kib = 0
        self._ended = Event()
        self._thread = Thread(target=self._watch, daemon=True)

    @property
    def peak_mib(self) -> float:
        """The most so far; 0 where the system does not tell."""
        return self._peak_kib / 1024

    def _watch(self) -> None:
        while not self._ended.wait(EVERY_SECONDS):
            self._peak_kib = max(self._peak_kib, sum(map(_share_kib, _family(self._pid))))

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        self._thread.join()


def _family(pid: int) -> Iterator[int]:
    """The process and all its descendants that are there."""
    yield pid
    for thread in PROCESSES.glob(f"{pid}/task/*/children"):
        for child in _read(thread).split():
            yield from _family(int(child))


def _share_kib(pid: int) -> int:
    """What the process holds, shared pages by its share of them."""
    for line in _read(PROCESSES / str(pid) / "smaps_rollup").splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1])
    return 0


def _read(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:
        return ""  # it has ended meanwhile
