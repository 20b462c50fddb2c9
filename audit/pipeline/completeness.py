"""What a run did not look at, and what else its reader should know: sentences for the top of a report."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from audit.checks.catalog import Catalog
from audit.files.permissions import Permissions
from audit.pipeline.settings import AuditSettings
from audit.policy.acceptance import describe_states
from audit.results.records import Acceptance, CheckResult, InputFile, Status


def reasons_incomplete(
    settings: AuditSettings,
    missing: Mapping[str, str],
    inputs: Iterable[InputFile],
    checks: Sequence[CheckResult],
) -> tuple[str, ...]:
    """Reasons why the audit as a whole cannot be trusted to have looked at what was meant.

    Parameters
    ----------
    missing
        Inputs that are not there to the reason.
    checks
        The outcomes of those checks that were selected.
    """
    reasons = [f"required, but {missing[word]}" for word in settings.require if word in missing]
    rows = {entry.role: entry.rows.get("turns", 0) for entry in inputs}
    if not rows["turns"] and rows.get("baseline", 1) and not settings.allow_empty:
        reasons.append("nothing was audited: the file holds no turns (--allow-empty accepts that)")
    if checks and all(result.status is Status.SKIPPED for result in checks):
        reasons.append("nothing was audited: every selected check was skipped")
    return tuple(reasons)


def describe_skipped(missing: Mapping[str, str], catalog: Catalog, checks: Iterable[CheckResult]) -> Iterator[str]:
    """A sentence for each missing input that made checks skip."""
    statuses = {result.check: result.status for result in checks}
    for word, reason in missing.items():
        skipped = sum(word in each.needs and statuses.get(each.name) is Status.SKIPPED for each in catalog.checks)
        if skipped:
            yield f"{reason}; skipped {skipped} {'check' if skipped == 1 else 'checks'}"


def describe_partial(settings: AuditSettings, left_out: int, total: int) -> str:
    """What was left out on purpose, '' if nothing was."""
    return f"{left_out} of {total} checks were left out ({settings.selection})" if left_out else ""


def describe_notes(
    settings: AuditSettings, inputs: Iterable[InputFile], acceptances: Iterable[Acceptance], catalog: Catalog
) -> Iterator[str]:
    """What somebody should know who reads nothing but the verdict."""
    for entry in inputs:
        if entry.role in settings.database_paths and not entry.sha256:
            yield (
                f"{entry.path} was written to during the audit: what is told is one consistent state of it,"
                " but no SHA-256 can stand for that state"
            )
    if settings.mode and settings.permissions.widens(Permissions.of(settings.read_files)):
        yield (
            f"mode {settings.mode} was asked for: what was written can be used by more people than the files that it"
            " was made from"
        )
    yield from describe_states(acceptances)
    untested = [f"{check.suite}/{check.name}" for check in catalog.checks if check.untested]
    if untested:
        yield f"untested: no damage is known that {', '.join(untested)} would find (its file has no `breaks`)"
