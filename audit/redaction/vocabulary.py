"""The words of which a text may consist to be shown as it is: those of our own checks and views, and numbers of some.

Whatever is not made of them alone comes from somebody's database, be it an id, a payload or a path.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from audit.checks.catalog import load_catalog
from audit.results.records import CheckResult
from audit.staging.demand.view_texts import load_views

LITERAL = re.compile(r"'((?:[^']|'')*)'")
"""A text in SQL, without its quotes."""
_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]+")
_BETWEEN = r"[ ,:;().'=\-]"

_TIMES_AND_COUNTS = frozenset(
    {
        "block_times_plausible",
        "creation_as_seen_before",
        "ordinals_contiguous",
        "phases_in_order",
        "phases_known",
        "timeline_times_in_milliseconds",
        "turn_times_in_milliseconds",
        "turn_times_match_snapshots",
        "turn_times_near_conversation",
        "turn_times_plausible",
        "turn_times_unchanged",
        "versions_not_behind",
    }
)
"""Checks whose evidence is times and counts, beside those of the ledger; what others name may be anybody's number."""


@cache
def plain_text() -> str:
    """A regular expression (RE2) of the texts that say nothing but words of ours."""
    return _expression("")


@cache
def plain_text_with_numbers() -> str:
    """The same, with numbers among them."""
    return _expression("|[0-9]+")


def tells_numbers(check: CheckResult) -> bool:
    """Whether the numbers in the evidence of this check are times or counts: only of checks that came with us."""
    is_ours = check.sql_sha256 in _shipped()
    return is_ours and (check.suite == "ledger" or check.check in _TIMES_AND_COUNTS)


def is_shipped(check: CheckResult) -> bool:
    """Whether this check is one that came with us, word for word."""
    return check.sql_sha256 in _shipped()


def _expression(more: str) -> str:
    words = "|".join(sorted(_words(), key=lambda word: (-len(word), word)))
    return f"(?:(?:{words}{more})(?:{_BETWEEN}+|$)|{_BETWEEN}+)*"


def _words() -> set[str]:
    return {word for text in _texts() for literal in LITERAL.findall(text) for word in _WORD.findall(literal)}


def _texts() -> Iterator[str]:
    yield from (check.sql for check in load_catalog().checks)
    yield from (view.query for view in load_views().values())


@cache
def _shipped() -> frozenset[str]:
    return frozenset(check.sql_sha256 for check in load_catalog().checks)
