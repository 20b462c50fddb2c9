"""A third column that metadata fills is one declaration a side and its check, as CONTRIBUTING.md says.

The packages are copied, what the recipe says is done to the copy and nothing else, and commands are processes over it.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from support.files.migration_files import query, run_sql, write_before_columns

PACKAGES = ("turntruth", "store", "audit", "expectations")
DECLARATIONS = ("store/turns/attributed_column.py", "audit/sqlite/attributed_column.py")
ALL_COLUMNS = "ATTRIBUTED = (RUNTIME, INFERENCE)\n"
CHECK = "expectations/backfill/agent_as_in_metadata.sql"

AGENTS: dict[str, tuple[dict[str, object], str, str]] = {
    "text": ({"geppetto.agent@v1": " reviewer "}, "reviewer", "text"),
    "map": ({"geppetto.agent@v1": {"agent_key": "writer"}}, "writer", "map"),
    "profile": ({"geppetto.agent@v1": {"agent_key": 7, "name": "named"}}, "named", "profile"),
    "alias": ({"agent": "old"}, "old", "alias"),
    "map under an alias": ({"geppetto.agent@v1": "", "agent": {"agent_key": "mapped"}}, "mapped", "alias"),
    "none": ({"agent_key": "no key of metadata"}, "", ""),
    "number": ({"geppetto.agent@v1": 7}, "", ""),
}
"""What the metadata of a turn has, the value that it gives, and how."""

DAMAGES = (
    "UPDATE turns SET agent_key = '' WHERE turn_id = 'turn-0'",
    "UPDATE turns SET agent_key = 'other' WHERE turn_id = 'turn-1'",
    "UPDATE turns SET agent_key = CAST(agent_key AS BLOB) WHERE turn_id = 'turn-2'",
    "UPDATE turns SET agent_key = agent_key || ' ' WHERE turn_id = 'turn-3'",
    "UPDATE turns SET agent_key = 'invented' WHERE turn_id = 'turn-35'",
    "UPDATE turns SET agent_key = 'null' WHERE turn_id = 'turn-36'",
    "DROP INDEX turns_by_conv_agent_updated",
    "CREATE TRIGGER guess AFTER INSERT ON turns BEGIN UPDATE turns SET agent_key = 'x' WHERE rowid = new.rowid; END",
    "UPDATE turntruth_migrations SET counts_json = json_set(counts_json, '$.agent_key.unknown', 0)",
)
"""``turn-35`` and ``turn-36`` have metadata that names no agent."""


@dataclass(frozen=True, slots=True)
class ThirdColumn:
    """Copied packages with a third column, and a file that they have migrated."""

    packages: Path
    before: Path
    after: Path
    summary: dict[str, Any]
    wanted: dict[str, tuple[str, str]]

    def run(self, *arguments: str, codes: Sequence[int] = (0,)) -> str:
        """What a process over the copied packages prints."""
        return run_over(self.packages, *arguments, codes=codes)

    def command(self, *arguments: str, codes: Sequence[int] = (0,)) -> str:
        """What a command prints."""
        return self.run("-m", "turntruth", *arguments, codes=codes)

    def audit(self, path: Path, folder: Path, codes: Sequence[int] = (0,)) -> dict[str, dict[str, Any]]:
        """Every check of an audit by its name."""
        options = ("--baseline", str(self.before), "--out", str(folder), "--run-id", "run", "--format", "json")
        # The blocks of these files are made up.
        printed = self.command("audit", str(path), *options, "--exclude", "block_hash_algorithm_known", codes=codes)
        return {check["check"]: check for check in json.loads(printed)["checks"]}


def run_over(packages: Path, *arguments: str, codes: Sequence[int] = (0,)) -> str:
    environment = os.environ | {"PYTHONPATH": str(packages), "PYTHONDONTWRITEBYTECODE": "1"}
    process = subprocess.run(
        [sys.executable, *arguments], cwd=packages, env=environment, capture_output=True, text=True, check=False
    )
    assert process.returncode in codes, process.stderr
    return process.stdout


def recipe_blocks(repository: Path) -> list[str]:
    """The texts that the recipe gives, without their indentation."""
    text = (repository / "CONTRIBUTING.md").read_text(encoding="utf-8")
    recipe = text.split("## Add a column that metadata fills\n")[1].split("\n## ")[0]
    found = re.findall(r"^   ```(?:python|sql)\n(.*?)^   ```$", recipe, re.MULTILINE | re.DOTALL)
    return [re.sub(r"^   ", "", block, flags=re.MULTILINE) for block in found]


def copy_packages(repository: Path, folder: Path, declarations: Sequence[str]) -> Path:
    """Our packages with other declarations in place of the line with all columns."""
    for package in PACKAGES:
        # With what is compiled of them, which holds as long as a file is not changed: else each process compiles all.
        shutil.copytree(repository / package, folder / package)
    for name, declared in zip(DECLARATIONS, declarations, strict=True):
        text = (folder / name).read_text(encoding="utf-8")
        assert text.count(ALL_COLUMNS) == 1
        (folder / name).write_text(text.replace(ALL_COLUMNS, declared), encoding="utf-8")
    return folder


def write_old_file(path: Path) -> dict[str, tuple[str, str]]:
    """A file from before the columns, some of whose turns name an agent: the value and the kind of each turn.

    Every seventh turn from ``turn-5`` on has metadata that is cut off.
    """
    write_before_columns(path)
    wanted = {}
    said = list(AGENTS.values())
    for turn_id, text in query(path, "SELECT turn_id, turn_metadata_json FROM turns"):
        members, value, kind = said[int(turn_id.removeprefix("turn-")) // 7 % len(said)]
        is_whole = text.endswith("}")
        wanted[turn_id] = (value, kind) if is_whole else ("", "")
        if is_whole:
            more = json.dumps(json.loads(text) | members, ensure_ascii=False)
            run_sql(path, f"UPDATE turns SET turn_metadata_json = '{more}' WHERE turn_id = '{turn_id}'")
    return wanted


def agents_of(path: Path) -> dict[str, str]:
    """The agent of each turn."""
    return {str(turn_id): str(agent) for turn_id, agent in query(path, "SELECT turn_id, agent_key FROM turns")}


@pytest.fixture(scope="module")
def third(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> ThirdColumn:
    folder = tmp_path_factory.mktemp("third")
    for_the_store, for_the_audit, check = recipe_blocks(repository)
    packages = copy_packages(repository, folder / "packages", (for_the_store, for_the_audit))
    (packages / CHECK).write_text(check, encoding="utf-8")
    before, after = folder / "before.db", folder / "after.db"
    wanted = write_old_file(before)
    shutil.copy(before, after)
    printed = run_over(packages, "-m", "turntruth", "migrate", str(after), "--no-backup", "--format", "json")
    return ThirdColumn(packages, before, after, json.loads(printed), wanted)


@pytest.fixture(scope="module")
def damaged(third: ThirdColumn, tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """What an audit says of the file after the third column was damaged in every way there is a check for."""
    folder = tmp_path_factory.mktemp("damaged")
    path = folder / "damaged.db"
    shutil.copy(third.after, path)
    run_sql(path, *DAMAGES)
    return third.audit(path, folder, codes=(1,))


class TestMigration:
    def test_the_column_and_its_index_are_declared_like_the_others(self, third: ThirdColumn) -> None:
        columns = query(third.after, "SELECT name, type, \"notnull\", dflt_value FROM pragma_table_info('turns')")
        ((index,),) = query(third.after, "SELECT sql FROM sqlite_schema WHERE name = 'turns_by_conv_agent_updated'")

        assert ("agent_key", "TEXT", 1, "''") in columns
        assert "turns(conv_id, agent_key, updated_at_ms DESC)" in index

    def test_every_turn_has_what_its_metadata_names(self, third: ThirdColumn) -> None:
        found = agents_of(third.after)

        assert found == {turn_id: value for turn_id, (value, _) in third.wanted.items()}
        assert set(found.values()) == {"reviewer", "writer", "named", "old", "mapped", ""}

    def test_summary_and_ledger_count_it(self, third: ThirdColumn) -> None:
        kinds = [kind for _, kind in third.wanted.values()]
        ((counts, added),) = query(
            third.after, "SELECT counts_json, columns_added FROM turntruth_migrations WHERE step = 'migration'"
        )

        evidence = {kind: kinds.count(kind) for kind in ("text", "map", "profile", "alias")}
        assert third.summary["agent_key"]["by_evidence"] == evidence
        assert third.summary["agent_key"]["filled"] == sum(evidence.values()) > 0
        assert json.loads(counts)["agent_key"] == third.summary["agent_key"]
        assert "agent_key" in added
        stated = {(each["column"], each["rule"]): each["cells"] for each in third.summary["changes"]}
        assert stated["agent_key", "filled from alias"] == evidence["alias"]

    def test_a_second_run_finds_nothing_to_do(self, third: ThirdColumn) -> None:
        again = json.loads(third.command("migrate", str(third.after), "--no-backup", "--format", "json"))

        assert again["status"] == "already_migrated"

    def test_a_file_of_two_columns_gets_the_third(self, third: ThirdColumn, tmp_path: Path, repository: Path) -> None:
        path = tmp_path / "two.db"
        shutil.copy(third.before, path)
        run_over(repository, "-m", "turntruth", "migrate", str(path), "--no-backup", "--quiet")
        summary = json.loads(third.command("migrate", str(path), "--no-backup", "--format", "json"))

        assert summary["agent_key"]["filled"] == third.summary["agent_key"]["filled"]
        assert summary["runtime_key"]["filled"] == 0 < summary["runtime_key"]["kept"]
        assert agents_of(path) == agents_of(third.after)

    def test_the_statements_for_the_shell_fill_it(self, third: ThirdColumn, tmp_path: Path) -> None:
        path = tmp_path / "by_hand.db"
        shutil.copy(third.before, path)
        run_sql(path, third.command("migrate", str(path), "--sql"))
        found = agents_of(path)

        assert [agent for turn_id, agent in found.items() if agent not in {"", third.wanted[turn_id][0]}] == []
        assert set(found.values()) == {"", "reviewer", "writer", "old"}  # the command fills what is less direct
        third.command("migrate", str(path), "--no-backup", "--quiet")
        assert agents_of(path) == agents_of(third.after)

    def test_a_save_takes_it_from_metadata_and_writes_it_once(self, third: ThirdColumn, tmp_path: Path) -> None:
        path = tmp_path / "saved.db"
        shutil.copy(third.after, path)
        save = (
            "import sys\nfrom pathlib import Path\nfrom store.errors import AttributionConflictError\n"
            "from store.turns.records import Turn\nfrom store.turns.turn_store import SqliteTurnStore\n"
            "with SqliteTurnStore(Path(sys.argv[1])) as turns:\n"
            "    for at_ms, agent in enumerate(['reviewer', 'reviewer', 'writer'], start=1):\n"
            "        turn = Turn('saved', (), {'geppetto.runtime@v1': 'inventory', 'agent': agent}, {})\n"
            "        try:\n"
            "            turns.save('conv', 'sess', 'saved', 'final', turn, created_at_ms=at_ms)\n"
            "        except AttributionConflictError as error:\n"
            "            print(error)\n"
        )
        refused = third.run("-c", save, str(path))

        assert "agent_key" in refused
        assert query(path, "SELECT agent_key FROM turns WHERE turn_id = 'saved'") == [("reviewer",)]


class TestAudit:
    @pytest.mark.parametrize("reader", ["store", "second parser", "duckdb", "exported sql"])
    def test_every_reader_says_the_same(self, third: ThirdColumn, repository: Path, reader: str) -> None:
        script = str(repository / "tests" / "support" / "audits" / "evidence_readers.py")
        said = [json.loads(line)[-2:] for line in third.run(script, reader, str(third.after)).splitlines()]

        assert said == [list(third.wanted[turn_id]) for turn_id in sorted(third.wanted)]

    def test_a_migrated_file_passes_and_its_run_can_be_verified(self, third: ThirdColumn, tmp_path: Path) -> None:
        checks = third.audit(third.after, tmp_path)

        own = checks["agent_as_in_metadata"]
        assert (own["status"], own["findings"], own["scanned"]) == ("passed", 0, len(third.wanted))
        failed = {name for name, check in checks.items() if check["status"] not in {"passed", "skipped"}}
        assert failed == {"metadata_readable"}  # the old file has metadata that is cut off
        assert {checks[name]["status"] for name in ("changes_as_stated", "ledger_counts_true")} == {"passed"}
        third.command("verify", str(tmp_path / "run"))

    @pytest.mark.parametrize(
        ("turn_id", "check", "found"),
        [
            ("turn-0", "agent_as_in_metadata", ""),
            ("turn-1", "agent_as_in_metadata", "other"),
            ("turn-2", "storage_classes_as_declared", "blob"),
            ("turn-3", "no_blank_padding", "reviewer "),
            ("turn-35", "made_up_values", "invented"),
            ("turn-36", "no_placeholder", "null"),
        ],
        ids=["emptied", "overwritten", "of another class", "padded", "made up", "placeholder"],
    )
    def test_a_damaged_row_is_named(
        self, damaged: dict[str, dict[str, Any]], turn_id: str, check: str, found: str
    ) -> None:
        rows = [(row["turn_id"], row["column"], row["found"]) for row in damaged[check]["sample"]]

        assert (turn_id, "agent_key", found) in rows

    def test_no_other_row_is_named(self, damaged: dict[str, dict[str, Any]]) -> None:
        """Of the damaged rows only that of another class still says what its metadata does."""
        named = {check: {row["turn_id"] for row in damaged[check]["sample"]} for check in damaged}

        assert named["agent_as_in_metadata"] == {"turn-0", "turn-1", "turn-3"}
        assert named["runtime_complete"] == named["inference_complete"] == set()
        assert named["made_up_values"] == {"turn-35", "turn-36"}

    @pytest.mark.parametrize(
        ("check", "what"),
        [
            ("other_indexes_as_declared", "turns_by_conv_agent_updated"),
            ("default_applies", "agent_key"),
            ("ledger_counts_true", "agent_key"),
            ("changes_as_stated", "agent_key"),
        ],
    )
    def test_a_damaged_declaration_or_record_is_named(
        self, damaged: dict[str, dict[str, Any]], check: str, what: str
    ) -> None:
        assert damaged[check]["status"] == "failed"
        assert what in json.dumps(damaged[check]["sample"])

    def test_an_exported_suite_judges_it_by_sqlite_alone(self, third: ThirdColumn, tmp_path: Path) -> None:
        suite = json.loads(third.command("suite", "export", "--engine", "sqlite"))
        (sql,) = _values(suite, lambda held: "'agent_key' AS found_column" in held)
        damaged = tmp_path / "damaged.db"
        shutil.copy(third.after, damaged)
        run_sql(damaged, "UPDATE turns SET agent_key = '' WHERE turn_id = 'turn-7'")

        assert query(third.after, sql) == []
        assert [row[2] for row in query(damaged, sql)] == ["turn-7"]


def _values(tree: Any, wanted: Callable[[str], bool]) -> list[str]:
    """The texts anywhere in a JSON value that are wanted."""
    if isinstance(tree, str):
        return [tree] if wanted(tree) else []
    if isinstance(tree, dict):
        tree = list(tree.values())
    return [found for branch in tree for found in _values(branch, wanted)] if isinstance(tree, list) else []


def test_columns_of_every_form_are_read_alike(repository: Path, tmp_path: Path) -> None:
    """One key and no alias; no map; a map that can name the value in one way only."""
    forms = (
        'TEAM = AttributedColumn("team_id",{word} keys=("team@v1",), index="turns_by_team")\n'
        'ROOM = AttributedColumn("room_id",{word} keys=("room@v1",), index="turns_by_room", members=("id",))\n'
        "ATTRIBUTED = (RUNTIME, INFERENCE, TEAM, ROOM)\n"
    )
    team, room = forms.replace("{word}", ' "team",', 1), ' "room",'
    packages = copy_packages(repository, tmp_path, (forms.replace("{word}", ""), team.replace("{word}", room)))
    path = tmp_path / "turns.db"
    write_before_columns(path, turns=4)
    texts = ['{"team@v1":"a","room@v1":"b"}', '{"team@v1":{"id":"a"},"room@v1":{"id":{"id":"c"}}}', '{"id":"d"}', "{}"]
    for number, text in enumerate(texts):
        run_sql(path, f"UPDATE turns SET turn_metadata_json = '{text}' WHERE turn_id = 'turn-{number}'")
    run_over(packages, "-m", "turntruth", "migrate", str(path), "--no-backup", "--quiet")
    script = str(repository / "tests" / "support" / "audits" / "evidence_readers.py")

    wanted = [["a", "text", "b", "text"], ["", "", "c", "map"], ["", "", "", ""], ["", "", "", ""]]
    for reader in ("store", "second parser", "exported sql"):
        lines = run_over(packages, script, reader, str(path)).splitlines()
        assert [json.loads(line)[-4:] for line in lines] == wanted, reader
    lines = run_over(packages, script, "duckdb", str(path)).splitlines()
    assert json.loads(lines[0])[-4:] == wanted[0]
    assert query(path, "SELECT team_id, room_id FROM turns ORDER BY turn_id") == [tuple(row[::2]) for row in wanted]
