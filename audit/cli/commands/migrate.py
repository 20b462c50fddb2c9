"""``turntruth migrate``: bring a turn database to the current shape, or tell what that would do."""

from __future__ import annotations

import enum
import stat
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from audit.cli.leftovers import clear_backups
from audit.cli.text_output import print_lines
from audit.cli.turn_file import Format, FormatOption, Quiet, TurnsPath, as_json, command_line, progress_line
from audit.processes.interruption import stands, writes

if TYPE_CHECKING:
    from collections.abc import Iterable

    from store.migration import (
        Change,
        ColumnChange,
        Counts,
        MigrationPlan,
        MigrationSummary,
    )

EXIT_REFUSED = 2


class Evidence(enum.StrEnum):
    """Which places in a turn's metadata may name its runtime."""

    ALL = "all"
    DIRECT = "direct"


_Evidence = Annotated[
    Evidence, typer.Option(help="direct: fill only from a text or a runtime_key under the canonical key.")
]
_DryRun = Annotated[bool, typer.Option("--dry-run", help="Tell what would be done, and do nothing.")]
_Sql = Annotated[bool, typer.Option("--sql", help="Print the statements for running them by hand, and do nothing.")]
_Backup = Annotated[Path | None, typer.Option(help="Where to write the backup (default: beside the file).")]
_Mode = Annotated[
    str, typer.Option(metavar="OCTAL", help="Mode of the backup, such as 640. By default what the database allows.")
]
_NoBackup = Annotated[bool, typer.Option("--no-backup", help="Write no backup.")]
_Indexes = Annotated[bool, typer.Option("--indexes/--no-indexes", help="Build indexes now, or leave them for later.")]
_Offline = Annotated[
    bool, typer.Option("--offline", help="Nobody else uses the file (refused otherwise): long batches, sooner done.")
]
_DropLegacy = Annotated[bool, typer.Option("--drop-legacy", help="Drop the table of converted payload texts.")]
_Rebuild = Annotated[
    bool, typer.Option("--rebuild", help="Copy tables whose columns are declared otherwise into the right declaration.")
]


def migrate(
    path: TurnsPath,
    dry_run: _DryRun = False,
    sql: _Sql = False,
    evidence: _Evidence = Evidence.ALL,
    backup: _Backup = None,
    no_backup: _NoBackup = False,
    indexes: _Indexes = True,
    drop_legacy: _DropLegacy = False,
    rebuild: _Rebuild = False,
    offline: _Offline = False,
    mode: _Mode = "",
    output: FormatOption = Format.TEXT,
    quiet: Quiet = False,
) -> int:
    """Bring a turn database to the current shape and fill runtime_key and inference_id from its own metadata.

    A verified backup is written first. Run it again at any time: it goes on where it stopped, and changes nothing when
    nothing is left to do. A signal ends it between two statements, with exit code 130 (SIGINT), 143 (SIGTERM) or 129
    (SIGHUP), and a line says where it stands.
    """
    from store.migration import (
        BeingMigratedError,
        FileInUseError,
        MigrationInterruptedError,
        MigrationRefusedError,
        plan,
        require_free_name,
        writing,
    )
    from store.migration import migrate as run

    if backup and no_backup:
        raise typer.BadParameter("--backup and --no-backup exclude each other")
    if mode and no_backup:
        raise typer.BadParameter("--mode is that of the backup: give it without --no-backup")
    if backup:
        require_free_name(path, backup)
    if dry_run or sql:
        foreseen = plan(path, evidence=evidence.value, rebuild=rebuild, progress=progress_line(quiet))
        return _print_plan(foreseen, sql=sql, output=output)
    stands(f"{path}: what is committed stays, an unfinished backup is removed; run the same command again to go on")
    writes()
    clear_backups(path, *([backup] if backup else []))
    try:
        with writing(path, alone=False):
            summary = run(
                path,
                evidence=evidence.value,
                backup=backup or not no_backup,
                indexes=indexes,
                drop_legacy=drop_legacy,
                rebuild=rebuild,
                offline=offline,
                mode=mode,
                progress=progress_line(quiet),
            )
    except (MigrationRefusedError, FileInUseError, BeingMigratedError, MigrationInterruptedError) as stopped:
        if output is Format.JSON:
            typer.echo(as_json({"status": stopped.status, "path": str(path), "reason": str(stopped)}))
        raise
    stands(f"{path}: the migration is complete")
    then = _audit_line(summary)
    if output is Format.JSON:
        typer.echo(as_json({**summary.to_json(), "next": then}))
    else:
        print_lines([*_summary_lines(summary, asked_mode=mode), f"  next          {then}"])
    print_lines((f"turntruth: warning: {warning}" for warning in summary.warnings), err=True)
    return 0


