"""``turntruth fleet rollback``: a wave of a fleet's migration, or all of it, is taken back to its backups."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from audit.cli.commands.fleet.fleet_arguments import Jobs, about_tenant, clear_backups_beside, jobs_of, told
from audit.cli.text_output import print_lines
from audit.cli.turn_file import Format, FormatOption, Quiet, as_json, command_line
from audit.processes.interruption import stands, writes

if TYPE_CHECKING:
    from audit.fleet.migration.fleet_rollback import FleetRollback
    from audit.fleet.migration.journal import Entry, FileState

EXIT_LEFT, EXIT_NOT_CONFIRMED = 1, 2
_LISTED = 20


def fleet_rollback(
    folder: Annotated[Path, typer.Argument(help="The folder of the migration.", show_default=False)],
    wave: Annotated[int, typer.Option(min=0, help="Only this wave; 0: all that the fleet has migrated.")] = 0,
    jobs: Jobs = 0,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    output: FormatOption = Format.TEXT,
    quiet: Quiet = False,
) -> int:
    """Take the files of a fleet back to the backups that its migration wrote, those migrated last first.

    A file that was changed since, or whose backup is another by now, is left as it is, and told. What is replaced is
    kept beside the file, verified.

    Exit codes: 0 all were taken back, 1 some were left as they are, 2 wrong usage or not confirmed.

    Example: turntruth fleet rollback migration --wave 2 --yes
    """
    from audit.cli.store_work import work_on_file
    from audit.fleet.fleet_folder import FleetFolder
    from audit.fleet.migration.fleet_rollback import files_to_roll_back, roll_back_fleet
    from audit.fleet.migration.journal import Journal
    from audit.results.run_kind import RunKind, require_kind

    require_kind(folder, RunKind.FLEET, RunKind.MIGRATION)
    journal = Journal(folder)
    journal.read()
    going = files_to_roll_back(journal, wave)
    print_lines(_foreseen_lines(going), err=output is not Format.TEXT)
    if going and not yes:
        if not sys.stdin.isatty():
            typer.echo("turntruth: nothing was changed; say --yes to go back", err=True)
            return EXIT_NOT_CONFIRMED
        typer.confirm(f"Take these {len(going)} back?", abort=True, err=True)

    def progress(done: int, listed: int, entry: Entry) -> None:
        stands(f"{folder}: {done} of {listed} files were seen to; run the same command again to go on")
        if not quiet:
            words = entry.status.replace("_", " ") or f"left as it is: {entry.reason}"
            print_lines([f"[{done}/{listed}] {entry.tenant}: {words}"], err=True)

    with FleetFolder(folder).working():
        stands(f"{folder}: each file is as it was, or as its backup; run the same command again to go on")
        writes()
        clear_backups_beside(state.last.path for state in going)
        done = roll_back_fleet(FleetFolder(folder), work_on_file, wave=wave, jobs=jobs_of(jobs), progress=progress)
    _print(done, output)
    return EXIT_LEFT if _left(done) else 0


def _left(done: FleetRollback) -> list[Entry]:
    return [entry for entry in done.files if entry.event != "rolled_back"]


def _foreseen_lines(going: tuple[FileState, ...]) -> list[str]:
    lines = [f"{len(going):,} files would be taken back to their backups"]
    lines += [f"  {state.last.tenant}" for state in going[:_LISTED]]
    return [*lines, f"  and {len(going) - _LISTED:,} more"] if len(going) > _LISTED else lines


def _print(done: FleetRollback, output: Format) -> None:
    left = _left(done)
    if output is Format.JSON:
        from audit.results.record_json import plain

        files = [
            {name: value for name, value in plain(entry).items() if name in _SHOWN} | {"outcome": str(entry.event)}
            for entry in done.files
        ]
        typer.echo(as_json({"folder": done.folder, "wave": done.wave, "left": len(left), "files": files}))
        return
    lines = [f"{len(done.files) - len(left):,} of {len(done.files):,} files are as their backups"]
    if left:
        lines += ["", "left as they are:"]
        lines += [line for entry in left for line in about_tenant(entry.tenant, entry.reason, entry.path)]
    kept = [entry for entry in done.files if entry.kept]
    if kept:
        lines += ["", *told("kept", f"{len(kept):,} files as they were replaced, beside each, such as {kept[0].kept}")]
        lines += [f"  {command_line('doctor', kept[0].path)}"]
    print_lines(lines)


_SHOWN = ("tenant", "path", "wave", "status", "backup", "kept", "seconds", "kind", "reason")
