"""Waiting for what other threads do, in a way that a signal ends."""

from __future__ import annotations

from collections.abc import Callable
from queue import Empty, SimpleQueue
from threading import Thread
from typing import TypeVar

Made = TypeVar("Made")


def within(seconds: float, make: Callable[[], Made]) -> Made:
    """What a function returns or raises in a thread; ``TimeoutError`` where that takes longer, and it goes on there."""
    ended: SimpleQueue[tuple[Made] | BaseException] = SimpleQueue()

    def work() -> None:
        try:
            ended.put((make(),))
        except BaseException as error:  # noqa: BLE001  raised by whoever waits
            ended.put(error)

    Thread(target=work, name="spark", daemon=True).start()
    try:
        made = ended.get(timeout=seconds)
    except Empty:
        raise TimeoutError from None
    if isinstance(made, BaseException):
        raise made
    return made[0]
