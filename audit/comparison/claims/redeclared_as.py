"""``redeclared`` with ``as``: whether what the file after declares is just what the contract says it is."""

from __future__ import annotations

from functools import cached_property
from itertools import pairwise

import orjson

from audit.comparison.files.tables import Column
from audit.comparison.pair.declarations import Schema, all_names, texts_in
from audit.comparison.pair.finding import Kind, PairFinding
from audit.comparison.schema.constraints import generated_words, read_constraints
from audit.sqlite.tokens import declaration_words, fold, tokens

_NO_TYPE = tokens("(no type)")
_GENERATED = "generated"

_Split = tuple[tuple[str, ...], tuple[str, ...]]
"""Words of the declaration of a column, and those of the clause by which it is computed."""


class RedeclaredAs:
    """Reads definitions of the file after: what a finding tells of them is one line for people."""

    def __init__(self, before: Schema, after: Schema) -> None:
        self.before = before
        self.after = after

    def says(self, becomes: str, finding: PairFinding) -> bool:
        """Whether the text says what was found, down to the case of texts in double quotes."""
        if finding.kind is Kind.DECLARATION and finding.key:
            return self._is_definition(becomes, finding)
        column = self._column(finding)
        split = None if column is None else self._split(column, finding.table)
        if split is None:
            return self._is_clause(becomes, finding)
        said = _split(becomes)
        if finding.kind is Kind.DECLARATION:
            # Without the clause that computes it, only the declaration is spoken of; that clause is a finding itself.
            is_computed_so = not said[1] or (said[1] == split[1] and self._has_texts(becomes, finding.table))
            return said[0] == split[0] and is_computed_so
        if split[1] and tokens(finding.after) == tokens(" ".join(split[1])):
            return said[1] == split[1] and said[0] in ((), split[0]) and self._has_texts(becomes, finding.table)
        return self._is_clause(becomes, finding)

    def _is_definition(self, becomes: str, finding: PairFinding) -> bool:
        found = orjson.loads(finding.key)
        defined = self.after.objects[str(found["type"]), fold(str(found["name"]))].sql
        return tokens(becomes) == tokens(defined) and self._texts(becomes) == self._texts(defined)

    def _is_clause(self, becomes: str, finding: PairFinding) -> bool:
        return tokens(becomes) == tokens(finding.after) and self._has_texts(becomes, finding.table)

    def _has_texts(self, becomes: str, table: str) -> bool:
        """Whether the definition of the table has the texts in double quotes that are written there."""
        defined = self.after.objects.get(("table", fold(table)))
        return set(self._texts(becomes)) <= set(self._texts(defined.sql if defined is not None else ""))

    def _column(self, finding: PairFinding) -> Column | None:
        table = self.after.tables.get(fold(finding.table))
        return table.column(finding.column) if table is not None and finding.column else None

    def _split(self, column: Column, table: str) -> _Split | None:
        defined = self.after.objects.get(("table", fold(table)))
        if defined is None:
            return None
        name = fold(column.name)
        clauses = (each for each in read_constraints(defined.sql) if (each.kind, each.column) == (_GENERATED, name))
        clause = next((each.words for each in clauses), ())
        return _declared(declaration_words(column.declaration)), clause

    def _texts(self, sql: str) -> list[str]:
        return texts_in(sql, self._names)

    @cached_property
    def _names(self) -> frozenset[str]:
        return all_names(self.before, self.after)


def _declared(words: tuple[str, ...]) -> tuple[str, ...]:
    """Without the words that stand where there is no type."""
    return words[len(_NO_TYPE) :] if words[: len(_NO_TYPE)] == _NO_TYPE else words


def _split(text: str) -> _Split:
    """A declaration with the clause taken out of it; where there is nothing else, that is all it speaks of."""
    words = declaration_words(text)
    start = next((at for at, each in enumerate(pairwise(words)) if each == ("as", "(")), None)
    if start is None:
        return _declared(words), ()
    depth, end = 0, len(words)
    for at in range(start + 1, len(words)):
        depth += (words[at] == "(") - (words[at] == ")")
        if depth == 0:
            end = at + 1
            break
    end += words[end : end + 1] in (("stored",), ("virtual",))
    first = start - 2 if words[max(0, start - 2) : start] == (_GENERATED, "always") else start
    declared = _declared((*words[:first], *words[end:]))
    return (*declared, _GENERATED) if declared else (), generated_words(list(words[start:end]))
