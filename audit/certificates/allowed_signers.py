"""Whose signatures count: a file in OpenSSH's ``allowed_signers`` format (ssh-keygen(1), ALLOWED SIGNERS).

Read here, and not by asyncssh, which has no word for a line that it cannot read or an option that it does not know: an
option may restrict what a key is good for, so a line with an unknown one is no line that allows anything.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import asyncssh

from audit.certificates.signature import NAMESPACE
from audit.errors import InputFileError
from audit.files.regular_file import read_bounded

LIMIT_BYTES = 16 << 20
_OPTION = re.compile(r'(?P<name>[A-Za-z-]+)(?:="(?P<value>(?:[^"\\]|\\.)*)")?(?P<end>,|(?=\s)|$)', re.ASCII)
_MOMENTS = {8: "%Y%m%d", 12: "%Y%m%d%H%M", 14: "%Y%m%d%H%M%S"}
_VALUED = frozenset({"namespaces", "valid-after", "valid-before"})
AUTHORITY = "cert-authority"


class _LineError(Exception):
    """A line cannot be read."""


@dataclass(frozen=True, slots=True)
class Signer:
    """One line; ``principals`` and ``namespaces`` are lists of patterns, '' allows every namespace."""

    line: int
    principals: str
    key: asyncssh.SSHKey
    namespaces: str = ""
    valid_after: datetime | None = None
    valid_before: datetime | None = None
    is_authority: bool = False

    def refusal(self, identity: str, now: datetime) -> str:
        """Why this line does not allow its own key a certificate now, '' if it does; '' is any identity."""
        if identity and not matches(identity, self.principals):
            return f"it is that of {self.principals}, not of {identity}"
        if self.namespaces and not matches(NAMESPACE, self.namespaces):
            return f"it is for namespaces {self.namespaces}, not for {NAMESPACE}"
        if self.valid_after is not None and now < self.valid_after:
            return f"it is valid only after {self.valid_after:%Y-%m-%d %H:%M:%S %z}"
        if self.valid_before is not None and now > self.valid_before:
            return f"it was valid before {self.valid_before:%Y-%m-%d %H:%M:%S %z}"
        return ""


@dataclass(frozen=True, slots=True)
class Judgement:
    """Who signed, as the file calls them; '' with the reason where nobody of the file did, or more than one could."""

    identity: str = ""
    refusal: str = ""
    is_ambiguous: bool = False


@dataclass(frozen=True, slots=True)
class AllowedSigners:
    """What a file says; ``problems`` tells the lines that cannot be read and allow nothing."""

    path: Path
    signers: tuple[Signer, ...]
    problems: tuple[str, ...] = field(default=())

    def judge(self, key: asyncssh.SSHKey, identity: str, now: datetime) -> Judgement:
        """Whether this key may sign certificates, as ``identity`` or, where that is '', as whoever it belongs to."""
        own = [each for each in self.signers if each.key.public_data == key.public_data and not each.is_authority]
        allowed = [each for each in own if not each.refusal(identity, now)]
        names = sorted({each.principals for each in allowed})
        if allowed and identity:
            return Judgement(identity)
        if len(names) == 1:
            return Judgement(names[0])
        if names:
            listed = " and ".join(names)
            return Judgement(
                refusal=f"{self.path} has the key for {listed}; say which with --identity", is_ambiguous=True
            )
        reasons = [f"line {each.line}: {each.refusal(identity, now)}" for each in own]
        return Judgement(refusal="; ".join([*(reasons or [f"the key is not in {self.path}"]), *self._overlooked()]))

    def _overlooked(self) -> Iterator[str]:
        yield from self.problems
        lines = [str(each.line) for each in self.signers if each.is_authority]
        if lines:
            yield f"{AUTHORITY} in line {', '.join(lines)} is not supported"


def read_allowed_signers(path: Path) -> AllowedSigners:
    """Read the file.

    Raises
    ------
    InputFileError
        It is missing, unreadable, no regular file, or no text.
    """
    try:
        text = read_bounded(path, LIMIT_BYTES).decode()
    except (OSError, UnicodeDecodeError) as error:
        problem = getattr(error, "strerror", None) or str(error)
        raise InputFileError(path, problem, "Name a file of allowed signers, as ssh-keygen(1) describes it") from error
    signers, problems = [], []
    for number, line in enumerate(text.split("\n"), start=1):
        stripped = line.strip(" \t\r")
        if not stripped or stripped.startswith("#"):
            continue
        try:
            signers.append(_parse_line(number, stripped))
        except _LineError as error:
            problems.append(f"line {number} cannot be read ({error})")
    return AllowedSigners(path, tuple(signers), tuple(problems))


def matches(word: str, patterns: str) -> bool:
    """Whether a word matches a list of patterns (``*``, ``?``; ``!`` in front refuses), as ssh_config(5) has them."""
    found = False
    for pattern in patterns.split(","):
        # What a pattern of no length would match is nothing, and `!` alone refuses nothing.
        wanted = pattern.removeprefix("!")
        if wanted and _as_expression(wanted).fullmatch(word):
            if pattern.startswith("!"):
                return False
            found = True
    return found


def _as_expression(pattern: str) -> re.Pattern[str]:
    signs = {"*": ".*", "?": "."}
    # One star says as much as several in a row, which could take a search for ever.
    return re.compile("".join(signs.get(each, re.escape(each)) for each in re.sub(r"\*+", "*", pattern)), re.DOTALL)


def _parse_line(number: int, line: str) -> Signer:
    principals, rest = _split_principals(line)
    key = _parse_key(rest)
    if key is not None:
        return Signer(number, principals, key)
    options, rest = _split_options(rest)
    key = _parse_key(rest)
    if key is None:
        raise _LineError("no public key that is supported")
    after, before = _moment(options, "valid-after"), _moment(options, "valid-before")
    if after is not None and before is not None and before <= after:
        raise _LineError("it is valid at no time")
    if not options.get("namespaces", "any"):
        raise _LineError("an empty list of namespaces")
    return Signer(number, principals, key, options.get("namespaces", ""), after, before, AUTHORITY in options)


def _split_principals(line: str) -> tuple[str, str]:
    if line.startswith('"'):
        principals, quote, rest = line[1:].partition('"')
        if not quote:
            raise _LineError("a quotation mark without end")
    else:
        principals, rest = [*line.split(None, 1), ""][:2]
    if not principals or not rest.strip():
        raise _LineError("wanted principals and a public key")
    return principals, rest.strip()


def _split_options(text: str) -> tuple[dict[str, str], str]:
    options: dict[str, str] = {}
    while True:
        found = _OPTION.match(text)
        if found is None:
            raise _LineError(f"wanted an option or a public key, found {text[:40]!r}")
        name, value = found["name"].lower(), found["value"]
        if name in options or name not in {*_VALUED, AUTHORITY} or (value is None) == (name in _VALUED):
            raise _LineError(f"option {name}")
        options[name] = re.sub(r"\\(.)", r"\1", value or "")
        text = text[found.end() :]
        if found["end"] != ",":
            return options, text.strip()


def _parse_key(text: str) -> asyncssh.SSHKey | None:
    words = text.split(None, 2)[:2]
    try:
        return asyncssh.import_public_key(" ".join(words)) if len(words) == 2 else None
    except ValueError:
        return None


def _moment(options: dict[str, str], name: str) -> datetime | None:
    """A time of the format, local where no ``Z`` ends it."""
    text = options.get(name)
    if text is None:
        return None
    digits = text.removesuffix("Z")
    try:
        found = datetime.strptime(digits, _MOMENTS[len(digits)])  # noqa: DTZ007  its zone is put on below
    except (KeyError, ValueError) as error:
        raise _LineError(f"{name}: wanted YYYYMMDD, YYYYMMDDHHMM or YYYYMMDDHHMMSS, found {text[:40]!r}") from error
    return found.replace(tzinfo=UTC) if text.endswith("Z") else found.astimezone()
