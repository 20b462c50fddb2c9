"""What a command knows of the signals that it got, and of what holds if it is ended by one."""

from __future__ import annotations

import signal
from collections.abc import Callable

EXIT_CODES = {signal.SIGINT: 130, signal.SIGTERM: 143, signal.SIGHUP: 129}
"""128 and the number of the signal, as a shell tells it."""

NOTHING_WRITTEN = "nothing was written; run the same command again"

PATIENCE_S = 3.0


class SignalWatch:
    """What this process knows of the signals it got."""

    def __init__(self) -> None:
        self.listening = False
        self.first = 0
        self.count = 0
        self.raised = False
        self.kicked = False
        self.over = False
        self.exit_code = 1
        self.leaving = False
        self.shields = 0
        self.standing = NOTHING_WRITTEN
        self.patience_s = PATIENCE_S
        self.exit_codes: dict[int, int] = {int(number): code for number, code in EXIT_CODES.items()}
        self.delegate: Callable[[int], object] | None = None
        self.leave: list[Callable[[], object]] = []
