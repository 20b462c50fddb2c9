"""Closing a ticket: its status becomes complete, and the box that asks for it is ticked."""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import yaml

from audit.processes.interruption import shielded
from audit.ticket.errors import OpenTasksError, UnreadableDocumentError
from audit.ticket.ticket_document import front_matter
from audit.ticket.ticket_folder import Ticket

COMPLETE = "complete"
_AFTER_LINE_END = re.compile(r"(?<=\n)|(?<=\r)(?!\n)")


def close(ticket: Ticket, now: datetime) -> list[Path]:
    """Close a ticket; the files that were written, none where it was closed already.

    Both files lie ready beside their names before the first of them is replaced, the index last: whoever finds it
    complete finds the box ticked. Killed between the two, the doctor names the box, and closing again goes on.

    Raises
    ------
    OpenTasksError
        Another box is open; nothing was written.
    UnreadableDocumentError
        There is no index, or its front matter states no status.
    """
    open_tasks = [(document, task) for document, task in ticket.tasks if not task.done]
    others = [(ticket.shown(each.path), task.line, task.text) for each, task in open_tasks if not task.closes]
    if others:
        raise OpenTasksError(others)
    texts: dict[Path, str] = {}
    for document, task in open_tasks:
        texts[document.path] = _ticked(document.path, texts.get(document.path) or _read(document.path), task.line)
    index = ticket.folder / "index.md"
    if not ticket.is_complete:
        text = texts.pop(index, None) or _read(index)
        stamp = now.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
        texts[index] = _with_fields(index, text, {"Status": COMPLETE, "LastUpdated": stamp})
    _write_all(texts)
    return list(texts)


def _read(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8")
    except FileNotFoundError:
        raise UnreadableDocumentError(path, "it is not there") from None
    except UnicodeDecodeError:
        raise UnreadableDocumentError(path, "it is no UTF-8") from None


def _ticked(path: Path, text: str, line: int) -> str:
    """The text with the box of a line ticked; lines end where markdown ends them."""
    lines = _AFTER_LINE_END.split(text)
    if "[ ]" not in lines[line - 1]:
        raise UnreadableDocumentError(path, f"line {line} has no open box any more")
    lines[line - 1] = lines[line - 1].replace("[ ]", "[x]", 1)
    return "".join(lines)


def _with_fields(path: Path, text: str, values: Mapping[str, str]) -> str:
    """The text with other values in its front matter; every other character stays."""
    header = front_matter(text)
    root = yaml.compose(header[1], yaml.SafeLoader) if header else None
    if header is None or not isinstance(root, yaml.MappingNode):
        raise UnreadableDocumentError(path, "it has no front matter with fields")
    nodes = {name.value: value for name, value in root.value}
    if "Status" not in nodes:
        raise UnreadableDocumentError(path, "its front matter has no Status")
    known = sorted(
        (nodes[name].start_mark.index, nodes[name], value) for name, value in values.items() if name in nodes
    )
    for _, node, value in reversed(known):
        start, end = (header.start(1) + mark.index for mark in (node.start_mark, node.end_mark))
        text = f"{text[:start]}{' ' if start == end else ''}{value}{text[end:]}"
    return text


def _remove_left_behind(path: Path) -> None:
    """Remove what a killed process had ready for a file."""
    ours = re.compile(rf"\.{re.escape(path.name)}\.[0-9a-f]{{8}}\.unfinished", re.ASCII)
    for found in [each for each in path.parent.iterdir() if ours.fullmatch(each.name)]:
        found.unlink(missing_ok=True)


def _write_all(texts: Mapping[Path, str]) -> None:
    """Replace several files, or none where one of them cannot be written."""
    ready: list[tuple[Path, Path]] = []
    with shielded():
        for path in texts:
            _remove_left_behind(path)
        try:
            for path, text in texts.items():
                unfinished = path.with_name(f".{path.name}.{secrets.token_hex(4)}.unfinished")
                ready.append((unfinished, path))
                with unfinished.open("xb") as stream:
                    stream.write(text.encode())
                    stream.flush()
                    os.fsync(stream.fileno())
                unfinished.chmod(path.stat().st_mode & 0o777)
            for unfinished, path in ready:
                unfinished.replace(path)
        finally:
            for unfinished, _ in ready:
                unfinished.unlink(missing_ok=True)
