"""Where a value may have come from, and as which expression of SQLite that is written."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator
from contextlib import suppress
from dataclasses import dataclass
from enum import IntEnum
from functools import cached_property
from typing import Any

import apsw

from audit.comparison.claims.same_meaning import LEAST_INSTANT, canonical_json, instant_ns
from audit.comparison.files.tables import quote_identifier
from audit.contract.contract import Meaning
from audit.sqlite.tokens import fold

Value = str | int | float | bytes
"""A cell that is not NULL."""

_SIMPLE = re.compile(r"[a-z_][a-z0-9_]*", re.IGNORECASE | re.ASCII)
_MOST_MEMBERS = 64
"""Objects with more members are not looked into: their names are rather keys of rows than names of fields."""

_DEEPEST = 4
_LONGEST_TEXT = 256
_LONGEST_TIME = 40


class Form(IntEnum):
    """How the value was taken over, the simplest first."""

    PLAIN = 0
    TRIMMED = 1
    LOWER = 2
    TRIMMED_LOWER = 3
    SECONDS = 4
    MILLISECONDS = 5
    JSON = 6
    INSTANT = 7


_AROUND = {
    Form.TRIMMED: "trim({})",
    Form.LOWER: "lower({})",
    Form.TRIMMED_LOWER: "lower(trim({}))",
    Form.SECONDS: "{} / 1000",
    Form.MILLISECONDS: "{} * 1000",
}


@dataclass(frozen=True)
class Place:
    """A column of the evidence, or what lies at a path in the JSON of one."""

    column: str
    path: tuple[str, ...] = ()

    def expression(self, form: Form = Form.PLAIN) -> str:
        """The SQL for the value in that form."""
        column = written(self.column)
        if not self.path:
            return _AROUND.get(form, "{}").format(column)
        arrow = "->" if form is Form.JSON else "->>"
        taken = f"{column} {arrow} {self.path_text}"
        return _AROUND[form].format(f"({taken})" if "{} " in _AROUND[form] else taken) if form in _AROUND else taken

    @cached_property
    def path_text(self) -> str:
        """The path as a text of SQL."""
        return "'" + f"${''.join(map(_step, self.path))}".replace("'", "''") + "'"

    @property
    def told(self) -> str:
        """The place in words."""
        return f"{self.column}: ${''.join(map(_step, self.path))}" if self.path else self.column

    @cached_property
    def words(self) -> frozenset[str]:
        """The words of its last name."""
        return words_of(self.path[-1] if self.path else self.column)

    @cached_property
    def all_words(self) -> frozenset[str]:
        """The words of its last two names: ``usage.total`` is a usage_total."""
        return words_of(" ".join(self.path[-2:] if self.path else (self.column,)))


MEANINGS = {Form.JSON: Meaning.JSON, Form.INSTANT: Meaning.INSTANT}
"""In which sense the values are the same, where it is not cell by cell."""


def written(name: str) -> str:
    """The name of a column in an expression, in quotes where it needs them."""
    return name if _SIMPLE.fullmatch(name) and name.upper() not in apsw.keywords else quote_identifier(name)


def _step(name: str) -> str:
    return f".{name}" if _SIMPLE.fullmatch(name) else f'."{name}"'


_SYNONYMS = {"prompt": "input", "completion": "output"}
_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+|[^\W\d_A-Za-z]+")
_SAYS_NOTHING = frozenset({"at", "id", "key", "ms", "json", "name", "value"})


def words_of(name: str) -> frozenset[str]:
    """The words of a name, in lower case and without those that say nothing: ``parentId`` is a ``parent_id``.

    Examples
    --------
    >>> sorted(words_of("prompt_tokens")) == sorted(words_of("inputTokens"))
    True
    """
    found = [_SYNONYMS.get(word.lower(), word.lower()) for word in _WORD.findall(name)]
    return frozenset(word for word in found if word not in _SAYS_NOTHING) or frozenset(found)


def similarity(name: str, place: Place) -> float:
    """How much a name says of a place, from 0 to 1."""
    wanted = words_of(name)
    return max(_shared(wanted, place.words), _shared(wanted, place.all_words))


def _shared(left: frozenset[str], right: frozenset[str]) -> float:
    return len(left & right) / len(left | right) if left or right else 0.0


# -- values -------------------------------------------------------------------------------------------------------


def values_in(column: str, value: Value) -> Iterator[tuple[Place, Any]]:
    """A cell, and where it is a JSON object whatever lies in it; arrays are taken as a whole."""
    yield Place(column), value
    if isinstance(value, str) and (document := parsed(value)) is not None:
        yield from _members(column, (), document)


def parsed(text: str) -> dict[str, Any] | list[Any] | None:
    """A text as JSON, where it is an object or an array."""
    if text.lstrip()[:1] not in {"{", "["}:
        return None
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return document if isinstance(document, dict | list) else None


def can_be_written(name: str) -> bool:
    """Whether a path of SQLite can name such a member, in a contract that people read."""
    return '"' not in name and "\\" not in name and name.isprintable() and 0 < len(name) <= _LONGEST_TEXT


def _members(column: str, path: tuple[str, ...], document: Any) -> Iterator[tuple[Place, Any]]:
    if not isinstance(document, dict) or len(document) > _MOST_MEMBERS or len(path) >= _DEEPEST:
        return
    for name, value in document.items():
        if value is None or not can_be_written(name):
            continue
        place = (*path, name)
        yield Place(column, place), value
        yield from _members(column, place, value)


def wanted_keys(value: Value) -> Iterator[tuple[Form, object]]:
    """By what a value is looked up among the forms of others."""
    yield Form.PLAIN, plain_key(value)
    if isinstance(value, str) and value[:1] in {"{", "[", '"'} and (canonical := canonical_json(value)) is not None:
        yield Form.JSON, ("json", canonical)
    if (moment := _moment(value)) is not None:
        yield Form.INSTANT, ("instant", moment)


def forms_of(value: Any, wanted: Collection[Form]) -> Iterator[tuple[Form, object]]:
    """Everything that a value could have become, the simplest form first; JSON and moments only where wanted."""
    with_json = Form.JSON in wanted
    if isinstance(value, dict | list):
        with suppress(RecursionError):
            if with_json and (canonical := canonical_json(json.dumps(value))) is not None:
                yield Form.JSON, ("json", canonical)
        return
    yield Form.PLAIN, plain_key(value)
    if isinstance(value, str):
        trimmed = value.strip(" ")
        yield Form.TRIMMED, plain_key(trimmed)
        yield Form.LOWER, plain_key(fold(value))
        yield Form.TRIMMED_LOWER, plain_key(fold(trimmed))
    elif isinstance(value, int | float) and not isinstance(value, bool) and LEAST_INSTANT <= value < 1e17:
        yield Form.SECONDS, plain_key(value // 1000 if isinstance(value, int) else value / 1000)
        yield Form.MILLISECONDS, plain_key(value * 1000)
    if with_json and not isinstance(value, bytes) and (canonical := canonical_json(json.dumps(value))) is not None:
        yield Form.JSON, ("json", canonical)
    if Form.INSTANT in wanted and (moment := _moment(value)) is not None:
        yield Form.INSTANT, ("instant", moment)


def _moment(value: Any) -> int | None:
    """A number, or a text as short as those of times: each that is asked for is kept for a while."""
    if isinstance(value, bytes | bool) or (isinstance(value, str) and len(value) > _LONGEST_TIME):
        return None
    return instant_ns(value)


def plain_key(value: Any) -> object:
    """Equal for values that a column may make equal when they are stored: ``5``, ``5.0`` and ``'5'``."""
    if isinstance(value, bool | int):
        return str(int(value))
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 2**53 else repr(value)
    return value
