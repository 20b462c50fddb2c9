"""``turntruth fleet plan``: what migrating many files would do, and whether the disks have room for the backups."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Annotated, Any

import typer

from audit.cli.commands.fleet.fleet_arguments import (
    Given,
    Jobs,
    about_tenant,
    jobs_of,
    mebibytes,
    name_of_tenant,
    next_command,
    told,
)
from audit.cli.commands.migrate import Evidence
from audit.cli.text_output import print_lines
from audit.cli.turn_file import Format, FormatOption, Quiet, as_json

if TYPE_CHECKING:
    from audit.fleet.migration.fleet_plan import FleetPlan, ForeseenFile

EXIT_REFUSED = 1


def fleet_plan(
    files: Given,
    jobs: Jobs = 0,
    evidence: Annotated[Evidence, typer.Option(help="As of `migrate`.")] = Evidence.ALL,
    rebuild: Annotated[bool, typer.Option("--rebuild", help="As of `migrate`.")] = False,
    output: FormatOption = Format.TEXT,
    quiet: Quiet = False,
) -> int:
    """Tell what migrating a fleet would do to each file and to the disks; nothing is written.

    Exit codes: 0 all of it can be done, 1 a file would be refused or a disk has too little room, 2 wrong usage.

    Example: turntruth fleet plan tenants.csv
    """
    from audit.cli.store_work import work_on_file
    from audit.fleet.manifest import read_manifest
    from audit.fleet.migration.fleet_plan import plan_fleet

    def progress(done: int, listed: int, file: ForeseenFile) -> None:
        typer.echo(f"[{done}/{listed}] {file.tenant}: {file.foreseen.status.replace('_', ' ')}", err=True)

    plan = plan_fleet(
        read_manifest(files),
        work_on_file,
        jobs=jobs_of(jobs),
        evidence=evidence.value,
        rebuild="yes" if rebuild else "",
        progress=None if quiet else progress,
    )
    if output is Format.JSON:
        typer.echo(as_json(_document(plan)))
    else:
        print_lines(_lines(plan, files))
    return 0 if plan.is_possible else EXIT_REFUSED


def _document(plan: FleetPlan) -> dict[str, Any]:
    from audit.results.record_json import plain

    each = [{"tenant": file.tenant, "path": file.path, **plain(file.foreseen)} for file in plan.files]
    disks = [{**plain(disk), "needed_bytes": disk.needed_bytes, "is_enough": disk.is_enough} for disk in plan.disks]
    return {
        "files": each,
        "statuses": dict(Counter(file.foreseen.status for file in plan.files)),
        "rows": sum(file.foreseen.rows for file in plan.files),
        "size_bytes": sum(file.foreseen.size_bytes for file in plan.files),
        "backup_bytes": sum(file.foreseen.backup_bytes for file in plan.files),
        "seconds": round(plan.seconds, 1),
        "jobs": plan.jobs,
        "disks": disks,
        "is_possible": plan.is_possible,
    }


def _lines(plan: FleetPlan, given: list[str]) -> list[str]:
    from audit.fleet.migration.fleet_plan import REFUSED, WOULD_MIGRATE

    going, refused = plan.with_status(WOULD_MIGRATE), plan.with_status(REFUSED)
    done = len(plan.files) - len(going) - len(refused)
    lines = [f"{len(plan.files):,} files: {len(going):,} to migrate, {done:,} already, {len(refused):,} refused", ""]
    lines += [f"  {name_of_tenant('tenant')}  {'shape':<20} {'turns':>9} {'to fill':>9} {'size':>10}"]
    lines += [_row(file) for file in plan.files]
    lines += [""]
    lines += [f"  in sum        {sum(each.foreseen.rows for each in plan.files):,} turns, "]
    lines[-1] += mebibytes(sum(each.foreseen.size_bytes for each in plan.files))
    lines += [f"  time          about {_span(plan.seconds)} with {plan.jobs} at once, on a disk like this moment's"]
    for disk in plan.disks:
        words = (
            f"{disk.folder}: backups {mebibytes(disk.backup_bytes)}, growth {mebibytes(disk.growth_bytes)}, meanwhile "
            f"{mebibytes(disk.passing_bytes)}; free {mebibytes(disk.free_bytes)}: "
        )
        lines += told("disk", words + ("enough" if disk.is_enough else "NOT ENOUGH"))
    if refused:
        lines += ["", "refused:"]
        lines += [line for file in refused for line in about_tenant(file.tenant, file.foreseen.reason, file.path)]
    changed = [file.tenant for file in plan.files if not file.foreseen.wrote_nothing]
    lines += ["", "nothing was written by this plan" + ("; others write meanwhile to:" if changed else "")]
    lines += [f"  {tenant}" for tenant in changed]
    return [*lines, f"next: {next_command(given, 'migrate', '--out', 'migration', '--canary', 1)}"]


def _row(file: ForeseenFile) -> str:
    found = file.foreseen
    shape = found.shape.replace("_", " ") or "?"
    what = f"{found.to_fill:,}" if found.status != "refused" else "refused"
    size = mebibytes(found.size_bytes)
    return f"  {name_of_tenant(file.tenant)}  {shape[:20]:<20} {found.rows:>9,} {what:>9} {size:>10}"


def _span(seconds: float) -> str:
    return f"{seconds:,.0f} s" if seconds < 120 else f"{seconds / 60:,.0f} min"
