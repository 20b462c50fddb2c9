"""Great Expectations in a process of its own, which validates the results on its input.

It takes seconds to load, and two threads of one Python process load and work in turns, not beside each other. Whoever
audits many times in one process imports `audit.great_expectations.validation` first:
then it is there already, and no process is started.
"""

from __future__ import annotations

import gc
import json
import os
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from types import TracebackType
from typing import Any, Self, TextIO

from audit.checks.catalog import load_catalog
from audit.files.private_folder import PrivateFolder
from audit.processes.children import Child, ChildError
from audit.results.record_json import RecordFormatError, plain, read_record
from audit.results.records import CheckResult, Status

MODULE = "audit.great_expectations.validation_process"
GREAT_EXPECTATIONS = "audit.great_expectations.validation"
JUDGED = frozenset({Status.PASSED, Status.FAILED})


class Judge:
    """Judges the checks of one audit, in a process that loads while others work and ends with this context manager."""

    def __init__(self) -> None:
        self._child: Child | None = None
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        self._start()
        return self

    def _start(self) -> None:
        if GREAT_EXPECTATIONS not in sys.modules:
            with ExitStack() as stack:
                folder = stack.enter_context(PrivateFolder())
                self._child = stack.enter_context(Child(MODULE, [], folder, takes_input=True))
                self._stack = stack.pop_all()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.__exit__(kind, error, trace)

    def give_way(self) -> None:
        """Load only while nobody else wants the core: where files are big there is time enough."""
        if self._child is not None:
            self._child.give_way()

    def put_off(self) -> None:
        """Give up what has begun to load; it begins again when it is asked. Until then its memory is others' to use."""
        self._stack.close()
        self._child = None

    def judge(self, results: Sequence[CheckResult]) -> tuple[CheckResult, ...]:
        """Replace the status of every check that ran by the verdict of Great Expectations; the order is kept.

        If its process ends without verdicts, the checks that ran are errored.
        """
        if self._child is None:
            self._start()
        if self._child is None:
            return _judge_here(results)
        try:
            answer = self._child.finish(json.dumps([plain(result) for result in results]))
            return tuple(_read_verdicts(results, json.loads(answer.splitlines()[-1])))
        except (ChildError, RecordFormatError, ValueError, IndexError) as error:
            problem = f"Great Expectations could not judge it: {error}"
            return tuple(
                replace(result, status=Status.ERRORED, error=problem) if result.status in JUDGED else result
                for result in results
            )


def _judge_here(results: Sequence[CheckResult]) -> tuple[CheckResult, ...]:
    from audit.great_expectations import validation  # noqa: PLC0415  only a process that has loaded it already gets here

    return validation.judge(results)


def _read_verdicts(results: Sequence[CheckResult], verdicts: Sequence[Any]) -> list[CheckResult]:
    """The results with the status and the error that the other process gave each of them."""
    return [
        replace(result, status=Status(status), error=str(error))
        for result, (status, error) in zip(results, verdicts, strict=True)
    ]


def answer(questions: TextIO, answers: TextIO) -> None:
    """Judge one list of results, read to the end of ``questions``."""
    from audit.great_expectations import validation  # noqa: PLC0415  the process that only starts this one does not need it

    # While nobody waits yet: to make and register a class takes a quarter of what judging takes.
    for check in load_catalog().checks:
        validation.expectation_class(check.name)
    results = [read_record(CheckResult, document) for document in json.load(questions)]
    verdicts = [(result.status, result.error) for result in validation.judge(results)]
    print(json.dumps(verdicts), file=answers, flush=True)


if __name__ == "__main__":
    # As other children are started, without it.
    sys.modules.pop("pandas", None)
    # Hardly anything of what importing makes is garbage: looking for it would take a sixth of the time.
    gc.disable()
    # Where Jupyter is installed, the jsonschema of altair builds a grammar of IRIs, which takes a third of all loading,
    # for a format that no schema has here; where that package is missing, it does without.
    sys.modules["rfc3987_syntax"] = None  # type: ignore[assignment]  # so that importing it is an ImportError
    # What libraries print goes to standard error: standard output carries the answer.
    output, sys.stdout = sys.stdout, sys.stderr
    answer(sys.stdin, output)
    sys.stderr.flush()
    # The answer is out, and nothing of this process stays. To take all that importing made apart again, piece by piece,
    # would take as long as judging.
    os._exit(0)
