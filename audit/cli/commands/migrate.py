"""``turntruth migrate``, ``rollback`` and ``doctor``: what is done to a turn database, and how it is."""

from __future__ import annotations

import enum
import stat
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from audit.cli.leftovers import clear_backups
from audit.processes.interruption import stands, writes

if TYPE_CHECKING:
    from collections.abc import Iterable

    from store.migration import (
        Change,
        ColumnChange,
        Counts,
        Diagnosis,
        MigrationPlan,
        MigrationSummary,
        Progress,
        RollbackPlan,
    )

EXIT_FINDINGS = 1
EXIT_REFUSED = 2


class Format(enum.StrEnum):
    """What a command prints on stdout."""

    TEXT = "text"
    JSON = "json"


class LostFormat(enum.StrEnum):
    """What a rollback prints on stdout: csv is the list of the turns that went."""

    TEXT = "text"
    JSON = "json"
    CSV = "csv"


class Evidence(enum.StrEnum):
    """Which places in a turn's metadata may name its runtime."""

    ALL = "all"
    DIRECT = "direct"


_Path = Annotated[Path, typer.Argument(help="The turn database, for example turns.db.")]
_Format = Annotated[Format, typer.Option("--format", help="What to print.")]
_Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress on stderr.")]
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
_To = Annotated[Path, typer.Option("--to", help="The backup to go back to.")]
_Keep = Annotated[Path | None, typer.Option(help="Where to keep the file as it was replaced (default: beside it).")]
_NoKeep = Annotated[bool, typer.Option("--no-keep", help="Do not keep the file as it was replaced.")]
_LostFormat = Annotated[LostFormat, typer.Option("--format", help="csv: the turns that went, a line each.")]
_Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]


def migrate(
    path: _Path,
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
    output: _Format = Format.TEXT,
    quiet: _Quiet = False,
) -> int:
    """Bring a turn database to the current shape and fill runtime_key and inference_id from its own metadata.

    A verified backup is written first. Run it again at any time: it goes on where it stopped, and changes nothing when
    nothing is left to do. A signal ends it between two statements, with exit code 130 (SIGINT), 143 (SIGTERM) or 129
    (SIGHUP), and a line says where it stands.
    """
    from store.migration import (
        FileInUseError,
        MigrationInterruptedError,
        MigrationRefusedError,
        plan,
        require_free_name,
    )
    from store.migration import migrate as run

    if backup and no_backup:
        raise typer.BadParameter("--backup and --no-backup exclude each other")
    if mode and no_backup:
        raise typer.BadParameter("--mode is that of the backup: give it without --no-backup")
    if backup:
        require_free_name(path, backup)
    if dry_run or sql:
        foreseen = plan(path, evidence=evidence.value, rebuild=rebuild, progress=_progress(quiet))
        return _print_plan(foreseen, sql=sql, output=output)
    stands(f"{path}: what is committed stays, an unfinished backup is removed; run the same command again to go on")
    writes()
    clear_backups(path, *([backup] if backup else []))
    try:
        summary = run(
            path,
            evidence=evidence.value,
            backup=backup or not no_backup,
            indexes=indexes,
            drop_legacy=drop_legacy,
            rebuild=rebuild,
            offline=offline,
            mode=mode,
            progress=_progress(quiet),
        )
    except (MigrationRefusedError, FileInUseError, MigrationInterruptedError) as stopped:
        if output is Format.JSON:
            typer.echo(_as_json({"status": stopped.status, "path": str(path), "reason": str(stopped)}))
        raise
    stands(f"{path}: the migration is complete")
    typer.echo(_as_json(summary.to_json()) if output is Format.JSON else _summary_text(summary, asked_mode=mode))
    for warning in summary.warnings:
        typer.echo(f"turntruth: warning: {warning}", err=True)
    return 0


def rollback(
    path: _Path,
    to: _To,
    yes: _Yes = False,
    keep: _Keep = None,
    no_keep: _NoKeep = False,
    output: _LostFormat = LostFormat.TEXT,
    quiet: _Quiet = False,
) -> int:
    """Replace the content of a database by that of a backup, after showing what would be lost.

    The file as it is replaced is kept first, verified, so that nothing is gone: --format json and csv list every turn
    that the backup does not have.
    """
    from store.migration import plan_rollback, undo_unfinished
    from store.migration import rollback as restore

    if keep and no_keep:
        raise typer.BadParameter("--keep and --no-keep exclude each other")
    if no_keep and output is LostFormat.CSV:
        raise typer.BadParameter("--format csv lists turns of the file that is kept, and excludes --no-keep")
    clear_backups(path, *([keep] if keep else []))
    if yes or sys.stdin.isatty():
        undo_unfinished(path)
    foreseen = plan_rollback(path, to, _progress(quiet))
    typer.echo(_rollback_text(foreseen), err=output is not LostFormat.TEXT)
    if not yes:
        if not sys.stdin.isatty():
            typer.echo("turntruth: nothing was changed; say --yes to go back", err=True)
            return EXIT_REFUSED
        typer.confirm("Go back to the backup?", abort=True, err=True)
    stands(f"{path}: going back is one transaction: it is as it was, or as the backup; run the same command again")
    writes()
    done = restore(path, to, _progress(quiet), keep=keep or not no_keep)
    stands(f"{path}: it is as the backup")
    _print_restored(done, output)
    return 0


