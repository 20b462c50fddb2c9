"""What only the store in a file does; what every turn store does stands in `store.conformance`."""

from __future__ import annotations

import hashlib
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import apsw
import pytest

from store.conformance.turn_store_suite import turn
from store.errors import (
    DatabasePermissionError,
    InvalidArgumentError,
    MigrationNeededError,
    MissingDatabaseError,
    RuntimeConflictError,
    UnknownSchemaError,
)
from store.memory.turns import MemoryTurnStore
from store.sqlite.database import open_database, schema_sql, transaction
from store.turns.block_hash import block_hash
from store.turns.records import Block, Turn, TurnQuery, TurnSave, TurnSaveOptions, TurnSnapshot
from store.turns.schema import turn_schema_sql
from store.turns.turn_store import SqliteTurnStore, write_snapshot
from support.turns.oracles import compare_lists, read_lists

INVENTORY = TurnSaveOptions("inventory", "inf-1")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "turns.db"


@pytest.fixture
def store(path: Path) -> Iterator[SqliteTurnStore]:
    with SqliteTurnStore(path, create=True) as opened:
        yield opened


def _change(path: Path, statement: str, *values: Any) -> None:
    connection = open_database(path)
    connection.pragma("foreign_keys", False)
    connection.execute(statement, values)
    assert connection.changes() > 0
    connection.close()


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _schema(path: Path) -> dict[str, Any]:
    connection = open_database(path, read_only=True)
    names = connection.execute(
        "SELECT type, name, tbl_name FROM sqlite_schema WHERE name NOT LIKE 'sqlite_%' ORDER BY type, name"
    ).fetchall()
    found: dict[str, Any] = {"names": names}
    for kind, name, _ in names:
        pragmas = ("table_xinfo", "foreign_key_list") if kind == "table" else ("index_xinfo",)
        for pragma in pragmas:
            found[f"{pragma} {name}"] = connection.execute(f"SELECT * FROM pragma_{pragma}(?)", (name,)).fetchall()
    found["text"] = [
        re.sub(r"\s+", " ", str(text)).replace("( ", "(").replace(" )", ")")
        for (text,) in connection.execute("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY type, name")
    ]
    connection.close()
    return found


class TestOpening:
    def test_a_missing_file_is_created_only_when_told(self, path: Path) -> None:
        with pytest.raises(MissingDatabaseError):
            SqliteTurnStore(path)
        assert not path.exists()
        SqliteTurnStore(path, create=True).close()
        SqliteTurnStore(path).close()

    def test_an_existing_store_is_not_emptied_by_create(self, path: Path) -> None:
        with SqliteTurnStore(path, create=True) as store:
            store.save("c", "s", "t", "final", turn("t"), options=INVENTORY)
        with SqliteTurnStore(path, create=True) as store:
            assert len(store.list(TurnQuery(conv_id="c"))) == 1

    def test_opening_and_reading_write_nothing(self, path: Path, tmp_path: Path) -> None:
        with SqliteTurnStore(path, create=True) as store:
            store.save("c", "s", "t", "final", turn("t"), options=INVENTORY)
        before = _digest(path)
        for read_only in (False, True):
            with SqliteTurnStore(path, read_only=read_only) as store:
                assert len(store.list(TurnQuery(conv_id="c"))) == 1
                assert store.runtime_history("c")
            assert _digest(path) == before
            assert [entry.name for entry in tmp_path.iterdir()] == ["turns.db"]

    def test_a_store_opened_to_read_refuses_to_save(self, path: Path) -> None:
        SqliteTurnStore(path, create=True).close()
        with SqliteTurnStore(path, read_only=True) as store, pytest.raises(DatabasePermissionError, match="read_only"):
            store.save("c", "s", "t", "final", turn("t"), options=INVENTORY)

    def test_a_file_without_turns_or_with_strange_ones_is_refused(self, path: Path) -> None:
        connection = open_database(path, create=True)
        connection.execute(schema_sql("timeline"))
        connection.close()
        with pytest.raises(UnknownSchemaError, match="no table turns"):
            SqliteTurnStore(path)
        connection = open_database(path)
        connection.execute("CREATE TABLE turns (turn_id, runtime_key, inference_id)")
        connection.close()
        with pytest.raises(UnknownSchemaError, match="lacks conv_id"):
            SqliteTurnStore(path, create=True)

    def test_another_primary_key_is_refused(self, path: Path) -> None:
        connection = open_database(path, create=True)
        connection.execute(
            turn_schema_sql().replace("PRIMARY KEY (block_id, content_hash)", "UNIQUE (block_id, content_hash)")
        )
        connection.close()
        with pytest.raises(UnknownSchemaError, match="blocks has another primary key"):
            SqliteTurnStore(path)

    def test_an_unknown_policy_is_refused(self, path: Path) -> None:
        with pytest.raises(InvalidArgumentError, match="empty_runtime"):
            SqliteTurnStore(path, create=True, empty_runtime="guess")  # type: ignore[arg-type]

    @pytest.mark.samples
    @pytest.mark.parametrize(
        "name",
        [
            "pre_small_turns",
            "legacy0_turns",
            "legacy0_clean_turns",
            "legacy1_snapshots_turns",
            "legacy2_stuck_migration_turns",
        ],
    )
    def test_an_older_shape_is_refused_with_the_command_and_not_touched(
        self, sample_copy: Callable[[str], Path], name: str
    ) -> None:
        path = sample_copy(f"{name}.db")
        before = _digest(path)
        for create, read_only in ((False, False), (True, False), (False, True)):
            with pytest.raises(MigrationNeededError, match=f"turntruth migrate {re.escape(str(path))}"):
                SqliteTurnStore(path, create=create, read_only=read_only)
            assert _digest(path) == before

    @pytest.mark.samples
    def test_an_older_shape_is_brought_forward_when_asked(self, sample_copy: Callable[[str], Path]) -> None:
        with SqliteTurnStore(sample_copy("pre_small_turns.db"), migrate=True) as store:
            assert store.load_latest("conv-odd-values") is not None


