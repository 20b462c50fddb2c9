"""The way of one old pair of files through ``turntruth prove``: what they were, what they are, what was found.

    python -m benchmarks.evidence.sample_validation [TURNS TIMELINE]

Without files it takes the pair of the original program from the folder that `TURNTRUTH_SAMPLES` names, and without that
the files of the demo. Only copies are touched, and what is printed names no path. The exit code is 1 where the verdict
is not *passed*, or the run could not be verified.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from audit.demo.corpus import write_corpus

SAMPLES = "TURNTRUTH_SAMPLES"
_COLUMNS = "SELECT name, type, \"notnull\", dflt_value FROM pragma_table_info('turns') ORDER BY cid"
_INDEXES = (
    "SELECT name FROM sqlite_schema WHERE type = 'index' AND tbl_name = 'turns' AND sql IS NOT NULL ORDER BY name"
)
_POINTERS = "SELECT count(*), count(*) FILTER (WHERE trim(runtime_key) <> '') FROM timeline_conversations"


@dataclass(frozen=True, slots=True)
class Shape:
    """How `turns` is declared: its columns in words, and the indexes that somebody made."""

    columns: tuple[str, ...]
    indexes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Validation:
    """One pair of files before and after; ``proof`` is what ``turntruth prove`` printed, ``results`` what it kept."""

    origin: str
    before: Shape
    after: Shape
    pointers: int
    pointers_set: int
    proof: Mapping[str, Any]
    results: Mapping[str, Any]

    @property
    def passed(self) -> bool:
        """Whether the audit passed and its run is as certified."""
        return bool(self.proof["verdict"] == "passed" and self.proof["verification"] == "same")


def validate(turns: Path, timeline: Path, origin: str) -> Validation:
    """Prove copies of two files; these stay as they are."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        shutil.copyfile(turns, folder / "turns.db")
        shutil.copyfile(timeline, folder / "timeline3.db")
        before = _shape(folder / "turns.db")
        words = ["prove", "turns.db", "--timeline", "timeline3.db", "--yes", "--format", "json", "--quiet"]
        ran = subprocess.run(
            [sys.executable, "-m", "turntruth", *words], cwd=folder, capture_output=True, text=True, check=False
        )
        if not ran.stdout:
            raise SystemExit(f"turntruth {' '.join(words)} ended with {ran.returncode}: {ran.stderr.strip()}")
        proof = json.loads(ran.stdout)
        results = json.loads((folder / proof["report"]).with_name("results.json").read_bytes())
        with closing(sqlite3.connect(folder / "timeline3.db")) as connection:
            pointers, pointers_set = connection.execute(_POINTERS).fetchone()
        return Validation(origin, before, _shape(folder / "turns.db"), pointers, pointers_set, proof, results)


def _shape(path: Path) -> Shape:
    with closing(sqlite3.connect(path)) as connection:
        columns = [
            f"{name} {kind}{' NOT NULL' if notnull else ''}{'' if default is None else f' DEFAULT {default}'}"
            for name, kind, notnull, default in connection.execute(_COLUMNS)
        ]
        return Shape(tuple(columns), tuple(name for (name,) in connection.execute(_INDEXES)))


def markdown(found: Validation) -> Iterator[str]:
    """The lines of the evidence."""
    migration, coverage = found.proof["migration"], found.results["coverage"]
    yield f"Files: {found.origin}; {coverage['turns']} turns in {coverage['conversations']} conversations."
    yield ""
    yield "| `turns` | before | after |"
    yield "|---|---|---|"
    for kind in ("columns", "indexes"):
        old, new = getattr(found.before, kind), getattr(found.after, kind)
        for each in dict.fromkeys((*old, *new)):
            yield f"| {kind.removesuffix('s').removesuffix('e')} `{each}` | {_mark(each, old)} | {_mark(each, new)} |"
    yield ""
    yield "| column | filled | from | kept | unknown | malformed metadata |"
    yield "|---|---|---|---|---|---|"
    for column in ("runtime_key", "inference_id"):
        counts = migration[column]
        evidence = ", ".join(f"{kind} {cells}" for kind, cells in counts["by_evidence"].items() if cells)
        yield (
            f"| `{column}` | {counts['filled']} | {evidence} | {counts['kept']} | {counts['unknown']} "
            f"| {counts['malformed']} |"
        )
    yield ""
    checks = {check["check"]: check for check in found.results["checks"]}
    agrees, doubt = checks["pointer_agrees"], checks["pointer_beyond_doubt"]
    yield (
        f"Pointers of conversations: {found.pointers} rows, {found.pointers_set} of them not empty; "
        f"{agrees['scanned']} compared with the latest attributed turn, {agrees['findings']} disagree, "
        f"{doubt['findings']} with a turn that is in doubt itself."
    )
    yield ""
    outcomes = Counter(check["status"] for check in found.results["checks"])
    levels = Counter(check["severity"] for check in found.results["checks"] if check["status"] == "failed")
    yield (
        f"Verdict: **{found.proof['verdict']}**; checks: {_counted(outcomes)}; failed ones by severity: "
        f"{_counted(levels) or 'none'}; verification of the run: {found.proof['verification']}."
    )


def _mark(name: str, names: Sequence[str]) -> str:
    return "yes" if name in names else "no"


def _counted(counts: Counter[str]) -> str:
    return ", ".join(f"{count} {name}" for name, count in sorted(counts.items()))


def validate_default() -> Validation:
    """Prove the samples of the original program, or the demo's files where they are not here."""
    named = os.environ.get(SAMPLES, "")
    if named:
        folder = Path(named)
        return validate(
            folder / "pre_small_turns.db", folder / "pre_small_timeline.db", "a pair written by the original program"
        )
    with tempfile.TemporaryDirectory() as name:
        corpus = write_corpus(Path(name) / "demo")
        return validate(corpus.turns, corpus.timeline, "the pair that the demo writes")


def main(arguments: Sequence[str] | None = None) -> int:
    """Validate and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.evidence.sample_validation", description=__doc__)
    parser.add_argument("files", nargs="*", type=Path, metavar="FILE", help="a turn database and its conversation file")
    files = parser.parse_args(arguments).files
    if len(files) not in {0, 2}:
        parser.error("give both files, or none")
    found = validate(files[0], files[1], "given ones") if files else validate_default()
    print("\n".join(markdown(found)))
    return 0 if found.passed else 1


if __name__ == "__main__":
    raise SystemExit(main())
