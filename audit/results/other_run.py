"""What a list of runs tells of those that are no audits: comparisons, fleets and migrations of fleets."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from audit.files.regular_file import open_regular, read_bounded
from audit.results.comparison_verdict import contradiction
from audit.results.run_kind import FLEET_HISTORY, RESULTS_FILE, RESULTS_LIMIT_BYTES, RunKind, is_comparison, kind_of

_CERTIFICATE = "certificate.json"
_HEAD_BYTES = 4096
_TAIL_BYTES = 16 << 10
_MEMBER = re.compile(rb'"(run_id|verdict|finished_at)": "([^"\\]{1,100})"')
_FLEET_WORDS = {"passed": "GO", "failed": "NO-GO", "errored": "CANNOT TELL"}
_LACKS = "it is a comparison of two files, and lacks what every comparison has"
_NOT_FINISHED = "NOT FINISHED"
_LISTED = frozenset({RunKind.COMPARISON, RunKind.FLEET, RunKind.MIGRATION})


@dataclass(frozen=True, slots=True)
class OtherRun:
    """One run that is no audit; '' is what its files do not say.

    ``moment`` is when a comparison began, and when a fleet ended; ``files`` are the two that were compared, and
    ``tenants`` is how many files a fleet has, and ``by_verdict`` how many of them are how.
    """

    kind: RunKind
    run_id: str = ""
    headline: str = ""
    moment: str = ""
    files: tuple[str, ...] = ()
    contract: str = ""
    tenants: int = 0
    by_verdict: Mapping[str, int] = field(default_factory=dict)

    @property
    def about(self) -> str:
        """What it is of, in words: of two files the same for runs of the same files under the same contract."""
        if not self.files:
            return self._tenants_in_words()
        return " → ".join(self.files) + (f" under {self.contract}" if self.contract else "")

    def _tenants_in_words(self) -> str:
        if not self.tenants:
            return ""
        parts = [f"{self.by_verdict[name]:,} {word}" for name, word in _FLEET_WORDS.items() if name in self.by_verdict]
        told = f"{self.tenants:,} file{'' if self.tenants == 1 else 's'}"
        return f"{told}: {', '.join(parts)}" if parts else told


class OtherRunError(ValueError):
    """A comparison lacks what every comparison has, or contradicts itself."""


def read_other(folder: Path) -> OtherRun | None:
    """What is to be told of the run in that folder; None where it is an audit, or nothing of ours.

    Raises
    ------
    OtherRunError
        It is a comparison, and damaged.
    """
    kind = kind_of(folder)
    if kind not in _LISTED:
        return None
    if kind is RunKind.FLEET:
        return _fleet(folder)
    if kind is not RunKind.COMPARISON:
        return OtherRun(kind)
    try:
        document = json.loads(read_bounded(folder / RESULTS_FILE, RESULTS_LIMIT_BYTES))
    except (OSError, ValueError) as error:
        raise OtherRunError(f"{folder / RESULTS_FILE}: {error}") from error
    return comparison_of(document)


def comparison_of(document: Any) -> OtherRun | None:
    """The same of a ``results.json`` that was read."""
    if not is_comparison(document):
        return None
    contract = document.get("contract")
    texts = [document.get(name) for name in ("run_id", "headline", "started_at", "before", "after")]
    if not all(isinstance(text, str) for text in texts) or not isinstance(contract, dict | None):
        raise OtherRunError(_LACKS)
    try:
        problem = contradiction(document)
    except (LookupError, TypeError, AttributeError) as error:
        raise OtherRunError(_LACKS) from error
    if problem:
        raise OtherRunError(f"it is a comparison of two files, and {problem}")
    run_id, headline, moment, *files = map(str, texts)
    return OtherRun(RunKind.COMPARISON, run_id, headline, moment, tuple(files), str((contract or {}).get("name", "")))


def _fleet(folder: Path) -> OtherRun:
    head = _head(folder / _CERTIFICATE)
    run_id, verdict = head.get("run_id", ""), head.get("verdict", "")
    told = _last_of_history(folder / FLEET_HISTORY)
    # The certificate is what counts: a run that was stopped may have left a line about itself, and none.
    told = told if run_id and told.get("run_id") == run_id else {}
    # Without it the last run over these files has not ended.
    words = _FLEET_WORDS.get(verdict, verdict.upper()) if (folder / _CERTIFICATE).exists() else _NOT_FINISHED
    headline, by_verdict = told.get("headline"), told.get("by_verdict")
    by_verdict = by_verdict if isinstance(by_verdict, dict) else {}
    return OtherRun(
        RunKind.FLEET,
        run_id,
        headline if isinstance(headline, str) else words,
        head.get("finished_at", ""),
        tenants=_number(told.get("tenants")),
        by_verdict={name: number for name in _FLEET_WORDS if (number := _number(by_verdict.get(name)))},
    )


def _number(value: object) -> int:
    return value if isinstance(value, int) and value > 0 else 0


def _last_of_history(path: Path) -> Mapping[str, Any]:
    """The last line of the history of a fleet, which has one a run and grows; {} where it cannot be read."""
    try:
        with open_regular(path) as stream:
            size = stream.seek(0, os.SEEK_END)
            stream.seek(max(0, size - _TAIL_BYTES))
            lines = stream.read(_TAIL_BYTES).splitlines()
        told = json.loads(lines[-1]) if lines else {}
    except (OSError, ValueError, RecursionError):
        return {}
    return told if isinstance(told, dict) else {}


def _head(path: Path) -> Mapping[str, str]:
    """The first members of a certificate: that of a large fleet has megabytes."""
    try:
        with open_regular(path) as stream:
            found = _MEMBER.findall(stream.read(_HEAD_BYTES))
    except OSError:
        return {}
    return {name.decode(): value.decode(errors="replace") for name, value in reversed(found)}
