"""A process that works on one file after the other: ``python -m audit.fleet.migration.migration_worker``.

The first line of its input names the function that does the work, each further one is a question; it answers with a
line each. A signal ends what it is at as it ends a command: between two statements, with what was unfinished removed.
"""

from __future__ import annotations

import json
import sys
from importlib import import_module
from typing import TextIO

from audit.fleet.migration.file_work import Answer, FileWork, Outcome, Question
from audit.processes.interruption import guarded, received, writes
from audit.results.record_json import plain, read_record

MODULE = "audit.fleet.migration.migration_worker"
EXIT_REFUSED, EXIT_INTERRUPTED = 2, 130


def work(questions: TextIO, answers: TextIO) -> int:
    """Answer to the end of the questions, or to a signal."""
    module, name = questions.readline().strip().split(":")
    function: FileWork = getattr(import_module(module), name)
    for line in questions:
        answer = answered(function, read_record(Question, json.loads(line)))
        print(json.dumps(plain(answer)), file=answers, flush=True)
        if received():
            break
    return 0


def answered(function: FileWork, question: Question) -> Answer:
    """The answer to one question, whatever becomes of the work."""
    try:
        return Answer(Outcome.DONE, said=plain(function(question)))
    except KeyboardInterrupt:
        return Answer(Outcome.INTERRUPTED, f"{question.path}: stopped before its first change", "KeyboardInterrupt")
    except Exception as error:  # noqa: BLE001  whatever is wrong with one file is told, and the others go on
        outcomes = {EXIT_REFUSED: Outcome.REFUSED, EXIT_INTERRUPTED: Outcome.INTERRUPTED}
        outcome = outcomes.get(getattr(error, "exit_code", 0), Outcome.FAILED)
        if received():
            outcome = Outcome.INTERRUPTED
        kind = type(error).__name__
        known = outcome is not Outcome.FAILED or hasattr(error, "exit_code")
        return Answer(outcome, str(error) if known else f"{question.path}: {kind}: {error}", kind)


if __name__ == "__main__":
    # What libraries print goes to standard error: standard output carries the answers.
    output, sys.stdout = sys.stdout, sys.stderr
    writes()
    sys.exit(guarded(lambda: work(sys.stdin, output)))
