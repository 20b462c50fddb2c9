"""How far a long phase is, for whoever watches; the engine only tells, a subclass shows."""

from __future__ import annotations

import time
from typing import TextIO


class Progress:
    """Takes note and says nothing: what the library uses unless it is given something that shows."""

    def begin(self, phase: str, total: int) -> None:
        """A phase of `total` units starts."""

    def advance(self, units: int) -> None:
        """So many more units are done."""

    def finish(self) -> None:
        """The phase is over."""


SILENT = Progress()


class ProgressLine(Progress):
    """One line a phase on a stream, with the estimated time left; rewritten in place on a terminal.

    Where the stream is no terminal only the end of a phase is told, and every ten seconds where it stands.
    """

    _REDRAW_S = 0.2
    _LOG_S = 10.0

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._interactive = stream.isatty()
        self._phase = ""
        self._total = 0
        self._done = 0
        self._began = self._told = 0.0

    def begin(self, phase: str, total: int) -> None:
        """Start a line for the phase."""
        self._phase, self._total, self._done = phase, total, 0
        self._began = self._told = time.monotonic()

    def advance(self, units: int) -> None:
        """Redraw the line if it is time to."""
        self._done += units
        now = time.monotonic()
        if now - self._told < (self._REDRAW_S if self._interactive else self._LOG_S):
            return
        self._told = now
        self._write(f"{self._phase}: {self._done:,} of {self._total:,}{self._left(now)}", ends=not self._interactive)

    def finish(self) -> None:
        """End the line with the time the phase took."""
        elapsed = time.monotonic() - self._began
        self._write(f"{self._phase}: {self._done:,} in {elapsed:.1f} s", ends=True)

    def _left(self, now: float) -> str:
        if not 0 < self._done < self._total:
            return ""
        left = (now - self._began) / self._done * (self._total - self._done)
        return f", {left:.0f} s left" if left < 120 else f", {left / 60:.0f} min left"

    def _write(self, text: str, *, ends: bool) -> None:
        start = "\r\x1b[K" if self._interactive else ""
        self._stream.write(f"{start}{text}" + ("\n" if ends else ""))
        self._stream.flush()
