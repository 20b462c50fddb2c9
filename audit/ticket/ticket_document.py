"""One document of a ticket: its front matter, and the boxes, links and SQL in its markdown."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import yaml
from markdown_it import MarkdownIt
from markdown_it.token import Token

_FRONT_MATTER = re.compile(r"\A---[ \t]*\r?\n(.*?)^---[ \t]*(?:\r?\n|\Z)", re.DOTALL | re.MULTILINE)
_LINE_END = re.compile(r"\r\n?")
_BOX = re.compile(r"\[([ xX])\]\s+")
_IDENTITY = re.compile(r"\s*<!--\s*t:(\w+)\s*-->")
_STATUS = re.compile(r"(?:current )?status\W+([\w-]+)\W*$", re.IGNORECASE)
_PROOFS = ("Proof:", "Equivalent:")


@dataclass(frozen=True, slots=True)
class Task:
    """A box of a task list.

    Attributes
    ----------
    identity
        What its comment ``<!-- t:… -->`` calls it, or ''.
    proofs
        Code on the lines below it that begin with ``Proof:``, or with ``Equivalent:`` where the box names a tool of
        another project.
    """

    section: str
    text: str
    done: bool
    line: int
    identity: str
    proofs: tuple[str, ...]

    @property
    def closes(self) -> bool:
        """Whether it asks for the status of the ticket itself.

        Examples
        --------
        >>> Task("Closeout", "Set the ticket's status to `complete`.", False, 1, "", ()).closes
        True
        """
        return re.search(r"\bstatus\b.*\bcomplete\b", self.text, re.IGNORECASE) is not None


@dataclass(frozen=True, slots=True)
class Passage:
    """A link, a piece of SQL or a stated status, with its line."""

    text: str
    line: int


@dataclass(frozen=True, slots=True)
class TicketDocument:
    """A document as it was read; ``problem`` says why its front matter could not be, else it is ''."""

    path: Path
    fields: Mapping[str, Any]
    problem: str
    tasks: tuple[Task, ...]
    links: tuple[Passage, ...]
    sql: tuple[Passage, ...]
    stated: tuple[Passage, ...]

    def text_of(self, name: str) -> str:
        """A field of the front matter as text, '' where it is not there."""
        value = self.fields.get(name)
        return "" if value is None else str(value).strip()

    def list_of(self, name: str) -> list[Any]:
        """A field that is a list; one value stands for a list of it."""
        value = self.fields.get(name)
        return value if isinstance(value, list) else [] if value is None else [value]


def read_document(path: Path) -> TicketDocument:
    """Read a document; what is wrong with its front matter is told in it, and its body is read anyway."""
    text = _LINE_END.sub("\n", path.read_bytes().decode("utf-8", errors="replace"))
    header = front_matter(text)
    fields, problem = _fields(header)
    body = text[header.end() :] if header else text
    before = text.count("\n", 0, header.end()) if header else 0
    tokens = MarkdownIt("commonmark").enable("table").parse(body)
    inlines = [(token, before + (token.map or [0])[0] + 1) for token in tokens if token.type == "inline"]
    return TicketDocument(
        path,
        fields,
        problem,
        tasks=tuple(_tasks(tokens, before)),
        links=tuple(Passage(link, line) for token, line in inlines for link in _links(token)),
        sql=tuple(
            Passage(token.content, before + (token.map or [0])[0] + 2)
            for token in tokens
            if token.type == "fence" and token.info.split()[:1] == ["sql"]
        ),
        stated=tuple(
            Passage(found[1].lower(), line) for token, line in inlines if (found := _STATUS.match(token.content))
        ),
    )


def front_matter(text: str) -> re.Match[str] | None:
    """The front matter of a text with its marks; group 1 is the YAML between them."""
    return _FRONT_MATTER.match(text)


def _fields(header: re.Match[str] | None) -> tuple[Mapping[str, Any], str]:
    """The fields of the front matter, and what is wrong with it."""
    if header is None:
        return {}, "it does not begin with front matter between two lines ---"
    try:
        fields = yaml.safe_load(header[1])
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        return {}, f"its front matter is no YAML: {error}"
    if not isinstance(fields, dict):
        return {}, "its front matter has no fields"
    return fields, ""


def _tasks(tokens: Sequence[Token], before: int) -> Iterator[Task]:
    """The boxes: items of lists that begin with [ ] or [x]."""
    section = ""
    for opening, token in pairwise(tokens):
        if token.type != "inline":
            continue
        if opening.type == "heading_open":
            section = section if opening.tag == "h1" else token.content
        elif opening.type == "paragraph_open" and opening.level > 1 and (box := _BOX.match(token.content)):
            lines = token.content[box.end() :].splitlines()
            proofs = [line for line in lines if line.strip().startswith(_PROOFS)]
            text = " ".join(line.strip() for line in lines if line not in proofs)
            identity = _IDENTITY.search(text)
            yield Task(
                section,
                _IDENTITY.sub("", text),
                box[1] != " ",
                before + (token.map or [0])[0] + 1,
                identity[1] if identity else "",
                tuple(code for line in proofs for code in _code(line)),
            )


def _code(line: str) -> Iterator[str]:
    """The pieces of code in a line."""
    for token in MarkdownIt("commonmark").parseInline(line):
        yield from (child.content for child in token.children or () if child.type == "code_inline")


def _links(token: Token) -> Iterator[str]:
    """Where the links and pictures of a passage lead."""
    for child in token.children or ():
        target = child.attrGet("href") if child.type == "link_open" else child.attrGet("src")
        if target is not None:
            yield str(target)
