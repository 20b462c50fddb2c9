"""``turntruth fleet migrate``: many files, a few first, then in waves, each with a backup and a line in a journal."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from audit.cli.commands.fleet.fleet_arguments import (
    Given,
    Jobs,
    about_tenant,
    clear_backups_beside,
    jobs_of,
    name_of_tenant,
    next_command,
    told,
)
from audit.cli.commands.migrate import Evidence
from audit.cli.text_output import print_lines
from audit.cli.turn_file import Format, FormatOption, Quiet, as_json, command_line
from audit.processes.interruption import stands, writes

if TYPE_CHECKING:
    from audit.fleet.migration.fleet_migration import FleetMigration, MigratedFile, MigrationRequest
    from audit.fleet.migration.journal import Entry

EXIT_REFUSED, EXIT_ERRORED = 1, 3
_LISTED = 20


def fleet_migrate(
    files: Given,
    out: Annotated[Path, typer.Option(help="Folder of the journal, the same to go on.", show_default=False)],
    canary: Annotated[int, typer.Option(min=0, help="Migrate the first so many files only, and show them.")] = 0,
    wave: Annotated[int, typer.Option(min=0, help="So many files before the next ones; 0: all in one wave.")] = 0,
    stop_at: Annotated[
        str, typer.Option(metavar="SHARE", help="Stop when this share of all files is refused, such as 2%.")
    ] = "0%",
    jobs: Jobs = 0,
    timeout: Annotated[
        float, typer.Option(min=0, help="Seconds after which a file is given up, as by a signal; 0 for never.")
    ] = 0.0,
    evidence: Annotated[Evidence, typer.Option(help="As of `migrate`.")] = Evidence.ALL,
    rebuild: Annotated[bool, typer.Option("--rebuild", help="As of `migrate`.")] = False,
    output: FormatOption = Format.TEXT,
    quiet: Quiet = False,
) -> int:
    """Migrate many turn databases, each with a verified backup first.

    It stops at the first file that is refused, or with --stop-at at a share of them; what was begun comes to its end.
    The same command again goes on: files that are done are left out, after a look at their own ledgers.

    Exit codes: 0 all is done, 1 files were refused, 2 wrong usage, 3 a file or the journal erred; 130, 143 and 129
    where a signal ended it: what was begun is in its file's ledger, and goes on from there.

    Example: turntruth fleet migrate tenants.csv --out migration --canary 3
    """
    from audit.cli.store_work import work_on_file
    from audit.fleet.fleet_folder import FleetFolder
    from audit.fleet.manifest import read_manifest
    from audit.fleet.migration.fleet_migration import MigrationRequest, migrate_fleet

    request = MigrationRequest(
        read_manifest(files),
        work_on_file,
        canary=canary,
        wave=wave,
        stop_at=share_of(stop_at),
        jobs=jobs_of(jobs),
        evidence=evidence.value,
        rebuild="yes" if rebuild else "",
        timeout_s=timeout,
    )
    told_of = _Told(out, request, quiet=quiet)
    with FleetFolder(out).working():
        told_of.stand(0)
        writes()
        clear_backups_beside(file.path for file in request.files)
        done = migrate_fleet(FleetFolder(out), request, told_of.progress)
    then = _next(done, files)
    if output is Format.JSON:
        typer.echo(as_json(_document(done, then)))
    else:
        print_lines(_lines(done, then))
    return exit_code_of(done)


def share_of(text: str) -> float:
    """The share that ``2%`` means, from 0 to 1."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*%", text.strip())
    if found is None or float(found[1]) > 100:
        raise typer.BadParameter(f"wanted a share such as 2%, got {text!r}", param_hint="--stop-at")
    return float(found[1]) / 100


def exit_code_of(done: FleetMigration) -> int:
    """What the outcome of all files comes to."""
    if done.count("failed") or done.count("interrupted"):
        return EXIT_ERRORED
    return EXIT_REFUSED if done.count("refused") else 0


