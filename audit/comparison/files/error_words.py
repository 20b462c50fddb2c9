"""SQLite's errors in words that give no cell away: some of its own quote the value on which they failed."""

from __future__ import annotations

import re

import apsw

CANNOT_COMPUTE = "SQLite cannot compute it"

_WITHOUT_VALUES = re.compile(
    r"malformed JSON|JSON cannot hold BLOB values|JSON (?:path|nested) too deep|invalid Unicode escape|integer overflow"
    r"|json_\w+\(\) (?:needs an odd|requires an even) number of arguments|json_object\(\) labels must be TEXT"
    r"|FLAGS parameter to json_valid\(\) must be between 1 and 15|ESCAPE expression must be a single character"
    r"|LIKE or GLOB pattern too complex|wrong number of arguments to function \w+\(\)"
    r"|(?:second )?argument (?:of|to) (?:ntile|nth_value) must be a positive integer"
    r"|frame (?:starting|ending) offset must be a non-negative (?:integer|number)"
    r"|the fraction argument to \w+\(\) is not between [0-9.]+ and [0-9.]+"
    r"|(?:unknown|no such) function: \w+(?:\(\))?|no such (?:module|collation sequence|tokenizer): \w+"
    r"|unknown tokenizer: \w+|vtable constructor failed: \w+|no such table: [\w.]+|SQL logic error|not authorized"
)
"""What SQLite says of a statement or of a kind of value; whatever else it says may have a value in it."""


def without_values(error: apsw.Error) -> str:
    """What an error says, if it says it without a value.

    Errors of other kinds than that of a statement tell of the file, of limits and of what was declared.

    Examples
    --------
    >>> without_values(apsw.SQLError("malformed JSON")), without_values(apsw.SQLError("bad JSON path: 'secret'"))
    ('malformed JSON', 'SQLite cannot compute it')
    """
    text = str(error)
    if isinstance(error, apsw.SQLError) and not _WITHOUT_VALUES.fullmatch(text):
        return CANNOT_COMPUTE
    return text
