"""A worker of the pool: ``python -m audit.fleet.worker``, which does one task a line of its input.

The first line says what all tasks share, each further one is a file. It answers with a line each: how the outcome came
about, which lies in the folder by then.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TextIO

from audit.fleet.fleet_folder import FleetFolder
from audit.fleet.manifest import FleetFile
from audit.fleet.options import FleetOptions
from audit.fleet.unit_task import Task, TaskRunner
from audit.results.record_json import plain, read_record

MODULE = "audit.fleet.worker"


def setup_line(folder: FleetFolder, task: Task) -> str:
    """What all tasks of a worker share, as its first line."""
    said = {"folder": str(folder.path), "options": plain(task.options), "asked": task.asked, "reuse": task.reuse}
    return json.dumps(said)


def work(questions: TextIO, answers: TextIO) -> None:
    """Answer to the end of the questions."""
    said = json.loads(questions.readline())
    task = Task(read_record(FleetOptions, said["options"]), said["asked"], said["reuse"])
    with TaskRunner(FleetFolder(Path(said["folder"])), task) as runner:
        for line in questions:
            print(runner.run(read_record(FleetFile, json.loads(line))), file=answers, flush=True)


if __name__ == "__main__":
    # What libraries print goes to standard error: standard output carries the answers.
    output, sys.stdout = sys.stdout, sys.stderr
    work(sys.stdin, output)
