"""Named places at which a test may stop the engine, to show that it can be killed anywhere.

Nothing outside of a test arms them: there is no option and no environment variable for it.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator

Hook = Callable[[str], None]
_hooks: list[Hook] = []


def reach(name: str) -> None:
    """Tell an armed hook that the engine is at `name`; a hook stops it by raising, or by killing the process."""
    for hook in _hooks:
        hook(name)


@contextlib.contextmanager
def armed(hook: Hook) -> Iterator[None]:
    """Call `hook` with the name of every failpoint reached inside the block."""
    _hooks.append(hook)
    try:
        yield
    finally:
        _hooks.remove(hook)
