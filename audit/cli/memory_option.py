"""How much memory a command lets DuckDB use."""

from __future__ import annotations

from typing import Annotated

import typer

from audit.processes.address_space import DEFAULT_MEMORY_BYTES

__all__ = ["DEFAULT_MEMORY_BYTES", "LEAST_BYTES", "MemoryLimit", "parse_memory"]

LEAST_BYTES = 64 << 20
"""With less DuckDB cannot even hold its own pages."""


def parse_memory(text: str | int) -> int:
    """A size as people write it, in bytes: MB and GB are of 1,000, MiB and GiB of 1,024. A number is one of bytes.

    Raises
    ------
    typer.BadParameter
        It is none, or too small.

    Examples
    --------
    >>> parse_memory("1.5GiB") == 1536 << 20
    True
    """
    from pydantic import ByteSize, TypeAdapter, ValidationError

    try:
        size = int(TypeAdapter(ByteSize).validate_python(text))
    except ValidationError as error:
        raise typer.BadParameter(f"wanted a size such as 512MB or 2GiB, got {text!r}") from error
    if size < LEAST_BYTES:
        raise typer.BadParameter(f"wanted at least {LEAST_BYTES >> 20}MiB, got {text!r}")
    return size


MemoryLimit = Annotated[
    int,
    typer.Option(
        "--memory",
        metavar="SIZE",
        parser=parse_memory,
        help="How much memory DuckDB may use, such as 1GiB; the rest goes to disk. By default "
        f"{DEFAULT_MEMORY_BYTES >> 20}MiB.",
        show_default=False,
    ),
]
