"""Values from a database as HTML in which nothing is hidden: blanks at the ends, control and direction characters."""

from __future__ import annotations

import unicodedata

from markupsafe import Markup, escape

CELL_CHARACTERS = 300

_HIDDEN_CATEGORIES = frozenset({"Cc", "Cf", "Co", "Cs", "Zl", "Zp"})


def visible(text: str, limit: int = CELL_CHARACTERS) -> Markup:
    """The text escaped, its invisible characters written out, cut after ``limit`` characters with a note of the rest.

    A padded value, a zero-width space and a right-to-left override are what an audit is about, and a browser shows
    none of them.
    """
    if not text:
        return Markup('<span class="empty">empty</span>')
    shown = text[:limit]
    start = len(shown) - len(shown.lstrip(" "))
    end = len(shown.rstrip(" ")) if len(text) <= limit else len(shown)
    pieces = [
        _marked("␣") if character == " " and not start <= index < end else _character(character)
        for index, character in enumerate(shown)
    ]
    if len(text) > limit:
        pieces.append(Markup('<span class="cut">… {:,} characters in all</span>').format(len(text)))
    return Markup("").join(pieces)


def _character(character: str) -> Markup:
    if unicodedata.category(character) in _HIDDEN_CATEGORIES:
        return _marked(f"U+{ord(character):04X}")
    return escape(character)


def _marked(sign: str) -> Markup:
    return Markup('<span class="hidden-sign">{}</span>').format(sign)
