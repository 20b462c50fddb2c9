"""The kinds of runs that a page is looked at for: files of our own making, damaged as each kind wants, and audited.

Runs are made by the command itself, in the folder of their files, so that a page says what a user's would say.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from contextlib import chdir, closing, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field, replace
from pathlib import Path

import apsw

from audit import cli
from audit.demo.corpus_shape import CorpusShape
from audit.demo.run import migrate_demo, write_demo

SHAPE = CorpusShape(turns=420, conversations=24, seed=20260224)
LARGE = replace(SHAPE, turns=6_000, conversations=200)
RUNS = "runs"
"""The folder of all runs, beside those of their files."""
NONE = CorpusShape(turns=0, conversations=0)

_WHOLE = ("turns.db", "--timeline", "timeline.db", "--baseline", "turns.before.db")
_KNOWN = "SELECT rowid FROM turns WHERE runtime_key <> ''"
_LOST = (
    f"UPDATE turns SET runtime_key = '' WHERE rowid IN ({_KNOWN} ORDER BY rowid LIMIT 3)",
    f"UPDATE turns SET runtime_key = 'nobody' WHERE rowid IN ({_KNOWN} ORDER BY rowid DESC LIMIT 5)",
    "DELETE FROM turns WHERE rowid IN (SELECT rowid FROM turns ORDER BY rowid LIMIT 2 OFFSET 100)",
)
_GUESSED = (
    "UPDATE turns SET runtime_key = 'planner' || rowid",
    "UPDATE turns SET inference_id = '' WHERE rowid % 2",
    "DELETE FROM turns WHERE rowid % 50 = 7",
)
MARKUP = "\"'><script>boom()</script><img src=x onerror=boom()>{{ 7*7 }}<!--</style></title>"
_HOSTILE = (
    MARKUP,
    "\u202egnp.exe\u202c\u2066\u200b",
    '=HYPERLINK("http://example.com";"x")',
    "\x1b[2J\x1b[31m\x07\x08\x0c\x7f\x9b",
    "]]>\ufffe\uffff\U000e0041",
    "W" * 4_000,
    "\N{THAI CHARACTER KO KAI}" + 20 * "\N{THAI CHARACTER MAITAIKHU}" + " \ufdfd \u5728\u5eab",
    "  ",
)
_OWN_CHECK = """-- title: Every conversation has a number
-- severity: warning
-- needs: turns
-- identity: conv_id
-- scans: turns
-- remedy: Ask whoever wrote the file.
SELECT conv_id FROM turns WHERE CAST(conv_id AS INTEGER) < 0
"""
_SETTLED = """[gates.coverage]
runtime = "99.5 %"
inference = "10 %"

[thresholds.runtime_matches_evidence]
warning_if = "> 0"

[[accepted]]
check = "turns_kept"
reason = "Two turns of a test were deleted by hand"
by = "Ada Lovelace"
until = 2099-12-31

[[accepted]]
check = "runtime_complete"
reason = "To be filled in the next window"
by = "Ada Lovelace"
until = 2026-01-31
"""


def _hostile_sql() -> tuple[str, ...]:
    """A text in the place of a conversation's id and of a runtime, in both files alike."""
    statements = []
    for at, text in enumerate(_HOSTILE):
        value = f"CAST(X'{text.encode().hex()}' AS TEXT)"
        old = f"(SELECT conv_id FROM timeline_conversations ORDER BY conv_id LIMIT 1 OFFSET {at + 4})"
        statements += [
            f"UPDATE turns SET runtime_key = {value} WHERE rowid IN ({_KNOWN} ORDER BY rowid LIMIT 2 OFFSET {9 * at})",
            f"UPDATE turns SET conv_id = {value} WHERE conv_id = {old}",
        ]
    return tuple(statements)


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of run.

    Attributes
    ----------
    headline
        How the page's first words begin.
    words
        What `turntruth audit` is called with, in the folder of the files.
    damage
        SQL on the migrated turns; the conversation file is attached as `timeline`.
    files
        Further files, by name.
    exit_code
        How the command has to end.
    """

    headline: str
    words: Sequence[str] = _WHOLE
    shape: CorpusShape = SHAPE
    damage: Sequence[str] = ()
    files: Mapping[str, str] = field(default_factory=dict)
    exit_code: int = 0


KINDS: Mapping[str, Kind] = {
    "go": Kind("GO"),
    "no-go": Kind("NO-GO", damage=_LOST, exit_code=1),
    "cannot-tell": Kind("CANNOT TELL", words=("turns.db", "--require", "timeline,baseline"), exit_code=3),
    "gate-open": Kind("GATE OPEN", words=(*_WHOLE, "--fail-on", "never"), damage=_LOST),
    "empty": Kind("GO with 0 turns", shape=NONE),
    "errored": Kind(
        "CANNOT TELL",
        words=(*_WHOLE, "--checks", "our-checks"),
        damage=_LOST,
        files={"our-checks/ours/numbered.sql": _OWN_CHECK},
        exit_code=3,
    ),
    "settled": Kind("NO-GO (partial)", words=(*_WHOLE, "--exclude", "ledger"), damage=_LOST,
                    files={"turntruth.toml": _SETTLED}, exit_code=1),
    "thousands": Kind("NO-GO", shape=LARGE, damage=_GUESSED, exit_code=1),
    "hostile": Kind("NO-GO", damage=_hostile_sql(), exit_code=1),
    "redacted": Kind("NO-GO", words=(*_WHOLE, "--redact"), damage=_LOST, exit_code=1),
}  # fmt: skip


class KindError(Exception):
    """The command ended otherwise than a run of this kind does."""

    def __init__(self, name: str, wanted: int, got: int, told: str) -> None:
        self.name = name
        super().__init__(f"{name}: wanted exit code {wanted}, got {got}:\n{told}")


def make_run(name: str, folder: Path) -> Path:
    """Make the files of a kind in a new folder below ``folder`` and audit them; their run.

    Raises
    ------
    KindError
        The audit did not end as it does for this kind.
    """
    kind, place = KINDS[name], folder / name
    files = write_demo(place, kind.shape)
    migrate_demo(files)
    with closing(apsw.Connection(str(files.turns))) as connection:
        connection.execute("ATTACH ? AS timeline", (str(files.timeline),))
        for statement in kind.damage:
            connection.execute(statement)
    for path, text in kind.files.items():
        (place / path).parent.mkdir(parents=True, exist_ok=True)
        (place / path).write_text(text, encoding="utf-8")
    told = io.StringIO()
    with chdir(place), redirect_stdout(told), redirect_stderr(told):
        exit_code = cli.run(["audit", *kind.words, "--out", f"../{RUNS}", "--run-id", name])
    if exit_code != kind.exit_code:
        raise KindError(name, kind.exit_code, exit_code, told.getvalue())
    return folder / RUNS / name
