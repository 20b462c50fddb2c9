"""What one check means: its header, its query, and the views and tables that stand behind the query."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from audit.checks.catalog import Catalog
from audit.checks.check import Check
from audit.errors import UsageError
from audit.pipeline.inputs import NOT_GIVEN
from audit.references.baseline_comparison import DIFFERENCES, SUMMARY
from audit.staging.demand.view_texts import ViewText, load_views, relations_behind
from audit.staging.source import SQL_FOLDER


class UnknownCheckError(UsageError):
    """No check has the given name; ``similar`` holds names that look like it."""

    def __init__(self, name: str, similar: tuple[str, ...]) -> None:
        self.name = name
        self.similar = similar
        advice = f"Did you mean {' or '.join(similar)}?" if similar else "turntruth checks lists them all"
        super().__init__(f"no check is named {name!r}. {advice}")


@dataclass(frozen=True, slots=True)
class Explanation:
    """One check with everything it reads.

    Attributes
    ----------
    skipped_when
        A sentence for each input without which the check is not run.
    views
        The views behind its query, each one after those that it reads itself.
    tables
        Names of the staged tables behind its query, sorted.
    consequences
        Checks whose findings can be a consequence of the fault that this one finds, sorted.
    """

    check: Check
    skipped_when: tuple[str, ...]
    views: tuple[ViewText, ...]
    tables: tuple[str, ...]
    consequences: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values."""
        check = self.check
        return {
            "check": check.name,
            "suite": check.suite,
            "title": check.title,
            "severity": check.severity,
            "needs": list(check.needs),
            "skipped_when": list(self.skipped_when),
            "scans": check.scans,
            "identity": list(check.identity),
            "remedy": check.remedy,
            "path": check.path,
            "sql": check.sql,
            "sql_sha256": check.sql_sha256,
            "views": [{"view": view.name, "comment": view.comment, "sql": view.query} for view in self.views],
            "tables": list(self.tables),
            "breaks": [{"target": target, "sql": sql} for target, sql in check.breaks],
            "untested": check.untested,
            "consequence_of": list(check.consequence_of),
            "also_fails": list(self.consequences),
        }


def explain(name: str, catalog: Catalog) -> Explanation:
    """Explain a check, given as ``check`` or ``suite/check``.

    Raises
    ------
    UnknownCheckError
        The catalogue has no check of that name.
    CheckFileError
        It has one, but its file cannot be read.
    """
    check = find_check(name, catalog)
    tables, views = read_by(check)
    return Explanation(check, tuple(skip_reasons(check.needs)), views, tables, catalog.consequences(check.name))


def find_check(name: str, catalog: Catalog) -> Check:
    """The check of the given name, with or without its suite in front."""
    for check in catalog.checks:
        if name in {check.name, f"{check.suite}/{check.name}"}:
            return check
    for broken in catalog.broken:
        if name in {broken.name, f"{broken.suite}/{broken.name}"}:
            raise broken.error
    wanted = name.rpartition("/")[2]
    raise UnknownCheckError(name, tuple(difflib.get_close_matches(wanted, [check.name for check in catalog.checks])))


def skip_reasons(needs: Iterable[str]) -> list[str]:
    """Why a check with these needs may be skipped, in the words of the audit."""
    return [NOT_GIVEN[need] for need in needs if need in NOT_GIVEN]


def read_by(check: Check) -> tuple[tuple[str, ...], tuple[ViewText, ...]]:
    """The tables and the views behind a check's query, and behind the view whose rows it counts."""
    views = load_views()
    queries = dict.fromkeys(staged_tables(), "") | {view.name: view.query for view in views.values()}
    behind = relations_behind(f"{check.sql}\nFROM {check.scans}", queries)
    return tuple(sorted(set(behind) - views.keys())), tuple(views[name] for name in behind if name in views)


def staged_tables() -> list[str]:
    """Names of all tables that an audit fills from the files, or from what its caller gave."""
    texts = [path.read_text(encoding="utf-8") for path in sorted(SQL_FOLDER.glob("*.sql"))]
    return [*re.findall(r"^CREATE TABLE (\w+)", "\n".join(texts), re.MULTILINE), DIFFERENCES, SUMMARY]
