"""The folder of a comparison: page, results, findings and certificate, there in full or not at all."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

import duckdb

from audit.certificates.certificate import CERTIFICATE_FILE, Certificate, FileCertificate
from audit.certificates.digest import digest
from audit.checks.findings_parquet import FINDINGS_PARQUET
from audit.diff.pair_page import pair_renderer_version, render_pair_page
from audit.diff.pair_record import record_of, record_text
from audit.diff.pair_result import PairResult
from audit.errors import AuditError
from audit.files.durable import make_durable
from audit.files.permissions import Permissions
from audit.files.private_folder import PrivateFolder
from audit.processes.children import Child, ChildError
from audit.processes.interruption import shielded
from audit.report.run_folder import HTML_FILE, RESULTS_FILE, RunExistsError, check_run_id
from audit.staging.access import side_path, signature_of
from audit.staging.warehouse import quote_literal

CONTRACT_FILE = "contract.toml"
"""The contract by which two files were compared, byte for byte."""

DIGEST_MODULE = "audit.certificates.digest"
IN_MOTION = "the file was written to while it was compared"
HAS_LOG = "what was compared lies partly in a log beside the file"
_MEMORY = "512MB"


class PairWriteError(AuditError):
    """The comparison was made, but its folder could not be written; nothing of it is left."""

    def __init__(self, headline: str, folder: Path, problem: str) -> None:
        self.folder = folder
        super().__init__(
            f"{folder}: the report could not be written: {problem}. The comparison itself ended: {headline}. Make room"
            " or name another folder, then run it again"
        )


@dataclass(frozen=True, slots=True)
class Stand:
    """Both files as they were before the comparison, so that it can be told whether somebody wrote meanwhile."""

    paths: Mapping[str, Path]
    signatures: Mapping[str, object]

    @property
    def is_still_so(self) -> bool:
        """Whether nobody has written to either since."""
        return all(signature_of(path) == self.signatures[role] for role, path in self.paths.items())

    @classmethod
    def of(cls, before: Path, after: Path) -> Stand:
        """Look at both."""
        paths = {"before": before, "after": after}
        return cls(paths, {role: signature_of(path) for role, path in paths.items()})

    def inputs(self, hash_file: Callable[[Path], str] | None = None) -> list[dict[str, Any]]:
        """Each file with its hash, or why there is none; hashed in a process of its own, as any database.

        ``hash_file`` is for processes that have neither open: it hashes in place of that one, and raises `OSError`.
        """
        return [self._input(role, path, hash_file or _hash_in_child) for role, path in self.paths.items()]

    def _input(self, role: str, path: Path, hash_file: Callable[[Path], str]) -> dict[str, Any]:
        sha256, problem = "", ""
        try:
            sha256 = hash_file(path)
        except ChildError as error:
            problem = error.said
        except OSError as error:
            problem = error.strerror or str(error)
        log = side_path(path, "-wal")
        if signature_of(path) != self.signatures[role]:
            sha256, problem = "", IN_MOTION
        elif log.exists() and log.stat().st_size:
            sha256, problem = "", HAS_LOG
        shown = os.fsencode(path.absolute()).decode(errors="replace")
        return {
            "role": role,
            "path": shown,
            "size_bytes": path.stat().st_size,
            "sha256": sha256,
            "problem": problem,
        }


def _hash_in_child(path: Path) -> str:
    with PrivateFolder() as folder, Child(DIGEST_MODULE, [str(path.absolute())], folder) as child:
        return child.finish().split()[0]


def write_pair(result: PairResult, stand: Stand, out_dir: Path, run_id: str, times: tuple[str, str]) -> Path:
    """Write the folder of one comparison and return it; with the contract as it was judged by, if there was one.

    Nobody may look into it who may not read both files.

    Raises
    ------
    RunExistsError
        There is a run of that name.
    PairWriteError
        It could not be written completely; nothing of it is left.
    """
    permissions = Permissions.of(stand.paths.values())

    def fill(folder: Path) -> dict[str, Any]:
        record = record_of(result, run_id, times, stand.inputs())
        if result.judged_by is not None:
            (folder / CONTRACT_FILE).write_bytes(result.judged_by.content)
        findings_to_parquet(result.findings_path, folder / FINDINGS_PARQUET)
        return record

    return write_pair_folder(out_dir, run_id, result.headline, fill, permissions)


def write_pair_folder(
    out_dir: Path, run_id: str, headline: str, fill: Callable[[Path], Mapping[str, Any]], permissions: Permissions
) -> Path:
    """The folder of a comparison; ``fill`` puts the findings and the contract into it and gives the record.

    Raises
    ------
    RunExistsError, PairWriteError
        As `write_pair`.
    """
    target = out_dir / check_run_id(run_id)
    if os.path.lexists(target):
        raise RunExistsError(target)
    is_new = not out_dir.exists()
    try:
        permissions.make_folder(out_dir)
        with PrivateFolder(out_dir, f".{run_id}.", ".unfinished") as place:
            unfinished = place / run_id
            unfinished.mkdir()
            _write_files(fill(unfinished), unfinished)
            permissions.settle(unfinished)
            make_durable(unfinished)
            with shielded():
                unfinished.rename(target)
    except (OSError, duckdb.Error) as error:
        problem = getattr(error, "strerror", None) or str(error).splitlines()[0]
        raise PairWriteError(headline, target, problem) from error
    finally:
        if is_new:
            with suppress(OSError):  # it holds something
                out_dir.rmdir()
    return target


def _write_files(record: Mapping[str, Any], folder: Path) -> None:
    (folder / RESULTS_FILE).write_text(record_text(record), encoding="utf-8")
    (folder / HTML_FILE).write_text(render_pair_page(record), encoding="utf-8", errors="replace")
    certificate = certificate_of(record, {entry.name: digest(str(entry))[0] for entry in sorted(folder.iterdir())})
    (folder / CERTIFICATE_FILE).write_text(certificate.to_json_text(), encoding="utf-8")


def certificate_of(record: Mapping[str, Any], report: Mapping[str, str]) -> Certificate:
    """What certifies a comparison whose files have these hashes."""
    return Certificate(
        run_id=record["run_id"],
        verdict=record["headline"],
        finished_at=record["finished_at"],
        checks_sha256=(record["contract"] or {}).get("sha256", ""),
        versions=record["versions"],
        files=tuple(
            FileCertificate(each["role"], each["path"], each["size_bytes"], {}, each["sha256"], problem=each["problem"])
            for each in record["inputs"]
        ),
        report=report,
        renderer=pair_renderer_version(),
    )


def findings_to_parquet(source: Path, target: Path, sql: str = "") -> None:
    """Findings of a line of JSON each as a table; ``sql`` is for other columns than those of a comparison."""
    # DuckDB allocates its buffers for the longest line it is told to expect, so it is told the truth.
    with source.open("rb") as lines:
        longest_bytes = max(map(len, lines), default=0) + 1
    sql = sql or files("audit.diff").joinpath("sql", "findings_parquet.sql").read_text("utf-8")
    for mark, value in (("source", quote_literal(str(source))), ("target", quote_literal(str(target)))):
        sql = sql.replace(f"{{{mark}}}", value)
    sql = sql.replace("{longest_bytes}", str(max(longest_bytes, 1 << 20)))
    with duckdb.connect(
        config={"memory_limit": _MEMORY, "threads": 1, "autoinstall_known_extensions": False}
    ) as writer:
        writer.execute(sql)