def _print_restored(done: RollbackPlan, output: LostFormat) -> None:
    from dataclasses import asdict

    from store.migration import lost_turns

    turns = [asdict(turn) for turn in lost_turns(done.kept, done.backup)] if done.kept and not done.damage else None
    if output is LostFormat.JSON:
        typer.echo(_as_json({"status": "restored", **done.to_json(), "turns": turns}))
    elif output is LostFormat.CSV:
        _print_csv(turns or [])
    else:
        typer.echo(_restored_text(done))


def _print_csv(turns: list[dict[str, object]]) -> None:
    import csv

    writer = csv.DictWriter(sys.stdout, ["conv_id", "session_id", "turn_id", "updated_at_ms"], lineterminator="\n")
    writer.writeheader()
    writer.writerows({name: str(value).replace("\0", "\\0") for name, value in turn.items()} for turn in turns)


def _restored_text(done: RollbackPlan) -> str:
    lines = ["restored"]
    if not done.damage:
        lines.append(
            f"  went          {done.lost:,} turns, with {done.conversations_lost:,} whole conversations, and later "
            f"versions of {done.changed:,}"
        )
    if done.kept:
        lines.append(f"  kept          {done.kept} (the file as it was{', damaged' if done.damage else ', verified'})")
        lines.append(f"  forward again turntruth rollback {done.path} --to {done.kept}")
    return "\n".join(lines)


def doctor(path: _Path, output: _Format = Format.TEXT, quiet: _Quiet = False) -> int:
    """Examine a turn database and say what is wrong with it; reads only. Exit code 1 if anything is critical."""
    from store.migration import diagnose

    diagnosis = diagnose(path, _progress(quiet))
    typer.echo(_as_json(diagnosis.to_json()) if output is Format.JSON else _diagnosis_text(diagnosis))
    return 0 if diagnosis.healthy else EXIT_FINDINGS


def register(app: typer.Typer) -> None:
    """Add the commands to the app."""
    app.command()(migrate)
    app.command()(rollback)
    app.command()(doctor)


def _progress(quiet: bool) -> Progress:
    from store.migration import Progress, ProgressLine

    return Progress() if quiet else ProgressLine(sys.stderr)


def _print_plan(plan: MigrationPlan, *, sql: bool, output: Format) -> int:
    refused = plan.status == "refused"
    if output is Format.JSON and not sql:
        typer.echo(_as_json(plan.to_json()))
    elif refused:
        typer.echo(f"turntruth: {plan.path}: shape {plan.shape}: {plan.reason}", err=True)
    else:
        typer.echo("\n".join(plan.sql) if sql else _plan_text(plan))
    return EXIT_REFUSED if refused else 0


def _as_json(value: object) -> str:
    import json

    return json.dumps(value, indent=2, ensure_ascii=False)


def _counts_lines(counts: Counts, verb: str) -> list[str]:
    lines = []
    for name, column in (("runtime_key", counts.runtime_key), ("inference_id", counts.inference_id)):
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


def _summary_text(summary: MigrationSummary, asked_mode: str = "") -> str:
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
    return "\n".join(lines)


def _plan_text(plan: MigrationPlan) -> str:
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
    return "\n".join(lines)


def _rollback_text(plan: RollbackPlan) -> str:
    import datetime as dt

    newest = ""
    if plan.newest_lost_ms:
        moment = dt.datetime.fromtimestamp(plan.newest_lost_ms / 1000, dt.UTC)
        newest = f", the newest of {moment:%Y-%m-%d %H:%M:%S} UTC"
    lost = (
        f"  going back loses {plan.lost:,} turns{newest}, and later versions of {plan.changed:,}; "
        f"{plan.returning:,} come back"
    )
    now = f"{plan.rows_now:,} turns ({plan.shape_now.replace('_', ' ')})"
    if plan.damage:
        now, lost = f"damaged ({plan.damage})", "  going back loses everything that was written since the backup"
    return "\n".join(
        [
            f"{plan.path}: {now}",
            f"{plan.backup}: {plan.rows_then:,} turns ({plan.shape_then.replace('_', ' ')}), verified",
            lost,
        ]
    )


def _diagnosis_text(diagnosis: Diagnosis) -> str:
    lines = [f"{diagnosis.path}: {diagnosis.shape.replace('_', ' ')}"]
    for remark in diagnosis.remarks:
        lines.append(f"  {remark.severity:<9} {remark.topic:<11} {remark.message}")
        if remark.remedy:
            lines.append(f"  {'':<21} -> {remark.remedy}")
    return "\n".join(lines)
