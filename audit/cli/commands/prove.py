"""``turntruth prove``: doctor, plan, migration, audit and verification of one file, with one short summary."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from audit.cli import run_index
from audit.cli.chosen_inputs import DEFAULT_OUT, RegistryPath, TargetName, TimelinePath, choose_inputs, find_baseline
from audit.cli.leftovers import clear_backups, clear_reports, clear_temporary
from audit.cli.text_output import print_lines
from audit.cli.turn_file import Format, FormatOption, Quiet, as_json, command_line, progress_line
from audit.processes.interruption import stands, writes

if TYPE_CHECKING:
    from audit.certificates.verification.run_verification import Verification
    from audit.policy.configuration import Configuration
    from audit.policy.named_inputs import InputPaths
    from audit.results.records import AuditResult
    from store.migration import Diagnosis, MigrationPlan, MigrationSummary

EXIT_REFUSED, EXIT_NOT_DONE = 2, 3
_DIFFERENCES_LISTED = 5


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command("prove")(prove)


def prove(
    path: Annotated[
        Path | None,
        typer.Argument(
            help="The turn database to migrate and prove. By default that of turntruth.toml.", show_default=False
        ),
    ] = None,
    target: TargetName = "",
    timeline: TimelinePath = None,
    baseline: Annotated[
        Path | None,
        typer.Option(help="The file from before, where it was migrated already. By default the backup of its ledger."),
    ] = None,
    registry: RegistryPath = None,
    out: Annotated[Path | None, typer.Option(help="Folder in which the folder of the audit is made.")] = None,
    rebuild: Annotated[
        bool, typer.Option("--rebuild", help="Declare columns anew that another hand declared otherwise.")
    ] = False,
    yes: Annotated[
        bool, typer.Option("--yes", "-y", help="Migrate: without it nothing is written before the plan.")
    ] = False,
    output: FormatOption = Format.TEXT,
    quiet: Quiet = False,
) -> int:
    """Migrate a turn database and prove it: doctor, plan, migration with a backup, audit against it, verification.

    Without --yes it stops before the first write and shows what would be done. A file that is migrated already is
    audited against the backup that its ledger names.

    Exit codes: those of the audit; 2 the file was refused, 3 nothing was done yet, or it cannot be told.

    Example: turntruth prove turns.db --timeline timeline.db --yes
    """
    from audit.policy.configuration import find_configuration
    from audit.policy.named_inputs import InputPaths
    from store.migration import diagnose, plan

    team = find_configuration(None)
    files = choose_inputs(team, path, target, InputPaths(None, timeline, baseline, registry))
    assert files.turns is not None, "without a turns database there is nothing to prove, which was told"
    told = _Told(files.turns, output)
    told.diagnosis(diagnose(files.turns, progress_line(quiet)))
    foreseen = plan(files.turns, rebuild=rebuild, progress=progress_line(quiet))
    told.plan(foreseen)
    if foreseen.status == "refused":
        return told.end(EXIT_REFUSED)
    if foreseen.status == "would_migrate":
        if not yes:
            words = [word for word in sys.argv[1:] if word != "--debug"]
            return told.end(EXIT_NOT_DONE, command_line(*words, "--yes"))
        files = replace(files, baseline=_migrate(files.turns, told, rebuild=rebuild, quiet=quiet))
    result, folder = _audit(team, _with_baseline(files), out)
    told.audit(result, folder)
    from audit.certificates.verification.run_verification import Demand, verify_run
    from audit.cli.commands.runs.verify import EXIT_CODES
    from audit.policy.verdict import EXIT_CODES as VERDICTS

    verification = verify_run(folder, {}, Demand())
    told.verification(verification)
    return told.end(VERDICTS[result.verdict] or EXIT_CODES[verification.outcome])


def _migrate(turns: Path, told: _Told, *, rebuild: bool, quiet: bool) -> Path:
    """Migrate with a backup, and return where that lies."""
    from store.migration import migrate, writing

    stands(f"{turns}: what is committed stays, an unfinished backup is removed; run the same command again to go on")
    writes()
    clear_backups(turns)
    with writing(turns, alone=False):
        summary = migrate(turns, backup=True, rebuild=rebuild, progress=progress_line(quiet))
    stands(f"{turns}: the migration is complete; run the same command again to audit it")
    told.migration(summary)
    assert summary.backup, "a migration that was asked for a backup has one"
    return Path(summary.backup)


def _with_baseline(files: InputPaths) -> InputPaths:
    """Where none is given, the backup of the ledger, if there is one that can be told to be it."""
    from audit.errors import UsageError
    from audit.policy.named_inputs import AUTO

    if files.baseline is not None and files.baseline != Path(AUTO):
        return files
    try:
        return find_baseline(replace(files, baseline=Path(AUTO)))
    except UsageError as error:
        print_lines([f"turntruth: warning: {error}"], err=True)
        return replace(files, baseline=None)


def _audit(team: Configuration, files: InputPaths, out: Path | None) -> tuple[AuditResult, Path]:
    """Audit the files as ``turntruth audit`` does with the settings of the team."""
    from audit.processes.address_space import require_address_space

    require_address_space()
    from audit.great_expectations.validation_process import Judge
    from audit.pipeline.run import run_audit
    from audit.pipeline.settings import AuditSettings
    from audit.policy.selection import Selection
    from audit.policy.verdict import Gate

    folder = out or team.out or DEFAULT_OUT
    clear_temporary()
    clear_reports(folder)
    assert files.turns is not None, "it was chosen before anything else"
    settings = AuditSettings(
        path=files.turns,
        timeline=files.timeline,
        baseline=files.baseline,
        registry=files.registry,
        out_dir=folder,
        fail_on=team.fail_on or Gate.CRITICAL,
        require=team.require,
        own_checks=team.checks,
        selection=Selection(team.select, team.exclude),
        policy=team.policy,
        configuration=team.path,
    )
    with Judge() as judge:
        result = run_audit(settings, judge=judge)
    run_index.renew(folder)
    return result, folder / result.run_id


class _Told:
    """What was done so far: lines as they come, or one document at the end."""

    def __init__(self, turns: Path, output: Format) -> None:
        self.is_text = output is Format.TEXT
        self.document: dict[str, Any] = {"path": str(turns)}

    def diagnosis(self, found: Diagnosis) -> None:
        """What the doctor says."""
        counts = {name: sum(each.severity == name for each in found.remarks) for name in ("critical", "warning")}
        self._line("doctor", ", ".join(f"{count} {name}" for name, count in counts.items()))
        for remark in found.remarks:
            if remark.severity != "info":
                self._line("", f"{remark.severity}: {remark.topic}: {remark.message}")
        self.document["diagnosis"] = found.to_json()

    def plan(self, foreseen: MigrationPlan) -> None:
        """What the migration would do."""
        cells = sum(change.cells for change in foreseen.changes)
        rules = len(foreseen.changes)
        words = {
            "would_migrate": f"would change {cells:,} cells by {rules} rules, with a verified backup first",
            "refused": f"refused: {foreseen.reason}",
        }
        self._line("plan", words.get(foreseen.status, "migrated already: nothing is to be done"))
        self.document["plan"] = foreseen.to_json()

    def migration(self, summary: MigrationSummary) -> None:
        """What the migration has done."""
        cells = sum(change.cells for change in summary.changes)
        self._line("migrated", f"{cells:,} cells changed; backup {summary.backup}")
        print_lines((f"turntruth: warning: {warning}" for warning in summary.warnings), err=True)
        self.document["migration"] = summary.to_json()

    def audit(self, result: AuditResult, folder: Path) -> None:
        """What the audit found."""
        from audit.report.formats.text import what_is_wrong

        for at, line in enumerate(what_is_wrong(result, width=68)):
            self._line("" if at else "audited", line.text)
        self._line("report", str(folder / "index.html"))
        self.document |= {"verdict": str(result.verdict), "report": str(folder / "index.html")}

    def verification(self, found: Verification) -> None:
        """Whether report and files are as certified."""
        self._line("verified", f"{found.outcome}, {found.signature.statement}")
        others = [each for each in found.comparisons if each.outcome != "same"]
        for comparison in others[:_DIFFERENCES_LISTED]:
            self._line(
                "", f"{comparison.outcome}: {comparison.subject}: {comparison.aspect} {comparison.problem}".rstrip()
            )
        self.document["verification"] = str(found.outcome)

    def end(self, exit_code: int, then: str = "") -> int:
        """The last words: what to run, if it stopped before the first write."""
        if then:
            self._line("next", f"nothing was written; to go on, run: {then}")
        if not self.is_text:
            typer.echo(as_json({**self.document, "next": then, "exit_code": exit_code}))
        return exit_code

    def _line(self, what: str, text: str) -> None:
        if self.is_text:
            print_lines([f"{what:<9} {text}"])
