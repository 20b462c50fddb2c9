"""Texts that look alike."""

from __future__ import annotations

import json
import unicodedata
from functools import partial

from benchmarks.detection.foreign.fault import add
from benchmarks.detection.foreign.faults.types import Make, Test, change, of, stored
from benchmarks.detection.foreign.site import Site
from benchmarks.detection.foreign.values import Value, text, words_of


def _has_letter(value: Value) -> bool:
    return value[0] == "text" and words_of(value).swapcase() != words_of(value)


def _first_letter(value: Value) -> Value:
    words = words_of(value)
    at = next(at for at, letter in enumerate(words) if letter.swapcase() != letter)
    return text(words[:at] + words[at].swapcase() + words[at + 1 :])


def _document(value: Value) -> object:
    try:
        return json.loads(words_of(value)) if value[0] == "text" else None
    except ValueError:
        return None


def _is_document(value: Value) -> bool:
    return isinstance(_document(value), dict | list)


def _beyond_ascii(value: Value) -> bool:
    return value[0] == "text" and not words_of(value).isascii()


def _filled(value: Value) -> bool:
    return value[0] == "text" and bool(value[1])


_ACCENT = "\u0301"
_CHANGES: tuple[tuple[str, Test, Make], ...] = (
    ("a blank behind it", of("text"), lambda value: text(words_of(value) + " ")),
    ("a blank before it", of("text"), lambda value: text(" " + words_of(value))),
    ("another case of one letter", _has_letter, _first_letter),
    ("all in lower case", lambda v: _filled(v) and words_of(v) != words_of(v).lower(),
     lambda v: text(words_of(v).lower())),
    ("a line feed behind it", of("text"), lambda value: text(words_of(value) + "\n")),
    ("a NUL and a word behind it", of("text"), lambda value: text(words_of(value) + "\0more")),
    ("a zero-width blank in it", _filled, lambda value: text(words_of(value)[:1] + "\u200b" + words_of(value)[1:])),
    ("an accent in it, which is composed otherwise or was not there", of("text"),
     lambda value: text(unicodedata.normalize("NFD", words_of(value)) + _ACCENT)),
    ("read as Latin-1 and written as UTF-8", _beyond_ascii, lambda v: text(stored(v).decode("latin-1"))),
    ("bytes that are no UTF-8", _filled, lambda value: ("text", stored(value) + b"\xff")),
    ("twice in a row", _filled, lambda value: text(words_of(value) * 2)),
    ("JSON with other blanks", _is_document, lambda v: text(json.dumps(_document(v), indent=1, ensure_ascii=False))),
    ("JSON as a text within JSON", _is_document, lambda v: text(json.dumps(words_of(v)))),
)  # fmt: skip
for title, fits, make in _CHANGES:
    add(__name__.rpartition(".")[2], title, partial(change, Site.write, fits, make))
