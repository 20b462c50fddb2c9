"""One trial of a check: a clean sample, the damage that its ``breaks`` does, and what all checks say before and after.

It holds a check to what the generic test holds the checks of the package to.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from importlib.resources import files
from pathlib import Path

from audit.checks.catalog import Catalog, load_catalog
from audit.checks.check import Check
from audit.errors import AuditError, CheckFileError, MissingFileError, UsageError
from audit.files.private_folder import PrivateFolder
from audit.results.records import CheckResult, Finding, Status
from audit.trial.damage import DamageError, Identity, Row, compare, damaged_rows, do_damage
from audit.trial.header import suggest
from audit.trial.sample import write_sample
from audit.trial.sample_audit import SampleAudit, audit_sample, inputs_for

_SHOWN = 3


@dataclass(frozen=True, slots=True)
class Trial:
    """What a trial showed.

    Attributes
    ----------
    problems
        Sentences, each on something that the check does not do as it says; () if it works.
    scanned
        Rows of the clean sample that it looked at.
    damaged
        How many rows ``breaks`` changed, inserted or deleted.
    findings
        What it named then: the first of them.
    named
        How many it named.
    answering
        Other checks that failed then, sorted.
    header
        Pairs of key and value that its header should have.
    """

    check: Check
    problems: tuple[str, ...] = ()
    scanned: int = 0
    damaged: int = 0
    findings: tuple[Finding, ...] = ()
    named: int = 0
    answering: tuple[str, ...] = ()
    header: tuple[tuple[str, str], ...] = ()

    @property
    def works(self) -> bool:
        """Whether it does what it says; an untested check works where it finds nothing in clean files."""
        return not self.problems


@dataclass(slots=True)
class _Course:
    """A trial on its way."""

    check: Check
    catalog: Catalog
    text: str
    clean: Path
    broken: Path
    trial: Trial
    problems: list[str] = field(default_factory=list)
    is_errored: bool = False


class NoCheckFileError(UsageError):
    """The path is not that of a check file in the folder of a suite."""

    def __init__(self, path: Path, problem: str) -> None:
        self.path = path
        self.problem = problem
        super().__init__(f"{path}: {problem}. Give a file <suite>/<check>.sql; `turntruth checks new` writes one")


def try_check(file: Path) -> Trial:
    """Try the check in a file; takes a second or two.

    Raises
    ------
    MissingFileError, NoCheckFileError
        There is no such file, or it can be none of a check.
    BrokenCheckError
        Its header breaks the contract, or its name is taken.
    """
    catalog, check = _load(file)
    with PrivateFolder() as folder:
        course = _Course(
            check, catalog, file.read_text(encoding="utf-8"), folder / "clean", folder / "broken", Trial(check)
        )
        write_sample(course.clean)
        before = _before(course)
        if before is not None and not check.untested:
            shutil.copytree(course.clean, course.broken)
            _after(course, before)
    suggested = dict(suggest(check, is_errored=course.is_errored))
    if undeclared := sorted({*course.trial.answering} - {*catalog.consequences(check.name)}):
        suggested["also_fails"] = ", ".join(sorted({*undeclared, *check.also_fails} & {*course.trial.answering}))
    return replace(course.trial, problems=tuple(course.problems), header=tuple(suggested.items()))


class BrokenCheckError(CheckFileError):
    """The file that was to be tried cannot be read as a check."""

    exit_code = 1


def _load(file: Path) -> tuple[Catalog, Check]:
    """The checks of the package and those beside the file, and the one in it."""
    if file.is_dir():
        raise NoCheckFileError(file, "it is a folder")
    if not file.exists():
        raise MissingFileError(file, "Give the path of a check file; `turntruth checks new SUITE/NAME` writes one")
    if file.suffix != ".sql":
        raise NoCheckFileError(file, "a check file ends in .sql")
    root = file.absolute().parent.parent
    is_shipped = Path(str(files("expectations"))).resolve() == root.resolve()
    catalog = load_catalog() if is_shipped else load_catalog(own=[root])
    for broken in catalog.broken:
        if (broken.suite, broken.name) == (file.absolute().parent.name, file.stem):
            raise BrokenCheckError(file, broken.error.line, broken.error.problem)
    suite = file.absolute().parent.name
    return catalog, next(check for check in catalog.checks if (check.suite, check.name) == (suite, file.stem))


def _before(course: _Course) -> SampleAudit | None:
    """The clean sample, on which all checks of the package hold; None if this one cannot be tried any further."""
    check = course.check
    others = [each for each in course.catalog.checks if not each.path.startswith("expectations/")]
    checks = {each.name: each for each in (check, *others)}.values()
    audit = audit_sample(course.clean, course.clean, inputs_for(check), checks, check)
    result = audit.results[check.name]
    course.trial = replace(course.trial, scanned=result.scanned)
    if result.status is Status.ERRORED:
        course.is_errored = True
        course.problems.append(f"its query cannot be run: {_told_with_line(result, course)}")
        return None
    if result.status is Status.FAILED:
        course.problems.append(
            f"it finds fault with the clean sample: {result.findings} findings, {_shown(audit.named)}"
        )
        course.trial = replace(course.trial, findings=result.sample, named=result.findings)
        return None
    if not result.scanned:
        course.problems.append(f"it looks at nothing: {check.scans} has no rows in the clean sample")
    return audit


def _after(course: _Course, before: SampleAudit) -> None:
    check = course.check
    try:
        do_damage(course.broken, check.breaks)
        damaged = damaged_rows(course.clean, course.broken)
        if not damaged:
            course.problems.append("its `breaks` changes nothing in the sample")
            return
        course.trial = replace(course.trial, damaged=len(damaged))
        audit = audit_sample(course.broken, course.clean, inputs_for(check), course.catalog.checks, check)
    except DamageError as error:
        line = _line_of_breaks(course.text, error.number)
        course.problems.append(f"line {line}: its `breaks` cannot be done on {error.target}: {error.problem}")
        return
    except AuditError as error:
        course.problems.append(f"after its `breaks` the files cannot be audited: {error}")
        return
    result = audit.results[check.name]
    answering = audit.failed() - before.failed() - {check.name}
    course.trial = replace(
        course.trial, findings=result.sample, named=result.findings, answering=tuple(sorted(answering))
    )
    course.problems += _faults(course, audit, damaged)


def _faults(course: _Course, audit: SampleAudit, damaged: Sequence[Row]) -> Iterator[str]:
    """What is not as it should be after the damage."""
    check, result = course.check, audit.results[course.check.name]
    if result.status is Status.ERRORED:
        yield f"after the damage its query cannot be run: {_told_with_line(result, course)}"
        return
    if not result.findings:
        yield "it does not notice the damage that its `breaks` does"
        return
    compared = compare(check, damaged, audit.named)
    if compared.not_damaged:
        yield f"it names {len(compared.not_damaged)} that were not damaged: {_shown(compared.not_damaged)}"
    if compared.not_named:
        yield (
            f"its `breaks` damages {len(compared.not_named)} that it does not name: {_shown(compared.not_named)}."
            " Let it damage less, or the check find more"
        )
    # That others can be its consequence need not show in this damage; `also_fails` speaks of nothing else.
    if silent := set(check.also_fails) & audit.results.keys() - audit.failed():
        yield f"said to fail with it, and do not: {', '.join(sorted(silent))}"


def _shown(identities: Sequence[Identity]) -> str:
    texts = [", ".join(f"{column} {value}" for column, value in identity.items()) for identity in identities[:_SHOWN]]
    return "; ".join(texts) + (" …" if len(identities) > _SHOWN else "")


def _told_with_line(result: CheckResult, course: _Course) -> str:
    """DuckDB counts the lines of the query; its reader has the file."""
    message = result.error.removeprefix(f"{course.check.path}: ")
    above = course.text[: course.text.find(course.check.sql.splitlines()[0])].count("\n")
    told = re.sub(r"LINE (\d+):", lambda found: f"line {int(found[1]) + above} of the file:", message)
    return " ".join(told.replace("^", " ").split())


def _line_of_breaks(text: str, number: int) -> int:
    """The line on which the ``breaks`` of that number, from 1, begins."""
    lines = [line for line, content in enumerate(text.splitlines(), start=1) if content.startswith("-- breaks:")]
    return lines[number - 1] if number <= len(lines) else 0
