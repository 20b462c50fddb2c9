"""Negative controls of times: conversations taken up again after years, imports in any order, clocks that were slow."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import apsw

from audit.demo.corpus import write_corpus
from audit.demo.corpus_shape import CorpusShape
from benchmarks.detection.controls.control import Control
from benchmarks.detection.faults.cells.clocks import FIRST_SEEN
from store.migration import migrate

_YEAR_MS = 31_557_600_000
_LONGEST = "(SELECT conv_id FROM turns GROUP BY conv_id ORDER BY count(*) DESC, conv_id LIMIT 1)"
_EARLIER_HALF = (
    f"conv_id = {_LONGEST} AND turn_created_at_ms > 0 AND turn_created_at_ms < "
    f"(SELECT max(turn_created_at_ms) / 2 + min(turn_created_at_ms) / 2 FROM turns"
    f" WHERE conv_id = {_LONGEST} AND turn_created_at_ms > 0)"
)
_ALL_BUT_LAST = (
    "turn_created_at_ms > 0 AND turn_created_at_ms <"
    " (SELECT max(turn_created_at_ms) FROM turns x WHERE x.conv_id = turns.conv_id)"
)
_SEVERAL = "conv_id IN (SELECT conv_id FROM turns GROUP BY conv_id HAVING count(*) > 3)"

_NOT_THE_FIRST = "conv_id > (SELECT min(conv_id) FROM turns)"


def _times_written(*changes: str, order: str = "") -> Callable[[Path, CorpusShape], None]:
    """A build whose old file has its times changed, by statements over ``chosen`` turns, before it is migrated.

    No conversation switches: the events of the timeline keep their times, and would be told as out of place, rightly.
    """

    def build(folder: Path, shape: CorpusShape) -> None:
        files = write_corpus(folder, replace(shape, second_session=0, switching=0.0))
        with closing(apsw.Connection(str(files.turns))) as connection, connection:
            for change in changes:
                connection.execute(change)
            connection.execute(FIRST_SEEN)
            if order:
                _write_in_order(connection, order)
        shutil.copyfile(files.turns, folder / "baseline.db")
        migrate(files.turns, backup=False)

    return build


def _shift(condition: str, formula: str) -> str:
    """Statements that write all times of the turns for which a condition holds by a formula over one time."""
    same = " AND ".join(f"c.{name} = turn_block_membership.{name}" for name in ("conv_id", "session_id", "turn_id"))
    moments = {name: formula.format(name) for name in ("snapshot_created_at_ms", "turn_created_at_ms", "updated_at_ms")}
    return (
        "CREATE TEMP TABLE chosen AS SELECT rowid AS row_id, conv_id, session_id, turn_id FROM turns"
        f" WHERE {condition};"
        f"UPDATE turn_block_membership SET snapshot_created_at_ms = {moments['snapshot_created_at_ms']}"
        f" WHERE EXISTS (SELECT 1 FROM chosen c WHERE {same});"
        f"UPDATE turns SET turn_created_at_ms = {moments['turn_created_at_ms']} WHERE turn_created_at_ms > 0"
        " AND rowid IN (SELECT row_id FROM chosen);"
        f"UPDATE turns SET updated_at_ms = {moments['updated_at_ms']} WHERE updated_at_ms > 0"
        " AND rowid IN (SELECT row_id FROM chosen);"
        "DROP TABLE chosen"
    )


def _write_in_order(connection: apsw.Connection, order: str) -> None:
    """Give the turns the rowids that an import in this order would have given them."""
    connection.execute(
        f"CREATE TEMP TABLE placed AS SELECT rowid AS row_id, row_number() OVER (ORDER BY {order}) AS place FROM turns;"
        "UPDATE turns SET rowid = -(SELECT place FROM placed WHERE row_id = turns.rowid);"
        "UPDATE turns SET rowid = -rowid"
    )


def _nothing(folder: Path) -> None:
    pass


_RESUMED = _shift(_EARLIER_HALF, f"{{}} - {3 * _YEAR_MS}")
_NEWEST_FIRST = "turn_created_at_ms DESC"
_ANY_ORDER = "substr(turn_id, 3)"

CLOCK_CONTROLS = tuple(
    Control(title, _nothing, build=_times_written(*changes, order=order))
    for title, order, changes in (
        ("a conversation resumed after three years", "", (_RESUMED,)),
        ("a conversation resumed after twelve years", "", (_shift(_EARLIER_HALF, f"{{}} - {12 * _YEAR_MS}"),)),
        ("conversations resumed by one turn after four years", "",
         (_shift(f"{_ALL_BUT_LAST} AND {_SEVERAL}", f"{{}} - {4 * _YEAR_MS}"),)),
        ("imported from the newest to the oldest, one conversation resumed", _NEWEST_FIRST, (_RESUMED,)),
        ("imported in no order, one conversation resumed", _ANY_ORDER, (_RESUMED,)),
        ("imported conversation by conversation", "conv_id, turn_created_at_ms", (_RESUMED,)),
        ("conversations of the year 2004 among those of today", "",
         (_shift(f"conv_id = {_LONGEST}", f"{{}} - {22 * _YEAR_MS}"),)),
        ("a clock that began at a second after 1970", "", (_shift("1", "{} - 1700000000000"),)),
        ("a machine whose clock was a day behind", "", (_shift(_NOT_THE_FIRST, "{} - 86400000"),)),
    )
)  # fmt: skip
"""Files whose times look odd and are right."""
