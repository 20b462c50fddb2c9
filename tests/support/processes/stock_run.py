"""Asking Great Expectations in a process of its own that imports nothing of ours."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

_PROGRAM = Path(__file__).with_name("stock_validation.py")


def stock_run(pairs: Iterable[tuple[Path, str | Path]], folder: Path) -> list[dict[str, Any]]:
    """What it says of pairs of suite and file."""
    words = [word for pair in pairs for word in pair]
    ran = subprocess.run(
        [sys.executable, "-P", _PROGRAM, *words], cwd=folder, check=True, capture_output=True, text=True
    )
    return [json.loads(line) for line in ran.stdout.splitlines()]
