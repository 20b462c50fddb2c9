"""Schemas that run code of their own, are huge, or lead astray whoever expands them."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping
from contextlib import closing
from pathlib import Path

import apsw

from benchmarks.faults.database_file import copy_file, sha256
from benchmarks.faults.section import Section, Workspace
from benchmarks.faults.sections.kills import FILE
from benchmarks.faults.tool import TURNTRUTH, Tool
from benchmarks.faults.trial import FaultFoundError, Kind, Outcome, Trial
from benchmarks.migration_corpus import write_corpus

_COMMANDS = (
    ("doctor", FILE, "-q"),
    ("migrate", FILE, "--dry-run", "-q"),
    ("migrate", FILE, "--no-backup", "-q"),
    ("audit", FILE, "--out", "reports"),
)
_READS = {"doctor", "audit"}
_REFUSED = 2
_EACH_S = 60.0
_SPINS = (
    "(WITH RECURSIVE spin (x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM spin WHERE x < {rows}) SELECT max(x) FROM spin)"
)


def _long(dice: random.Random) -> list[str]:
    expression = f"hex(zeroblob({dice.choice([10_000, 5_000_000, 100_000_000, 150_000_000])}))"
    table = dice.choice(["turns", "blocks", "beside"])
    return [
        "CREATE TABLE beside (a TEXT)",
        "INSERT INTO beside VALUES ('x'), ('y')",
        f"ALTER TABLE {table} ADD COLUMN big TEXT GENERATED ALWAYS AS ({expression}) VIRTUAL",
    ]


def _long_checks(dice: random.Random) -> list[str]:
    length = dice.choice([1_000, 1_000_000, 50_000_000])
    return [
        f"CREATE TABLE beside (a TEXT CHECK (length(hex(zeroblob({length}))) > 0))",
        "PRAGMA ignore_check_constraints = ON",
        "INSERT INTO beside SELECT turn_id FROM turns LIMIT 5",
    ]


def _long_indexes(dice: random.Random) -> list[str]:
    table = dice.choice(["turns", "beside"])
    return [
        "CREATE TABLE beside (turn_id TEXT)",
        "INSERT INTO beside SELECT turn_id FROM turns",
        f"CREATE INDEX odd ON {table} (length(printf('%.*c', {dice.choice([10, 100_000, 3_000_000])}, turn_id)))",
    ]


def _endless_views(dice: random.Random) -> list[str]:
    rows = dice.choice([10, 10_000_000_000])
    depth = dice.choice([5, 40, 60])
    doubling = [f"CREATE VIEW v{at + 1} AS SELECT * FROM v{at} UNION ALL SELECT * FROM v{at}" for at in range(depth)]
    return [
        f"CREATE VIEW spins AS SELECT {_SPINS.format(rows=rows)} AS x",
        "CREATE VIEW v0 AS SELECT 1 AS x",
        *doubling,
    ]


def _triggers(dice: random.Random) -> list[str]:
    event = dice.choice(["UPDATE", "INSERT", "DELETE"])
    return [
        "CREATE TABLE told (what TEXT)",
        f"CREATE TRIGGER tells AFTER {event} ON turns BEGIN INSERT INTO told VALUES (hex(zeroblob(1000))); END",
    ]


def _many(dice: random.Random) -> list[str]:
    tables, columns = dice.choice([(2_000, 2), (3, 1_500), (300, 30)])
    names = ", ".join(f"c{at} TEXT DEFAULT ''" for at in range(columns))
    return ["BEGIN", *(f"CREATE TABLE many{at} ({names})" for at in range(tables)), "COMMIT"]


def _long_definitions(dice: random.Random) -> list[str]:
    size = dice.choice([1_000, 100_000, 900_000])
    return [
        f"CREATE TABLE beside (a TEXT DEFAULT '{'d' * size}', b TEXT CHECK (b <> '{'c' * size}'))",
        f"CREATE VIEW long AS SELECT '{'v' * size}' AS x",
    ]


def _odd_names(dice: random.Random) -> list[str]:
    name = dice.choice(['"; DROP TABLE turns; --', "turns' OR 1", 'a""b', "tab\tle", "🙂" * 40, " ", "SELECT"])
    quoted = '"' + name.replace('"', '""') + '"'
    return [f"CREATE TABLE {quoted} ({quoted} TEXT)", f"INSERT INTO {quoted} VALUES ('x')"]


_SCHEMAS: Mapping[str, Callable[[random.Random], list[str]]] = {
    "generated columns": _long,
    "checks": _long_checks,
    "indexes of expressions": _long_indexes,
    "views": _endless_views,
    "triggers": _triggers,
    "many tables or columns": _many,
    "long definitions": _long_definitions,
    "odd names": _odd_names,
}


class HostileSchemas(Section):
    """Put hostile objects into a file, and let every command look at it."""

    name = "hostile_schemas"
    sentence = "Files whose schemas compute, expand or hold more than anybody should look at."
    trials_by_default = 104
    limit_s = _EACH_S * len(_COMMANDS) + 30
    done = (
        "A file of 200 turns gets, beside or in its own tables, generated columns, constraints, indexes of "
        "expressions, views, triggers, thousands of tables or columns, definitions of a megabyte, or names that look "
        "like SQL, small and huge as chance gives. Then `doctor`, `migrate --dry-run`, `migrate --no-backup` and "
        "`audit` look at it."
    )
    right = (
        f"Each command ends within {_EACH_S:.0f} seconds, with a line if it refuses. `doctor`, `--dry-run`, `audit` "
        "and whatever refuses change no byte of the file."
    )
    not_covered = (
        "Whether what is said of such a file is helpful. Modules and functions that SQLite here does not know."
    )

    def __init__(self, turns: int = 200) -> None:
        self._turns = turns

    def prepare(self, shared: Path, tool: Tool = TURNTRUTH) -> None:
        """Make the file."""
        write_corpus(shared / "old.db", self._turns, 1)

    def subject(self, number: int) -> str:
        """The kinds of schemas in turn."""
        return list(_SCHEMAS)[number % len(_SCHEMAS)]

    def run(self, trial: Trial, workspace: Workspace) -> Outcome:
        """Make the trial."""
        started = time.monotonic()
        path = copy_file(workspace.shared / "old.db", workspace.folder / FILE)
        statements = _SCHEMAS[trial.subject](random.Random(trial.seed))
        with closing(apsw.Connection(str(path))) as connection:
            for statement in statements:
                connection.execute(statement)
            connection.pragma("wal_checkpoint(TRUNCATE)")
        refused = 0
        for words in _COMMANDS:
            before = sha256(path)
            ended = workspace.tool.run(words, workspace.folder, _EACH_S)
            which = f"{' '.join(words)} ({statements[-1][:80]})"
            ended.require_end(which)
            refused += ended.exit_code == _REFUSED
            only_reads = words[0] in _READS or "--dry-run" in words or ended.exit_code == _REFUSED
            if only_reads and sha256(path) != before:
                raise FaultFoundError(Kind.CHANGED, f"{which}: {ended.told}")
            if ended.exit_code == _REFUSED and not ended.told:
                raise FaultFoundError(Kind.WRONG_MESSAGE, f"{which}: refused without a word")
        return Outcome(trial, Kind.HELD, f"{refused} of 4 refused", time.monotonic() - started)


SECTION = HostileSchemas()
