"""``turntruth audit``: parse, one library call, print."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from audit.cli import run_index
from audit.cli.chosen_inputs import DEFAULT_OUT, RegistryPath, TargetName, TimelinePath, choose_inputs, find_baseline
from audit.cli.leftovers import clear_reports, clear_temporary
from audit.cli.memory_option import DEFAULT_MEMORY_BYTES, MemoryLimit
from audit.cli.redaction_key import RedactionKeyPath, read_key_option
from audit.cli.streams import write_document
from audit.processes.interruption import stands
from audit.report.outputs import OUTPUTS

if TYPE_CHECKING:
    from audit.pipeline.settings import AuditSettings
    from audit.policy.configuration import Configuration
    from audit.report.targets import Target
    from audit.results.records import AuditResult, Finding


class GateName(StrEnum):
    """Lowest severity that fails the audit."""

    CRITICAL = "critical"
    WARNING = "warning"
    INFO = "info"
    NEVER = "never"


TEXT = "text"
"""What people read on a terminal, in place of an output."""

OutputFormat = StrEnum(  # type: ignore[misc]  # its members are read from the table of outputs
    "OutputFormat",
    [(name.upper(), name) for name in (TEXT, *(each.name for each in OUTPUTS.values() if each.on_audit))],
)


@dataclass(frozen=True, slots=True)
class Shown:
    """How much is printed."""

    verbose: bool
    quiet: bool


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command("audit")(audit)


def audit(
    path: Annotated[
        Path | None,
        typer.Argument(
            help="The turns database to audit; it is only read. By default that of turntruth.toml.", show_default=False
        ),
    ] = None,
    target: TargetName = "",
    timeline: TimelinePath = None,
    baseline: Annotated[
        Path | None,
        typer.Option(help="The database as it was before the migration; auto for the backup that its ledger names."),
    ] = None,
    config: Annotated[
        Path | None, typer.Option(help="Settings of the team; by default turntruth.toml here, if there is one.")
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            envvar="TURNTRUTH_OUT", help="Folder in which the folder of this run is made. By default reports."
        ),
    ] = None,
    run_id: Annotated[str, typer.Option(help="Name of this run; by default made from the time.")] = "",
    fail_on: Annotated[
        GateName | None,
        typer.Option(
            envvar="TURNTRUTH_FAIL_ON", help="Lowest severity of a finding that fails the audit. By default critical."
        ),
    ] = None,
    output: Annotated[
        OutputFormat | None,
        typer.Option("--format", envvar="TURNTRUTH_FORMAT", help="What to print on standard output. By default text."),
    ] = None,
    write: Annotated[
        list[str] | None,
        typer.Option(metavar="FORMAT:PATH", help="Write a further report, such as junit:audit.xml; may be repeated."),
    ] = None,
    select: Annotated[
        list[str] | None, typer.Option(help="Suites and checks to run, comma-separated; by default all.")
    ] = None,
    exclude: Annotated[list[str] | None, typer.Option(help="Suites and checks not to run, comma-separated.")] = None,
    checks: Annotated[
        list[Path] | None, typer.Option(help="Folder of own checks, as <suite>/<check>.sql; may be repeated.")
    ] = None,
    cutover: Annotated[
        str, typer.Option(help="Time of the migration (ISO 8601 or epoch ms), if the file's ledger does not tell.")
    ] = "",
    require: Annotated[
        list[str] | None,
        typer.Option(
            envvar="TURNTRUTH_REQUIRE",
            help="Inputs without which the audit is incomplete (exit 3), comma-separated.",
        ),
    ] = None,
    min_coverage: Annotated[
        list[str] | None,
        typer.Option(
            envvar="TURNTRUTH_MIN_COVERAGE",
            help="Least share that must be known, such as runtime=95,inference=90; below it the audit fails.",
        ),
    ] = None,
    registry: RegistryPath = None,
    against: Annotated[
        Path | None, typer.Option(help="Folder of an earlier run: what that saw of a turn must still be so.")
    ] = None,
    api: Annotated[str, typer.Option(help="Address of a debug API whose answers must be those of the file.")] = "",
    api_token: Annotated[
        str, typer.Option(envvar="TURNTRUTH_API_TOKEN", help="The token that the debug API asks for.")
    ] = "",
    allow_empty: Annotated[bool, typer.Option("--allow-empty", help="A file without turns is no error.")] = False,
    full_integrity: Annotated[
        bool,
        typer.Option(
            "--full-integrity",
            help="Compare every index with its table, not only those of turns and conversations; takes far longer.",
        ),
    ] = False,
    mode: Annotated[
        str,
        typer.Option(
            metavar="OCTAL", help="Mode of what is written, such as 640. By default what all files read have in common."
        ),
    ] = "",
    redact: Annotated[
        bool,
        typer.Option("--redact", help="Numbers in place of ids, paths and values, in everything that is written."),
    ] = False,
    key: RedactionKeyPath = None,
    memory: MemoryLimit = DEFAULT_MEMORY_BYTES,
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="Also print every check, change and remark.")
    ] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress, and only the verdict.")] = False,
) -> None:
    """Audit a turns database and write a report.

    Options are taken from the command line, else from the environment, else from turntruth.toml.

    Exit codes: 0 passed, 1 findings at or above the gate, 2 wrong usage or input, 3 the audit is incomplete; 130, 143
    and 129 where SIGINT, SIGTERM or SIGHUP ended it.

    Example: turntruth audit turns.db --timeline timeline.db --baseline turns.before.db
    """
    from audit.pipeline.settings import AuditSettings, parse_cutover, parse_words
    from audit.policy.configuration import find_configuration
    from audit.policy.named_inputs import InputPaths
    from audit.policy.selection import Selection
    from audit.policy.verdict import Gate

    team = find_configuration(config)
    clear_temporary()
    clear_reports(out or team.out or DEFAULT_OUT)
    files = find_baseline(choose_inputs(team, path, target, InputPaths(None, timeline, baseline, registry)))
    assert files.turns is not None, "without them there is nothing to audit, which was told"
    settings = AuditSettings(
        path=files.turns,
        timeline=files.timeline,
        baseline=files.baseline,
        out_dir=out or team.out or DEFAULT_OUT,
        run_id=run_id,
        fail_on=Gate(fail_on.value) if fail_on else team.fail_on or Gate.CRITICAL,
        cutover_ms=parse_cutover(cutover) if cutover else None,
        require=parse_words(require) if require else team.require,
        allow_empty=allow_empty,
        registry=files.registry,
        against=against,
        api=api,
        api_token=api_token,
        own_checks=tuple(checks) if checks else team.checks,
        selection=Selection(
            parse_words(select) if select else team.select, parse_words(exclude) if exclude else team.exclude
        ),
        policy=team.policy.demanding(parse_words(min_coverage or ())),
        configuration=team.path,
        full_integrity=full_integrity,
        mode=mode,
        redact=redact,
        redaction_key=read_key_option(key, redact=redact),
        memory_bytes=memory,
    )
    form = _output_format(output, team)
    targets = _targets(write or team.write, settings)
    _run(settings, form, targets, Shown(verbose, quiet))


def _output_format(given: OutputFormat | None, team: Configuration) -> OutputFormat:
    from audit.policy.configuration import ConfigurationError

    if given is not None or not team.output_format:
        return given or OutputFormat(TEXT)
    if team.output_format not in set(OutputFormat):
        assert team.path is not None, "a setting comes from a file"
        problem = f"{team.output_format!r}: wanted one of {', '.join(OutputFormat)}"
        raise ConfigurationError(team.path, "output.format", problem)
    return OutputFormat(team.output_format)


def _targets(texts: Sequence[str], settings: AuditSettings) -> tuple[Target, ...]:
    from audit.report.targets import parse_targets

    return parse_targets(texts, settings.read_files)


def _run(settings: AuditSettings, form: OutputFormat, targets: Sequence[Target], shown: Shown) -> None:
    """Audit, tell the outcome, and only then write what else was asked for: a full disk must not hide a verdict."""
    from audit.processes.address_space import require_address_space

    require_address_space()
    from audit.great_expectations.validation_process import Judge
    from audit.policy.verdict import EXIT_CODES
    from audit.report.run_folder import RunWriteError
    from audit.report.targets import TargetWriteError, write_targets

    assert settings.out_dir is not None, "the command always writes a report"
    try:
        with Judge() as judge:
            # Only now: Great Expectations takes longest to load, and does so beside all that is loaded from here on.
            from audit.pipeline.run import run_audit

            try:
                result = run_audit(settings, progress=None if shown.quiet else _tell, judge=judge)
            finally:
                if not shown.quiet:
                    _tell("")
    except RunWriteError as error:
        found = error.result
        _show(found, form, None, shown)
        # Where these fail as well, it is most likely for the same reason, which is told once.
        with suppress(TargetWriteError):
            write_targets(targets, found, lambda: _sampled(found), settings.permissions)
        raise
    folder = settings.out_dir / result.run_id
    stands(f"the audit has ended ({result.verdict}), and its report is complete: {folder / 'index.html'}")
    _show(result, form, folder, shown)
    sys.stdout.flush()
    run_index.renew(settings.out_dir)
    write_targets(targets, result, lambda: _findings(folder), settings.permissions)
    raise typer.Exit(EXIT_CODES[result.verdict])


def _show(result: AuditResult, form: OutputFormat, folder: Path | None, shown: Shown) -> None:
    """Print the result; without a folder no report could be written, and of the findings only samples are known."""
    if form == TEXT:
        from audit.cli.text_output import print_lines
        from audit.cli.verdict_text import print_text
        from audit.report.next_steps import first_command

        print_text(result, everything=shown.verbose, quiet=shown.quiet)
        if folder is not None and not shown.quiet:
            print_lines([f"report: {folder / 'index.html'}", f"next: {first_command(result, str(folder))}"])
        return
    text = OUTPUTS[form.value].render(result, _findings(folder) if folder else _sampled(result))
    write_document(text, form.value)


def _findings(folder: Path) -> Iterator[Finding]:
    from audit.report.run_folder import FINDINGS_FILE
    from audit.results.findings_csv import read_findings

    return read_findings(folder / FINDINGS_FILE)


def _sampled(result: AuditResult) -> Iterator[Finding]:
    return (finding for check in result.checks for finding in check.sample)


def _tell(stage: str) -> None:
    """Progress is for people, where standard error is a terminal; the outcome takes the place of its line."""
    if sys.stderr.isatty():
        typer.echo(f"\r\x1b[K{stage} …" if stage else "\r\x1b[K", err=True, nl=False)
