"""Everything that can go wrong in the store: one base class, one subclass per cause, fields beside the text."""

from __future__ import annotations


class StoreError(Exception):
    """Base of all errors of this room; ``exit_code`` is what the command line returns for it.

    Examples
    --------
    >>> from turntruth import migrate
    >>> try:
    ...     migrate("missing.db")
    ... except StoreError as error:
    ...     print(error.exit_code)
    2
    """

    exit_code = 2


class DatabaseFileError(StoreError):
    """A database file cannot be used; subclasses name the cause."""

    def __init__(self, path: object, problem: str, remedy: str) -> None:
        self.path = str(path)
        self.problem = problem
        self.remedy = remedy
        super().__init__(f"{self.path}: {problem}. {remedy}")


class MissingDatabaseError(DatabaseFileError):
    """There is no file at the path, or no folder to create it in. Reading never creates one."""


class PathEncodingError(DatabaseFileError):
    """The path, or what a link in it leads to, is no UTF-8 or is not read as such here."""

    def __init__(self, path: object) -> None:
        super().__init__(
            path,
            "the path is no UTF-8, and SQLite takes no other",
            "Rename the file or folder; where the locale is not UTF-8, set PYTHONUTF8=1",
        )


class NotADatabaseError(DatabaseFileError):
    """The path holds something else: a directory, an empty file, another format, or an encrypted database."""


class DamagedDatabaseError(DatabaseFileError):
    """The file is a SQLite database, but truncated or malformed."""


class DatabasePermissionError(DatabaseFileError):
    """The file or its folder may not be read, or not be written where writing is needed."""


class UnfinishedWriteError(DatabaseFileError):
    """A killed writer left a transaction half done in its rollback journal; undoing it is for those who may write."""


class UnknownToSQLiteError(DatabaseFileError):
    """The file needs a module, collation or function of its own program for what was asked of it."""


class WriteWhileReadingError(DatabaseFileError):
    """Reading an object of the file would have to write to it, which is never done; the problem names the object."""


class DatabaseBusyError(DatabaseFileError):
    """Another connection held the lock for longer than the busy timeout."""


class DatabaseReplacedError(DatabaseFileError):
    """The file was removed, replaced or changed under an open store, and what is there now is of no use to it.

    The store stays open: it goes on by itself once the path leads to a fit file again. ``name`` is the store's, and
    ``found`` what is wrong with what lies there now; neither names a path.
    """

    def __init__(self, path: object, name: str, found: str) -> None:
        self.name = name
        self.found = found
        super().__init__(
            path,
            f"the file of the {name} was removed, replaced or changed while it was open; now: {found}",
            "Put a fit file there, and it is opened by itself",
        )


class DatabaseIOError(DatabaseFileError):
    """The operating system failed a read or write: full disk, failing device."""


class SchemaShapeError(StoreError):
    """The tables are not the shape this version works with; nothing has been changed.

    ``shape`` is a short name of what was found.
    """

    def __init__(self, path: object, shape: str, remedy: str) -> None:
        self.path = str(path)
        self.shape = shape
        self.remedy = remedy
        super().__init__(f"{self.path}: {shape}. {remedy}")


class MigrationNeededError(SchemaShapeError):
    """The file has an older shape that ``turntruth migrate`` brings forward."""

    def __init__(self, path: object, shape: str) -> None:
        super().__init__(path, shape, f"Run: turntruth migrate {path}")


class UnknownSchemaError(SchemaShapeError):
    """The file has tables of the expected names in a shape that no version of the store has written."""


class StoreClosedError(StoreError):
    """The store was used after ``close()``."""

    def __init__(self, name: str) -> None:
        super().__init__(f"this {name} is closed. Open a new one.")


class InvalidArgumentError(StoreError):
    """An argument of a store method is out of its range; ``argument`` names it."""

    def __init__(self, argument: str, wanted: str, got: object) -> None:
        self.argument = argument
        self.wanted = wanted
        self.got = got
        super().__init__(f"{argument}: wanted {wanted}, got {_short(got)}.")


class PayloadError(StoreError):
    """A payload text or value is no turn."""

    def __init__(self, problem: str, remedy: str = "Give a mapping with the keys id, blocks, metadata, data.") -> None:
        self.problem = problem
        self.remedy = remedy
        super().__init__(f"turn payload: {problem}. {remedy}")


class PayloadIdMismatchError(PayloadError):
    """The payload names another turn than the caller did."""

    def __init__(self, payload_turn_id: str, turn_id: str) -> None:
        self.payload_turn_id = payload_turn_id
        self.turn_id = turn_id
        super().__init__(
            f"it carries the id {_short(payload_turn_id)}, but is to be saved as {_short(turn_id)}",
            "Save it under its own id, or change the id in the payload.",
        )


class EmptyRuntimeError(StoreError):
    """A turn came without a runtime key, and the store's policy is to refuse that."""

    def __init__(self, conv_id: str, session_id: str, turn_id: str) -> None:
        self.conv_id = conv_id
        self.session_id = session_id
        self.turn_id = turn_id
        super().__init__(
            f"turn {_short(turn_id)} of conversation {_short(conv_id)}: no runtime key was given and its metadata "
            "names none; nothing was written. Give runtime_key, or choose empty_runtime='sentinel' for imports."
        )


class WriteOnceError(StoreError):
    """A fact about a turn that is written once was to be replaced by another; nothing was written."""

    column = ""
    remedy = ""

    def __init__(self, turn: tuple[str, str, str], stored: str, given: str) -> None:
        self.conv_id, self.session_id, self.turn_id = turn
        self.stored = stored
        self.given = given
        super().__init__(
            f"turn {_short(self.turn_id)} of conversation {_short(self.conv_id)} has {self.column} {_short(stored)}; "
            f"this save says {_short(given)}. {self.remedy}"
        )


class RuntimeConflictError(WriteOnceError):
    """Two saves of one turn name different runtimes."""

    column = "runtime_key"
    remedy = "Capture the runtime once per inference, or save with on_conflict='keep' to keep the first."


class InferenceConflictError(WriteOnceError):
    """Two saves of one turn name different inferences."""

    column = "inference_id"
    remedy = "Save with rerun=True if the turn was run again, or on_conflict='keep' to keep the first."


class AttributionConflictError(WriteOnceError):
    """Two saves of one turn name different values for a column that only metadata fills."""

    remedy = "Leave the value out of the metadata, or save with on_conflict='keep' to keep the first."

    def __init__(self, column: str, turn: tuple[str, str, str], stored: str, given: str) -> None:
        self.column = column
        super().__init__(turn, stored, given)


class SnapshotConflictError(StoreError):
    """The same phase of a turn was saved twice in one millisecond with different content."""

    def __init__(self, turn: tuple[str, str, str], phase: str, created_at_ms: int) -> None:
        self.conv_id, self.session_id, self.turn_id = turn
        self.phase = phase
        self.created_at_ms = created_at_ms
        super().__init__(
            f"turn {_short(self.turn_id)} of conversation {_short(self.conv_id)} already has another snapshot of "
            f"phase {_short(phase)} at {created_at_ms} ms; it was kept. Save with a later created_at_ms."
        )


def _short(value: object, limit: int = 80) -> str:
    """The value as a reader may see it in one line: quoted, control characters escaped, cut at `limit`."""
    text = repr(value)
    return text if len(text) <= limit else f"{text[:limit]}… ({len(text)} characters)"