class _Told:
    """Says of each file what became of it, and keeps what is said if a signal comes."""

    def __init__(self, out: Path, request: MigrationRequest, *, quiet: bool) -> None:
        self._out = out
        self._listed = len(request.files)
        self._quiet = quiet

    def stand(self, done: int) -> None:
        """What holds if a signal comes now."""
        known = f"{done} of {self._listed} files are migrated" if done else "what is migrated stays"
        stands(f"{self._out}: {known}, each with its backup; run the same command again to go on")

    def progress(self, done: int, listed: int, entry: Entry) -> None:
        """One more file has ended."""
        self.stand(done)
        if not self._quiet:
            words = entry.status.replace("_", " ") if entry.event == "done" else f"{entry.event}: {entry.reason}"
            print_lines([f"[{done}/{listed}] {entry.tenant}: {words}, {entry.seconds:.1f} s"], err=True)


def _next(done: FleetMigration, given: list[str]) -> list[str]:
    """What to run next."""
    audited = command_line("fleet", "audit", done.audit_manifest, "--out", str(Path(done.folder) / "audit"))
    again = next_command(given, "migrate", "--out", done.folder)
    if not (done.count("done") and done.audit_manifest):
        return [again]
    return [audited] if done.count("done") == len(done.files) else [audited, again]


def _document(done: FleetMigration, then: list[str]) -> dict[str, Any]:
    from audit.results.record_json import plain

    each = [
        {
            **plain(file.entry),
            "event": None,
            "tenant": file.tenant,
            "path": file.path,
            "outcome": file.outcome,
            "was_done": bool(file.was_done),
        }
        for file in done.files
    ]
    outcomes = ("done", "refused", "interrupted", "failed", "not_begun")
    return {
        "folder": done.folder,
        "counts": {outcome: done.count(outcome) for outcome in outcomes},
        "waves": list(done.waves),
        "stopped": done.stopped,
        "notes": list(done.notes),
        "files": [{name: value for name, value in row.items() if name not in {"event", "paths"}} for row in each],
        "audit_manifest": done.audit_manifest,
        "next": then,
    }


def _lines(done: FleetMigration, then: list[str]) -> list[str]:
    migrated = [file for file in done.files if file.outcome == "done"]
    new = [file for file in migrated if not file.was_done]
    wrong = [file for file in done.files if file.outcome in {"refused", "failed", "interrupted"}]
    counts = f"{len(migrated):,} of {len(done.files):,} files are migrated, {len(new):,} of them now"
    lines = [f"{counts}; {len(wrong):,} were not, {done.count('not_begun'):,} not begun"]
    if done.stopped:
        lines += told("stopped", done.stopped)
    lines += [line for note in done.notes for line in told("note", note)]
    if wrong:
        lines += ["", "not migrated:"]
        lines += [line for file in wrong for line in about_tenant(file.tenant, file.entry.reason, file.path)]
    if done.canary:
        lines += ["", *_canary_lines(done, [file for file in migrated if file.entry.wave])]
    warned = [file for file in new if file.entry.warnings]
    if warned:
        lines += ["", "left over:"]
        lines += [
            line
            for file in warned[:_LISTED]
            for line in about_tenant(file.tenant, "; ".join(file.entry.warnings), file.path)
        ]
        lines += [f"  and {len(warned) - _LISTED:,} more: --format json tells them"] if len(warned) > _LISTED else []
    if done.waves:
        first, last = done.waves[0], done.waves[-1]
        waves = f"waves {first} to {last}: to take the last one back, run" if last > first else ""
        lines += ["", waves or f"wave {last}: to take it back, run"]
        lines += [f"  {command_line('fleet', 'rollback', done.folder, '--wave', done.waves[-1])}"]
    return [*lines, "next:", *(f"  {command}" for command in then)]


def _canary_lines(done: FleetMigration, shown: list[MigratedFile]) -> list[str]:
    """What to look at before all others are migrated."""
    lines = [f"tried first: {len(shown):,} of {len(done.files):,} files. Look at what was filled and what is unknown:"]
    lines += [f"  {name_of_tenant('tenant')}  {'turns':>9} {'filled':>9} {'unknown':>9}"]
    for file in shown[:_LISTED]:
        entry = file.entry
        lines += [f"  {name_of_tenant(file.tenant)}  {entry.rows:>9,} {entry.filled:>9,} {entry.unknown:>9,}"]
        lines += [f"    {command_line('doctor', file.path)}"]
    return lines
