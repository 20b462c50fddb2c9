"""A copy of an example for migrations, and how its gate ends."""

from __future__ import annotations

import json
import os
import sqlite3
import stat
import subprocess
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Gated:
    """How the gate ended, and what the kept comparison has found."""

    code: int
    output: str
    headline: str
    findings: Sequence[dict[str, str]]

    def named(self, change: str, kind: str) -> set[tuple[str, str]]:
        """Table, and column or key, of the findings of one kind."""
        found = [each for each in self.findings if (each["change"], each["kind"]) == (change, kind)]
        return {(each["table"], each["column"] or each["key"]) for each in found}

    def keys(self, change: str, kind: str, table: str) -> list[int]:
        """The ids of the rows that the findings of one kind name, in their order."""
        found = [
            each for each in self.findings if (each["change"], each["kind"], each["table"]) == (change, kind, table)
        ]
        return sorted(json.loads(each["key"])["id"] for each in found)


@dataclass(frozen=True, slots=True)
class GatedProject:
    """A copy of an example, with a database of the version before."""

    folder: Path
    migration: tuple[str, ...]

    @property
    def database(self) -> Path:
        return self.folder / "chat.db"

    @property
    def before(self) -> Path:
        return self.folder / "chat.db.before"

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run a command in the project; without compiled modules, which hide a change within the same second."""
        return subprocess.run(
            words,
            cwd=self.folder,
            env=os.environ | {"PYTHONDONTWRITEBYTECODE": "1"},
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )

    def change(self, name: str, text: str, other: str = "") -> None:
        """Put another text where one stands that is there once."""
        path = self.folder / name
        whole = path.read_text(encoding="utf-8")
        assert whole.count(text) == 1, f"{name} has {whole.count(text)} times: {text}"
        path.write_text(whole.replace(text, other), encoding="utf-8")

    def gate(self, *migration: str) -> Gated:
        """What the gate says of the migration, or of another one."""
        ran = self.run("sh", "gate.sh", "chat.db", "contract.toml", *(migration or self.migration))
        kept = [json.loads(path.read_text(encoding="utf-8")) for path in self.folder.glob("reports/*/results.json")]
        # Of more than 100 findings of one change only the first ones are kept there.
        told = [(each["headline"], each["sample"]) for each in kept] or [("", [])]
        return Gated(ran.returncode, ran.stdout + ran.stderr, *told[0])

    def ask(self, query: str) -> list[tuple[object, ...]]:
        """Rows of the database as it is now."""
        with closing(sqlite3.connect(self.database)) as connection:
            return connection.execute(query).fetchall()


def is_private(path: Path) -> bool:
    """Whether nobody but the owner gets in."""
    return not stat.S_IMODE(path.stat().st_mode) & 0o077