@pytest.mark.samples
class TestOriginalFiles:
    def test_our_list_equals_the_original_list(self, sample_copy: Callable[[str], Path], samples: Path) -> None:
        wanted, failed = read_lists(samples / "oracle" / "gp26_native.list.gp26.jsonl")
        with SqliteTurnStore(sample_copy("gp26_native_turns.db")) as store:
            compared, differences = compare_lists(store, wanted)
        assert (compared, differences, failed) == (355, [], set())

    def test_conversations_the_original_cannot_list_are_listed(
        self, sample_copy: Callable[[str], Path], samples: Path
    ) -> None:
        wanted, failed = read_lists(samples / "oracle" / "gp26_from_pre_small.list.gp26.jsonl")
        with SqliteTurnStore(sample_copy("gp26_from_pre_small_turns.db")) as store:
            compared, differences = compare_lists(store, wanted)
            damaged = {conv_id: store.list(TurnQuery(conv_id=conv_id)) for conv_id in failed}
        assert compared == sum(map(len, wanted.values())) > 400
        assert differences == []
        assert len(failed) == 11
        assert all(snapshots and snapshots[0].damage for snapshots in damaged.values())

    def test_the_schema_is_the_original_one(self, sample_copy: Callable[[str], Path], path: Path) -> None:
        SqliteTurnStore(path, create=True).close()
        ours, theirs = _schema(path), _schema(sample_copy("gp26_native_turns.db"))
        assert ours == theirs
        assert len(ours["names"]) == 10

    def test_columns_and_metadata_that_disagree_are_found(self, sample_copy: Callable[[str], Path]) -> None:
        with SqliteTurnStore(sample_copy("drift_downgrade_turns.db")) as store:
            found = list(store.disagreements())
        assert {entry.column for entry in found} == {"runtime_key", "inference_id"}
        with SqliteTurnStore(sample_copy("gp26_native_turns.db")) as store:
            assert {entry.turn_id for entry in store.disagreements()} == {"turn-mid-4"}


