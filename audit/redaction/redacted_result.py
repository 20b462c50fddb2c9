"""results.json of a redacted run: what was audited is replaced, verdict, counts, causes and hashes stay."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache
from pathlib import PurePath
from typing import TYPE_CHECKING

from audit.checks.runner import sample_findings
from audit.policy.acceptance import describe_states
from audit.redaction.pseudonyms import CONVERSATION, Pseudonyms
from audit.redaction.redacted_chronology import redacted_chronology
from audit.redaction.vocabulary import LITERAL, is_shipped
from audit.results.records import Acceptance, AuditResult, CheckResult
from audit.results.redaction import Redaction

if TYPE_CHECKING:
    import duckdb

NOT_SHOWN = "the text of this error is left out, since it may quote what is redacted; the original run has it"
NO_FINDING = "(a value that no finding has)"


def mentioned_ids(result: AuditResult) -> Iterator[tuple[str, str]]:
    """Kind and text of the ids that results.json names beside its findings."""
    yield from ((CONVERSATION, each.label) for each in result.coverage.by_conversation)


def redacted_result(
    result: AuditResult, pseudonyms: Pseudonyms, connection: duckdb.DuckDBPyConnection, redaction: Redaction
) -> AuditResult:
    """The result with everything replaced; the findings must have been replaced before."""
    paths = shown_paths(result, pseudonyms)
    acceptances = tuple(_acceptance(each, pseudonyms) for each in result.acceptances)
    for before, after in zip(result.acceptances, acceptances, strict=True):
        pseudonyms.accept(before.reason, after.reason)
    told = dict(zip(describe_states(result.acceptances), describe_states(acceptances), strict=True))

    @cache  # many checks say the same, and the ids of a run are looked through for each text
    def shown(text: str) -> str:
        return told[text] if text in told else _without_ids(_without_paths(text, paths), pseudonyms)

    own = {check.check for check in result.checks if not is_shipped(check)}
    by_conversation = tuple(
        replace(each, label=pseudonyms.of(CONVERSATION, each.label)) for each in result.coverage.by_conversation
    )
    return replace(
        result,
        inputs=tuple(replace(each, path=paths[each.path]) for each in result.inputs),
        checks=tuple(_check(check, shown, own, pseudonyms, connection) for check in result.checks),
        coverage=replace(result.coverage, by_conversation=by_conversation),
        not_looked_at=tuple(map(shown, result.not_looked_at)),
        partial=shown(result.partial),
        acceptances=acceptances,
        notes=(redaction.sentence, *map(shown, result.notes)),
        configuration=paths[result.configuration] if result.configuration else "",
        causes=tuple(
            replace(each, sentence=shown(each.sentence)) if each.check in own else each for each in result.causes
        ),
        chronology=redacted_chronology(result.chronology, pseudonyms),
        redaction=redaction,
    )


def shown_paths(result: AuditResult, pseudonyms: Pseudonyms) -> dict[str, str]:
    """Each path that results.json names, and what stands for it."""
    named = [*(entry.path for entry in result.inputs), *([result.configuration] if result.configuration else [])]
    return {path: pseudonyms.file(path, number) for number, path in enumerate(dict.fromkeys(named), 1)}


def _check(
    check: CheckResult,
    shown: Callable[[str], str],
    own: set[str],
    pseudonyms: Pseudonyms,
    connection: duckdb.DuckDBPyConnection,
) -> CheckResult:
    redacted = replace(
        check,
        error=NOT_SHOWN if check.error else "",
        skip_reason=shown(check.skip_reason),
        sqlite_note=shown(check.sqlite_note),
        sample=tuple(sample_findings(connection, check.check, len(check.sample))),
    )
    if check.check not in own:
        return redacted
    sql = _without_literals(check.sql, pseudonyms)
    return replace(
        redacted,
        title=shown(check.title),
        remedy=shown(check.remedy),
        sql=sql,
        sqlite_sql=_without_literals(check.sqlite_sql, pseudonyms),
        sql_sha256=hashlib.sha256(sql.encode()).hexdigest() if sql != check.sql else check.sql_sha256,
    )


def _acceptance(acceptance: Acceptance, pseudonyms: Pseudonyms) -> Acceptance:
    where = {}
    for column, text in acceptance.where.items():
        found = pseudonyms.of_column(acceptance.check, column, text)
        where[column] = NO_FINDING if found is None else found
    return replace(
        acceptance,
        where=where,
        reason=_without_ids(acceptance.reason, pseudonyms),
        by=_without_ids(acceptance.by, pseudonyms),
    )


def _without_paths(text: str, paths: dict[str, str]) -> str:
    """The text with another name for each path, and for what a file is called where that looks like a file's name."""
    for path in sorted(paths, key=len, reverse=True):
        text = text.replace(path, paths[path])
    for path in sorted(paths, key=len, reverse=True):
        name = PurePath(path).name
        if PurePath(name).suffix:
            text = text.replace(name, paths[path])
    return text


def _without_ids(text: str, pseudonyms: Pseudonyms) -> str:
    """The text with a pseudonym for each id that stands in it by itself."""
    for original, pseudonym in pseudonyms.within(text):
        # A pseudonym has no backslash, which would mean something here.
        text = re.sub(rf"(?<!\w){re.escape(original)}(?!\w)", pseudonym, text)
    return text


def _without_literals(sql: str, pseudonyms: Pseudonyms) -> str:
    """The query of a team with a pseudonym for each id that it names."""
    known = dict(pseudonyms.within(sql))
    return LITERAL.sub(lambda found: f"'{known.get(found[1].replace(chr(39) * 2, chr(39)), found[1])}'", sql)
