"""Standard output and error, whatever the terminal can write.

Text out of databases and file names can hold any character, and a program that reads our output must be able to. So
there are two kinds of output only: UTF-8, and where the terminal has another encoding ASCII. What neither can write is
escaped as JSON escapes it, which keeps JSON valid and tells a person what was there.
"""

from __future__ import annotations

import codecs
import io
import sys

ESCAPE = "turntruth.escape"


def prepare_streams() -> None:
    """Make standard output and error of this process take any text."""
    codecs.register_error(ESCAPE, _escaped)
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if not isinstance(stream, io.TextIOWrapper):
            continue  # a test's, or none at all
        if codecs.lookup(stream.encoding).name == "utf-8":
            stream.reconfigure(errors=ESCAPE)
        elif not isinstance(stream, _AsciiText):
            setattr(sys, name, _AsciiText(stream))


def write_document(text: str, form: str) -> None:
    """Write a document of the output of that name.

    JSON may be escaped. What else is not ASCII belongs to a document that names its encoding itself, or has only one
    (HTML, XML, Markdown): it is UTF-8 whatever the terminal is.
    """
    from audit.report.outputs import OUTPUTS

    buffer = getattr(sys.stdout, "buffer", None)
    if OUTPUTS[form].is_json or buffer is None:
        sys.stdout.write(text)
        return
    sys.stdout.flush()
    buffer.write(text.encode(errors="replace"))
    buffer.flush()


class _AsciiText(io.TextIOWrapper):
    """Writes ASCII and escapes.

    It does not call itself ASCII: for such streams Typer believes that the terminal was set up wrongly, and writes
    UTF-8 all the same.
    """

    def __init__(self, stream: io.TextIOWrapper) -> None:
        stream.flush()
        super().__init__(
            stream.buffer,
            encoding="ascii",
            errors=ESCAPE,
            line_buffering=stream.line_buffering,
            write_through=stream.write_through,
        )
        self._stream = stream  # which closes what both write to

    @property
    def encoding(self) -> str:  # type: ignore[override]  # a plain attribute in the declarations
        return "ascii with escapes"

    def close(self) -> None:
        self.flush()


def _escaped(error: UnicodeError) -> tuple[str, int]:
    r"""Write what cannot be encoded as ``\uXXXX``, beyond 16 bits as two of them."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    units = error.object[error.start : error.end].encode("utf-16-be", "surrogatepass")
    words = (units[place : place + 2].hex() for place in range(0, len(units), 2))
    return "".join(f"\\u{word}" for word in words), error.end
