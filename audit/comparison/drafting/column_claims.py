"""Columns of new rows with the place their values come from: what is claimed of them, and what was seen."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from audit.comparison.claims.sql_texts import SqlTexts
from audit.comparison.claims.value_claim import ValueClaim
from audit.comparison.drafting.candidate import MEANINGS, Place
from audit.comparison.drafting.paired_evidence import VALID_JSON, PairedEvidence
from audit.comparison.drafting.source_search import Candidate, SourceSearch, Target
from audit.comparison.drafting.toml_text import comment, commented, toml_key, toml_text
from audit.comparison.files.tables import Column, affinity_of, quote_identifier
from audit.comparison.pair.pair_telling import PairTelling
from audit.contract.contract import Meaning, Value
from audit.contract.errors import ContractSqlError

_LITERAL = re.compile(r"'(?:[^']|'')*'|[+-]?\d+(?:\.\d+)?", re.DOTALL)
_MOST_PARTS = 4
"""A column may come out of so many places, one where the others say nothing."""

_LEAST_REST = 0.01
_OTHERS = 3
"""So many places are named besides the one that is claimed."""


@dataclass(slots=True)
class ColumnClaims:
    """Lines of TOML: ``columns`` of the claims themselves; by column what is unknown, and which meaning counts."""

    columns: list[str] = field(default_factory=list)
    unknown: dict[str, tuple[Value, ...]] = field(default_factory=dict)
    same: dict[str, Meaning] = field(default_factory=dict)
    used: set[str] = field(default_factory=set)
    """The columns of the evidence that are named, in comments too."""
    expressions: dict[str, str] = field(default_factory=dict)
    """By column what is claimed of it, where that is no comment and no constant."""
    claimed: int = 0
    """How many claims stand there that are no comments."""


class ColumnSearch:
    """Explains columns of one table by the rows of its evidence."""

    def __init__(
        self, paired: PairedEvidence, evidence: Sequence[str], columns: Sequence[Column], codec: str, texts: SqlTexts,
        telling: PairTelling,
    ) -> None:  # fmt: skip
        self.paired = paired
        self.evidence = tuple(evidence)
        self.targets = [Target(column, _unknown(column)) for column in columns]
        self.texts = texts
        self.telling = telling
        self.search = SourceSearch(paired.connection, codec, self.evidence, self.targets)

    def run(self) -> ColumnClaims:
        """Look for all of them in one go through the rows.

        Raises
        ------
        apsw.Error
            The rows cannot be read, or it takes too long.
        """
        self.search.run(self.paired.joined)
        claims = ColumnClaims()
        for at, target in enumerate(self.targets):
            claims.columns += self._lines(claims, at, target)
        return claims

    def _lines(self, claims: ColumnClaims, at: int, target: Target) -> Iterator[str]:
        filled, rows = self.search.filled[at], self.search.rows
        yield comment(f"{target.column.name}: {target.column.declaration}; filled in {filled:,} of {rows:,} rows")
        explaining, alike = self.search.explaining(at), self.search.called_alike(at)
        default = self._default(target)
        explained = {each.place for each in explaining}
        is_empty = not filled or bool(default)
        meant = [each for each in alike if is_empty and each.likeness == 1.0 and each.place not in explained]
        if meant:
            said = "every row has the default" if default else "nothing is in it"
            yield comment(f"{said}, and by its name this is what is meant to be in it:")
            yield from self._claim(claims, _without_default(target, default), meant[:1], active=True)
            yield from self._others(claims, target, meant[1:])
        elif default:
            claims.claimed += 1
            yield comment("every row has the default")
            yield f"{toml_key(target.column.name)} = {toml_text(default)}"
            yield from self._others(claims, target, [] if filled else alike)
        elif not filled and alike:
            # A name that is only like it is for a human to judge.
            yield comment("nothing is in it, and by their names these places may be meant for it:")
            yield from self._claim(claims, target, alike[:1], active=False)
            yield from self._others(claims, target, alike[1:])
        elif explaining:
            parts, rest = self._completed(target, explaining[0], self.search.filled[at])
            yield from self._claim(claims, target, parts, active=True)
            yield from self._others(
                claims, target, [each for each in explaining[1:] if each.place not in _places(parts)]
            )
            if rest:
                yield comment("of the rows that this says nothing of:")
                yield from self._others(claims, target, rest)
        else:
            constant = "one value stands in all of these; " if self.search.is_constant(at) else ""
            said = "nothing is in it, and " if not filled else constant
            yield comment(f"{said}no column and no JSON of the evidence explains it; wanted, if there is a source:")
            yield from commented([f'{toml_key(target.column.name)} = "expression over the evidence"'])
            yield from self._others(claims, target, self.search.agreeing(at) or alike)

    def _default(self, target: Target) -> str:
        """The DEFAULT of the column where every row has it, or '' says nothing and stands in every row."""
        default = target.column.default or ""
        if not _LITERAL.fullmatch(default):
            return ""
        name = quote_identifier(target.column.name)
        others = f"SELECT 1 FROM {self.paired.joined} WHERE a.{name} COLLATE BINARY IS NOT {default} LIMIT 1"
        is_everywhere = self.search.rows > 0 and not self.paired.connection.execute(others).fetchall()
        return default if is_everywhere else ""

    def _completed(self, target: Target, first: Candidate, filled: int) -> tuple[list[Candidate], list[Candidate]]:
        """With places that explain what the ones before them say nothing of, as far as one JSON column holds them.

        The second list has places that agree in part where nothing more explains the rest.
        """
        parts = [first]
        if first.both >= (1 - _LEAST_REST) * filled:
            return parts, []
        while len(parts) < _MOST_PARTS and first.place.path and first.form not in MEANINGS:
            column = quote_identifier(first.place.column)
            said = f"CASE WHEN json_valid({column}, {VALID_JSON}) THEN {_expression(parts)} END"
            rest = replace(self.paired, source=f"(SELECT * FROM {self.paired.source} WHERE {said} IS NULL)")
            search = SourceSearch(self.paired.connection, self.search.codec, self.evidence, [target])
            search.run(rest.joined)
            if search.filled[0] <= _LEAST_REST * filled:
                break
            found = [each for each in search.explaining(0) if each.place not in _places(parts)]
            found = [each for each in found if each.form not in MEANINGS]
            found = [each for each in found if not each.place.path or each.place.column == first.place.column]
            if not found:
                return parts, [each for each in search.agreeing(0) if each.place not in _places(parts)]
            parts.append(found[0])
        return parts, []

    def _claim(
        self, claims: ColumnClaims, target: Target, parts: Sequence[Candidate], *, active: bool
    ) -> Iterator[str]:
        found, name, expression = parts[0], target.column.name, _expression(parts)
        claims.used.update(each.place.column for each in parts)
        meaning = MEANINGS.get(found.form)
        line = f"{toml_key(name)} = {toml_text(expression)}"
        try:
            written = self.texts.expression(f"rows.columns.{name}", expression, self.evidence)
        except ContractSqlError as error:
            yield comment(f"{line}: {error.problem}")
            return
        affinity = affinity_of(self.paired.after, target.column)
        claim = ValueClaim(name, written, quote_identifier(name), target.unknown, meaning, affinity)
        counts = self.paired.count(claim, self.telling, found.place.column if found.place.path else "")
        yield comment(counts.told)
        for example in counts.examples():
            yield comment(f"  {example}")
        if not active:
            yield from commented([line])
            return
        claims.claimed += 1
        claims.expressions[name] = expression
        if meaning is not None:
            claims.same[name] = meaning
        if target.unknown:
            claims.unknown[name] = target.unknown
        yield line

    def _others(self, claims: ColumnClaims, target: Target, others: Sequence[Candidate]) -> Iterator[str]:
        for each in others[:_OTHERS]:
            claims.used.add(each.place.column)
            expression = each.place.expression(each.form)
            agreed = f", where {each.agreed:,} of {each.both:,} agree" if each.agreed else ""
            yield comment(f"or {toml_text(expression)}: known in {each.known:,} rows{agreed}")


def _expression(parts: Sequence[Candidate]) -> str:
    """The first of the places that says something."""
    written = [each.place.expression(each.form) for each in parts]
    return written[0] if len(written) == 1 else f"coalesce({', '.join(written)})"


def _places(parts: Sequence[Candidate]) -> set[Place]:
    return {each.place for each in parts}


def _without_default(target: Target, default: str) -> Target:
    """A column in which the default says as little as nothing."""
    if not default:
        return target
    is_text = default.startswith("'")
    value = default[1:-1].replace("''", "'") if is_text else _number(default)
    return replace(target, unknown=(value,)) if value is not None else target


def _number(text: str) -> float | None:
    """As SQLite keeps it, which has integers of 64 bits; None where a contract cannot say it."""
    number = float(text)
    if "." not in text and abs(number) < 2**63:
        return int(text)
    return number if math.isfinite(number) else None


def _unknown(column: Column) -> tuple[Value, ...]:
    """A column that must hold something, and by its default an empty text, holds nothing where it is one."""
    return ("",) if column.not_null and column.default == "''" else ()
