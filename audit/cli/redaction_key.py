"""The option that names the secret of pseudonyms, for the commands that redact."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from audit.redaction.key_file import RedactionKey

RedactionKeyPath = Annotated[
    Path | None,
    typer.Option("--key", help="File with a secret: pseudonyms instead of numbers, the same in every run with it."),
]


def read_key_option(path: Path | None, *, redact: bool) -> RedactionKey | None:
    """The secret that was given, if one was."""
    if path is None:
        return None
    if not redact:
        raise typer.BadParameter("it is the secret of pseudonyms: give --redact as well", param_hint="--key")
    from audit.redaction.key_file import read_redaction_key

    return read_redaction_key(path)
