"""SQLite's definitions as words: what two of them say can be compared, however they are written."""

from __future__ import annotations

import re

_TOKEN = re.compile(
    r"\s+|--[^\n]*|/\*.*?\*/|(?P<text>'[^']*(?:''[^']*)*')|(?P<quoted>\"[^\"]*(?:\"\"[^\"]*)*\"|`[^`]*(?:``[^`]*)*`|\[[^\]]*\])"
    r"|(?P<word>[\w$]+)|(?P<other>.)",
    re.DOTALL,
)


def tokens(sql: str) -> tuple[str, ...]:
    """A definition without blanks, comments and quotes of names; words in lower case, as SQLite compares them."""
    found = []
    for match in _TOKEN.finditer(sql):
        if match["text"]:
            found.append(match["text"])
        elif match["quoted"]:
            opening = match["quoted"][0]
            closing = "]" if opening == "[" else opening
            found.append(match["quoted"][1:-1].replace(closing * 2, closing).lower())
        elif match["word"] or match["other"]:
            found.append(match[0].lower())
    return tuple(found)
