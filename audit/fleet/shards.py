"""Shards: files that are one store together, of which none alone can be asked where its conversations stand.

What asks for the latest turn of a conversation, or for its record, is asked over all shards instead; what compares the
moments of switches with turns cannot be asked of a part, and is left out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace

from audit.fleet.manifest import FleetFile
from audit.policy.verdict import Gate, decide
from audit.results.cause import Cause
from audit.results.records import AuditResult, CheckResult, Status, Verdict

ASKED_OVER_ALL = {
    "pointer_agrees": "store_pointer_agrees",
    "pointer_beyond_doubt": "store_pointer_agrees",
    "conversation_recorded": "store_conversation_recorded",
    "conversation_has_turns": "store_conversation_has_turns",
    "session_has_turns": "store_conversation_has_turns",
}
"""Check of one file to the check across files that takes its place."""
LEFT_OUT = ("switch_events_match_turns", "switch_not_early", "switch_not_late", "files_belong_together")


def shared_stores(files: Iterable[FleetFile]) -> frozenset[str]:
    """The stores that have several files."""
    counted = Counter(file.store for file in files if file.store)
    return frozenset(store for store, number in counted.items() if number > 1)


def as_shard(result: AuditResult) -> AuditResult:
    """What one shard says by itself: without what only all of them can say."""
    checks = tuple(map(_set_aside, result.checks))
    verdict = result.verdict
    if verdict is Verdict.FAILED:
        verdict = decide(checks, Gate(result.gate), (), result.coverage_gates)
    causes = tuple(cause for cause in result.causes if not _is_set_aside(cause))
    return replace(result, checks=checks, verdict=verdict, causes=causes)


def describe_shards(stores: Iterable[str]) -> str:
    """What is not asked of shards, as a sentence; '' where there are none."""
    names = sorted(stores)
    if not names:
        return ""
    told = ", ".join(names[:5]) + (" …" if len(names) > 5 else "")
    return (
        f"files of one store ({told}): pointers and records of conversations are compared over all of its files;"
        f" not made are {', '.join(LEFT_OUT)}, which need all turns of a conversation in one file"
    )


def _is_set_aside(cause: Cause) -> bool:
    return cause.check in ASKED_OVER_ALL or cause.check in LEFT_OUT


def _set_aside(check: CheckResult) -> CheckResult:
    if check.status is Status.SKIPPED or not (check.check in ASKED_OVER_ALL or check.check in LEFT_OUT):
        return check
    instead = ASKED_OVER_ALL.get(check.check)
    reason = f"the file is a shard: {instead} is asked over all of them" if instead else "the file is a shard"
    return replace(
        check, status=Status.SKIPPED, findings=0, accepted=0, sample=(), error="", skip_reason=reason, sqlite_sql=""
    )
