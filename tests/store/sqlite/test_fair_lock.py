"""A lock that is handed to whoever has waited longest."""

from __future__ import annotations

import threading
import time

import pytest

from store.sqlite.fair_lock import FairLock


def wait_until(lock: FairLock, waiting: int) -> None:
    deadline = time.monotonic() + 30
    while len(lock._waiting) != waiting:
        assert time.monotonic() < deadline
        time.sleep(0.001)


def test_only_one_thread_is_inside_at_a_time() -> None:
    lock, inside, most = FairLock(), 0, 0

    def enter() -> None:
        nonlocal inside, most
        for _ in range(200):
            with lock:
                inside += 1
                most = max(most, inside)
                inside -= 1

    threads = [threading.Thread(target=enter) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert most == 1
    assert inside == 0


def test_it_is_handed_over_in_the_order_of_coming() -> None:
    lock, order = FairLock(), list[int]()

    def enter(number: int) -> None:
        with lock:
            order.append(number)

    threads = [threading.Thread(target=enter, args=(number,)) for number in range(6)]
    with lock:
        for number, thread in enumerate(threads):
            thread.start()
            wait_until(lock, number + 1)
    for thread in threads:
        thread.join()

    assert order == [0, 1, 2, 3, 4, 5]


def test_an_error_inside_releases_it() -> None:
    lock = FairLock()

    with pytest.raises(ZeroDivisionError), lock:
        raise ZeroDivisionError

    with lock:
        assert lock._held
    assert not lock._held


def test_whoever_stops_waiting_leaves_the_others_their_turn() -> None:
    lock, entered = FairLock(), threading.Event()

    def enter() -> None:
        with lock:
            entered.set()

    with lock:
        impatient = threading.Lock()
        lock._waiting.append(impatient)
        thread = threading.Thread(target=enter)
        thread.start()
        wait_until(lock, 2)
        lock._leave(impatient)
    thread.join()

    assert entered.is_set()
    assert not lock._held


def test_a_lock_handed_to_somebody_who_stops_waiting_goes_on_to_the_next() -> None:
    lock, entered = FairLock(), threading.Event()

    def enter() -> None:
        with lock:
            entered.set()

    lock.__enter__()
    handed = threading.Lock()
    handed.acquire()
    lock._waiting.append(handed)
    thread = threading.Thread(target=enter)
    thread.start()
    wait_until(lock, 2)
    lock.__exit__(None, None, None)  # now it belongs to `handed`
    lock._leave(handed)
    thread.join()

    assert entered.is_set()
    assert not lock._held
