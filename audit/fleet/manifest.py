"""Which files a fleet has: given one by one, by a pattern, or in a CSV or TOML file with their tenants.

The verdict is one over this list: each row has exactly one outcome, or the fleet is errored.
"""

from __future__ import annotations

import csv
import io
import os
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from glob import glob, has_magic
from pathlib import Path
from typing import Annotated, Any

from audit.contract.shipped_contracts import shipped_contracts
from audit.files.regular_file import read_bounded
from audit.files.text_encoding import TextEncodingError, decode_text
from audit.fleet.errors import ManifestError

TURN_COLUMNS = ("tenant", "path", "timeline", "baseline", "store")
"""What a row of turns may say."""
COLUMNS = (*TURN_COLUMNS, "before", "contract")
"""What any row may say; ``label.NAME`` beside them for whatever a team sorts its tenants by."""
LABEL = "label."
MANIFEST_BYTES = 64 << 20
_COPY = re.compile(r"(.+)\.(?:backup|replaced)-\d{8}T\d{6}Z(?:-\d+)?(\.[^./]*)", re.ASCII | re.DOTALL)
"""How a migration calls the backup that it writes beside a file, and a rollback what it replaces."""
URI = re.compile(r"[a-z][a-z0-9+.-]*://", re.ASCII)
FORMS = "a CSV file with a column `path`, or a TOML file with [[file]] tables"
_PATHS = ("path", "timeline", "baseline", "before", "contract")


@dataclass(frozen=True, slots=True)
class FleetFile:
    """One row of a manifest: a turns database with what goes with it, or any database and what it was before."""

    row: Annotated[int, "Its place in the manifest, from 1."]
    tenant: Annotated[str, "Whose it is; unlike all others of the fleet."]
    path: Annotated[str, "The database: an absolute path, or a URI that Spark reads."]
    timeline: Annotated[str, "The conversation file that goes with it, '' for none."] = ""
    baseline: Annotated[str, "The database as it was before the migration, '' for none."] = ""
    store: Annotated[str, "Rows of the same store are shards of one; '' for a file that is a store by itself."] = ""
    labels: Annotated[Mapping[str, str], "Whatever the team sorts its tenants by."] = field(default_factory=dict)
    before: Annotated[str, "Any database as it was, with which `path` is compared; '' where that is audited."] = ""
    contract: Annotated[str, "What had to change between them, and what may; '' where `path` is audited."] = ""

    @property
    def paths(self) -> tuple[str, ...]:
        """The paths that were given, the database first."""
        return tuple(path for path in (getattr(self, name) for name in _PATHS) if path)

    @property
    def is_pair(self) -> bool:
        """Whether it is compared with what it was before, in place of being audited for its turns."""
        return bool(self.before)


def read_manifest(given: Sequence[str]) -> tuple[FleetFile, ...]:
    """The files of a fleet, in the order in which they were given.

    Parameters
    ----------
    given
        One manifest (``.csv``, ``.toml``), or database files and patterns such as ``'data/*/turns.db'``. Backups that
        lie beside files which are given as well are left out.

    Raises
    ------
    ManifestError
        There is none, one has unknown columns, or names a tenant or a file twice. Files that are not there are no
        error: what cannot be read is an outcome.

    Examples
    --------
    >>> [file.tenant for file in read_manifest(["turns.db"])]
    ['turns']
    """
    manifests = [each for each in given if Path(each).suffix.lower() in {".csv", ".toml"}]
    if manifests and len(given) > 1:
        raise ManifestError(manifests[0], "a manifest stands alone", "Put all files into it, or name only files")
    if manifests:
        files = _read_file(Path(manifests[0]))
    else:
        files = _of_paths([path for each in given for path in _expanded(each)])
    where = manifests[0] if manifests else "the files"
    if not files:
        raise ManifestError(where, "no file is listed", f"Name database files, a quoted pattern, or {FORMS}")
    _require_unlike(where, files)
    return files


