"""A process that audits files one after another, for tests whose own process has the files open.

Two SQLite libraries in one process lose writes, so a live store is audited from another one; and because importing
Great Expectations takes seconds, one process serves all tests. It reads one JSON request a line and answers so.
"""

from __future__ import annotations

import dataclasses
import json
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Any, Self

REPOSITORY = Path(__file__).resolve().parents[3]


@dataclasses.dataclass(frozen=True, slots=True)
class AuditAnswer:
    """The verdict, the checks that ran by status, and what the findings say."""

    verdict: str
    statuses: dict[str, str]
    problems: list[str]

    def assert_passed(self) -> None:
        """The audit passed with nothing to warn of, and the checks that a switch is judged by did run."""
        assert self.verdict == "passed", self.problems
        needed = ("continuity/pointer_agrees", "continuity/no_phantom_switch", "continuity/never_empty_after_cutover")
        not_run = [check for check in needed if self.statuses.get(check) != "passed"]
        assert not not_run, not_run


class AuditProcess:
    """Runs audits in a child process, started with the first of them."""

    def __init__(self) -> None:
        self._child: subprocess.Popen[str] | None = None

    def audit(self, folder: Path) -> AuditAnswer:
        """Audit ``turns.db`` and ``timeline.db`` of a folder; a warning fails it too."""
        if self._child is None:
            self._child = subprocess.Popen(
                [sys.executable, __file__],
                cwd=REPOSITORY,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
        child = self._child
        assert child.stdin is not None
        assert child.stdout is not None
        child.stdin.write(json.dumps(str(folder)) + "\n")
        child.stdin.flush()
        line = child.stdout.readline()
        assert line, f"the audit process ended with {child.wait()}"
        return AuditAnswer(**json.loads(line))

    def close(self) -> None:
        """End the process."""
        if self._child is not None:
            self._child.communicate()
            self._child = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _serve() -> None:
    """Answer requests until there are no more."""
    sys.path.insert(0, str(REPOSITORY))
    sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]  # as in `conftest.py`
    import audit.great_expectations.validation  # noqa: F401, PLC0415  else each audit would start a process to judge

    # What libraries print goes to stderr: stdout carries the answers.
    answers, sys.stdout = sys.stdout, sys.stderr
    for line in sys.stdin:
        try:
            answer = _audit(Path(json.loads(line)))
        except Exception as error:  # noqa: BLE001  an audit that cannot run is an answer too
            answer = {"verdict": "errored", "statuses": {}, "problems": [f"{type(error).__name__}: {error}"]}
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


def _audit(folder: Path) -> dict[str, Any]:
    from audit.pipeline.run import run_audit  # noqa: PLC0415  only the child may load it
    from audit.pipeline.settings import AuditSettings  # noqa: PLC0415  the same
    from audit.policy.verdict import Gate  # noqa: PLC0415  the same

    result = run_audit(
        AuditSettings(folder / "turns.db", timeline=folder / "timeline.db", cutover_ms=1, fail_on=Gate.WARNING)
    )
    checks = result.to_json()["checks"]
    return {
        "verdict": result.verdict,
        "statuses": {f"{check['suite']}/{check['check']}": check["status"] for check in checks},
        "problems": [json.dumps(check) for check in checks if check["status"] in {"failed", "errored"}],
    }


if __name__ == "__main__":
    _serve()