class TestDamage:
    """One damaged cell is reported with its snapshot; the rest of the list is there."""

    @pytest.fixture
    def damaged(self, path: Path) -> Callable[..., tuple[TurnSnapshot, TurnSnapshot]]:
        with SqliteTurnStore(path, create=True) as store:
            for place in (1, 2):
                store.save(
                    "c",
                    "s",
                    f"t{place}",
                    "final",
                    turn(f"t{place}"),
                    created_at_ms=place,
                    options=TurnSaveOptions("r", f"i{place}"),
                )

        def damage(statement: str, *values: Any) -> tuple[TurnSnapshot, TurnSnapshot]:
            _change(path, statement, *values)
            with SqliteTurnStore(path) as store:
                whole, broken = sorted(store.list(TurnQuery(conv_id="c")), key=lambda entry: bool(entry.damage))
            assert whole.turn == turn(whole.turn_id)
            return whole, broken

        return damage

    @pytest.mark.parametrize("metadata", ["not json", "[1]", "7", '{"a":NaN}', b"\xff", "{" * 9000, 7, '{"a":1} x'])
    def test_metadata_that_is_no_json_object(self, damaged: Callable[..., Any], metadata: object) -> None:
        _, broken = damaged("UPDATE turns SET turn_metadata_json = ? WHERE turn_id = 't2'", metadata)
        assert [entry.column for entry in broken.damage] == ["turn_metadata_json"]
        assert (broken.turn.metadata, broken.turn.blocks, broken.runtime_key) == ({}, turn("t2").blocks, "r")

    def test_invalid_utf8(self, damaged: Callable[..., Any]) -> None:
        _, broken = damaged("UPDATE turns SET runtime_key = CAST(x'72ff' AS TEXT) WHERE turn_id = 't2'")
        assert broken.runtime_key == "r\ufffd"
        assert [(entry.column, entry.raw) for entry in broken.damage] == [("runtime_key", b"r\xff")]

    def test_a_payload_a_time_a_missing_block_and_a_missing_turn(self, damaged: Callable[..., Any], path: Path) -> None:
        _, broken = damaged("UPDATE blocks SET payload_json = '[]' WHERE block_id = 't2-call'")
        assert [(entry.column, entry.raw) for entry in broken.damage] == [("block 1: payload_json", "[]")]
        _, broken = damaged("DELETE FROM blocks WHERE block_id = 't2-call'")
        assert broken.turn.blocks == (turn("t2").blocks[0], Block("t2-call", "other"))
        _change(path, "UPDATE turn_block_membership SET snapshot_created_at_ms = 'soon' WHERE turn_id = 't2'")
        _, broken = damaged("DELETE FROM turns WHERE turn_id = 't2'")
        assert [entry.problem for entry in broken.damage] == [
            "the turn has blocks but no row",
            "the block has no row in blocks",
            "no integer",
        ]
        assert (broken.runtime_key, broken.created_at_ms) == ("", 0)

    def test_a_damaged_block_is_healed_by_the_next_save(self, damaged: Callable[..., Any], path: Path) -> None:
        damaged("UPDATE blocks SET payload_json = 'x' WHERE block_id = 't2-call'")
        with SqliteTurnStore(path) as store:
            store.save("c", "s", "t2", "post", turn("t2"), created_at_ms=9, options=TurnSaveOptions("r", "i2"))
            assert all(not entry.damage for entry in store.list(TurnQuery(conv_id="c")))


