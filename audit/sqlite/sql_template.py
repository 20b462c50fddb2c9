r"""SQL that says the same of each of several things: what stands between two marks is written once a thing.

``/*each column*/`` begins what stands once for each, ``/*end column*/`` ends it; ``/*each column by ", "*/`` has the
quoted text between them, in which ``\n`` is a line break. Within, ``{name}`` is what the thing has of that name, else
what the one around it has, and further marks stand for what it has several of. A mark that has its line to itself
leaves no line behind.

Jinja2 would do the same, but every command that opens a file would wait for it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

Scope = Mapping[str, "str | Sequence[Scope]"]
"""Texts by their names, and what is repeated by what its marks say."""

_BLOCK = re.compile(
    r'(?P<alone>^ *(?=/\*each [^*]+\*/\n))?/\*each (?P<what>[a-z ]+?)(?: by "(?P<between>[^"]*)")?\*/(?(alone)\n)'
    r"(?P<body>.*?)(?(alone)^ *)/\*end (?P=what)\*/(?(alone)\n?)",
    re.DOTALL | re.MULTILINE,
)


def fill_in(text: str, scope: Scope) -> str:
    """The text with every mark and every ``{name}`` of the scope replaced; raises ``KeyError`` for an unknown mark."""

    def repeated(block: re.Match[str]) -> str:
        things = scope[block["what"]]
        assert not isinstance(things, str)
        parts = [fill_in(block["body"], {**scope, **thing}) for thing in things]
        if block["alone"] is None or block["between"] is None:
            return _between(block).join(parts)
        return _between(block).join(part.removesuffix("\n") for part in parts) + "\n" * bool(parts)

    text = _BLOCK.sub(repeated, text)
    for name, value in scope.items():
        if isinstance(value, str):
            text = text.replace(f"{{{name}}}", value)
    return text


def _between(block: re.Match[str]) -> str:
    return (block["between"] or "").replace(r"\n", "\n")
