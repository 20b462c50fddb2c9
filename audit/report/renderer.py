"""Which renderer makes the page: another one may write other bytes from the same results."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from functools import cache
from importlib import resources
from importlib.metadata import version
from importlib.resources.abc import Traversable

_RECORDS = (
    "checks/check.py",
    "results/findings_csv.py",
    "results/record_json.py",
    "results/records.py",
    "results/redaction.py",
    "results/shortened.py",
)
"""Modules outside this folder from which the page takes what it shows."""


@cache
def renderer_version() -> str:
    """The first 12 hex digits of a SHA-256 over everything that makes the page.

    A number kept by hand would be forgotten one day, and then an honest page would be told as forged; and a release
    that changes nothing here is the same renderer.
    """
    hasher = hashlib.sha256(version("jinja2").encode())
    for name, text in sorted(_sources()):
        hasher.update(f"{name}\n{len(text)}\n".encode() + text)
    return hasher.hexdigest()[:12]


def _sources() -> Iterator[tuple[str, bytes]]:
    audit = resources.files("audit")
    yield from ((name, (audit / name).read_bytes()) for name in _RECORDS)
    yield from _below(audit / "report", "report")


def _below(folder: Traversable, place: str) -> Iterator[tuple[str, bytes]]:
    for entry in folder.iterdir():
        name = f"{place}/{entry.name}"
        if entry.is_dir():
            yield from _below(entry, name)
        elif entry.name.endswith((".py", ".j2", ".css", ".js")):
            yield name, entry.read_bytes()
