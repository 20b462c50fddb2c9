"""Commands run as somebody without special rights: permissions do not bind the superuser, and modes are about them."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

NOBODY = 65534
# The interpreter and the checkout may lie where only the superuser gets in: then nobody may read all, if only that.
_RIGHTS = ((), ("dac_read_search",), ("dac_override",))
# Whoever starts the interpreter may still have had the right to; commands start it again.
_TRIAL = "import subprocess, sys, store, audit; subprocess.run([sys.executable, '-c', ''], check=True)"


def give_away(folder: Path) -> None:
    """Let a folder belong to whoever `unprivileged` runs commands as."""
    if os.geteuid() == 0:
        os.chown(folder, NOBODY, NOBODY)


@cache
def unprivileged() -> tuple[str, ...]:
    """What to put before a command; nothing where the tests have no special rights themselves.

    Raises
    ------
    RuntimeError
        There is no way to give the rights up.
    """
    if os.geteuid() != 0:
        return ()
    program = shutil.which("setpriv")
    if program is None:
        raise RuntimeError("setpriv is missing: install Debian's package util-linux, or run the tests as a user")
    for rights in _RIGHTS:
        kept = ",".join(["-all", *(f"+{right}" for right in rights)])
        user = [f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]
        # The last one, so that access(2) answers with these rights as well.
        command = (program, *user, f"--inh-caps={kept}", f"--ambient-caps={kept}", "--securebits=+no_setuid_fixup")
        trial = [*command, sys.executable, "-c", _TRIAL]
        if subprocess.run(trial, capture_output=True, check=False).returncode == 0:
            return command
    raise RuntimeError("nobody cannot run the interpreter of the tests")
