"""The result as JSON, and its findings as JSON lines."""

from __future__ import annotations

import json
from collections.abc import Iterable

from audit.results.record_json import plain
from audit.results.records import AuditResult, Finding


def render_json(result: AuditResult) -> str:
    """The text of ``results.json``."""
    return result.to_json_text()


def render_jsonl(result: AuditResult, findings: Iterable[Finding]) -> str:
    """A line a finding; none is empty text."""
    return "".join(json.dumps(plain(finding), ensure_ascii=False) + "\n" for finding in findings)
