"""Names and texts of any script as TOML: whatever they hold, they stay what they are and on their line."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

_BARE = re.compile(r"[A-Za-z0-9_-]+")
_LONGEST_COMMENT = 300


def toml_text(text: str) -> str:
    r"""A text as a basic string of TOML; what cannot be seen is written as an escape.

    Examples
    --------
    >>> print(toml_text('a "b"\n\\'))
    "a \"b\"\u000A\\"
    """
    return f'"{"".join(map(_escaped, text))}"'


def toml_query(sql: str) -> str:
    r"""A query as a text of several lines, where nothing in it would have to be escaped.

    Examples
    --------
    >>> toml_query("SELECT 1\nFROM t").splitlines()[1:3]
    ['SELECT 1', 'FROM t']
    """
    if '"' in sql or "\\" in sql or not sql.replace("\n", "").isprintable():
        return toml_text(sql.replace("\n", " "))
    return f'"""\n{sql}\n"""'


def toml_key(name: str) -> str:
    """A name as a key of TOML, in quotes where it needs them.

    Examples
    --------
    >>> print(toml_key("turns"), toml_key("a.b"))
    turns "a.b"
    """
    return name if _BARE.fullmatch(name) else toml_text(name)


def comment(text: str, indent: str = "") -> str:
    r"""A line of a comment which nothing in the text can end; a long one is cut.

    Examples
    --------
    >>> print(comment("one\nline"))
    # one\u000Aline
    """
    shown = text if len(text) <= _LONGEST_COMMENT else f"{text[: _LONGEST_COMMENT - 1]}…"
    written = "".join(each if each in '"\\' else _escaped(each) for each in shown)
    return f"{indent}# {written}".rstrip()


def commented(lines: Iterable[str]) -> Iterator[str]:
    """Lines of TOML as a human could let them count: each behind a ``#``."""
    for line in lines:
        yield f"# {line}".rstrip()


def _escaped(character: str) -> str:
    if character in '"\\':
        return f"\\{character}"
    if character.isprintable():
        return character
    number = ord(character)
    return f"\\u{number:04X}" if number <= 0xFFFF else f"\\U{number:08X}"
