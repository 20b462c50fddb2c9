"""SIGINT, SIGTERM and SIGHUP: each ends a command once, in the main thread, and is told in one line.

A signal is raised as an exception, so that whatever is in use is let go of in order. What does not come by that is
seen to as well: an exception that a library swallows is raised again, a statement of SQLite that keeps the main thread
in C is interrupted, and a command that does not end in time is ended, after what it has made is removed. A second
signal changes nothing: the first one is being seen to. A third one does not wait for that.

Signals that were ignored at the start stay ignored (``nohup``, a shell's background). Imports hardly anything: what
comes first at the start of a command is this.
"""

from __future__ import annotations

import atexit
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from types import FrameType, TracebackType
from typing import Any, NoReturn, Self

from audit.processes.signal_watch import EXIT_CODES, SignalWatch

_AGAIN_AFTER_S = 1.0
"""Who does not let go of things in this time has lost the exception, as DuckDB does where it looks for pandas."""
_AGAIN_EVERY_S = 0.5
_LONG_PATIENCE_S = 8.0
"""Containers wait ten seconds between SIGTERM and SIGKILL."""
_LOOKS_EVERY_S = 0.05
_SQLITE_EVERY_S = 1.0
_SIGNALS_AT_MOST = 3


class Interruption(KeyboardInterrupt):
    """One of the signals; a KeyboardInterrupt, so that libraries let it pass as they let Ctrl-C pass."""

    def __init__(self, number: int) -> None:
        self.number = number
        super().__init__(signal.Signals(number).name)


_watch = SignalWatch()


def listen() -> None:
    """Begin to listen, in the main thread; to be called before anything else is imported."""
    if _watch.listening or threading.current_thread() is not threading.main_thread():
        return
    _watch.listening = True
    atexit.register(_ignore)
    sys.unraisablehook = _unraisable
    threading.excepthook = _in_thread
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
    for number in EXIT_CODES:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _on_signal)
    threading.Thread(target=_look_after, args=(reader,), name="interruption", daemon=True).start()


def received() -> int:
    """The signal that ends this command, 0 if there was none."""
    return _watch.first


def stands(text: str) -> None:
    """Say what holds from here on if the command is interrupted, and what to run then."""
    _watch.standing = text


def writes() -> None:
    """A database of somebody is written from here on: what was begun in it gets the time to be taken back."""
    _watch.patience_s = _LONG_PATIENCE_S


def ends_well() -> None:
    """To be stopped is the usual end of this command: SIGINT and SIGTERM are no failure, the exit code is 0."""
    _watch.exit_codes.update({signal.SIGINT: 0, signal.SIGTERM: 0})


def on_leaving(remove: Callable[[], object], *, first: bool = False) -> None:
    """Have this called when the command was interrupted: it removes what may still be there; never raises.

    ``first`` is for what would make more of it, such as child processes.
    """
    _watch.leave.insert(0 if first else len(_watch.leave), remove)


class shielded:  # noqa: N801  used as the functions of contextlib are
    """A few statements between which no signal may come: it is raised at their end."""

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            _watch.shields += 1
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if threading.current_thread() is threading.main_thread():
            _watch.shields -= 1
            _raise_if_due()


class handed_to:  # noqa: N801  the same
    """Signals are given to a function instead, which ends the work in its own way."""

    def __init__(self, delegate: Callable[[int], object]) -> None:
        self._delegate = delegate

    def __enter__(self) -> Self:
        _watch.delegate = self._delegate
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        _watch.delegate = None


def end_on(number: int) -> NoReturn:
    """End the command as interrupted by a signal that was handed to somebody else."""
    _watch.first, _watch.raised = number, True
    raise Interruption(number)


def settle() -> int:
    """End an interrupted command: remove what is left of it, say in a line where it stands, return the exit code."""
    _watch.shields += 1  # nothing is raised from here on
    number = _watch.first or signal.SIGINT
    _leave()
    _watch.over = _watch.listening
    _watch.shields -= 1
    _tell(number)
    return _watch.exit_codes[number]


def leave_interrupted() -> None:
    """Leave at once if a signal ended the command: all is let go of, and what is left is the interpreter's own end.

    A library that was interrupted while it was loading may crash there, and that would be the exit code.
    """
    if not _watch.first:
        return
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            stream.flush()
    os._exit(_watch.exit_code)


