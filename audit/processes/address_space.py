"""Whether this process may have the memory that its libraries take without asking.

DuckDB ends the process (``std::terminate``) where a thread or an arena of its cannot be had, so it is asked before.
"""

from __future__ import annotations

import os
import resource

from audit.errors import AuditError

BASE_BYTES = 1344 << 20
"""What an audit of a small file maps beside its threads, as measured; most of it is never used."""
LOADED_BYTES = 640 << 20
"""What it takes to load the libraries and use one thread of DuckDB."""
THREAD_BYTES = 96 << 20
"""A stack and an arena of glibc for each thread of DuckDB, which starts one a processor."""
DEFAULT_MEMORY_BYTES = 320 << 20
"""What DuckDB may use unless somebody says otherwise; beyond it, it spills to disk."""


class AddressSpaceError(AuditError):
    """The process is not allowed as much address space as DuckDB maps."""

    def __init__(self, limit_bytes: int, wanted_bytes: int) -> None:
        self.limit_bytes = limit_bytes
        self.wanted_bytes = wanted_bytes
        super().__init__(
            f"this process may map {limit_bytes >> 20:,} MiB of memory (ulimit -v {limit_bytes >> 10}), and this "
            f"command wants {wanted_bytes >> 20:,} MiB on this computer. Raise that limit "
            f"(ulimit -v {wanted_bytes >> 10}); to bound what is really used, limit the control group instead"
        )


def require_address_space(wanted_bytes: int = 0) -> None:
    """Refuse to begin where DuckDB could end the process instead of reporting an error.

    Parameters
    ----------
    wanted_bytes
        By default what an audit takes on this computer.

    Raises
    ------
    AddressSpaceError
        The limit of the process (``RLIMIT_AS``) is below what is wanted.
    """
    limit_bytes, _ = resource.getrlimit(resource.RLIMIT_AS)
    wanted_bytes = wanted_bytes or BASE_BYTES + THREAD_BYTES * (os.cpu_count() or 1)
    if limit_bytes != resource.RLIM_INFINITY and limit_bytes < wanted_bytes:
        raise AddressSpaceError(limit_bytes, wanted_bytes)
