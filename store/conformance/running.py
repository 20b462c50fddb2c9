"""Running a suite without a test runner."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Failure:
    """A test of a suite that did not hold, and why."""

    test: str
    error: BaseException


class _Caught:
    """Where `raises` puts what was raised; `error` may be read after the block."""

    error: BaseException | None = None


@contextlib.contextmanager
def raises(wanted: type[BaseException]) -> Iterator[_Caught]:
    """Hold the block to raising an error of that class."""
    caught = _Caught()
    try:
        yield caught
    except wanted as error:
        caught.error = error
    else:
        raise AssertionError(f"{wanted.__name__} was not raised")


def run_suite(suite: object) -> list[Failure]:
    """Run every ``test_`` method of a suite, each on a fresh store; the failures, none if the store conforms."""
    failures = []
    for name in sorted(dir(suite)):
        if not name.startswith("test_"):
            continue
        try:
            getattr(suite, name)()
        except Exception as error:  # noqa: BLE001  whatever a store raises is a failure of its test
            failures.append(Failure(name, error))
    return failures
