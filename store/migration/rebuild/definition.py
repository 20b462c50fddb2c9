"""The text of a CREATE TABLE, read as far as is needed to declare one of its columns anew and keep all the rest.

SQLite keeps a definition as the text it was made with, and gives parts of it in pragmas: not its CHECKs, not the names
of constraints. What must survive word for word is therefore cut out of the text. The grammar is that of
https://www.sqlite.org/lang_createtable.html.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

_TOKEN = re.compile(
    r"(?P<space>\s+|--[^\n]*|/\*.*?(?:\*/|\Z))|(?P<text>'[^']*(?:''[^']*)*')"
    r"|(?P<quoted>\"[^\"]*(?:\"\"[^\"]*)*\"|`[^`]*(?:``[^`]*)*`|\[[^\]]*\])|(?P<word>[^\W\d][\w$]*|\d[\w.]*)|(?P<other>.)",
    re.DOTALL,
)
_TABLE_CONSTRAINTS = frozenset({"CONSTRAINT", "PRIMARY", "UNIQUE", "CHECK", "FOREIGN"})
_CLAUSES = frozenset(
    {"PRIMARY", "NOT", "NULL", "UNIQUE", "CHECK", "DEFAULT", "COLLATE", "REFERENCES", "GENERATED", "AS", "DEFERRABLE"}
)
_REFERRING = frozenset({"REFERENCES", "DEFERRABLE", "NOT DEFERRABLE"})


@dataclass(frozen=True, slots=True)
class Token:
    """One word, name, text or sign, with its place in the definition; `word` is upper case and '' for all but words."""

    text: str
    start: int
    word: str

    @property
    def end(self) -> int:
        """The place behind it."""
        return self.start + len(self.text)

    @property
    def name(self) -> str:
        """The identifier it is, without quotes and in lower case, as SQLite compares names."""
        opening = self.text[0]
        if opening not in "\"`['":
            return self.text.lower()
        closing = "]" if opening == "[" else opening
        return self.text[1:-1].replace(closing * 2, closing).lower()


@dataclass(frozen=True, slots=True)
class Clause:
    """One constraint of a column, such as ``CHECK (...)``: the word it begins with, and its text with its name."""

    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class ColumnText:
    """One column of the definition: where it stands, what is written behind its name, its constraints in order."""

    name: str
    start: int
    end: int
    declaration: str
    clauses: tuple[Clause, ...]

    @property
    def kinds(self) -> frozenset[str]:
        """What its constraints begin with; ``ON CONFLICT`` stands for one that says what to do in a conflict."""
        found = {clause.kind for clause in self.clauses}
        if any(re.search(r"\bON\s+CONFLICT\b", clause.text, re.IGNORECASE) for clause in self.clauses):
            found.add("ON CONFLICT")
        return frozenset(found)

    @property
    def kept(self) -> str:
        """The constraints that stay when type, NOT NULL and default are declared anew."""
        kept = [clause.text for clause in self.clauses if clause.kind == "CHECK" or clause.kind in _REFERRING]
        return " ".join(kept)


@dataclass(frozen=True, slots=True)
class Definition:
    """A table's definition; `body` is where the list of its columns begins, behind the bracket."""

    sql: str
    body: int
    columns: tuple[ColumnText, ...]

    def column(self, name: str) -> ColumnText | None:
        """The column of that name, if it could be read."""
        return next((column for column in self.columns if column.name == name), None)

    def redeclared(self, table: str, declarations: dict[str, str]) -> str:
        """The definition under the (quoted) name `table`, with other declarations of some columns.

        `declarations` are by the column's name and begin with it; CHECKs and references of the column are kept.
        """
        body = self.sql[self.body :]
        for column in reversed(self.columns):
            if column.name in declarations:
                new = " ".join(filter(None, (declarations[column.name], column.kept)))
                body = body[: column.start - self.body] + new + body[column.end - self.body :]
        return f"CREATE TABLE {table} ({body}"


def read_definition(sql: str) -> Definition | None:
    """Read a CREATE TABLE as SQLite keeps it; None for what is none with a list of columns (virtual tables)."""
    tokens = list(_tokens(sql))
    opening = next((at for at, token in enumerate(tokens) if token.text == "("), None)
    if opening is None or not tokens or any(token.word == "VIRTUAL" for token in tokens[:2]):
        return None
    columns = []
    for item in _items(tokens, opening + 1):
        if not item or item[0].word in _TABLE_CONSTRAINTS:
            break
        written = " ".join(sql[item[0].end : item[-1].end].split())
        clauses = tuple(_clauses(sql, item[1:]))
        columns.append(ColumnText(item[0].name, item[0].start, item[-1].end, written, clauses))
    return Definition(sql, tokens[opening].end, tuple(columns))


def words(sql: str) -> frozenset[str]:
    """The words of a definition in upper case, without quoted names; ``ON CONFLICT`` is one.

    ``COLLATE BINARY`` says nothing: texts are compared so anyway.
    """
    found = [token.word for token in _tokens(sql) if token.word]
    collations = {after for word, after in pairwise(found) if word == "COLLATE"}
    binary = {"COLLATE"} if collations == {"BINARY"} else set()
    return frozenset(set(found) - binary | ({"ON CONFLICT"} if "CONFLICT" in found else set()))


def _tokens(sql: str) -> Iterator[Token]:
    for match in _TOKEN.finditer(sql):
        if not match["space"]:
            yield Token(match[0], match.start(), match["word"].upper() if match["word"] else "")


def _items(tokens: list[Token], at: int) -> Iterator[list[Token]]:
    """What stands between the commas of the list, up to the bracket that closes it."""
    item: list[Token] = []
    depth = 0
    for token in tokens[at:]:
        depth += (token.text == "(") - (token.text == ")")
        if depth < 0 or (depth == 0 and token.text == ","):
            yield item
            item = []
            if depth < 0:
                return
        else:
            item.append(token)


def _clauses(sql: str, tokens: list[Token]) -> Iterator[Clause]:
    """The constraints of one column, whose type comes before the first of them."""
    starts = list(_starts(tokens))
    for number, (start, kind) in enumerate(starts):
        end = starts[number + 1][0] if number + 1 < len(starts) else len(tokens)
        yield Clause(kind, sql[tokens[start].start : tokens[end - 1].end])


def _starts(tokens: list[Token]) -> Iterator[tuple[int, str]]:
    """Where each constraint begins, with its name if it has one, and its kind."""
    named = None
    at = depth = 0
    while at < len(tokens):
        token = tokens[at]
        depth += (token.text == "(") - (token.text == ")")
        step = 1
        if depth == 0 and token.word == "CONSTRAINT":
            named, step = at, 2
        elif depth == 0 and token.word in _CLAUSES:
            following = tokens[at + 1].word if at + 1 < len(tokens) else ""
            kind = f"NOT {following}" if token.word == "NOT" else token.word
            yield (at if named is None else named), ("GENERATED" if kind == "AS" else kind)
            named, step = None, _length(token.word, following)
        elif depth == 0 and token.word == "SET":
            step = 2  # ON DELETE SET NULL is no NULL of its own
        at += step


def _length(word: str, following: str) -> int:
    """How many tokens to pass over, so that a constraint's own words do not begin another one."""
    if word == "GENERATED":
        return 3  # GENERATED ALWAYS AS
    if word == "NOT" or (word == "DEFAULT" and following):
        return 2  # the default may be the word NULL
    return 1
