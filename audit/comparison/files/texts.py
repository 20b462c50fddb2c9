"""Texts of a file that need not be valid in its encoding: SQLite keeps whatever bytes a program called a text.

In memory each byte that is no part of a text is a lone surrogate, so that different bytes stay different texts. None
of them can be a part of SQL or of JSON; what is shown of them is made by `shown`.
"""

from __future__ import annotations

import re
from typing import Any

import apsw
import orjson

CODECS = {"UTF-8": "utf-8", "UTF-16le": "utf-16-le", "UTF-16be": "utf-16-be"}
"""Python's codecs by SQLite's names of encodings."""

_NO_TEXT = re.compile("[\ud800-\udfff]")
_HALF = "\udfff"
"""Stands before the last byte of a text in UTF-16 that has an odd number of them."""


def codec_of(connection: apsw.Connection) -> str:
    """Python's codec for the texts of all databases of a connection."""
    return CODECS[str(connection.pragma("encoding"))]


def decode(content: apsw.SQLiteValue, codec: str) -> str:
    """The text of what SQLite gave as bytes, whatever they are.

    Examples
    --------
    >>> decode(bytes([97, 233]), "utf-8") == decode(bytes([97, 232]), "utf-8")
    False
    """
    assert isinstance(content, bytes), "a text is read as bytes: SQLite's library refuses what is none"
    if codec == "utf-8":
        return content.decode(codec, "surrogateescape")
    whole = len(content) & ~1
    rest = f"{_HALF}{chr(content[-1])}" if whole < len(content) else ""
    return content[:whole].decode(codec, "surrogatepass") + rest


def transcode(content: apsw.SQLiteValue, source: str, target: str) -> bytes:
    """The bytes of a text in another encoding; different bytes stay different."""
    return decode(content, source).encode(target, "surrogatepass")


def is_text(*names: str) -> bool:
    """Whether all of these can be a part of SQL."""
    return not any(map(_NO_TEXT.search, names))


def shown(text: str) -> str:
    r"""The text with a replacement character and a number in place of what is none.

    Examples
    --------
    >>> shown(decode(bytes([97, 233]), "utf-8"))
    'a\ufffde9'
    """
    return _NO_TEXT.sub(lambda found: f"\ufffd{_number(found[0])}", text)


def _number(surrogate: str) -> str:
    code = ord(surrogate)
    return f"{code - 0xDC00:02x}" if 0xDC80 <= code <= 0xDCFF else f"{code:04x}"


def to_json(value: Any) -> bytes:
    """The value as JSON, its texts as they are shown."""
    try:
        return orjson.dumps(value)
    except TypeError:
        # A lone surrogate: rare, so that nobody else pays for the search.
        return orjson.dumps(_shown_inside(value))


def _shown_inside(value: Any) -> Any:
    if isinstance(value, str):
        return shown(value)
    if isinstance(value, dict):
        return {_shown_inside(name): _shown_inside(each) for name, each in value.items()}
    return [_shown_inside(each) for each in value] if isinstance(value, list | tuple) else value
