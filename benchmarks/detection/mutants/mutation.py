"""Checks with one mistake each: a comparison turned round, a condition left out, one side of a union forgotten.

A drill on which a mistaken check says what the right one says has no file that tells the two apart: then either the
changed part is of no use, or a fault is missing.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass
from functools import cache
from typing import Any

import duckdb

from audit.checks.check import Check

Node = dict[str, Any]
Path = tuple[str | int, ...]

_TURNED = {
    "COMPARE_EQUAL": ("COMPARE_NOTEQUAL",),
    "COMPARE_NOTEQUAL": ("COMPARE_EQUAL",),
    "COMPARE_LESSTHAN": ("COMPARE_GREATERTHANOREQUALTO", "COMPARE_LESSTHANOREQUALTO"),
    "COMPARE_LESSTHANOREQUALTO": ("COMPARE_GREATERTHAN", "COMPARE_LESSTHAN"),
    "COMPARE_GREATERTHAN": ("COMPARE_LESSTHANOREQUALTO", "COMPARE_GREATERTHANOREQUALTO"),
    "COMPARE_GREATERTHANOREQUALTO": ("COMPARE_LESSTHAN", "COMPARE_GREATERTHAN"),
    "COMPARE_DISTINCT_FROM": ("COMPARE_NOT_DISTINCT_FROM", "COMPARE_NOTEQUAL"),
    "COMPARE_NOT_DISTINCT_FROM": ("COMPARE_DISTINCT_FROM",),
    "COMPARE_IN": ("COMPARE_NOT_IN",),
    "COMPARE_NOT_IN": ("COMPARE_IN",),
    "OPERATOR_IS_NULL": ("OPERATOR_IS_NOT_NULL",),
    "OPERATOR_IS_NOT_NULL": ("OPERATOR_IS_NULL",),
    "CONJUNCTION_AND": ("CONJUNCTION_OR",),
    "CONJUNCTION_OR": ("CONJUNCTION_AND",),
}
"""Kind of an expression, as DuckDB names it, to those it is mistaken for."""

_WORDS = {
    "COMPARE_EQUAL": "=",
    "COMPARE_NOTEQUAL": "<>",
    "COMPARE_LESSTHAN": "<",
    "COMPARE_LESSTHANOREQUALTO": "<=",
    "COMPARE_GREATERTHAN": ">",
    "COMPARE_GREATERTHANOREQUALTO": ">=",
    "COMPARE_DISTINCT_FROM": "IS DISTINCT FROM",
    "COMPARE_NOT_DISTINCT_FROM": "IS NOT DISTINCT FROM",
    "COMPARE_IN": "IN",
    "COMPARE_NOT_IN": "NOT IN",
    "OPERATOR_IS_NULL": "IS NULL",
    "OPERATOR_IS_NOT_NULL": "IS NOT NULL",
    "CONJUNCTION_AND": "AND",
    "CONJUNCTION_OR": "OR",
}
_SHOWN_CHARACTERS = 120


@dataclass(frozen=True, slots=True)
class Mutant:
    """The query of a check with one mistake in it; ``change`` says which, in SQL."""

    check: str
    change: str
    sql: str


@cache
def mutants_of(check: Check) -> tuple[Mutant, ...]:
    """Every mutant of a check, in the order of its query; those that come out as another one are left out."""
    with duckdb.connect() as connection:
        tree = json.loads(_ask(connection, "SELECT json_serialize_sql($1::VARCHAR)", check.sql))
        original = _text(connection, tree)
        found: dict[str, Mutant] = {}
        for path, node in _nodes(tree, ()):
            for what, subject, replacement in _mistakes(node):
                sql = _text(connection, _replaced(tree, path, replacement))
                if sql != original and sql not in found:
                    found[sql] = Mutant(check.name, what.format(_shown(connection, subject)), sql)
        return tuple(found.values())


def _ask(connection: duckdb.DuckDBPyConnection, sql: str, value: str) -> str:
    row = connection.execute(sql, [value]).fetchone()
    return str(row[0]) if row else ""


def _text(connection: duckdb.DuckDBPyConnection, tree: Node) -> str:
    return _ask(connection, "SELECT json_deserialize_sql($1::JSON)", json.dumps(tree))


def _nodes(value: Any, path: Path) -> Iterator[tuple[Path, Node]]:
    """Every expression and every union in a tree, outer ones first."""
    if isinstance(value, dict):
        if "type" in value:
            yield path, value
        for key, member in value.items():
            yield from _nodes(member, (*path, key))
    elif isinstance(value, list):
        for at, member in enumerate(value):
            yield from _nodes(member, (*path, at))


def _mistakes(node: Node) -> Iterator[tuple[str, Node, Node]]:
    """What to say of a mistake, the expression that this names, and what stands in the place of the node then."""
    kind = node["type"]
    if not isinstance(kind, str):
        return
    for other in _TURNED.get(kind, ()):
        yield f"{_WORDS[other]} in {{}}", node, {**node, "type": other}
    children: Sequence[Node] = node.get("children", ())
    if kind.startswith("CONJUNCTION_"):
        for at, child in enumerate(children):
            rest = [*children[:at], *children[at + 1 :]]
            yield "without {}", child, rest[0] if len(rest) == 1 else {**node, "children": rest}
    elif kind == "OPERATOR_NOT":
        yield "without NOT before {}", children[0], children[0]
    elif kind in {"COMPARE_IN", "COMPARE_NOT_IN"} and len(children) > 2:
        for at, child in enumerate(children[1:], 1):
            yield "without {} in its list", child, {**node, "children": [*children[:at], *children[at + 1 :]]}
    elif kind == "SET_OPERATION_NODE":
        yield "{} without its second part", node, {**node["left"], "cte_map": node["cte_map"]}
        yield "{} without its first part", node, {**node["right"], "cte_map": node["cte_map"]}


def _replaced(tree: Node, path: Path, replacement: Node) -> Node:
    copy: Any = deepcopy(tree)
    place = copy
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = {**replacement, "alias": replacement.get("alias", "")}
    return dict(copy)


def _shown(connection: duckdb.DuckDBPyConnection, node: Node) -> str:
    """An expression as SQL, without line breaks; long ones are cut."""
    if node["type"] == "SET_OPERATION_NODE":
        return f"a {str(node['setop_type']).lower()}"
    frame = json.loads(_ask(connection, "SELECT json_serialize_sql($1::VARCHAR)", "SELECT 1"))
    frame["statements"][0]["node"]["select_list"] = [{**node, "alias": ""}]
    text = " ".join(_text(connection, frame).removeprefix("SELECT ").split())
    return text if len(text) <= _SHOWN_CHARACTERS else f"{text[:_SHOWN_CHARACTERS]}…"
