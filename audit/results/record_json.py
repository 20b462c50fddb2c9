"""Frozen dataclasses to JSON, back, and their JSON Schema.

The fields of a record are the single description of its format: writer, reader and schema are derived from their
types, and the text of ``Annotated[type, "text"]`` becomes the description in the schema. Known types: text, whole
number, number (none of them negative: they are counts, sizes and times), enumeration of texts, record, tuple of one
type, mapping from text.

Why not pydantic, which is here anyway: a real results.json comes back equal through it, but to load it and to build its
validators takes 90 ms of every command that reads a run (reading here takes 7 ms), in its lax mode ``"5"`` and true are
whole numbers, in its strict mode 2.0 is none, and its errors would have to be put into these words one by one.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from enum import StrEnum
from functools import cache
from typing import Any, TypeVar, cast, get_args, get_origin, get_type_hints

from audit.errors import UsageError

Record = TypeVar("Record")

_SHOWN_CHARACTERS = 60
_MOST = 1 << 63
"""No count, size or time of ours comes near it, and not every reader of JSON goes beyond."""


class RecordFormatError(UsageError):
    """A document does not describe the record; ``where`` is the place in it, such as ``checks[3].status``."""

    def __init__(self, where: str, wanted: str, found: object) -> None:
        self.where = where
        self.wanted = wanted
        self.found = found
        shown = repr(found)
        if len(shown) > _SHOWN_CHARACTERS:
            shown = shown[:_SHOWN_CHARACTERS] + "…"
        super().__init__(
            f"audit result: {where}: wanted {wanted}, found {shown}. "
            "Read it with the version of turntruth that wrote it, or run the audit again.",
        )


def plain(value: Any) -> Any:
    """Dictionaries, lists, texts and numbers of a record, which any JSON writer takes and UTF-8 can encode."""
    if is_dataclass(value):
        return {each.name: plain(getattr(value, each.name)) for each in fields(value)}
    if isinstance(value, Mapping):
        return {replace_surrogates(str(key)): plain(member) for key, member in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(member) for member in value]
    return replace_surrogates(str(value)) if isinstance(value, str) else value


def replace_surrogates(text: str) -> str:
    """The text with U+FFFD for each lone surrogate, which no UTF-8 file can hold (a file name may bring one along)."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def read_record(record: type[Record], document: object, where: str = "") -> Record:
    """The record that :func:`plain` described.

    Unknown members are ignored, so that an older reader takes what a newer writer added.

    Raises
    ------
    RecordFormatError
        A member without default is missing, or one is of another type.
    """
    if not isinstance(document, Mapping):
        raise RecordFormatError(where or "the document", "an object", document)
    types = _types_of(cast("Any", record))
    members: dict[str, Any] = {}
    for each in fields(cast("Any", record)):
        place = f"{where}.{each.name}" if where else each.name
        if each.name in document:
            members[each.name] = _read(types[each.name], document[each.name], place)
        elif _is_required(each):
            raise RecordFormatError(place, "a value", None)
    return record(**members)


@cache
def _types_of(record: type) -> dict[str, Any]:
    """The types of a record's fields, which are texts in the source: to evaluate them anew for each takes longest."""
    return get_type_hints(record)


def schema_of_record(record: type, definitions: dict[str, Any]) -> dict[str, Any]:
    """The JSON Schema of a record; those of the records inside it are put into ``definitions`` by class name."""
    all_fields = fields(record)
    hints = get_type_hints(record, include_extras=True)
    return {
        "type": "object",
        "description": (record.__doc__ or "").splitlines()[0],
        "properties": {
            each.name: _schema_of(get_args(hints[each.name])[0], definitions)
            | {"description": get_args(hints[each.name])[1]}
            for each in all_fields
        },
        "required": [each.name for each in all_fields if _is_required(each)],
    }


def _is_required(each: Field[Any]) -> bool:
    return each.default is MISSING and each.default_factory is MISSING


def _read(kind: Any, value: object, where: str) -> Any:
    if is_dataclass(kind):
        return read_record(cast("type[Any]", kind), value, where)
    if get_origin(kind) is tuple:
        if not isinstance(value, (list, tuple)):
            raise RecordFormatError(where, "a list", value)
        return tuple(_read(get_args(kind)[0], member, f"{where}[{index}]") for index, member in enumerate(value))
    if get_origin(kind) is not None:
        if not isinstance(value, Mapping):
            raise RecordFormatError(where, "an object", value)
        return {str(key): _read(get_args(kind)[1], member, f"{where}.{key}") for key, member in value.items()}
    return _read_scalar(kind, value, where)


def _read_scalar(kind: type, value: object, where: str) -> Any:
    if kind is str and isinstance(value, str):
        return value
    if issubclass(kind, StrEnum):
        if isinstance(value, str) and value in set(kind):
            return kind(value)
        raise RecordFormatError(where, "one of " + ", ".join(kind), value)
    if kind is not str and isinstance(value, (int, float)) and not isinstance(value, bool):
        # JSON knows one kind of number: 2.0 is the whole number 2.
        if kind is int and 0 <= value < _MOST and value == int(value):
            return int(value)
        if kind is float and 0 <= value < (_MOST if isinstance(value, int) else math.inf):
            return float(value)
    raise RecordFormatError(where, {str: "a text", int: "a whole number from 0", float: "a number from 0"}[kind], value)


def _schema_of(kind: Any, definitions: dict[str, Any]) -> dict[str, Any]:
    if is_dataclass(kind):
        name = cast("type", kind).__name__
        if name not in definitions:
            definitions[name] = schema_of_record(cast("type", kind), definitions)
        return {"$ref": f"#/$defs/{name}"}
    if get_origin(kind) is tuple:
        return {"type": "array", "items": _schema_of(get_args(kind)[0], definitions)}
    if get_origin(kind) is not None:
        return {"type": "object", "additionalProperties": _schema_of(get_args(kind)[1], definitions)}
    if issubclass(kind, StrEnum):
        return {"type": "string", "enum": [str(member) for member in kind]}
    scalars: dict[type, dict[str, Any]] = {
        str: {"type": "string"},
        int: {"type": "integer", "minimum": 0},
        float: {"type": "number", "minimum": 0},
    }
    return dict(scalars[kind])