class TestWriting:
    def test_a_failed_save_leaves_nothing(self, store: SqliteTurnStore, path: Path) -> None:
        store.save("c", "s", "t", "final", turn("t"), created_at_ms=1, options=INVENTORY)
        changed = turn("t", "other")
        with pytest.raises(RuntimeConflictError):
            store.save("c", "s", "t", "draft", changed, created_at_ms=2, options=TurnSaveOptions("planner"))
        connection = open_database(path, read_only=True)
        counts = [connection.execute(f"SELECT count(*) FROM {table}").fetchone() for table in ("turns", "blocks")]
        connection.close()
        assert counts == [(1,), (2,)]

    def test_a_statement_that_fails_rolls_all_of_the_save_back(self, store: SqliteTurnStore, path: Path) -> None:
        _change_schema(
            path,
            "CREATE TRIGGER stop BEFORE INSERT ON turn_block_membership WHEN new.ordinal = 1 "
            "BEGIN SELECT raise(ABORT, 'stop'); END",
        )
        with pytest.raises(apsw.ConstraintError, match="stop"):
            store.save("c", "s", "t", "final", turn("t"), options=INVENTORY)
        _change_schema(path, "DROP TRIGGER stop")
        assert store.list(TurnQuery(conv_id="c")) == []
        store.save("c", "s", "t", "final", turn("t"), options=INVENTORY)
        assert len(store.list(TurnQuery(conv_id="c"))) == 1

    def test_blocks_are_kept_once_with_their_first_time_and_hash(self, store: SqliteTurnStore, path: Path) -> None:
        shared = turn("x").blocks
        store.save("c", "s", "t1", "final", Turn("t1", shared), created_at_ms=20, options=INVENTORY)
        store.save("d", "s", "t1", "final", Turn("t1", shared), created_at_ms=10, options=INVENTORY)
        connection = open_database(path, read_only=True)
        rows = connection.execute("SELECT content_hash, first_seen_at_ms FROM blocks ORDER BY block_id DESC").fetchall()
        connection.close()
        assert rows == [(block_hash(block), 10) for block in shared]

    def test_a_block_without_id_gets_one_from_its_place(self, store: SqliteTurnStore) -> None:
        store.save("c", "s", "t", "final", Turn("t", (Block("", "user"), Block(" ", "other"))), options=INVENTORY)
        assert [block.id for block in store.list(TurnQuery(conv_id="c"))[0].turn.blocks] == ["t#0", "t#1"]

    def test_the_statements_of_a_save_can_be_used_in_a_transaction_of_ones_own(self, path: Path) -> None:
        connection = open_database(path, create=True)
        with transaction(connection):
            connection.execute(turn_schema_sql())
            result = write_snapshot(
                connection, TurnSave("c", "s", "t", "final", turn("t"), 5), empty_runtime="sentinel"
            )
        connection.close()
        assert (result.runtime_key, result.created_at_ms) == ("", 5)
        with SqliteTurnStore(path) as store:
            assert store.list(TurnQuery(conv_id="c"))[0].turn == turn("t")

    def test_two_processes_write_to_one_file(self, path: Path) -> None:
        SqliteTurnStore(path, create=True).close()
        code = (
            "import sys\n"
            "from store.turns.records import Turn, TurnSaveOptions\n"
            "from store.turns.turn_store import SqliteTurnStore\n"
            "with SqliteTurnStore(sys.argv[1]) as store:\n"
            "    for n in range(50):\n"
            "        options = TurnSaveOptions('r', str(n))\n"
            "        store.save('c', 's', f'{sys.argv[2]}-{n}', 'final', Turn(''), options=options)\n"
        )
        children = [subprocess.Popen([sys.executable, "-c", code, str(path), name]) for name in "ab"]
        assert [child.wait() for child in children] == [0, 0]
        with SqliteTurnStore(path) as store:
            assert store.runtime_history("c")[0].turns == 100

    def test_a_list_is_one_query(self, store: SqliteTurnStore) -> None:
        for place in range(5):
            store.save("c", "s", f"t{place}", "final", turn(f"t{place}"), options=TurnSaveOptions("r", f"i{place}"))
        statements: list[str] = []
        with store._connections.reading() as connection:
            connection.trace_v2(apsw.SQLITE_TRACE_STMT, lambda event: statements.append(event["sql"]))
        assert len(store.list(TurnQuery(conv_id="c"))) == 5
        with store._connections.reading() as connection:
            connection.trace_v2(0)
        # Beside it the schema's number is looked at, which needs no row: whether the tables are still the same.
        assert len([sql for sql in statements if not sql.startswith(("--", "pragma"))]) == 1


def _change_schema(path: Path, statement: str) -> None:
    connection = open_database(path)
    connection.execute(statement)
    connection.close()


def test_both_kinds_of_store_answer_alike(path: Path) -> None:
    memory = MemoryTurnStore(empty_runtime="sentinel")
    with SqliteTurnStore(path, create=True, empty_runtime="sentinel") as file:
        for place in range(40):
            options = TurnSaveOptions(["", "a", "b"][place % 3], on_conflict="keep", rerun=place % 4 == 0)
            metadata = {
                "geppetto.inference_id@v1": f"i{place % 7}",
                "geppetto.runtime@v1": ["a", {"key": "b"}, 3][place % 3],
            }
            saved = Turn("", turn(f"t{place % 5}", f"{place % 6}").blocks[: place % 3], metadata)
            save = TurnSave("c", f"s{place % 2}", f"t{place % 5}", f"p{place % 3}", saved, 100 - place, options)
            assert file.save_many([save]) == memory.save_many([save])
        assert file.list(TurnQuery(conv_id="c")) == memory.list(TurnQuery(conv_id="c"))
        assert file.runtime_history("c") == memory.runtime_history("c")
        assert list(file.disagreements()) == list(memory.disagreements()) == []
        assert file.counts == memory.counts
