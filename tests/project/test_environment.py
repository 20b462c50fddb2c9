"""No environment variable changes what is migrated, found or decided."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from audit.demo.corpus import write_corpus
from audit.demo.corpus_shape import CorpusShape

PROGRAM = Path(__file__).resolve().parents[1] / "support" / "processes" / "environment_walk.py"
ODD = "no/such 'place'; 17"
OF_THE_USER = ("TZ", "LANG", "LC_ALL", "HOME", "COLUMNS", "NO_COLOR", "TURNTRUTH_COMPATIBLE", "PANDAS_COPY_ON_WRITE")
"""Not read by our code, but thought of first when two results differ."""


def walked(folder: Path, variables: dict[str, str]) -> dict[str, Any]:
    """What `environment_walk.py` told of copies of the files, with these variables set."""
    own = folder.with_name(f"{folder.name}-{len(variables)}")
    shutil.copytree(folder, own)
    ran = subprocess.run(
        [sys.executable, str(PROGRAM), str(own)],
        env=os.environ | variables,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr[-2_000:]
    told: dict[str, Any] = json.loads(ran.stdout)
    return told


def test_no_variable_changes_a_result(tmp_path: Path) -> None:
    """Gates and output are no results: options of commands take these from the environment, the library never does."""
    files = write_corpus(tmp_path / "files", CorpusShape(turns=100, conversations=10))
    shutil.copyfile(files.turns, files.turns.with_name("before.db"))

    plain = walked(tmp_path / "files", {})
    ours = plain["read"]["ours"]
    odd = walked(tmp_path / "files", dict.fromkeys([*ours, *OF_THE_USER], ODD))

    assert set(ours) == {"TMPDIR", "TEMP", "TMP"}, (
        "another variable is read now: it chooses output or gates, or must go"
    )
    assert plain["told"]["findings.csv"].count("0a") > 1
    assert plain["told"]["checks"]
    assert odd["told"] == plain["told"]
