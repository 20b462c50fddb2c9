"""The profile registry: the slugs of the runtimes that are known to exist, from a YAML file."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from audit.errors import InputFileError, MissingFileError
from audit.files.regular_file import read_bounded
from audit.files.text_encoding import TextEncodingError, decode_text

LIMIT_BYTES = 64 << 20
SHAPES = (
    "Wanted: a list of slugs, a list of profiles with a `slug`, or a mapping of slugs to profiles, each also under a"
    " key `profiles`"
)
WANTED = "Give the path of a YAML file that lists the known profiles: --registry"


def read_registry(path: Path) -> tuple[str, ...]:
    """The slugs of a registry file, in its order.

    Raises
    ------
    InputFileError
        The file is missing, no YAML, of another shape, empty, or names a slug twice.
    """
    if not path.exists():
        raise MissingFileError(path, WANTED)
    try:
        document = yaml.safe_load(_text(read_bounded(path, LIMIT_BYTES)))
    except TextEncodingError as error:
        raise InputFileError(path, error.problem, error.remedy) from error
    except yaml.YAMLError as error:
        raise InputFileError(path, f"not YAML ({' '.join(str(error).split())})", SHAPES) from error
    except OSError as error:
        raise InputFileError(path, error.strerror or str(error), WANTED) from error
    slugs = tuple(_slugs(path, document))
    twice = sorted({slug for slug in slugs if slugs.count(slug) > 1})
    if twice:
        raise InputFileError(path, f"slug {', '.join(twice)} is named twice", "A slug names one profile")
    if not slugs:
        raise InputFileError(path, "the registry names no profile", SHAPES)
    return slugs


def _text(content: bytes) -> str | bytes:
    """The text of a YAML file, which may be UTF-16 as well: then it says so itself."""
    return content if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else decode_text(content)


def _slugs(path: Path, document: Any) -> Iterator[str]:
    if isinstance(document, dict) and isinstance(document.get("profiles"), list | dict):
        document = document["profiles"]
    if not isinstance(document, list | dict):
        raise InputFileError(path, f"the registry is a {type(document).__name__}", SHAPES)
    for entry in document:
        slug = entry.get("slug") if isinstance(entry, dict) else entry
        if not isinstance(slug, str) or not slug.strip():
            raise InputFileError(path, f"{entry!r} has no slug", SHAPES)
        yield slug.strip()