def guarded(work: Callable[[], int]) -> int:
    """Listen while the work of a command is done; its exit code, or that of the signal that ended it."""
    try:
        try:
            listen()
            _watch.exit_code = work()
        except KeyboardInterrupt:
            _watch.exit_code = settle()
        return _watch.exit_code
    finally:
        # Its outcome is told: whatever comes now comes too late.
        _watch.over = True


def _on_signal(number: int, frame: FrameType | None) -> None:
    if _watch.kicked:
        _watch.kicked = False
    else:
        _watch.count += 1
        if _watch.over:
            if _watch.count >= _SIGNALS_AT_MOST:
                os._exit(_watch.exit_code)
            return
        if _watch.delegate is not None:
            _watch.delegate(number)
            return
        if _watch.count >= _SIGNALS_AT_MOST:
            leave_at_once(number)
    _watch.first = _watch.first or number
    _raise_if_due()


def _ignore() -> None:
    """The last of the exit handlers: without it the interpreter would let a signal kill it from here on."""
    for number in EXIT_CODES:
        if signal.getsignal(number) is _on_signal:
            signal.signal(number, signal.SIG_IGN)


def _raise_if_due() -> None:
    if _watch.first and not (_watch.raised or _watch.shields or _watch.over):
        _watch.raised = True
        raise Interruption(_watch.first)


def leave_at_once(number: int) -> NoReturn:
    """End the process without letting go of anything in order; what it has made is removed."""
    _watch.first = _watch.first or number
    if _watch.leaving:
        # The other thread is about to leave.
        time.sleep(_LONG_PATIENCE_S)
    _leave()
    if not _watch.over:
        _tell(_watch.first)
    os._exit(_watch.exit_codes.get(_watch.first, 1))


def _leave() -> None:
    _watch.leaving = True
    for remove in tuple(_watch.leave):
        with suppress(Exception):
            remove()
    _watch.leaving = False


def _tell(number: int) -> None:
    done = "interrupted" if _watch.exit_codes[number] else "stopped"
    line = f"turntruth: {done} by {signal.Signals(number).name}: {' '.join(_watch.standing.split())}"
    with suppress(OSError, ValueError):
        # A line of progress may stand where the cursor is.
        start = "\n" if sys.stderr.isatty() else ""
        sys.stderr.write(f"{start}{line}\n")
        sys.stderr.flush()


def _look_after(reader: int) -> None:
    """See to it that a signal ends the command, whatever the main thread is in."""
    while not _watch.over:
        number = os.read(reader, 1)[0]
        if _watch.delegate is None:
            _see_to(number)


def _see_to(number: int) -> None:
    began = sqlite_at = time.monotonic()
    again_at = began + _AGAIN_AFTER_S
    while not _watch.over:
        now = time.monotonic()
        if now >= sqlite_at:
            _interrupt_sqlite()
            sqlite_at = now + (_SQLITE_EVERY_S if _watch.raised else _LOOKS_EVERY_S)
        if now - began > _watch.patience_s:
            leave_at_once(number)
        if now > again_at:
            _watch.raised = False
            again_at = now + _AGAIN_EVERY_S
        if _watch.first and not (_watch.raised or _watch.shields):
            _kick()
        time.sleep(_LOOKS_EVERY_S)


def _kick() -> None:
    """Have the handler run in the main thread once more."""
    _watch.kicked = True
    main = threading.main_thread().ident
    if main is not None:
        with suppress(OSError):
            signal.pthread_kill(main, _watch.first)


def _interrupt_sqlite() -> None:
    """A long statement keeps the main thread in C, where no handler runs."""
    connections: Callable[[], list[Any]] | None = getattr(sys.modules.get("apsw"), "connections", None)
    for connection in connections() if connections else ():
        with suppress(Exception):
            connection.interrupt()


def _unraisable(told: sys.UnraisableHookArgs) -> None:
    if isinstance(told.exc_value, Interruption):
        # It came where nothing can be raised, such as a finalizer: it is raised anew.
        _watch.raised = False
    elif not _watch.first:
        sys.__unraisablehook__(told)


def _in_thread(told: threading.ExceptHookArgs) -> None:
    """What a thread met because the main thread let go of what it works on is nothing to tell."""
    if not _watch.first:
        threading.__excepthook__(told)
