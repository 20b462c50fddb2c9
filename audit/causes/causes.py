"""The causes of what was found: findings that follow from another one are folded under it, and still counted.

A finding folds under another only where the header of its check says that it can be a consequence of the other's, on
the same rows, and never under a lower severity. What nothing explains is a cause of its own: nothing is hidden, only
put into an order.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import closing
from typing import TYPE_CHECKING

from audit.causes.folding import Folded, Folding
from audit.checks.catalog import Catalog
from audit.checks.check import Check, Kind, Severity
from audit.results.cause import Cause, Extent
from audit.results.records import CheckResult, Status

if TYPE_CHECKING:
    import duckdb

_SEVERITIES = tuple(map(str, Severity))
_KINDS = tuple(map(str, Kind))
_SUITES = ("schema", "preservation", "integrity", "backfill", "defaults", "continuity", "ledger")
"""From what is there at all to what others say of it."""


def find_causes(
    connection: duckdb.DuckDBPyConnection,
    results: Sequence[CheckResult],
    catalog: Catalog,
    in_the_way: Sequence[str],
) -> tuple[tuple[Cause, ...], Extent]:
    """The causes, the gravest first, and how far the findings of some of the checks go.

    Reads the table ``findings``.

    Parameters
    ----------
    results
        What the checks said, with the severities that count in this run.
    in_the_way
        Names of the checks whose extent is asked for.
    """
    checks = {check.name: check for check in catalog.checks}
    failed = {each.check: each for each in results if each.status is Status.FAILED and each.open_findings}
    if not failed:
        return (), Extent()
    of_conversations = [name for name in failed if name in checks and "turn_id" not in checks[name].identity]
    with closing(Folding(connection, of_conversations)) as findings:
        folded = findings.fold(_possible_causes(failed, catalog, checks))
        extent = findings.extent(in_the_way)
    causes = [_cause(failed[name], checks.get(name), each) for name, each in folded.items()]
    return tuple(sorted(causes, key=_place)), extent


def worst_first(results: Sequence[CheckResult], causes: Sequence[Cause]) -> tuple[CheckResult, ...]:
    """The checks whose findings stand open: those that name a cause in the order of the causes, then what follows."""
    places = {cause.check: place for place, cause in enumerate(causes)}
    found = (each for each in results if each.open_findings)
    return tuple(
        sorted(found, key=lambda each: (_rank(each.severity), places.get(each.check, len(places)), each.check))
    )


def _possible_causes(
    failed: Mapping[str, CheckResult], catalog: Catalog, checks: Mapping[str, Check]
) -> dict[str, list[str]]:
    """Each check that failed with every one from which its findings can follow, directly or not, the first first."""
    order = sorted(failed, key=lambda name: _directness(failed[name], checks.get(name)))
    places = {name: place for place, name in enumerate(order)}
    following = {name: _following(name, catalog) for name in failed}
    found: dict[str, list[str]] = {name: [] for name in order}
    for cause in order:
        for name in following[cause] & failed.keys():
            # Of two that can follow from each other, the one that looks at the matter itself is the cause.
            is_cause = places[cause] < places[name] or cause not in following[name]
            if is_cause and _rank(failed[cause].severity) <= _rank(failed[name].severity):
                found[name].append(cause)
    return found


def _following(cause: str, catalog: Catalog) -> set[str]:
    found: set[str] = set()
    waiting = [cause]
    while waiting:
        further = set(catalog.consequences(waiting.pop())) - found - {cause}
        found |= further
        waiting += further
    return found


def _directness(result: CheckResult, check: Check | None) -> tuple[int, int, int, int, str]:
    """Of two checks that can follow from each other, the lesser one looks at the matter itself."""
    suite = _SUITES.index(result.suite) if result.suite in _SUITES else len(_SUITES)
    kind = str(check.kind) if check else _KINDS[-1]
    return _rank(result.severity), suite, _KINDS.index(kind), -result.open_findings, result.check


def _rank(severity: str) -> int:
    return _SEVERITIES.index(severity) if severity in _SEVERITIES else len(_SEVERITIES)


def _cause(result: CheckResult, check: Check | None, folded: Folded) -> Cause:
    return Cause(
        check=result.check,
        suite=result.suite,
        severity=str(result.severity),
        kind=str(check.kind) if check else str(Kind.FORM),
        sentence=_sentence(result, check, folded.rows),
        findings=folded.findings,
        turns=folded.turns,
        conversations=folded.conversations,
        consequences=dict(sorted(folded.consequences.items())),
    )


def _sentence(result: CheckResult, check: Check | None, places: int) -> str:
    if check is not None and check.failure is not None:
        return check.failure.told(places)
    return f"{result.title or result.check}: not so in {places:,} {'row' if places == 1 else 'rows'}"


def _place(cause: Cause) -> tuple[int, int, int, int, int, str]:
    """What concerns turns goes before what concerns none of them, such as blocks."""
    extent = (-cause.turns, -cause.conversations, -cause.findings)
    return (_rank(cause.severity), _KINDS.index(cause.kind), *extent, cause.check)
