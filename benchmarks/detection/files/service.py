"""The debug API over clean files, in a process of its own, and a server before it that changes its answers."""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import orjson

from audit.errors import AuditError
from benchmarks.detection.files.site import Tamper

_SERVE = """
import sys
from audit.processes.child_process import end_with
end_with(int(sys.argv.pop(1)))
from audit.cli import main
main(["serve", *sys.argv[1:]])
"""


class ServiceError(AuditError):
    """The service did not start."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        super().__init__(f"{folder}: the service over these files did not start. Try `turntruth serve` on them")


@contextmanager
def serving(folder: Path) -> Iterator[tuple[str, str]]:
    """``turntruth serve`` over the files of a folder, which nobody else may open meanwhile: its address and token."""
    token = secrets.token_hex(8)
    options = ["--debug-api", "--port", "0", "--token", token]
    options += ["--turns", str(folder / "turns.db"), "--timeline", str(folder / "timeline.db")]
    reader, lifeline = os.pipe()
    try:
        with subprocess.Popen(
            [sys.executable, "-c", _SERVE, str(reader), *options],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            pass_fds=(reader,),
            process_group=0,
        ) as process:
            try:
                url = process.stdout.readline().strip() if process.stdout else ""
                if not url:
                    raise ServiceError(folder)
                yield url.rstrip("/"), token
            finally:
                process.terminate()
    finally:
        os.close(reader)
        os.close(lifeline)


class QuietHandler(BaseHTTPRequestHandler):
    """Answers without a line on standard error for each request."""

    def answer(self, status: int, body: bytes) -> None:
        """Send a whole answer, to whoever may have left meanwhile."""
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        with suppress(ConnectionError):
            self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the name http.server calls
        """Say nothing."""


@contextmanager
def listening(handler: type[BaseHTTPRequestHandler]) -> Iterator[str]:
    """A server on this computer, in a thread; yields its address."""
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()


@contextmanager
def tampered(url: str, tamper: Tamper) -> Iterator[str]:
    """A server that forwards to another one and changes the documents it answers; yields its address."""
    with httpx.Client(base_url=url, trust_env=False, timeout=30) as upstream:

        class Handler(QuietHandler):
            def do_GET(self) -> None:
                authorization = {"Authorization": self.headers.get("Authorization", "")}
                answer = upstream.get(self.path, headers=authorization)
                body = answer.content
                if answer.status_code == httpx.codes.OK:
                    document = orjson.loads(body)
                    tamper(self.path.partition("?")[0], document)
                    body = orjson.dumps(document)
                self.answer(answer.status_code, body)

        with listening(Handler) as address:
            yield address
