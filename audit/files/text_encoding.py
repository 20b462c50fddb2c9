"""Text files that people write: UTF-8, with or without the mark that editors of Windows put before it."""

from __future__ import annotations

import codecs

_WIDE_MARKS = {codecs.BOM_UTF16_LE: "UTF-16", codecs.BOM_UTF16_BE: "UTF-16"}


class TextEncodingError(ValueError):
    """The bytes are no UTF-8; the message goes on after the name of the file."""

    remedy = "Save it as UTF-8"

    def __init__(self, problem: str) -> None:
        self.problem = problem
        super().__init__(f"{problem}. {self.remedy}")


def decode_text(content: bytes) -> str:
    """The text, without the mark at its beginning.

    Raises
    ------
    TextEncodingError
        It is in another encoding: which, or where that shows.
    """
    if wide := _WIDE_MARKS.get(content[:2]):
        raise TextEncodingError(f"it is saved as {wide}")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        problem = f"line {line} has the byte {content[error.start]:#04x}, which is no UTF-8"
        raise TextEncodingError(problem) from error
