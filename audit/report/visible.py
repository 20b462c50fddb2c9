"""Values from a database in which nothing is hidden: blanks at the ends, control and direction characters.

A padded value, a zero-width space and a right-to-left override are what an audit is about, and a browser or a terminal
shows none of them.
"""

from __future__ import annotations

import unicodedata

from markupsafe import Markup, escape

from audit.results.shortened import length_of_sample

CELL_CHARACTERS = 300

_HIDDEN_CATEGORIES = frozenset({"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp"})


def visible(text: str, limit: int = CELL_CHARACTERS) -> Markup:
    """The text as HTML: escaped, what cannot be seen written out, cut after ``limit`` characters with a note."""
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
        pieces.append(Markup('<span class="cut">… {:,} characters in all</span>').format(length_of_sample(text)))
    return Markup("").join(pieces)


def spelled_out(text: str) -> str:
    """The text with what cannot be seen written as ``U+200B``; line breaks and tabs stay. Any XML can hold it."""
    if text.isprintable():
        return text
    return "".join(
        f"U+{ord(character):04X}" if _is_hidden(character) and character not in "\n\t" else character
        for character in text
    )


def without_hidden_characters(value: object) -> object:
    """What a template is to write: of any text, also of somebody's own check, what it hides is spelled out."""
    return spelled_out(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def on_one_line(text: str) -> str:
    """The same for a line of a terminal or a log, which the text cannot end."""
    return spelled_out(text).replace("\n", "U+000A").replace("\t", "U+0009")


def _character(character: str) -> Markup:
    return _marked(f"U+{ord(character):04X}") if _is_hidden(character) else escape(character)


def _is_hidden(character: str) -> bool:
    return unicodedata.category(character) in _HIDDEN_CATEGORIES


def _marked(sign: str) -> Markup:
    return Markup('<span class="hidden-sign">{}</span>').format(sign)
