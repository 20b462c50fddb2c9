"""The picture in the README is one that the command beside it makes."""

from __future__ import annotations

import re
import struct
from pathlib import Path


def test_the_picture_is_as_large_as_the_command_makes_it(repository: Path) -> None:
    readme = (repository / "README.md").read_text(encoding="utf-8")
    shown = re.search(r"!\[The first screen of the demo's report[^\]]*\]\(([^)]+)\)", readme)
    asked = re.search(r"--window-size=(\d+),(\d+)", (repository / "Makefile").read_text(encoding="utf-8"))
    assert shown is not None
    assert asked is not None
    assert f"make demo PICTURE={shown[1]}" in readme

    head = (repository / shown[1]).read_bytes()[:24]
    assert head[:8] == b"\x89PNG\r\n\x1a\n"
    assert struct.unpack(">II", head[16:24]) == (int(asked[1]), int(asked[2]))
