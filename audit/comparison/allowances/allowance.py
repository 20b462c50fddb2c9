"""What may differ: the changes that the migration declares, and what the running service does afterwards.

Everything here is a SQL condition over ``b`` (the row before) and ``a`` (the row after). Whatever no condition covers
is a finding.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from audit.comparison.allowances.declared_changes import REWRITTEN, Rule, Rules, redeclaration_rules
from audit.comparison.allowances.redeclared import Redeclared, default_of, differs, is_same_number
from audit.comparison.files.tables import Table, quote_identifier
from audit.contract.turns_contract import filled_columns
from audit.sqlite.tokens import fold

FILLED_COLUMNS = filled_columns()
"""The columns of a turn that a migration may fill; read once, when this module is."""

CONVERTED_TABLE = "turn_snapshots_legacy"
"""Where the migration keeps a table whose rows it converted."""

# Of each table that the service appends to, the column that says when a row came.
_ARRIVAL = {
    "turns": "turn_created_at_ms",
    "blocks": "first_seen_at_ms",
    "turn_block_membership": "snapshot_created_at_ms",
}
_TURN_KEY = ("conv_id", "session_id", "turn_id")

EVERY_ROW = "1"
"""The condition that is true of every row."""

JUDGED_ELSEWHERE = "0"
"""The test of a column by which no cell differs, since somebody else judges what is in it."""


@dataclass(frozen=True, slots=True)
class Allowance:
    """The allowed changes of one table.

    ``differs`` replaces the test whether a column (lower-cased name) is not what it was. ``changed`` allows a changed
    row, ``inserted`` a row that is only there after, ``deleted`` one that is gone; ``''`` allows none. ``rules`` are
    counted: the ledger states how many cells each of them changed. ``key`` names the columns by which rows belong
    together, where somebody has said so; it comes before the keys of the table.
    """

    differs: Mapping[str, str] = field(default_factory=dict)
    changed: str = ""
    inserted: str = ""
    deleted: str = ""
    rules: Rules = field(default_factory=dict)
    key: tuple[str, ...] = ()


FOLLOWS_OTHERS = Allowance(changed=EVERY_ROW, inserted=EVERY_ROW)
"""For what triggers derive from the rows of other tables: those are compared; here only what is gone counts."""


def allow(before: Table, after: Table, tables_before: Mapping[str, Table], tables_after: Mapping[str, Table],
          cutover_ms: int | None, *, converted_before: bool = False, redeclared: Redeclared = MappingProxyType({}),
          ) -> Allowance:  # fmt: skip
    """The allowed changes of one table.

    Parameters
    ----------
    before, after
        The table in either file.
    tables_before, tables_after
        All tables of either file.
    cutover_ms
        When the migration began, where that is known.
    converted_before
        The payload texts of the baseline were converted before it was taken: none of them is an excuse any more.
    redeclared
        The columns that the migration says it has declared anew.
    """
    name = before.name.lower()
    anew = redeclared.get(name, frozenset())
    columns = [(old, new) for old in before.columns if old.name.lower() in anew and (new := after.column(old.name))]
    converted = {old.name.lower(): differs(old, new) for old, new in columns}
    rules: dict[tuple[str, str], Rule] = {}
    for old, new in columns:
        same_number = is_same_number(f"b.{quote_identifier(old.name)}", f"a.{quote_identifier(new.name)}")
        rules |= redeclaration_rules(old, new, default_of(new), same_number)
    arrival = _ARRIVAL.get(name, "")
    turns = tables_before.get("turns")
    if after.name.lower() != name or not after.column(arrival) or turns is None:
        return Allowance()
    fresh = _is_fresh(f"a.{arrival}", turns, cutover_ms)
    texts = None if converted_before else _payload_table(tables_before)
    inserted = EVERY_ROW if texts else fresh
    if name == "blocks" and texts:
        return _blocks_of_texts(before, after, texts, tables_after, converted, rules)
    if name != "turns":
        return Allowance(converted, inserted=inserted, rules=rules)
    declared = converted | _declared_differences(before, anew)
    if texts:
        rules |= _turns_of_texts(before, after, texts, declared)
    changed = _has_row(texts, "b") if texts else _saved_again(before, turns, tables_after, cutover_ms)
    return Allowance(declared, changed, inserted, rules=rules)


def is_payload_table(table: Table) -> bool:
    """Whether a table is of the shapes that kept a snapshot's whole payload in one cell."""
    return bool(table.column("payload") and table.column("phase") and table.column("created_at_ms"))