def _expanded(given: str) -> list[str]:
    if is_uri(given) or os.path.lexists(given) or not has_magic(given):
        if Path(given).is_dir():
            raise ManifestError(given, "this is a folder", f"Give a quoted pattern such as '{given}/*.db'")
        return [given]
    found = sorted(path for path in glob(given, recursive=True) if not Path(path).is_dir())  # noqa: PTH207  takes absolute ones
    if not found:
        raise ManifestError(given, "no file has such a name", "Look at the pattern, and keep it in quotes")
    return found


def _of_paths(paths: Sequence[str]) -> tuple[FleetFile, ...]:
    """Each file is a tenant: by its name, or where several have the same by the path from the folder they share."""
    whole = _without_copies(list(dict.fromkeys(map(_absolute, paths))))
    stems = [Path(path).stem for path in whole]
    if len(set(stems)) < len(stems) and any(map(is_uri, whole)):
        stems = whole
    elif len(set(stems)) < len(stems):
        shared = os.path.commonpath([str(Path(path).parent) for path in whole])
        stems = [str(Path(path).relative_to(shared)) for path in whole]
    return tuple(FleetFile(row, tenant, path) for row, (tenant, path) in enumerate(zip(stems, whole, strict=True), 1))


def _without_copies(paths: list[str]) -> list[str]:
    """The paths without the backups of other ones of them, which lie beside and which a pattern finds as well."""
    listed = set(paths)
    found = {path: _COPY.fullmatch(path) for path in paths}
    return [path for path, copy in found.items() if copy is None or listed.isdisjoint({copy[1], f"{copy[1]}{copy[2]}"})]


def _read_file(path: Path) -> tuple[FleetFile, ...]:
    try:
        text = decode_text(read_bounded(path, MANIFEST_BYTES))
    except (OSError, TextEncodingError) as error:
        problem = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise ManifestError(str(path), f"the manifest cannot be read: {problem}", f"Give {FORMS}") from error
    rows = _csv_rows(path, text) if path.suffix.lower() == ".csv" else _toml_rows(path, text)
    folder = _absolute(str(path.parent))
    return tuple(_file_of(str(path), number, row, folder) for number, row in enumerate(rows, start=1))


def _csv_rows(path: Path, text: str) -> Iterator[Mapping[str, Any]]:
    reader = csv.DictReader(io.StringIO(text, newline=""), strict=True)
    try:
        _require_columns(str(path), reader.fieldnames or ())
        for row in reader:
            if None in row or None in row.values():
                problem = f"line {reader.line_num} has another number of cells than the first"
                raise ManifestError(str(path), problem, "Quote cells that hold a comma")
            yield row
    except csv.Error as error:
        raise ManifestError(
            str(path), f"line {reader.line_num}: {error}", "Write it as CSV with a first line"
        ) from None


def _toml_rows(path: Path, text: str) -> Iterator[Mapping[str, Any]]:
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ManifestError(str(path), f"this is no TOML: {error}", "Write one [[file]] table a file") from None
    unknown = sorted(document.keys() - {"file", "contract"})
    tables = document.get("file", [])
    shared = document.get("contract", "")
    if unknown or not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        problem = f"unknown key {unknown[0]!r}" if unknown else "`file` is no list of tables"
        raise ManifestError(str(path), problem, "Write one [[file]] table a file")
    if not isinstance(shared, str):
        raise ManifestError(str(path), "`contract` is no text", "Put its path in quotes")
    if shared and not any(table.get("before") for table in tables):
        problem = "it names a contract for all files, and none of them has a `before`"
        raise ManifestError(str(path), problem, _TWO_STATES)
    for table in tables:
        labels = table.pop("labels", {})
        row = {**table, **{f"{LABEL}{name}": value for name, value in dict(labels).items()}}
        _require_columns(str(path), row)
        if not all(isinstance(value, str) for value in row.values()):
            raise ManifestError(str(path), f"a value of {table.get('path', '?')!r} is no text", "Put it in quotes")
        yield {"contract": shared, **row} if row.get("before") else row


