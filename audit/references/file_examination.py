"""SQLite's own checks of a file with more than plain tables: a child process makes them, beside the staging.

DuckDB's SQLite has no checks for search tables, and a collation that it does not know stops it from checking any.
"""

from __future__ import annotations

import json
from contextlib import ExitStack
from dataclasses import dataclass

from audit.processes.children import Child, ChildError
from audit.staging.demand.demand import Demand
from audit.staging.native_tables import CHECKED_TABLE, stage_problem, wants_integrity
from audit.staging.warehouse import Warehouse

MODULE = "audit.comparison.examination"


@dataclass(frozen=True, slots=True)
class Examinations:
    """The running examinations, by role of their file."""

    children: dict[str, Child]

    def stage(self, warehouse: Warehouse) -> tuple[str, ...]:
        """Wait for the ends, put down what was found, and say in a sentence each what could not be looked at."""
        told: list[str] = []
        for role, child in self.children.items():
            try:
                found = json.loads(child.finish())
            except (ChildError, ValueError) as error:
                stage_problem(warehouse.connection, role, str(error))
                continue
            for problem in found["problems"]:
                stage_problem(warehouse.connection, role, problem)
            told += [f"{warehouse.accesses[role].path}: {sentence}" for sentence in found["unread"]]
        return tuple(told)


def begin_examinations(warehouse: Warehouse, stack: ExitStack, demand: Demand, *, full: bool) -> Examinations:
    """Begin to examine every file with more than plain tables, if anybody reads what is found."""
    children = {}
    for role, table in CHECKED_TABLE.items():
        if role not in warehouse.accesses or not wants_integrity(demand, full=full):
            continue
        if warehouse.beyond_plain_tables(role):
            folder = warehouse.folder / f"examination-{role}"
            folder.mkdir(exist_ok=True)
            options = ["--full"] if full else ["--table", table]
            path = str(warehouse.accesses[role].path.absolute())
            children[role] = stack.enter_context(Child(MODULE, [*options, "--", path], folder))
    return Examinations(children)
