"""``python -m audit.processes.child_process DESCRIPTOR MODULE ...`` runs a module that never outlives its starter.

The descriptor is the reading end of a pipe that nobody writes to: it ends when the other process does, however that
is killed.
"""

from __future__ import annotations

import os
import runpy
import sys
from threading import Thread


def end_with(descriptor: int) -> None:
    """End this process when the pipe does."""

    def wait() -> None:
        os.read(descriptor, 1)
        os._exit(1)

    Thread(target=wait, name="lifeline", daemon=True).start()


def main() -> None:
    """Run the module named on the command line as a program of its own."""
    descriptor, module = int(sys.argv[1]), sys.argv[2]
    sys.argv = sys.argv[2:]
    end_with(descriptor)
    # DuckDB loads it wherever a value is bound, to know its types: that takes longer than most children do. Without it
    # DuckDB does as where it is not installed; the one child that needs it takes this back.
    sys.modules["pandas"] = None  # type: ignore[assignment]  # so that importing it is an ImportError
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
