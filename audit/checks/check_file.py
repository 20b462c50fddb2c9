"""Reads one check file: the header, whose faults are told with file and line, and the query below it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from audit.checks.check import Check, Failure, Kind, Severity
from audit.errors import CheckFileError

NAME = re.compile(r"[a-z][a-z0-9_]*")
HEADER_LINE = re.compile(r"--(?P<indent>\s*)(?P<text>.*)")
KEY_LINE = re.compile(r"(?P<key>[a-z_]+):\s*(?P<value>.*)")
NEEDS = ("turns", "timeline", "baseline", "baseline_turns", "registry", "cutover", "ledger", "against", "api")
TARGETS = ("turns", "timeline", "baseline")
REQUIRED_KEYS = ("title", "severity", "needs", "identity", "scans", "remedy", "breaks")
REPEATED_KEYS = ("breaks",)
OPTIONAL_IN_OWN_CHECKS = ("breaks",)
LINK_KEYS = ("consequence_of", "also_fails")
KNOWN_KEYS = (*REQUIRED_KEYS, "failure", "kind", *LINK_KEYS)


@dataclass(slots=True)
class _Entry:
    """One header key with its value so far and the line it began on."""

    key: str
    value: str
    line: int


@dataclass(slots=True)
class _Header:
    path: str
    entries: list[_Entry] = field(default_factory=list)

    def one(self, key: str) -> _Entry:
        return next(entry for entry in self.entries if entry.key == key)

    def find(self, key: str) -> _Entry | None:
        return next((entry for entry in self.entries if entry.key == key), None)

    def words(self, key: str) -> tuple[str, ...]:
        """The comma-separated words of a key, () if it is absent."""
        return tuple(
            word.strip()
            for entry in self.entries
            if entry.key == key
            for word in entry.value.split(",")
            if word.strip()
        )


def parse_check(text: str, *, suite: str, name: str, path: str, is_own: bool = False) -> Check:
    """Read one check file: comment lines ``-- key: value`` at its top, then one query.

    Parameters
    ----------
    is_own
        It is a team's own, which may leave out what only tests of it need.

    Raises
    ------
    CheckFileError
        The header breaks the contract; the message names the line.
    """
    for kind, value in (("check", name), ("suite", suite)):
        if not NAME.fullmatch(value):
            raise CheckFileError(path, 0, f"the {kind} name {value!r} must match ^{NAME.pattern}$")
    header, query_line = _read_header(text, path)
    required = [key for key in REQUIRED_KEYS if not (is_own and key in OPTIONAL_IN_OWN_CHECKS)]
    _require_keys(header, query_line, required)
    sql = "\n".join(text.splitlines()[query_line - 1 :]).strip()
    if not re.sub(r"--[^\n]*|[\s;]", "", sql):
        raise CheckFileError(path, query_line, "the query is empty: a check is a query for the offending rows")
    return Check(
        name=name,
        suite=suite,
        title=header.one("title").value,
        severity=_severity(header),
        needs=_known_words(header, "needs", NEEDS),
        identity=_known_words(header, "identity", None),
        scans=_known_words(header, "scans", None)[0],
        remedy=header.one("remedy").value,
        breaks=tuple(_target(header, entry) for entry in header.entries if entry.key == "breaks"),
        consequence_of=_causes(header, name),
        also_fails=header.words("also_fails"),
        sql=sql,
        path=path,
        failure=_failure(header),
        kind=_kind(header),
    )


def _read_header(text: str, path: str) -> tuple[_Header, int]:
    """The header and the line number at which the query begins."""
    header = _Header(path)
    number = 0
    for number, line in enumerate(text.splitlines(), start=1):
        match = HEADER_LINE.fullmatch(line.rstrip())
        if match is None:
            return header, number
        key_line = KEY_LINE.fullmatch(match["text"]) if len(match["indent"]) <= 1 else None
        if key_line:
            header.entries.append(_Entry(key_line["key"], key_line["value"].strip(), number))
        elif not header.entries:
            raise CheckFileError(path, number, "a check file begins with header lines `-- key: value`")
        elif len(match["indent"]) <= 1 and match["text"]:
            raise CheckFileError(path, number, "expected `-- key: value`, or a continuation line `--   more`")
        else:
            entry = header.entries[-1]
            entry.value = f"{entry.value} {match['text']}".strip()
    return header, number + 1


def _require_keys(header: _Header, query_line: int, required: Sequence[str]) -> None:
    seen: set[str] = set()
    for entry in header.entries:
        if entry.key not in KNOWN_KEYS:
            raise CheckFileError(
                header.path, entry.line, f"unknown header key {entry.key!r}; known are {', '.join(KNOWN_KEYS)}"
            )
        if entry.key in seen and entry.key not in REPEATED_KEYS:
            raise CheckFileError(header.path, entry.line, f"header key {entry.key!r} is given twice")
        if not entry.value:
            raise CheckFileError(header.path, entry.line, f"header key {entry.key!r} has no value")
        seen.add(entry.key)
    missing = [key for key in required if key not in seen]
    if missing:
        raise CheckFileError(header.path, query_line, f"missing header key {', '.join(map(repr, missing))}")


def _severity(header: _Header) -> Severity:
    entry = header.one("severity")
    try:
        return Severity(entry.value)
    except ValueError:
        known = ", ".join(Severity)
        raise CheckFileError(header.path, entry.line, f"unknown severity {entry.value!r}; known are {known}") from None


def _failure(header: _Header) -> Failure | None:
    entry = header.find("failure")
    if entry is None:
        return None
    one, bar, many = (part.strip() for part in entry.value.partition("|"))
    if not (one and bar and many):
        raise CheckFileError(
            header.path,
            entry.line,
            "'failure' is two sentences, `1 turn is … | {n} turns are …`: for one row, and for more",
        )
    return Failure(one, many)


def _kind(header: _Header) -> Kind:
    entry = header.find("kind")
    if entry is None:
        return Kind.WRONG
    try:
        return Kind(entry.value)
    except ValueError:
        known = ", ".join(Kind)
        raise CheckFileError(header.path, entry.line, f"unknown kind {entry.value!r}; known are {known}") from None


def _known_words(header: _Header, key: str, known: tuple[str, ...] | None) -> tuple[str, ...]:
    """The words of a key, each one of ``known``, or where that is None a plain identifier, and none of them twice."""
    line = header.one(key).line
    words = header.words(key)
    for position, word in enumerate(words):
        if known is not None and word not in known:
            raise CheckFileError(header.path, line, f"unknown word {word!r} in {key!r}; known are {', '.join(known)}")
        if not NAME.fullmatch(word):
            raise CheckFileError(header.path, line, f"{key!r} takes plain names, not {word!r}")
        if word in words[:position]:
            raise CheckFileError(header.path, line, f"{word!r} stands twice in {key!r}")
    if not words:
        raise CheckFileError(header.path, line, f"header key {key!r} has no value")
    if key == "scans" and len(words) > 1:
        raise CheckFileError(header.path, line, "'scans' names one view")
    return words


def _causes(header: _Header, name: str) -> tuple[str, ...]:
    """The checks under ``consequence_of``; whether they exist depends on the version, so that is not asked here."""
    key = "consequence_of"
    if not any(entry.key == key for entry in header.entries):
        return ()
    words = _known_words(header, key, None)
    if name in words:
        raise CheckFileError(header.path, header.one(key).line, f"{key!r} names other checks, not {name!r} itself")
    return words


def _target(header: _Header, entry: _Entry) -> tuple[str, str]:
    """Split ``turns: UPDATE ...`` into the file it is for and the statement."""
    target, colon, statement = entry.value.partition(":")
    if not colon or target.strip() not in TARGETS or not statement.strip():
        raise CheckFileError(
            header.path, entry.line, f"'breaks' is `<{'|'.join(TARGETS)}>: <one SQLite statement>`, not {entry.value!r}"
        )
    return target.strip(), statement.strip()
