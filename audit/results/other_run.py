"""What a list of runs tells of those that are no audits: comparisons, fleets and migrations of fleets."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from audit.files.regular_file import open_regular, read_bounded
from audit.results.run_kind import RESULTS_FILE, RESULTS_LIMIT_BYTES, RunKind, is_comparison, kind_of

_CERTIFICATE = "certificate.json"
_HEAD_BYTES = 4096
_MEMBER = re.compile(rb'"(run_id|verdict|finished_at)": "([^"\\]{1,100})"')
_FLEET_WORDS = {"passed": "GO", "failed": "NO-GO"}
_LISTED = frozenset({RunKind.COMPARISON, RunKind.FLEET, RunKind.MIGRATION})


@dataclass(frozen=True, slots=True)
class OtherRun:
    """One run that is no audit; '' is what its files do not say.

    ``moment`` is when a comparison began, and when a fleet ended; ``files`` are the two that were compared.
    """

    kind: RunKind
    run_id: str = ""
    headline: str = ""
    moment: str = ""
    files: tuple[str, ...] = ()
    contract: str = ""

    @property
    def about(self) -> str:
        """What it is of, in words: the same for runs of the same files under the same contract."""
        if not self.files:
            return ""
        return " → ".join(self.files) + (f" under {self.contract}" if self.contract else "")


class OtherRunError(ValueError):
    """A comparison lacks what every comparison has."""


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
    if kind is not RunKind.COMPARISON:
        head = _head(folder / _CERTIFICATE) if kind is RunKind.FLEET else {}
        verdict = head.get("verdict", "")
        return OtherRun(
            kind, head.get("run_id", ""), _FLEET_WORDS.get(verdict, verdict.upper()), head.get("finished_at", "")
        )
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
        raise OtherRunError("it is a comparison of two files, and lacks what every comparison has")
    run_id, headline, moment, *files = map(str, texts)
    return OtherRun(RunKind.COMPARISON, run_id, headline, moment, tuple(files), str((contract or {}).get("name", "")))


def _head(path: Path) -> Mapping[str, str]:
    """The first members of a certificate: that of a large fleet has megabytes."""
    try:
        with open_regular(path) as stream:
            found = _MEMBER.findall(stream.read(_HEAD_BYTES))
    except OSError:
        return {}
    return {name.decode(): value.decode(errors="replace") for name, value in reversed(found)}
