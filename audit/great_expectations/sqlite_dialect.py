"""Says in SQLite's SQL what views and checks say in DuckDB's: function for function, the rest of the text as it stands.

Both dialects agree on almost everything that checks need. What differs are functions: macros of ours, which SQLite
cannot define, and a few aggregates under other names. What no function can say is written by hand in ``sqlite_sql``.
SQLite 3.40 is enough, which Debian 12 and Python's own module bring.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from audit.staging.evidence import GO_SPACE

_TOKEN = re.compile(r"'(?:[^']|'')*'|\"[^\"]*\"|--[^\n]*|\w+|//|\s+|.", re.DOTALL)

_NAMED_VALUES = re.compile(r"\((?P<values>VALUES (?:\([^()]*\)(?:, )?)+)\) (?P<alias>\w+) \((?P<column>\w+)\)")
_AGGREGATES = frozenset(
    {"any_value", "arg_max", "arg_min", "bool_and", "bool_or", "count", "max", "min", "string_agg", "sum"}
)

_INVISIBLE = (
    *range(0x01, 0x20),
    0x7F,
    0xAD,
    0x180E,
    *range(0x200B, 0x2010),
    *range(0x2028, 0x202F),
    *range(0x2060, 0x2065),
    0xFEFF,
)
"""Code points that the macro ``visible`` takes out; NUL is cut off with all that follows, as SQLite reads texts."""

_REPLACEMENTS_AT_ONCE = 10
_MIDDLE = 2**62
"""Added to a number, it makes those of times and counts positive, negated ones too."""


def literal(value: object) -> str:
    """A value as SQL writes it."""
    if value is None:
        return "NULL"
    if isinstance(value, (bool, int)):
        return str(int(value))
    return "'" + str(value).replace("'", "''") + "'"


def translate(sql: str) -> str:
    """The query in SQLite's dialect, without comments."""
    return _translated(_columns_named(_groups_spelt_out(_words(sql)))).strip()


def _words(sql: str) -> list[str]:
    """The text in tokens, white space and comments as one blank or line break each."""
    return [
        ("\n" if "\n" in word else " ") if word.isspace() or word.startswith("--") else word
        for word in _TOKEN.findall(sql)
    ]


def _translated(tokens: Sequence[str]) -> str:
    written: list[str] = []
    at = 0
    while at < len(tokens):
        word = tokens[at]
        build = _FUNCTIONS.get(word.lower())
        if build is not None and tokens[at + 1 : at + 2] == ["("]:
            arguments, at = _arguments(tokens, at + 2)
            written.append(build([_translated(argument).strip() for argument in arguments]))
        else:
            written.append("/" if word == "//" else word)
            at += 1
    return "".join(written)


def _groups_spelt_out(tokens: Sequence[str]) -> list[str]:
    """GROUP BY ALL with the numbers of those columns that are no aggregates."""
    written: list[str] = []
    for at, word in enumerate(tokens):
        if word == "ALL" and [each for each in tokens[:at] if not each.isspace()][-2:] == ["GROUP", "BY"]:
            columns = _columns_of_query_before(tokens, at)
            plain = [str(n) for n, column in enumerate(columns, start=1) if _AGGREGATES.isdisjoint(column)]
            written.append(", ".join(plain))
        else:
            written.append(word)
    return written


def _columns_of_query_before(tokens: Sequence[str], at: int) -> list[list[str]]:
    """The tokens of each column of the query to whose end the place belongs."""
    depth = 0
    start, stop = 0, at
    for place in range(at - 1, -1, -1):
        depth += (tokens[place] == ")") - (tokens[place] == "(")
        if depth == 0 and tokens[place] == "FROM" and tokens[place - 2 : place - 1] != ["DISTINCT"]:
            stop = place
        if depth == 0 and tokens[place] == "SELECT":
            start = place + 1
            break
    columns, _ = _arguments([*tokens[start:stop], ")"], 0)
    return columns


def _columns_named(tokens: Sequence[str]) -> list[str]:
    """``(VALUES ...) alias (column)`` as a subquery that names its column, because in SQLite an alias cannot."""
    text = "".join(tokens)
    return _TOKEN.findall(_NAMED_VALUES.sub(r"(SELECT column1 AS \g<column> FROM (\g<values>)) \g<alias>", text))


def _arguments(tokens: Sequence[str], at: int) -> tuple[list[list[str]], int]:
    """The arguments of a call whose bracket has been opened, and the place behind the bracket that closes it."""
    arguments: list[list[str]] = [[]]
    depth = 0
    while depth >= 0 and at < len(tokens):
        word = tokens[at]
        depth += (word == "(") - (word == ")")
        if word == "," and depth == 0:
            arguments.append([])
        elif depth >= 0:
            arguments[-1].append(word)
        at += 1
    return arguments, at


