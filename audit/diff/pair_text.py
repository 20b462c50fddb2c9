"""The outcome of a comparison as lines for people: the counts first, then table by table."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from pathlib import PurePath

from audit.diff.contract_text import contract_lines
from audit.diff.fitted_lines import fit, folded
from audit.diff.pair_result import CLAIM_KINDS, Aside, PairFinding, PairResult, counted_claims
from audit.report.shares import counted
from audit.report.visible import on_one_line
from audit.results.comparison_verdict import CHANGED, CLAIM, LOST, NEW

LINES_A_CHANGE = 20
KEYS_SHOWN = 3
_CELLS_SHOWN = 20
_INDENT = "  "
_NOUNS = {
    "row": ("row", "rows"),
    "cell": ("cell", "cells"),
    "column": ("column", "columns"),
    "object": ("object", "objects"),
    "constraint": ("constraint", "constraints"),
    "declaration": ("declaration", "declarations"),
    "order": ("order of columns", "orders of columns"),
    "pragma": ("pragma", "pragmas"),
    **{one: (one, several) for one, several in CLAIM_KINDS.items()},
}
_HEADS = {CLAIM: "claims"}
Place = tuple[str, str, str]
"""Table, kind, column."""


def pair_lines(result: PairResult, *, show: Sequence[str] = (), quiet: bool = False) -> Iterator[str]:
    """All lines, none longer than 80 cells; ``quiet`` the headline alone."""
    if quiet:
        yield result.headline
        return
    for change in result.changes:
        yield fit(f"{_HEADS.get(change, change):<9}{_counts(result, change)}")
    yield result.headline
    yield ""
    yield fit(f"before   {_name(result.before)}")
    yield fit(f"after    {_name(result.after)}")
    rows = sum(each.rows_before for each in result.tables), sum(each.rows_after for each in result.tables)
    yield fit(f"compared {counted(len(result.tables), 'table')}, {rows[0]:,} rows before, {rows[1]:,} after")
    for note in result.notes():
        yield from folded(note)
    if result.contract is not None:
        yield from contract_lines(result.contract)
    examples = _examples(result)
    for change in result.changes:
        yield from _details(change, examples[change])
    yield from _pairing(result)
    yield from _asides(result.asides)
    if show:
        yield from _shown(result, {each.lower() for each in show})


def _name(path: str) -> str:
    return on_one_line(PurePath(path).name or path)


def _counts(result: PairResult, change: str) -> str:
    counts = result.counts(change)
    told = [f"{counts[kind]:,} {nouns[counts[kind] != 1]}" for kind, nouns in _NOUNS.items() if counts[kind]]
    return ", ".join(told) or "nothing"


class _Group:
    """The findings of one place: how many, and the first of them."""

    def __init__(self) -> None:
        self.count = 0
        self.first: list[PairFinding] = []

    def add(self, finding: PairFinding) -> None:
        self.count += 1
        if len(self.first) < KEYS_SHOWN:
            self.first.append(finding)


def _examples(result: PairResult) -> dict[str, dict[Place, _Group]]:
    """By change the places in their order; objects and clauses one by one as far as they are shown."""
    found: dict[str, dict[Place, _Group]] = {change: defaultdict(_Group) for change in result.changes}
    for finding in result.findings():
        told_alone = finding.kind in {"object", "constraint", "pragma"} and finding.change != NEW
        detail = f"{finding.column} {finding.key} {finding.before}" if told_alone else finding.column
        found[finding.change][finding.table, finding.kind, detail].add(finding)
    return found


def _details(change: str, groups: dict[Place, _Group]) -> Iterator[str]:
    if not groups:
        return
    yield ""
    yield _HEADS.get(change, change)
    for at, ((table, kind, _), group) in enumerate(groups.items()):
        if at == LINES_A_CHANGE:
            yield fit(f"{_INDENT}… and {counted(len(groups) - at, 'place')} more: --format json has them all")
            return
        yield from _lines_of(change, table, kind, group)


def _lines_of(change: str, table: str, kind: str, group: _Group) -> Iterator[str]:
    first = group.first[0]
    named = f"{table}.{first.column}" if first.column else table
    match kind:
        case _ if change == CLAIM and kind != "default":
            keys = [each.key for each in group.first]
            more = ", …" if group.count > len(keys) else ""
            yield fit(f"{_INDENT}{named}: {counted_claims(group.count, kind)}: {', '.join(keys)}{more}")
        case "row" | "cell":
            told = f"{named}: {group.count:,} {_NOUNS[kind][group.count != 1]}"
            keys = [each.key for each in group.first]
            more = ", …" if group.count > len(keys) else ""
            yield fit(f"{_INDENT}{told}: {', '.join(keys)}{more}")
        case "object" if change == NEW:
            yield fit(f"{_INDENT}{named}: {group.count:,} new {_NOUNS[kind][group.count != 1]}")
        case "object":
            yield fit(f"{_INDENT}{named}: {first.key} {first.before if change == LOST else ''}")
        case "column":
            yield fit(f"{_INDENT}{named}: {first.before if change == LOST else first.after}")
        case "pragma":
            yield fit(f"{_INDENT}{first.key}: {first.before} → {first.after}")
        case _ if change == LOST and first.after == "missing":
            yield fit(f"{_INDENT}{named}: {first.before}")
        case "declaration" if first.key:
            yield fit(f"{_INDENT}{named}: {first.key} is declared otherwise")
        case _:
            yield fit(f"{_INDENT}{named}: {first.before}")
            yield fit(f"{_INDENT * 2}→ {first.after}")


def _pairing(result: PairResult) -> Iterator[str]:
    """How rows were paired, where not by their number."""
    ways: dict[str, list[str]] = defaultdict(list)
    for each in result.tables:
        if each.paired_by:
            ways[each.paired_by].append(each.table)
    if not ways:
        return
    yield ""
    yield "rows paired by"
    for way, tables in sorted(ways.items(), key=lambda item: (item[0] != "rowid", item[0])):
        listed = counted(len(tables), "table") if way == "rowid" else ", ".join(tables)
        yield fit(f"{_INDENT}{way}: {listed}")


def _asides(asides: Sequence[Aside]) -> Iterator[str]:
    if not asides:
        return
    yield ""
    yield "beside that, and deciding nothing"
    for each in asides:
        changes = [
            (each.rows_lost, "row", "gone"), (each.cells_changed, "cell", CHANGED), (each.rows_new, "row", NEW),
        ]  # fmt: skip
        told = ", ".join(f"{counted(number, noun)} {word}" for number, noun, word in changes if number)
        yield fit(f"{_INDENT}{each.name} ({each.what}): {told}")


def _shown(result: PairResult, names: Collection[str]) -> Iterator[str]:
    """The cells whose values somebody asked to see, with what a claim says of them."""
    told = (each for each in result.findings() if f"{each.table}.{each.column}".lower() in names)
    cells = (each for each in told if each.kind == "cell" or each.change == CLAIM)
    for at, each in enumerate(cells):
        if at == 0:
            yield ""
            yield "values"
        if at == _CELLS_SHOWN:
            yield f"{_INDENT}… and more: --format json has them all"
            return
        yield fit(f"{_INDENT}{each.table}.{each.column} {each.key}")
        yield fit(f"{_INDENT * 2}{each.before}")
        yield fit(f"{_INDENT * 2}→ {each.after}")
