"""What an audit proves: against what, of how many turns, how much is known, and what the migration changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import PurePath

from audit.checks.check import CONTRACT_SUITE
from audit.report.shares import counted, share
from audit.report.summary import HEADLINES, headline
from audit.results.records import AuditResult, ChangeProof, Status, Verdict

_RAN = frozenset({Status.PASSED, Status.FAILED})


class Level(StrEnum):
    """What the file was held beside, from the strongest proof to the weakest."""

    BASELINE = "the file from before"
    LEDGER = "its ledger"
    ITSELF = "itself"


@dataclass(frozen=True, slots=True)
class Statement:
    """One thing that was or was not proven: a few words about what, a sentence, and one that fits on a line."""

    about: str
    sentence: str
    brief: str


def what_was_proven(result: AuditResult) -> tuple[Statement, ...]:
    """The statements that stand beside every verdict."""
    coverage = result.coverage
    statements = [_statement("Held against", _held_against(result)), _statement("Looked at", _looked_at(result))]
    for about, known, proofs in (
        ("Runtime known", coverage.runtime_known, coverage.runtime_by_proof),
        ("Inference known", coverage.inference_known, coverage.inference_by_proof),
    ):
        if coverage.turns:
            statements.append(_known(about, known, coverage.turns, proofs))
    if result.changes:
        statements.append(_statement("Changed by the migration", _changed(result)))
    return tuple(statements)


def _statement(about: str, sentence: str) -> Statement:
    return Statement(about, sentence, sentence)


def level_of(result: AuditResult) -> Level:
    """The strongest level of which every check ran that was chosen."""
    for suite, level in (("preservation", Level.BASELINE), ("ledger", Level.LEDGER)):
        statuses = [check.status for check in result.checks if check.suite == suite]
        # Without the file from before, the check of the ledger that needs both is skipped.
        spared = 1 if level is Level.LEDGER else 0
        ran = sum(status in _RAN for status in statuses)
        if ran and len(statuses) - ran <= spared and Status.ERRORED not in statuses:
            return level
    return Level.ITSELF


def _is_under_contract(result: AuditResult) -> bool:
    """Whether nothing was asked of turns, but what became of files by a contract."""
    return bool(result.checks) and all(check.suite == CONTRACT_SUITE for check in result.checks)


def _held_against(result: AuditResult) -> str:
    level = level_of(result)
    # Behind an open gate nothing is proven that critical findings speak against.
    passed = headline(result).startswith(HEADLINES[Verdict.PASSED])
    if _is_under_contract(result):
        return f"{'proven against' if passed else 'compared with'} what was there before, under a contract"
    names = {entry.role: PurePath(entry.path).name for entry in result.inputs}
    match level:
        case Level.BASELINE:
            before = names.get("baseline", "")
            return f"{'proven against' if passed else 'compared with'} the file from before, {before}"
        case Level.LEDGER:
            said = "consistent with its ledger" if passed else "compared with its ledger"
        case Level.ITSELF:
            said = "consistent in itself" if passed else "looked at by itself"
    before = "could not be used" if "baseline" in names else "was not given"
    return f"{said}; the file from before {before}"


def _looked_at(result: AuditResult) -> str:
    coverage = result.coverage
    ran = sum(check.status in _RAN for check in result.checks)
    if _is_under_contract(result):
        return f"{ran:,} of {counted(len(result.checks), 'claim')}"
    turns = f"{counted(coverage.turns, 'turn')} in {counted(coverage.conversations, 'conversation')}"
    return f"{turns}, by {ran:,} of {counted(len(result.checks), 'check')}"


def _known(about: str, known: int, turns: int, proofs: Mapping[str, int]) -> Statement:
    parts = {
        name: f"{proofs.get(name, 0):,} {words}"
        for name, words in (
            ("proven", "by the turn's own metadata"),
            ("given", "by a live writer"),
            ("contradicted", "contradicted by the metadata"),
            ("without evidence", "without evidence"),
            ("unknown", "unknown"),
        )
        if proofs.get(name)
    }
    of_all = f"{share(known, turns)} of the turns"
    doubted = [text for name, text in parts.items() if name in {"contradicted", "without evidence"}]
    return Statement(
        about, f"{of_all}{': ' if parts else ''}{', '.join(parts.values())}", ", ".join([of_all, *doubted])
    )


def _changed(result: AuditResult) -> str:
    cells = sum(change.stated or change.found for change in result.changes)
    kinds = len(result.changes)
    told = f"{counted(cells, 'cell')} by {counted(kinds, 'rule')}"
    by_proof = [change.proof for change in result.changes]
    if ChangeProof.DIFFERS in by_proof:
        return f"{told}; of {counted(by_proof.count(ChangeProof.DIFFERS), 'rule')} the files show another number"
    if set(by_proof) == {ChangeProof.SAME}:
        if all(change.found == change.possible for change in result.changes):
            return f"{told}, these and no others"
        return f"{told}; as far as turns that came, went or were saved again since let them be counted, no others"
    return f"{told}, by what its ledger states"
