"""Writes the reference part of ``docs/api.md`` out of the OpenAPI description.

``python -m store.api.reference docs/api.md`` replaces everything below the marker; what stands above it is written by
hand.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from store.api.app import create_app
from store.api.settings import ApiSettings
from store.chat.manager import ConversationManager
from store.chat.profiles import Profile, ProfileRegistry
from store.chat.runtime import RuntimeComposer
from store.chat.scripted import ScriptedEngine
from store.memory.turns import MemoryConversationStore, MemoryTurnStore

MARKER = "<!-- Everything below is written by `make docs` (python -m store.api.reference docs/api.md) -->"


def description() -> dict[str, Any]:
    """The OpenAPI description of a server that has every source."""
    composer = RuntimeComposer(ProfileRegistry([Profile("default")]), {"scripted": ScriptedEngine.from_settings})
    turns, conversations = MemoryTurnStore(), MemoryConversationStore()
    with ConversationManager(turns, conversations, composer) as manager:
        made: dict[str, Any] = create_app(ApiSettings(turns, conversations, manager, debug_api=True)).openapi()
        return made


def render(openapi: Mapping[str, Any]) -> str:
    """The reference as Markdown: operations, then shapes."""
    lines = [MARKER, "", "## Operations", ""]
    for path, item in sorted(openapi["paths"].items()):
        for method, operation in item.items():
            lines += _operation(method, path, operation)
    lines += ["## Shapes", ""]
    for name, schema in sorted(openapi["components"]["schemas"].items()):
        lines += _shape(name, schema)
    return "\n".join(lines).rstrip() + "\n"


def update(path: Path) -> None:
    """Write the reference below the marker of a file."""
    by_hand, marker, _ = path.read_text(encoding="utf-8").partition(MARKER)
    if not marker:
        raise ValueError(f"{path}: wanted the line {MARKER}")
    path.write_text(by_hand + render(description()), encoding="utf-8")


def _operation(method: str, path: str, operation: Mapping[str, Any]) -> Iterator[str]:
    yield from (f"### {method.upper()} {path}", "", f"{operation['summary']}.", "")
    if text := operation.get("description", ""):
        yield from (" ".join(text.split()), "")
    if parameters := operation.get("parameters", []):
        yield from ("| parameter | in | type | meaning |", "|---|---|---|---|")
        for parameter in parameters:
            schema = parameter["schema"]
            name = f"`{parameter['name']}`" + (" (required)" if parameter.get("required") else "")
            meaning = parameter.get("description") or schema.get("description", "")
            yield f"| {name} | {parameter['in']} | {_type(schema)} | {_cell(meaning + _default(schema))} |"
        yield ""
    if body := operation.get("requestBody"):
        yield from (f"Body: {_type(body['content']['application/json']['schema'])}.", "")
    yield from ("| status | answer | when |", "|---|---|---|")
    for status, answer in sorted(operation["responses"].items()):
        shape = _type(answer.get("content", {}).get("application/json", {}).get("schema", {}))
        meaning = "" if answer["description"] == "Successful Response" else answer["description"]
        yield f"| {status} | {shape} | {_cell(meaning)} |"
    yield ""


def _shape(name: str, schema: Mapping[str, Any]) -> Iterator[str]:
    yield from (f"### {name}", "", " ".join(schema.get("description", "").split()), "")
    yield from ("| field | type | meaning |", "|---|---|---|")
    for field, part in schema.get("properties", {}).items():
        yield f"| `{field}` | {_type(part)} | {_cell(part.get('description', '') + _default(part))} |"
    yield ""


def _type(schema: Mapping[str, Any]) -> str:
    if "$ref" in schema:
        name = schema["$ref"].rsplit("/", 1)[1]
        return f"[{name}](#{name.lower()})"
    if "anyOf" in schema:
        return " or ".join(_type(part) for part in schema["anyOf"])
    if "enum" in schema:
        return ", ".join(f"`{value}`" for value in schema["enum"])
    if "const" in schema:
        return f"`{schema['const']}`"
    if schema.get("type") == "array":
        return f"list of {_type(schema['items'])}"
    bounds = [f"{word} {schema[key]}" for key, word in (("minimum", "from"), ("maximum", "to")) if key in schema]
    return " ".join([schema.get("type", "anything"), *bounds])


def _default(schema: Mapping[str, Any]) -> str:
    default = schema.get("default")
    return f" Default: {default}." if isinstance(default, int) and not isinstance(default, bool) else ""


def _cell(text: str) -> str:
    return " ".join(text.replace("|", "\\|").split())


if __name__ == "__main__":
    update(Path(sys.argv[1]))
