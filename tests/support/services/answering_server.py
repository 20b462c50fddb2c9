"""HTTP servers that answer as a test wants, in a thread, and the program's own server in a process of its own."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from benchmarks.detection.files.service import QuietHandler, listening


@dataclass(frozen=True)
class Request:
    """What was asked; names of headers in lower case."""

    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]


Respond = Callable[[Request], tuple[int, bytes]]
"""A request to status and body."""


@contextlib.contextmanager
def answering(respond: Respond) -> Iterator[str]:
    """A server on this computer; yields its address."""

    class Handler(QuietHandler):
        def do_GET(self) -> None:  # noqa: N802  the name http.server calls
            parts = urlsplit(self.path)
            query = dict(parse_qsl(parts.query, keep_blank_values=True))
            headers = {name.lower(): value for name, value in self.headers.items()}
            status, body = respond(Request(parts.path, query, headers))
            self.answer(status, body)

    with listening(Handler) as address:
        yield address


def page(*items: Mapping[str, Any], cursor: str | None = None) -> tuple[int, bytes]:
    """A page of a list as the debug API answers it."""
    return 200, json.dumps({"items": list(items), "next_cursor": cursor}).encode()


@contextlib.contextmanager
def serving(turns: Path, timeline: Path, *options: str) -> Iterator[str]:
    """``turntruth serve`` over two files; yields its address."""
    program = "from audit.cli import main; main()"
    command = [sys.executable, "-c", program, "serve", "--turns", str(turns), "--timeline", str(timeline)]
    with subprocess.Popen(
        [*command, "--port", "0", *options], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        try:
            assert process.stdout is not None
            url = process.stdout.readline().strip()
            assert url, "the server did not start"
            yield url
        finally:
            process.terminate()
            process.wait()