def register(app: typer.Typer) -> None:
    """Add the command to the app."""
    app.command()(migrate)


def _print_plan(plan: MigrationPlan, *, sql: bool, output: Format) -> int:
    refused = plan.status == "refused"
    if output is Format.JSON and not sql:
        typer.echo(as_json(plan.to_json()))
    elif refused:
        print_lines([f"turntruth: {plan.path}: shape {plan.shape}: {plan.reason}"], err=True)
    elif sql:
        typer.echo("\n".join(plan.sql))
    else:
        print_lines(_plan_lines(plan))
    return EXIT_REFUSED if refused else 0


def _counts_lines(counts: Counts, verb: str) -> list[str]:
    lines = []
    for name, column in counts.columns.items():
        kinds = ", ".join(f"{kind} {count:,}" for kind, count in column.by_evidence.items() if count)
        lines.append(
            f"  {name:<13} {column.rows:,} turns: {column.filled:,} {verb}{f' ({kinds})' if kinds else ''}, "
            f"{column.kept:,} kept, {column.unknown:,} unknown, {column.malformed:,} malformed"
        )
    return lines


def _rebuilt_lines(changes: tuple[ColumnChange, ...]) -> list[str]:
    return [
        f"  declare anew  {each.table}.{each.column}: {each.was or 'without a type'} -> {each.becomes} "
        f"({each.nulls:,} NULL get the default, {each.converted:,} converted)"
        for each in changes
    ]


def _changes_lines(changes: Iterable[Change], changed_before: int = 0) -> list[str]:
    """Every cell that is changed, by column and rule, in the words of the ledger."""
    lines = [f"  changes       {change}" for change in changes] or ["  changes       no cell"]
    if changed_before:
        lines.append(f"  of these      {changed_before:,} were made by the run that did not end")
    return lines


def _audit_line(summary: MigrationSummary) -> str:
    """The command that proves what was done, against the file from before where this run kept it."""
    baseline = ["--baseline", summary.backup] if summary.backup else []
    return command_line("audit", summary.path, *baseline)


def _summary_lines(summary: MigrationSummary, asked_mode: str = "") -> list[str]:
    lines = [f"{summary.path}: {summary.status.replace('_', ' ')} (was: {summary.shape.replace('_', ' ')})"]
    lines += _rebuilt_lines(summary.rebuilt)
    lines += _counts_lines(summary.counts, "filled")
    if summary.converted or summary.quarantined:
        lines.append(
            f"  payload texts {summary.converted:,} converted, {summary.without_blocks:,} without blocks, "
            f"{summary.quarantined:,} in quarantine"
        )
    lines += _changes_lines(summary.changes)
    if summary.backup:
        lines.append(f"  backup        {summary.backup}")
    if summary.backup and asked_mode:
        own = stat.S_IMODE(Path(summary.path).stat().st_mode)
        lines.append(f"  mode          {summary.backup_mode} by --mode; that of the database is {own:04o}")
    return lines


def _plan_lines(plan: MigrationPlan) -> list[str]:
    lines = [f"{plan.path}: {plan.status.replace('_', ' ')} (is: {plan.shape.replace('_', ' ')})"]
    lines += _rebuilt_lines(plan.rebuild)
    lines += [f"  add column    {column}" for column in plan.columns]
    lines += [f"  create table  {table}" for table in plan.tables]
    lines += [f"  build index   {index}" for index in plan.indexes]
    lines += _counts_lines(plan.counts, "to fill")
    if plan.aliases:
        lines.append(f"  by alias      {', '.join(f'{name} {count:,}' for name, count in plan.aliases.items())}")
    if plan.drifted:
        lines.append(
            f"  drifted       {plan.drifted:,} turns were saved again by a program that does not know the columns"
        )
    if plan.texts:
        lines.append(f"  payload texts {plan.texts:,}, of which {plan.quarantined:,} are no turns (quarantine)")
    lines += _changes_lines(plan.changes, plan.changed_before)
    lines += [f"  time          {name}: about {seconds:,.1f} s" for name, seconds in plan.seconds.items()]
    disk = ", ".join(f"{name} {size / 2**20:,.1f} MiB" for name, size in plan.disk.items())
    lines.append(f"  disk          {disk}")
    lines += [f"  locks         {line}" for line in plan.locks]
    lines += [f"  warning       {line}" for line in plan.unread]
    untouched = "nothing was written" if plan.wrote_nothing else "another program wrote meanwhile"
    lines.append(f"  proof         size, time and change counter compared before and after: {untouched}")
    return lines
