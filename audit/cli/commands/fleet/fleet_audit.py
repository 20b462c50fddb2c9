"""``turntruth fleet audit`` and ``fleet resume``: every file of a manifest, one verdict."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from audit.cli.chosen_inputs import RegistryPath
from audit.cli.leftovers import clear_temporary
from audit.cli.memory_option import DEFAULT_MEMORY_BYTES, MemoryLimit
from audit.cli.run_index import renew_where_kept
from audit.processes.interruption import stands

if TYPE_CHECKING:
    from audit.fleet.fleet_folder import FleetFolder
    from audit.fleet.fleet_result import FleetResult
    from audit.fleet.fleet_run import Engine, FleetRequest
    from audit.fleet.manifest import FleetFile
    from audit.fleet.options import FleetOptions
    from audit.fleet.unit_task import Task

DEFAULT_OUT = Path("reports/fleet")


class GateName(StrEnum):
    """Lowest severity that fails a file."""

    CRITICAL = "critical"
    WARNING = "warning"
    INFO = "info"
    NEVER = "never"


class FleetFormat(StrEnum):
    """What is printed on standard output."""

    TEXT = "text"
    JSON = "json"
    CSV = "csv"
    JUNIT = "junit"
    SARIF = "sarif"
    MARKDOWN = "markdown"
    GITHUB = "github"


class EngineName(StrEnum):
    """What runs the work on the files."""

    LOCAL = "local"
    SPARK = "spark"


Jobs = Annotated[int, typer.Option(min=0, help="Processes at once; by default one a core.")]
EngineOption = Annotated[EngineName, typer.Option("--engine", help="What works on the files: this machine, or Spark.")]
MasterOption = Annotated[
    str,
    typer.Option(metavar="URL", help="Master of Spark, such as spark://host:7077; by default what Spark is set to."),
]
Timeout = Annotated[float, typer.Option(min=1, help="Seconds after which the work on one file is given up.")]
MaxErrors = Annotated[int, typer.Option(min=0, help="Stop after so many files that cannot be read; 0 for never.")]
NoReuse = Annotated[
    bool,
    typer.Option("--no-reuse", help="Read every file, also those of which no byte has changed since the last run."),
]
FormatOption = Annotated[FleetFormat, typer.Option("--format", help="What to print on standard output.")]
WriteOption = Annotated[
    list[str] | None,
    typer.Option(metavar="FORMAT:PATH", help="Write a further report, such as junit:fleet.xml; may be repeated."),
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress, and only the verdict.")]


def fleet_audit(
    files: Annotated[
        list[str],
        typer.Argument(
            metavar="MANIFEST|FILES…",
            help="A manifest (.csv, .toml), or database files and quoted patterns; they are only read.",
            show_default=False,
        ),
    ],
    out: Annotated[Path, typer.Option(envvar="TURNTRUTH_OUT", help="Folder of this fleet.")] = DEFAULT_OUT,
    config: Annotated[
        Path | None, typer.Option(help="Settings of the team; by default turntruth.toml here, if there is one.")
    ] = None,
    fail_on: Annotated[
        GateName | None, typer.Option(help="Lowest severity of a finding that fails a file. By default critical.")
    ] = None,
    select: Annotated[
        list[str] | None, typer.Option(help="Suites and checks to run, comma-separated; by default all.")
    ] = None,
    exclude: Annotated[list[str] | None, typer.Option(help="Suites and checks not to run, comma-separated.")] = None,
    checks: Annotated[
        list[Path] | None, typer.Option(help="Folder of own checks, as <suite>/<check>.sql; may be repeated.")
    ] = None,
    require: Annotated[
        list[str] | None, typer.Option(help="Inputs without which a file is incomplete (exit 3), comma-separated.")
    ] = None,
    cutover: Annotated[str, typer.Option(help="Time of the migration, where a file's ledger does not tell.")] = "",
    registry: RegistryPath = None,
    allow_empty: Annotated[bool, typer.Option("--allow-empty", help="A file without turns is no error.")] = False,
    engine: EngineOption = EngineName.LOCAL,
    master: MasterOption = "",
    jobs: Jobs = 0,
    timeout: Timeout = 3600.0,
    max_errors: MaxErrors = 0,
    no_reuse: NoReuse = False,
    memory: MemoryLimit = DEFAULT_MEMORY_BYTES,
    output: FormatOption = FleetFormat.TEXT,
    write: WriteOption = None,
    quiet: Quiet = False,
) -> None:
    """Audit every file of a fleet and write one page, one verdict and one certificate.

    A row of the manifest that names a `before` and a `contract` is compared, as `turntruth diff` does.

    A file whose bytes are those of the last run into the same folder is taken over, which is said. What cannot be read
    is told with its tenant, and the others go on; the verdict is never better than errored while a listed file is
    unread.

    Exit codes: 0 passed, 1 findings at or above the gate, 2 wrong usage, 3 a file is unread or incomplete; 130, 143
    and 129 where SIGINT, SIGTERM or SIGHUP ended it: `turntruth fleet resume` goes on from there.

    Example: turntruth fleet audit 'data/*/turns.db' --out reports/fleet
    """
    from audit.fleet.fleet_folder import FleetFolder
    from audit.fleet.manifest import read_manifest
    from audit.fleet.options import FleetOptions
    from audit.pipeline.settings import parse_cutover, parse_words
    from audit.policy.configuration import find_configuration

    team = find_configuration(config)
    listed = read_manifest(files)
    options = FleetOptions(
        fail_on=fail_on.value if fail_on else (team.fail_on.value if team.fail_on else "critical"),
        cutover_ms=parse_cutover(cutover) if cutover else 0,
        require=parse_words(require) if require else team.require,
        allow_empty="yes" if allow_empty else "",
        registry=str(registry.absolute()) if registry else "",
        own_checks=tuple(str(path.absolute()) for path in checks or team.checks),
        select=parse_words(select) if select else team.select,
        exclude=parse_words(exclude) if exclude else team.exclude,
        configuration=str(team.path.absolute()) if team.path else "",
        memory_bytes=memory,
    )
    options.template()
    folder = FleetFolder(out)
    work = _engine(engine, master, jobs, timeout)
    request = _request(listed, options, work, max_errors, reuse=not no_reuse)
    _run(folder, request, output, _targets(write), quiet=quiet)


def fleet_resume(
    fleet: Annotated[Path, typer.Argument(help="Folder of a fleet.", show_default=False)],
    engine: EngineOption = EngineName.LOCAL,
    master: MasterOption = "",
    jobs: Jobs = 0,
    timeout: Timeout = 3600.0,
    max_errors: MaxErrors = 0,
    output: FormatOption = FleetFormat.TEXT,
    write: WriteOption = None,
    quiet: Quiet = False,
) -> None:
    """Go on with a run over a fleet that was interrupted, with the files and options that it was begun with.

    Files whose outcome is there are not read again, unless a byte of them, a check or a version has changed.

    Exit codes as those of `turntruth fleet audit`.

    Example: turntruth fleet resume reports/fleet
    """
    from audit.fleet.fleet_folder import FleetFolder
    from audit.results.run_kind import RunKind, require_kind

    require_kind(fleet, RunKind.FLEET)
    folder = FleetFolder(fleet)
    listed, options = folder.read_request()
    request = _request(listed, options, _engine(engine, master, jobs, timeout), max_errors, reuse=True)
    _run(folder, request, output, _targets(write), quiet=quiet)


def _engine(name: EngineName, master: str, jobs: int, timeout: float) -> Callable[[FleetFolder, Task], Engine]:
    if name is EngineName.SPARK:
        from audit.fleet.spark.spark_engine import spark_engine

        return spark_engine(master, timeout)
    if master:
        raise typer.BadParameter("only --engine spark has a master", param_hint="--master")
    from functools import partial

    from audit.fleet.pool import LocalPool

    return partial(LocalPool, jobs=jobs, timeout_s=timeout)


def _request(
    listed: Sequence[FleetFile],
    options: FleetOptions,
    engine: Callable[[FleetFolder, Task], Engine],
    max_errors: int,
    *,
    reuse: bool,
) -> FleetRequest:
    from audit.fleet.fleet_run import FleetRequest

    return FleetRequest(tuple(listed), options, engine, reuse=reuse, max_errors=max_errors)


def _targets(write: list[str] | None) -> list[tuple[str, Path]]:
    from audit.fleet.report.fleet_outputs import parse_target

    return [parse_target(text) for text in write or ()]


def _run(
    folder: FleetFolder, request: FleetRequest, form: FleetFormat, targets: list[tuple[str, Path]], *, quiet: bool
) -> None:
    from audit.fleet.errors import FleetWriteError
    from audit.fleet.fleet_run import audit_fleet
    from audit.fleet.report.fleet_outputs import write_target
    from audit.fleet.report.written_fleet import PAGE_FILE, write_fleet
    from audit.great_expectations.validation_process import Judge
    from audit.policy.verdict import EXIT_CODES

    clear_temporary()
    stands(f"outcomes that are there stay; go on with: turntruth fleet resume {folder.path}")
    with folder.working(), Judge() as judge:
        judge.give_way()
        result = audit_fleet(folder, request, None if quiet else _Progress(), judge=judge)
        try:
            write_fleet(folder, result)
        except OSError as error:
            # The verdict is known by now, and must not be lost with the page.
            show(result, form, folder.path, quiet=quiet)
            raise FleetWriteError(folder.path, error.strerror or str(error), str(result.verdict)) from error
    renew_where_kept(folder.path.absolute().parent)
    page = folder.path / PAGE_FILE
    stands(f"the run over the fleet has ended ({result.verdict}), and its page is complete: {page}")
    if sys.stderr.isatty() and not quiet:
        typer.echo("\r\x1b[K", err=True, nl=False)
    show(result, form, folder.path, quiet=quiet)
    sys.stdout.flush()
    for name, path in targets:
        write_target(result, name, path)
    raise typer.Exit(EXIT_CODES[result.verdict])


def show(result: FleetResult, form: FleetFormat, folder: Path, *, quiet: bool = False) -> None:
    """Print the result of a fleet."""
    from audit.cli.text_output import print_lines
    from audit.cli.verdict_text import print_marked_lines
    from audit.fleet.report.fleet_outputs import fleet_output
    from audit.fleet.report.fleet_text import fleet_lines

    if form is not FleetFormat.TEXT:
        sys.stdout.writelines(fleet_output(result, form.value))
        return
    print_marked_lines(lambda width: fleet_lines(result, width=width), only_last=quiet)
    if not quiet:
        print_lines([f"report: {folder / 'index.html'}"])


class _Progress:
    """How far the work is and when it will end, on standard error: often on a terminal, seldom in a log."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._began = self._told = clock()

    def __call__(self, done: int, of: int, tenant: str) -> None:
        now = self._clock()
        is_terminal = sys.stderr.isatty()
        if now - self._told < (0.1 if is_terminal else 10.0) and done < of:
            return
        self._told = now
        left = round((now - self._began) / done * (of - done))
        text = f"{done:,} of {of:,} files, about {left // 60}:{left % 60:02d} min left"
        typer.echo(f"\r\x1b[K{text} …" if is_terminal else text, err=True, nl=not is_terminal)
