"""The page of the public names, made of their docstrings: ``python -m turntruth.reference docs/reference.md``."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import turntruth

_HEAD = """# Reference

What `import turntruth` gives. Everything is loaded when it is first used. Made of the docstrings by `make docs`.
"""


def reference() -> str:
    """The whole page, as Markdown."""
    return "\n".join([_HEAD, *(line for name in turntruth.__all__ for line in _entry(name, getattr(turntruth, name)))])


def _entry(name: str, subject: object) -> Iterator[str]:
    yield f"## `{name}`\n"
    if isinstance(subject, ModuleType):
        yield f"{_first_line(subject)}\n"
        for function, inner in inspect.getmembers(subject, inspect.isfunction):
            if inner.__module__ == subject.__name__ and not function.startswith("_"):
                yield f"- `{name}.{function}{_parameters(inner)}`: {_first_line(inner)}"
        yield ""
        return
    yield f"```text\n{name}{_parameters(subject)}\n```\n"
    yield f"```text\n{inspect.getdoc(subject)}\n```\n"
    for method, inner in inspect.getmembers(subject, inspect.isfunction) if inspect.isclass(subject) else ():
        if not method.startswith("_") and inner.__doc__:
            yield f"- `{method}{_parameters(inner)}`: {_first_line(inner)}"
    yield ""


def _parameters(subject: object) -> str:
    """The names of the parameters and the annotations as they are written."""
    try:
        signature = inspect.signature(subject)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return ""
    kept = [each for each in signature.parameters.values() if each.name != "self"]
    # A default that is an object shows its address, which is another one each time.
    shown = [each.replace(default=...) if _has_address(each.default) else each for each in kept]
    return str(signature.replace(parameters=shown)).replace("Ellipsis", "...")


def _has_address(default: object) -> bool:
    return default is not inspect.Parameter.empty and " at 0x" in repr(default)


def _first_line(subject: object) -> str:
    return (inspect.getdoc(subject) or "").split("\n")[0]


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(reference(), encoding="utf-8")
