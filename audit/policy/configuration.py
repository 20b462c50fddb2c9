"""``turntruth.toml``: what a team has settled for its audits. Everything in it is checked before any work.

By hand and not by pydantic: an unknown name is told with the one that it resembles, every error with its place in the
file, and a command that needs a few words of it does not load a library first.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from audit.errors import UsageError
from audit.files.regular_file import read_bounded
from audit.files.text_encoding import TextEncodingError, decode_text
from audit.files.toml_table import TomlTable
from audit.policy.acceptance import SELECTABLE, AcceptanceRule
from audit.policy.coverage_gate import MEASURES, MEASURES_OF_MONTHS, Minimum, parse_minimum, require_measure
from audit.policy.named_inputs import ROLES, InputPaths, NamedInputs
from audit.policy.policy import Policy
from audit.policy.thresholds import Thresholds, parse_limit
from audit.policy.verdict import Gate

FILE_NAME = "turntruth.toml"
LIMIT_BYTES = 16 << 20
BY_MONTH = "by_month"


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
    root = TomlTable(partial(ConfigurationError, path), "", document)
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


def _inputs(folder: Path, table: TomlTable) -> NamedInputs:
    plain, by_name = _input_paths(folder, table), {}
    for name in table.names_of_tables():
        below = table.table(name)
        by_name[name] = _input_paths(folder, below)
        below.refuse_the_rest()
    table.refuse_the_rest()
    return NamedInputs(plain, by_name)


def _input_paths(folder: Path, table: TomlTable) -> InputPaths:
    return InputPaths.of(folder, {role: table.text(role) for role in ROLES})


def _from_here(path: Path, target: str) -> str:
    """``FORMAT:PATH`` with the path as seen from where the configuration lies."""
    name, colon, place = target.partition(":")
    return f"{name}{colon}{path.parent / place if place else ''}"


def _policy(root: TomlTable, gates: TomlTable) -> Policy:
    coverage, thresholds = gates.table("coverage"), root.table("thresholds")
    for measure in coverage.names():
        coverage.check(measure, lambda name: require_measure(name, (*MEASURES, BY_MONTH)), measure)
    return Policy(
        thresholds={check: _thresholds(thresholds.table(check)) for check in thresholds.names()},
        acceptances=tuple(map(_acceptance, root.tables("accepted"))),
        coverage=_minimums(coverage, MEASURES),
        coverage_by_month=_months(coverage.table(BY_MONTH)),
    )


def _months(table: TomlTable) -> Mapping[str, Minimum]:
    for measure in table.names():
        table.check(measure, lambda name: require_measure(name, MEASURES_OF_MONTHS), measure)
    return _minimums(table, MEASURES_OF_MONTHS)


def _minimums(table: TomlTable, measures: Sequence[str]) -> Mapping[str, Minimum]:
    return {measure: table.required(measure, parse_minimum) for measure in measures if table.has(measure)}


def _thresholds(table: TomlTable) -> Thresholds:
    found = Thresholds(table.parsed("warning_if", parse_limit), table.parsed("critical_if", parse_limit))
    table.refuse_the_rest()
    if found == Thresholds():
        raise table.error("", "wanted warning_if, critical_if or both")
    return found


def _acceptance(table: TomlTable) -> AcceptanceRule:
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