def find_after(before: Table, tables_after: Mapping[str, Table]) -> Table | None:
    """The table that continues ``before``: of the same name, or where the migration keeps a converted one."""
    same = tables_after.get(fold(before.name))
    if is_payload_table(before) and (same is None or not is_payload_table(same)):
        return tables_after.get(CONVERTED_TABLE)
    return same


def _payload_table(tables_before: Mapping[str, Table]) -> Table | None:
    """The table whose rows the migration turns into rows of the other tables."""
    return next((table for table in tables_before.values() if is_payload_table(table)), None)


def _declared_differences(turns: Table, redeclared: frozenset[str]) -> dict[str, str]:
    """Blank values are filled, and a missing time of update is taken from the creation; nothing else may change."""
    found = {}
    for name in FILLED_COLUMNS:
        if turns.column(name):
            # An empty cell may be filled; whether rightly so is what the backfill checks say.
            same_number = f" AND NOT {is_same_number(f'b.{name}', f'a.{name}')}" if name in redeclared else ""
            found[name] = (
                f"(b.{name} IS NOT NULL AND +b.{name} IS NOT '' AND"
                f" (+b.{name} IS NOT +a.{name} COLLATE BINARY OR typeof(b.{name}) <> typeof(a.{name})){same_number})"
            )
    if turns.column("updated_at_ms") and turns.column("turn_created_at_ms"):
        anew = "updated_at_ms" in redeclared
        same_number = f" AND NOT {is_same_number('b.updated_at_ms', 'a.updated_at_ms')}" if anew else ""
        # An absent time is 0 once the column is declared anew, and then repaired as one.
        before = "coalesce(b.updated_at_ms, 0)" if anew else "+b.updated_at_ms"
        repaired = f"{before} <= 0 AND +b.turn_created_at_ms > 0 AND +a.updated_at_ms IS +b.turn_created_at_ms"
        found["updated_at_ms"] = f"({before} IS NOT +a.updated_at_ms AND NOT ({repaired}){same_number})"
    return found


def _is_fresh(column: str, turns_before: Table, cutover_ms: int | None) -> str:
    """True for a time later than anything the baseline knows of, or than the beginning of the migration.

    The baseline's newest time is its own clock's: a service that went on writes later times than that, even where the
    migration ran on a machine whose clock says something else.
    """
    times = [name for name in ("turn_created_at_ms", "updated_at_ms", "created_at_ms") if turns_before.column(name)]
    union = " UNION ALL ".join(f"SELECT {name} AS t FROM {turns_before.source}" for name in times)
    # Without FROM-dependence on the outer row SQLite runs this once, and only if a row needs it.
    newest = f"(SELECT max(t) FROM ({union}) WHERE typeof(t) = 'integer')"
    since = f" OR +{column} >= {cutover_ms:d}" if cutover_ms is not None else ""
    return f"(typeof({column}) = 'integer' AND (+{column} > {newest}{since}))"


def _saved_again(before: Table, turns_before: Table, tables_after: Mapping[str, Table], cutover_ms: int | None) -> str:
    """True for a turn that the service saved again after the baseline was taken.

    A later save leaves a snapshot with the very time of update; a time that was only touched leaves none.
    """
    members = tables_after.get("turn_block_membership")
    if members is None or not (before.column("updated_at_ms") and before.column("turn_created_at_ms")):
        return ""
    same_turn = " AND ".join(f"m.{name} IS a.{name}" for name in _TURN_KEY)
    return (
        "(+a.updated_at_ms > +b.updated_at_ms AND +a.turn_created_at_ms IS +b.turn_created_at_ms"
        f" AND {_is_fresh('a.updated_at_ms', turns_before, cutover_ms)}"
        f" AND EXISTS (SELECT 1 FROM {members.source} AS m"
        f" WHERE {same_turn} AND m.snapshot_created_at_ms IS a.updated_at_ms))"
    )