def _require_columns(where: str, names: Iterable[str]) -> None:
    names = list(names)
    unknown = [
        name for name in names if name not in COLUMNS and not (name.startswith(LABEL) and len(name) > len(LABEL))
    ]
    known = f"Known are {', '.join(COLUMNS)} and {LABEL}NAME"
    if unknown:
        raise ManifestError(where, f"unknown column {unknown[0]!r}", known)
    if "path" not in names:
        raise ManifestError(where, "there is no column `path`", known)
    if len(set(names)) < len(names):
        raise ManifestError(where, "a column stands twice", known)


def _file_of(where: str, number: int, row: Mapping[str, str], folder: str) -> FleetFile:
    texts = {name: row.get(name, "").strip() for name in COLUMNS}
    if not texts["path"]:
        raise ManifestError(f"{where}, row {number}", "it names no path", "Each row is a database")
    _require_one_kind(f"{where}, row {number}", texts)
    shipped = "" if os.path.lexists(Path(folder) / texts["contract"]) else texts["contract"]
    texts |= {name: _absolute(texts[name], folder) for name in _PATHS if texts[name]}
    if shipped in shipped_contracts():
        texts["contract"] = str(shipped_contracts()[shipped])
    labels = {name.removeprefix(LABEL): value for name, value in row.items() if name.startswith(LABEL)}
    texts["tenant"] = texts["tenant"] or Path(texts["path"]).stem
    return FleetFile(number, **texts, labels=labels)


_TWO_STATES = "A contract judges a file against what it was: name that as `before`, or leave the contract out"
_TWO_KINDS = (
    "`baseline`, `timeline` and `store` are of files with turns, which are audited; `before` and `contract` of any"
    " file, which is compared"
)


def _require_one_kind(where: str, row: Mapping[str, str]) -> None:
    """A row is audited, or compared under a contract."""
    if row["contract"] and not row["before"]:
        raise ManifestError(where, "it names a `contract`, and no `before`", _TWO_STATES)
    if not row["before"]:
        return
    for name in ("baseline", "timeline", "store"):
        if row[name]:
            raise ManifestError(where, f"it names a `before` and a `{name}`", _TWO_KINDS)
    if not row["contract"]:
        remedy = "Name one; one without claims lets nothing differ"
        raise ManifestError(where, "it names a `before`, and no `contract`", remedy)
    uri = next((row[name] for name in _PATHS if is_uri(row[name])), "")
    if uri:
        remedy = "URIs are read for audits alone: name files that are compared by paths"
        raise ManifestError(where, f"{uri} is a URI", remedy)


def is_uri(path: str) -> bool:
    """Whether a path names a file of another file system, such as ``hdfs://host/turns.db``, which Spark reads."""
    return URI.match(path) is not None


def _absolute(path: str, folder: str = "") -> str:
    """A path that names the same file from any current directory; links and URIs stay what they are."""
    if is_uri(path):
        return path
    return os.path.abspath(Path(folder or ".") / path)  # noqa: PTH100  resolve() would follow links


def _require_unlike(where: str, files: Iterable[FleetFile]) -> None:
    tenants: dict[str, int] = {}
    paths: dict[str, int] = {}
    for file in files:
        for seen, name, what in ((tenants, file.tenant, "tenant"), (paths, file.path, "file")):
            if name in seen:
                problem = f"the {what} {name!r} is listed twice, in rows {seen[name]} and {file.row}"
                raise ManifestError(where, problem, "Each tenant and each file has one row")
            seen[name] = file.row
        if len(set(file.paths)) < len(file.paths):
            raise ManifestError(
                f"{where}, row {file.row}", "one file is given in two roles", "A file cannot be compared with itself"
            )
