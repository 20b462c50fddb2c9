"""``redeclared`` with ``as``: whether what the file after declares is just what the contract says it is."""

from __future__ import annotations

from itertools import pairwise

import orjson

from audit.comparison.files.tables import Column
from audit.comparison.pair.declarations import Schema
from audit.comparison.pair.finding import Kind, PairFinding
from audit.comparison.schema.constraints import generated_words, read_constraints
from audit.comparison.schema.scope import column_names
from audit.sqlite.tokens import declaration_words, definition_words, fold, softened, tokens

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
        names = self._names(finding.table)
        said = _split(becomes, names)
        if finding.kind is Kind.DECLARATION:
            # Without the clause that computes it, only the declaration is spoken of; that clause is a finding itself.
            return said[0] == split[0] and said[1] in ((), split[1])
        if split[1] and definition_words(finding.after, names) == split[1]:
            return said[1] == split[1] and said[0] in ((), split[0])
        return self._is_clause(becomes, finding)

    def _is_definition(self, becomes: str, finding: PairFinding) -> bool:
        found = orjson.loads(finding.key)
        defined = self.after.objects[str(found["type"]), fold(str(found["name"]))]
        return self.after.meaning(defined).is_that_of(self.after.meaning(defined, becomes))

    def _is_clause(self, becomes: str, finding: PairFinding) -> bool:
        names = self._names(finding.table)
        return definition_words(becomes, names) == definition_words(finding.after, names)

    def _names(self, table: str) -> frozenset[str]:
        """The columns of a table of the file after: what else stands in double quotes is a text."""
        found = self.after.tables.get(fold(table))
        return column_names(found) if found is not None else frozenset()

    def _column(self, finding: PairFinding) -> Column | None:
        table = self.after.tables.get(fold(finding.table))
        return table.column(finding.column) if table is not None and finding.column else None

    def _split(self, column: Column, table: str) -> _Split | None:
        defined = self.after.objects.get(("table", fold(table)))
        if defined is None:
            return None
        name = fold(column.name)
        clauses = read_constraints(defined.sql, self._names(table))
        clause = next((each.words for each in clauses if (each.kind, each.column) == (_GENERATED, name)), ())
        return _declared(declaration_words(column.declaration)), clause


def _declared(words: tuple[str, ...]) -> tuple[str, ...]:
    """Without the words that stand where there is no type."""
    return words[len(_NO_TYPE) :] if words[: len(_NO_TYPE)] == _NO_TYPE else words


def _split(text: str, names: frozenset[str]) -> _Split:
    """A declaration with the clause taken out of it; where there is nothing else, that is all it speaks of."""
    words = declaration_words(text, names)
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
    return (*declared, _GENERATED) if declared else (), softened(generated_words(list(words[start:end])))