def _renamed(name: str) -> Callable[[list[str]], str]:
    return lambda arguments: f"{name}({', '.join(arguments)})"


def _go_trim(arguments: list[str]) -> str:
    code_points = ", ".join(str(ord(letter)) for letter in GO_SPACE)
    return f"trim({arguments[0]}, char({code_points}))"


def _visible(arguments: list[str]) -> str:
    """Replacements one in the other, a few in each of several expressions: SQLite's parser nests no deeper than 100."""
    text, source = f"printf('%s', {arguments[0]})", ""
    expressions: list[str] = []
    for first in range(0, len(_INVISIBLE), _REPLACEMENTS_AT_ONCE):
        for code_point in _INVISIBLE[first : first + _REPLACEMENTS_AT_ONCE]:
            text = f"replace({text}, char({code_point}), '')"
        expressions.append(f"seen_{len(expressions)} (word) AS (SELECT {text}{source})")
        text, source = "word", f" FROM seen_{len(expressions) - 1}"
    return f"(WITH {', '.join(expressions)} SELECT word{source})"


def _folded(arguments: list[str]) -> str:
    return f"lower({_visible([_go_trim(arguments)])})"


def _whole_number(arguments: list[str]) -> str:
    text = f"CAST({arguments[0]} AS TEXT)"
    return f"(CASE WHEN CAST({text} AS INTEGER) || '' = {text} THEN CAST({text} AS INTEGER) END)"


def _is_json_object(arguments: list[str]) -> str:
    text = f"CAST({arguments[0]} AS TEXT)"
    return f"(coalesce(json_type(CASE WHEN json_valid({text}) THEN {text} END), '') = 'object')"


def _is_utf8(arguments: list[str]) -> str:
    """SQLite reads broken bytes as some character, which it then writes in other bytes."""
    text = arguments[0]
    return (
        f"({text} NOT GLOB '*[^' || char(1) || '-~]*' OR NOT EXISTS (WITH RECURSIVE letters (place) AS "
        f"(SELECT 1 UNION ALL SELECT place + 1 FROM letters WHERE place < length({text})) SELECT 1 FROM letters "
        f"WHERE hex(substr({text}, place, 1)) <> hex(char(unicode(substr({text}, place, 1))))))"
    )


def _json_extract_string(arguments: list[str]) -> str:
    return f"CAST(json_extract({', '.join(arguments)}) AS TEXT)"


def _starts_with(arguments: list[str]) -> str:
    return f"(instr({arguments[0]}, {arguments[1]}) = 1)"


def _concat_ws(arguments: list[str]) -> str:
    separator, *parts = arguments
    joined = " || ".join(f"coalesce({separator} || {part}, '')" for part in parts)
    return f"substr({joined}, length({separator}) + 1)"


def _arg(extreme: str) -> Callable[[list[str]], str]:
    """The value beside the smallest or largest whole number, or pair of such.

    It is written behind the numbers, in digits that sort as they do, and taken from there again.
    """

    def build(arguments: list[str]) -> str:
        value, order = arguments
        keys = [_translated(key).strip() for key in _arguments(_TOKEN.findall(order.removeprefix("(")), 0)[0]]
        digits = " || ".join(f"CASE WHEN {key} IS NOT NULL THEN printf('%020d', {key} + {_MIDDLE}) END" for key in keys)
        return f"json_extract(substr({extreme}({digits} || json_array({value})), {20 * len(keys) + 1}), '$[0]')"

    return build


def _string_agg(arguments: list[str]) -> str:
    """Aggregates of SQLite before 3.44 take no ORDER BY, and with DISTINCT no separator: only what is shown differs."""
    value, separator = arguments
    if value.upper().startswith("DISTINCT"):
        return f"group_concat({value})"
    separator = re.split(r"\s+ORDER BY\s", separator)[0]
    return f"group_concat({value}, {separator})"


_FUNCTIONS: dict[str, Callable[[list[str]], str]] = {
    "arg_max": _arg("max"),
    "arg_min": _arg("min"),
    "any_value": _renamed("max"),
    "bool_and": _renamed("min"),
    "bool_or": _renamed("max"),
    "concat_ws": _concat_ws,
    "folded": _folded,
    "go_trim": _go_trim,
    "greatest": _renamed("max"),
    "is_json_object": _is_json_object,
    "is_utf8": _is_utf8,
    "json_extract_string": _json_extract_string,
    "least": _renamed("min"),
    "starts_with": _starts_with,
    "string_agg": _string_agg,
    "visible": _visible,
    "whole_number": _whole_number,
}
