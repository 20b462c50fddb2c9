"""A table of a TOML document that knows where it lies and which of its keys have been read."""

from __future__ import annotations

import difflib
import math
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from typing import Any, TypeVar

from audit.errors import UsageError

Parsed = TypeVar("Parsed")
Refusal = Callable[[str, str], UsageError]
"""Makes what is raised out of the full key and the problem."""


class TomlTable:
    """Takes values by key; every refusal names the full key, such as ``rows.turns.key``."""

    def __init__(self, refusal: Refusal, place: str, content: Mapping[str, Any]) -> None:
        self._refusal = refusal
        self._place = place
        self._content = content
        self._read: list[str] = []

    def error(self, key: str, problem: str) -> UsageError:
        """What is to be raised for a key, '' for the table itself."""
        return self._refusal(self._key(key), problem)

    def _key(self, key: str) -> str:
        return ".".join(part for part in (self._place, key) if part)

    def names(self) -> tuple[str, ...]:
        """All keys, in the order of the file."""
        return tuple(self._content)

    def names_of_tables(self) -> tuple[str, ...]:
        """Names of the tables in it that have not been read."""
        return tuple(name for name, each in self._content.items() if isinstance(each, dict) and name not in self._read)

    def has(self, key: str) -> bool:
        """Whether the file says anything of it."""
        return key in self._content

    def _take(self, key: str, kind: type[Parsed], wanted: str) -> Parsed | None:
        self._read.append(key)
        value = self._content.get(key)
        if value is None or isinstance(value, kind):
            return value
        raise self.error(key, f"wanted {wanted}, found {value!r}")

    def table(self, key: str) -> TomlTable:
        """The table below a key; an empty one if there is none."""
        return TomlTable(self._refusal, self._key(key), self._take(key, dict, "a table") or {})

    def tables(self, key: str) -> list[TomlTable]:
        """A list of tables, however it is written; none if there is no such key."""
        wanted = f"tables, each one under [[{self._key(key)}]]"
        found = self._take(key, list, wanted) or []
        if not all(isinstance(each, dict) for each in found):
            raise self.error(key, f"wanted {wanted}, found {found!r}")
        return [TomlTable(self._refusal, f"{self._key(key)}[{at}]", each) for at, each in enumerate(found, start=1)]

    def texts(self, key: str) -> tuple[str, ...]:
        """A list of texts; none if there is no such key."""
        found = self._take(key, list, "a list of texts") or []
        if not all(isinstance(each, str) for each in found):
            raise self.error(key, f"wanted a list of texts, found {found!r}")
        return tuple(found)

    def text(self, key: str) -> str:
        """A text; '' if there is no such key."""
        return self._take(key, str, "a text") or ""

    def filled_text(self, key: str) -> str:
        """A text that has to be there and to say something."""
        if self.required(key, str).strip():
            return self.text(key)
        raise self.error(key, "wanted a text, found an empty one")

    def one_or_more_texts(self, key: str) -> tuple[str, ...]:
        """A text or a list of texts; none if there is no such key."""
        return (self.filled_text(key),) if isinstance(self._content.get(key), str) else self.texts(key)

    def values(self, key: str) -> tuple[str | int | float, ...]:
        """A list of texts and numbers that SQLite can hold; none if there is no such key."""
        found = self._take(key, list, "a list of texts and numbers") or []
        if not all(isinstance(each, str | int | float) and not isinstance(each, bool) for each in found):
            raise self.error(key, f"wanted a list of texts and numbers, found {found!r}")
        for each in found:
            # SQLite takes nan for NULL, of which no value is known to differ, and a number too large for another one.
            if isinstance(each, float) and not math.isfinite(each):
                raise self.error(key, f"wanted texts and numbers, found {each}, which is no number")
            if isinstance(each, int) and not -(2**63) <= each < 2**63:
                raise self.error(key, f"wanted integers of 64 bits, found {each}")
        return tuple(found)

    def parsed(self, key: str, parse: Callable[[str], Parsed]) -> Parsed | None:
        """A text as ``parse`` understands it; None if there is no such key."""
        text = self._take(key, str, "a text")
        return None if text is None else self.check(key, parse, text)

    def required(self, key: str, parse: Callable[[str], Parsed]) -> Parsed:
        """The same, but the key has to be there."""
        found = self.parsed(key, parse)
        if found is None:
            raise self.error(key, "is missing")
        return found

    def check(self, key: str, parse: Callable[[str], Parsed], text: str) -> Parsed:
        """The text as it was meant; what ``parse`` refuses is told with its place."""
        try:
            return parse(text)
        except UsageError as error:
            raise self.error(key, str(error)) from error

    def day(self, key: str) -> date:
        """A day, written as TOML's date or as a text."""
        self._read.append(key)
        found = self._content.get(key)
        if isinstance(found, str):
            try:
                found = date.fromisoformat(found)
            except ValueError:
                found = None
        # A moment is a date too, for Python; whether its zone's day or another one's is meant cannot be known.
        if not isinstance(found, date) or isinstance(found, datetime):
            raise self.error(key, f"wanted a day such as 2026-12-31, found {self._content.get(key)!r}")
        return found

    def refuse_the_rest(self) -> None:
        """Refuse what nobody has asked for."""
        for key in self._content:
            if key not in self._read:
                raise self.error(key, f"unknown key. {_advice(key, tuple(dict.fromkeys(self._read)))}")


def _advice(key: str, known: Sequence[str]) -> str:
    similar = difflib.get_close_matches(key, known, n=1)
    return f"Did you mean {similar[0]}?" if similar else f"Known are {', '.join(known)}"
