"""``turntruth.toml``: what a team has settled for its audits. Everything in it is checked before any work.

By hand and not by pydantic: an unknown name is told with the one that it resembles, every error with its place in the
file, and a command that needs a few words of it does not load a library first.
"""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any, TypeVar

from audit.errors import UsageError
from audit.files.regular_file import read_bounded
from audit.files.text_encoding import TextEncodingError, decode_text
from audit.policy.acceptance import SELECTABLE, AcceptanceRule
from audit.policy.coverage_gate import MEASURES, MEASURES_OF_MONTHS, Minimum, parse_minimum, require_measure
from audit.policy.named_inputs import ROLES, InputPaths, NamedInputs
from audit.policy.policy import Policy
from audit.policy.thresholds import Thresholds, parse_limit
from audit.policy.verdict import Gate

FILE_NAME = "turntruth.toml"
LIMIT_BYTES = 16 << 20
BY_MONTH = "by_month"

Parsed = TypeVar("Parsed")


class ConfigurationError(UsageError):
    """The configuration cannot be used; ``key`` is the place in it, such as ``accepted[2].until``, '' for the file."""

    def __init__(self, path: Path, key: str, problem: str) -> None:
        self.path = path
        self.key = key
        self.problem = problem
        super().__init__(f"{path}: {f'{key}: ' if key else ''}{problem}")


@dataclass(frozen=True, slots=True)
class Configuration:
    """The settings of one file; None and () where it says nothing.

    Attributes
    ----------
    path
        The file; None if there is none.
    checks
        Folders of own checks, from where the file lies.
    """

    path: Path | None = None
    fail_on: Gate | None = None
    require: tuple[str, ...] = ()
    select: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    checks: tuple[Path, ...] = ()
    out: Path | None = None
    output_format: str = ""
    write: tuple[str, ...] = ()
    policy: Policy = field(default_factory=Policy)
    inputs: NamedInputs = field(default_factory=NamedInputs)


def find_configuration(named: Path | None, folder: Path = Path()) -> Configuration:
    """Read the named file, else ``turntruth.toml`` in the folder if there is one.

    Raises
    ------
    ConfigurationError
        The named file is not there, or what was found cannot be used.
    """
    path = named or folder / FILE_NAME
    if named is None and not path.exists():
        return Configuration()
    try:
        document = tomllib.loads(decode_text(read_bounded(path, LIMIT_BYTES)))
    except OSError as error:
        raise ConfigurationError(path, "", f"cannot be read: {error.strerror or error}") from error
    except TextEncodingError as error:
        raise ConfigurationError(path, "", str(error)) from error
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise ConfigurationError(path, "", f"not TOML: {error}") from error
    return _read(path, document)


def _read(path: Path, document: Mapping[str, Any]) -> Configuration:
    root = _Table(path, "", document)
    gates, checks, output = root.table("gates"), root.table("checks"), root.table("output")
    configuration = Configuration(
        path=path,
        fail_on=gates.parsed("fail_on", _gate),
        require=gates.texts("require"),
        select=checks.texts("select"),
        exclude=checks.texts("exclude"),
        checks=tuple(path.parent / folder for folder in checks.texts("folders")),
        out=output.parsed("out", lambda text: path.parent / text),
        output_format=output.text("format"),
        write=tuple(_from_here(path, target) for target in output.texts("write")),
        policy=_policy(root, gates),
        inputs=_inputs(path.parent, root.table("inputs")),
    )
    for table in (gates, checks, output, root):
        table.refuse_the_rest()
    return configuration


def _inputs(folder: Path, table: _Table) -> NamedInputs:
    plain, by_name = _input_paths(folder, table), {}
    for name in table.names_of_tables():
        below = table.table(name)
        by_name[name] = _input_paths(folder, below)
        below.refuse_the_rest()
    table.refuse_the_rest()
    return NamedInputs(plain, by_name)


def _input_paths(folder: Path, table: _Table) -> InputPaths:
    return InputPaths.of(folder, {role: table.text(role) for role in ROLES})


def _from_here(path: Path, target: str) -> str:
    """``FORMAT:PATH`` with the path as seen from where the configuration lies."""
    name, colon, place = target.partition(":")
    return f"{name}{colon}{path.parent / place if place else ''}"


def _policy(root: _Table, gates: _Table) -> Policy:
    coverage, thresholds = gates.table("coverage"), root.table("thresholds")
    for measure in coverage.names():
        coverage.check(measure, lambda name: require_measure(name, (*MEASURES, BY_MONTH)), measure)
    return Policy(
        thresholds={check: _thresholds(thresholds.table(check)) for check in thresholds.names()},
        acceptances=tuple(map(_acceptance, root.tables("accepted"))),
        coverage=_minimums(coverage, MEASURES),
        coverage_by_month=_months(coverage.table(BY_MONTH)),
    )


