"""Which files a fleet has, and what is wrong with a list of them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from audit.contract.shipped_contracts import shipped_contracts
from audit.fleet.errors import ManifestError
from audit.fleet.manifest import FleetFile, read_manifest


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_files_are_tenants_by_their_names_and_paths_are_absolute(here: Path) -> None:
    files = read_manifest(["a.db", "sub/b.db"])
    assert files == (
        FleetFile(1, "a", str(here / "a.db")),
        FleetFile(2, "b", str(here / "sub" / "b.db")),
    )


def test_files_of_one_name_are_told_apart_by_their_folders(here: Path) -> None:
    for name in ("x", "y"):
        (here / "data" / name).mkdir(parents=True)
        (here / "data" / name / "turns.db").touch()
    files = read_manifest(["data/*/turns.db"])
    assert [file.tenant for file in files] == ["x/turns.db", "y/turns.db"]


def test_a_pattern_names_no_folder_and_takes_each_file_once(here: Path) -> None:
    (here / "a.db").touch()
    (here / "b.db").mkdir()
    assert [file.tenant for file in read_manifest(["*.db", "a.db"])] == ["a"]


def test_a_csv_names_everything_from_where_it_lies(here: Path) -> None:
    (here / "fleet").mkdir()
    (here / "fleet" / "fleet.csv").write_text(
        'tenant,path,timeline,baseline,store,label.region\nÜnï,one.db,time.db,before.db,,eu\n,"/data/t,wo.db",,,,\n'
    )
    assert read_manifest(["fleet/fleet.csv"]) == (
        FleetFile(
            1,
            "Ünï",
            str(here / "fleet" / "one.db"),
            str(here / "fleet" / "time.db"),
            str(here / "fleet" / "before.db"),
            labels={"region": "eu"},
        ),
        FleetFile(2, "t,wo", "/data/t,wo.db", labels={"region": ""}),
    )


def test_a_toml_says_the_same(here: Path) -> None:
    (here / "fleet.toml").write_text(
        '[[file]]\ntenant = "acme"\npath = "a.db"\nstore = "s"\n[file.labels]\nregion = "eu"\n[[file]]\npath = "b.db"\n'
    )
    assert read_manifest(["fleet.toml"]) == (
        FleetFile(1, "acme", str(here / "a.db"), store="s", labels={"region": "eu"}),
        FleetFile(2, "b", str(here / "b.db")),
    )


def test_a_row_may_name_what_the_file_was_before_and_its_contract(here: Path) -> None:
    (here / "m.csv").write_text("tenant,path,before,contract\nacme,a.db,old/a.db,c.toml\nturns,t.db,,\n")
    files = read_manifest(["m.csv"])
    assert files == (
        FleetFile(1, "acme", str(here / "a.db"), before=str(here / "old" / "a.db"), contract=str(here / "c.toml")),
        FleetFile(2, "turns", str(here / "t.db")),
    )
    assert [file.is_pair for file in files] == [True, False]
    assert files[0].paths == (str(here / "a.db"), str(here / "old" / "a.db"), str(here / "c.toml"))


def test_a_toml_may_name_one_contract_for_all_rows_that_have_a_before(here: Path) -> None:
    (here / "m.toml").write_text(
        "contract='all.toml'\n[[file]]\npath='a.db'\nbefore='a0.db'\n[[file]]\npath='b.db'\nbefore='b0.db'\n"
        "contract='b.toml'\n[[file]]\npath='turns.db'\n"
    )
    contracts = [Path(file.contract).name if file.contract else "" for file in read_manifest(["m.toml"])]
    assert contracts == ["all.toml", "b.toml", ""]


def test_a_shipped_contract_is_called_by_its_name_unless_there_is_a_file_of_that_name(here: Path) -> None:
    name, shipped = next(iter(shipped_contracts().items()))
    (here / "m.csv").write_text(f"path,before,contract\na.db,b.db,{name}\n")
    assert read_manifest(["m.csv"])[0].contract == str(shipped)
    (here / name).touch()
    assert read_manifest(["m.csv"])[0].contract == str(here / name)


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("m.csv", "", "no column `path`"),
        ("m.csv", "path\n", "no file is listed"),
        ("m.csv", "tenant,file\na,b\n", "unknown column 'file'"),
        ("m.csv", "path,path\na,b\n", "stands twice"),
        ("m.csv", "path,label.\na,b\n", "unknown column 'label.'"),
        ("m.csv", "path,tenant\na.db\n", "another number of cells"),
        ("m.csv", "path,tenant\na.db,b,c\n", "another number of cells"),
        ("m.csv", 'path\n"a.db\n', "unexpected end of data"),
        ("m.csv", "path,tenant\n,b\n", "row 1: it names no path"),
        ("m.csv", "tenant,path\nt,a.db\nt,b.db\n", "tenant 't' is listed twice, in rows 1 and 2"),
        ("m.csv", "tenant,path\nt,a.db\nu,./a.db\n", "listed twice, in rows 1 and 2"),
        ("m.csv", "path,timeline\na.db,a.db\n", "in two roles"),
        ("m.toml", "file = 1\n", "no list of tables"),
        ("m.toml", "[[files]]\npath='a'\n", "unknown key 'files'"),
        ("m.toml", "[[file]]\npath=1\n", "is no text"),
        ("m.toml", "[[file]\n", "no TOML"),
        ("m.toml", "[[file]]\ntenant='a'\n", "no column `path`"),
        ("m.csv", "path,contract\na.db,c.toml\n", "row 1: it names a `contract`, and no `before`"),
        ("m.csv", "path,before\na.db,b.db\n", "row 1: it names a `before`, and no `contract`"),
        ("m.csv", "path,before,contract,baseline\na.db,b.db,c.toml,d.db\n", "a `before` and a `baseline`"),
        ("m.csv", "path,before,contract,timeline\na.db,b.db,c.toml,d.db\n", "a `before` and a `timeline`"),
        ("m.csv", "path,before,contract,store\na.db,b.db,c.toml,s\n", "a `before` and a `store`"),
        ("m.csv", "path,before,contract\na.db,a.db,c.toml\n", "in two roles"),
        ("m.csv", "path,before,contract\nhdfs://h/a.db,b.db,c.toml\n", "hdfs://h/a.db is a URI"),
        ("m.toml", "contract=1\n[[file]]\npath='a'\n", "`contract` is no text"),
        ("m.toml", "contract='c.toml'\n[[file]]\npath='a'\n", "none of them has a `before`"),
    ],
)  # fmt: skip
def test_a_manifest_that_cannot_be_used_is_told_with_its_place(here: Path, name: str, text: str, said: str) -> None:
    (here / name).write_text(text)
    with pytest.raises(ManifestError, match=said.replace("[", r"\[")) as told:
        read_manifest([name])
    assert told.value.exit_code == 2
    assert str(told.value).startswith(name)


def test_a_folder_a_pattern_without_files_and_two_manifests_are_refused(here: Path) -> None:
    (here / "folder").mkdir()
    for given, said in (
        (["folder"], "quoted pattern such as 'folder"),
        (["no/*.db"], "no file has such a name"),
        (["a.csv", "b.db"], "stands alone"),
        (["none.csv"], "cannot be read"),
        ([], "no file is listed"),
    ):
        with pytest.raises(ManifestError, match=said):
            read_manifest(given)


def test_no_manifest_is_read_from_a_pipe_that_nobody_fills(here: Path) -> None:
    os.mkfifo(here / "m.csv")
    with pytest.raises(ManifestError, match="cannot be read"):
        read_manifest(["m.csv"])


def test_files_that_are_not_there_are_listed(here: Path) -> None:
    assert read_manifest(["none.db"]) == (FleetFile(1, "none", str(here / "none.db")),)
    assert not list(here.iterdir())