def _has_row(table: Table, alias: str, time: str = "") -> str:
    """True for a turn of which the converted table holds a snapshot, so that the conversion may have added to it.

    ``time`` names a column of the turn that has to hold the snapshot's time. SQLite makes the list once.
    """
    key = [name for name in _TURN_KEY if table.column(name)]
    left, right = [f"{alias}.{name}" for name in key], [f"c.{name}" for name in key]
    if time:
        left, right = [*left, f"{alias}.{time}"], [*right, "c.created_at_ms"]
    return f"coalesce(({', '.join(left)}) IN (SELECT {', '.join(right)} FROM {table.source} AS c), 0)"


def _turns_of_texts(before: Table, after: Table, texts: Table, declared: Mapping[str, str]) -> Rules:
    """What a text may have written into a turn that was there, which nobody has saved since its newest one."""
    theirs = _has_row(texts, "b")
    updated = before.column("updated_at_ms") and after.column("updated_at_ms")
    unsaved = f"(+a.updated_at_ms IS +b.updated_at_ms OR {_has_row(texts, 'a', 'updated_at_ms')})" if updated else "1"
    rules = {}
    for name in ("turn_created_at_ms", "updated_at_ms", "turn_metadata_json", "turn_data_json"):
        if before.column(name) and after.column(name):
            other = declared.get(name, f"(+b.{name} IS NOT +a.{name} COLLATE BINARY)")
            rules[name, REWRITTEN] = Rule(f"({other} AND {unsaved} AND {theirs})", theirs)
    return rules


def _blocks_of_texts(before: Table, after: Table, texts: Table, tables_after: Mapping[str, Table],
                     converted: Mapping[str, str], rules: Rules) -> Allowance:  # fmt: skip
    """A block that a text has too takes its form from there, and was first seen when the text was written, if earlier.

    Whether what it says is still what its hash was made of is what another check looks at.
    """
    members = tables_after.get("turn_block_membership")
    if members is None or not (after.column("block_id") and after.column("content_hash")):
        return Allowance(converted, inserted=EVERY_ROW, rules=rules)
    key = [name for name in (*_TURN_KEY, "phase") if texts.column(name)]
    snapshot = ", ".join([*(f"m.{name}" for name in key), "m.snapshot_created_at_ms"])
    text = ", ".join([*(f"c.{name}" for name in key), "c.created_at_ms"])
    of_text = (
        f"EXISTS (SELECT 1 FROM {members.source} AS m"
        " WHERE m.block_id = a.block_id AND m.content_hash = a.content_hash{time}"
        f" AND ({snapshot}) IN (SELECT {text} FROM {texts.source} AS c))"
    )
    found = {
        name: of_text.format(time="")
        for name in ("kind", "role", "payload_json", "block_metadata_json")
        if before.column(name) and after.column(name)
    }
    if before.column("first_seen_at_ms") and after.column("first_seen_at_ms"):
        time = " AND m.snapshot_created_at_ms IS a.first_seen_at_ms"
        found["first_seen_at_ms"] = f"(+a.first_seen_at_ms < +b.first_seen_at_ms AND {of_text.format(time=time)})"
    other = {name: converted.get(name, f"(+b.{name} IS NOT +a.{name} COLLATE BINARY)") for name in found}
    allowed = {name: f"({other[name]} AND NOT {rule})" for name, rule in found.items()}
    written = {(name, REWRITTEN): Rule(f"({other[name]} AND {rule})", "1") for name, rule in found.items()}
    return Allowance({**converted, **allowed}, inserted=EVERY_ROW, rules={**rules, **written})