def _months(table: _Table) -> Mapping[str, Minimum]:
    for measure in table.names():
        table.check(measure, lambda name: require_measure(name, MEASURES_OF_MONTHS), measure)
    return _minimums(table, MEASURES_OF_MONTHS)


def _minimums(table: _Table, measures: Sequence[str]) -> Mapping[str, Minimum]:
    return {measure: table.required(measure, parse_minimum) for measure in measures if table.has(measure)}


def _thresholds(table: _Table) -> Thresholds:
    found = Thresholds(table.parsed("warning_if", parse_limit), table.parsed("critical_if", parse_limit))
    table.refuse_the_rest()
    if found == Thresholds():
        raise table.error("", "wanted warning_if, critical_if or both")
    return found


def _acceptance(table: _Table) -> AcceptanceRule:
    rule = AcceptanceRule(
        check=table.required("check", str),
        reason=table.required("reason", _sentence),
        by=table.required("by", _sentence),
        until=table.day("until"),
        where={name: table.text(name) for name in SELECTABLE if table.has(name)},
    )
    table.refuse_the_rest()
    return rule


def _gate(text: str) -> Gate:
    if text not in set(Gate):
        raise UsageError(f"{text!r}: wanted one of {', '.join(Gate)}")
    return Gate(text)


def _sentence(text: str) -> str:
    if not text.strip():
        raise UsageError("is empty: say it for those who read the report")
    return text.strip()


class _Table:
    """A table of the document that knows where it lies and which of its keys have been read."""

    def __init__(self, path: Path, place: str, content: Mapping[str, Any]) -> None:
        self._path = path
        self._place = place
        self._content = content
        self._read: list[str] = []

    def error(self, key: str, problem: str) -> ConfigurationError:
        return ConfigurationError(self._path, self._key(key), problem)

    def _key(self, key: str) -> str:
        return ".".join(part for part in (self._place, key) if part)

    def names(self) -> tuple[str, ...]:
        return tuple(self._content)

    def names_of_tables(self) -> tuple[str, ...]:
        """Names of the tables in it that have not been read."""
        return tuple(name for name, each in self._content.items() if isinstance(each, dict) and name not in self._read)

    def has(self, key: str) -> bool:
        return key in self._content

    def _take(self, key: str, kind: type[Parsed], wanted: str) -> Parsed | None:
        self._read.append(key)
        value = self._content.get(key)
        if value is None or isinstance(value, kind):
            return value
        raise self.error(key, f"wanted {wanted}, found {value!r}")

    def table(self, key: str) -> _Table:
        return _Table(self._path, self._key(key), self._take(key, dict, "a table") or {})

    def tables(self, key: str) -> list[_Table]:
        wanted = f"tables, each one under [[{self._key(key)}]]"
        found = self._take(key, list, wanted) or []
        if not all(isinstance(each, dict) for each in found):
            raise self.error(key, f"wanted {wanted}, found {found!r}")
        return [_Table(self._path, f"{self._key(key)}[{number}]", each) for number, each in enumerate(found, start=1)]

    def texts(self, key: str) -> tuple[str, ...]:
        found = self._take(key, list, "a list of texts") or []
        if not all(isinstance(each, str) for each in found):
            raise self.error(key, f"wanted a list of texts, found {found!r}")
        return tuple(found)

    def text(self, key: str) -> str:
        return self._take(key, str, "a text") or ""

    def parsed(self, key: str, parse: Callable[[str], Parsed]) -> Parsed | None:
        text = self._take(key, str, "a text")
        return None if text is None else self.check(key, parse, text)

    def required(self, key: str, parse: Callable[[str], Parsed]) -> Parsed:
        found = self.parsed(key, parse)
        if found is None:
            raise self.error(key, "is missing")
        return found

    def check(self, key: str, parse: Callable[[str], Parsed], text: str) -> Parsed:
        """The text as it was meant; what ``parse`` refuses is told with its place."""
        try:
            return parse(text)
        except UsageError as error:
            raise self.error(key, str(error)) from error

    def day(self, key: str) -> date:
        self._read.append(key)
        found = self._content.get(key)
        if isinstance(found, str):
            try:
                found = date.fromisoformat(found)
            except ValueError:
                found = None
        # A moment is a date too, for Python; whether its zone's day or another one's is meant cannot be known.
        if not isinstance(found, date) or isinstance(found, datetime):
            raise self.error(key, f"wanted a day such as 2026-12-31, found {self._content.get(key)!r}")
        return found

    def refuse_the_rest(self) -> None:
        for key in self._content:
            if key not in self._read:
                raise self.error(key, f"unknown key. {_advice(key, self._read)}")


def _advice(key: str, known: Sequence[str]) -> str:
    similar = difflib.get_close_matches(key, known, n=1)
    return f"Did you mean {similar[0]}?" if similar else f"Known are {', '.join(known)}"
