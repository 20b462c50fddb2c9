"""Long texts as they are shown: cut, with their true length, and never so that two different ones look the same."""

from __future__ import annotations

import hashlib
import re

SAMPLE_CHARACTERS = 2_000
"""What ``results.json`` keeps of a value; ``findings.csv`` has all of it."""

NAME_CHARACTERS = 200
"""What a list for programs shows of a name, such as the id of a turn."""

_HASH_DIGITS = 16
_NOTE = re.compile(r"… \(([0-9,]{1,20}) characters(?: in all, SHA-256 ([0-9a-f]{16}))?\)")


def shortened(text: str, limit: int = SAMPLE_CHARACTERS) -> str:
    """The text, or its first characters with its length and the first digits of its hash.

    Examples
    --------
    >>> shortened("a" * 5000, 3)
    'aaa… (5,000 characters in all, SHA-256 c526c6222044dab5)'
    """
    return text if len(text) <= limit else _cut(text, limit, len(text), _digest(text))


def shortened_sample(text: str, limit: int) -> str:
    """The same of a value of ``results.json``: where that is cut already, length and hash stay those of the whole."""
    if len(text) <= limit:
        return text
    length, digest = _of_sample(text)
    return _cut(text, limit, length, digest or _digest(text))


def length_of_sample(text: str) -> int:
    """How many characters the value has of which ``results.json`` keeps this."""
    return _of_sample(text)[0]


def shortened_by_version_0_1(text: str) -> str:
    """The sample of a value as runs of version 0.1 kept it."""
    return text if len(text) <= SAMPLE_CHARACTERS else f"{text[:SAMPLE_CHARACTERS]}… ({len(text)} characters)"


def _cut(text: str, limit: int, length: int, digest: str) -> str:
    return f"{text[:limit]}… ({length:,} characters in all, SHA-256 {digest})"


def _of_sample(text: str) -> tuple[int, str]:
    """True length, and hash if the sample tells it.

    Whatever is longer than a sample can be was cut, so a value cannot pretend that it was.
    """
    note = _NOTE.fullmatch(text, SAMPLE_CHARACTERS)
    return (int(note[1].replace(",", "")), note[2] or "") if note else (len(text), "")


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()[:_HASH_DIGITS]
