"""All findings inside the page, as a link that saves them, so that one file can be sent alone.

A link to ``data:`` needs neither a script nor anything beside the page, and its content security policy, which is about
what a page loads, leaves it alone. Its bytes are those of ``findings.csv``, where no cell is run as a formula.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from audit.results.findings_csv import read_findings, write_findings
from audit.results.records import Finding

MOST_BYTES = 1_000_000
"""What the CSV may have; mail takes the page with it, and a browser opens it at once."""


@dataclass(frozen=True, slots=True)
class Download:
    """The link, '' where the findings are too many for a page or were not at hand, and how much is behind it."""

    url: str = ""
    rows: int = 0
    size_bytes: int = 0


class _TooLargeError(Exception):
    """More than fits into a page."""


class _Text:
    """Takes text up to a size."""

    def __init__(self) -> None:
        self.parts: list[bytes] = []
        self.size_bytes = 0

    def write(self, text: str) -> int:
        part = text.encode(errors="replace")
        self.size_bytes += len(part)
        if self.size_bytes > MOST_BYTES:
            raise _TooLargeError
        self.parts.append(part)
        return len(text)


def make_download(findings: Iterable[Finding], counted: int) -> Download:
    """The link that saves these findings; they are read no further than a page can hold.

    Parameters
    ----------
    counted
        How many there should be: of samples alone no link is made.
    """
    text = _Text()
    try:
        rows = write_findings(text, findings)
    except _TooLargeError:
        return Download()
    if not rows or rows < counted:
        return Download()
    encoded = b64encode(b"".join(text.parts)).decode()
    return Download(f"data:text/csv;charset=utf-8;base64,{encoded}", rows, text.size_bytes)


def findings_to_download(path: Path) -> Iterator[Finding]:
    """The findings of a ``findings.csv``; none of a file that is too large for a page, which is not read at all.

    Raises
    ------
    OSError
        There is no such file.
    InputFileError
        It cannot be read.
    """
    if path.stat().st_size <= MOST_BYTES:
        yield from read_findings(path)
