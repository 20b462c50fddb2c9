"""``turntruth diff``: what is lost, changed and new between any two SQLite files."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from audit.cli.leftovers import clear_reports, clear_temporary
from audit.cli.turn_file import Format, FormatOption

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from audit.diff.pair_result import PairResult
    from audit.fleet.pairs.comparison_suite import ComparisonSuite


def diff(
    before: Annotated[Path, typer.Argument(help="The file as it was; it is only read.", show_default=False)],
    after: Annotated[Path, typer.Argument(help="The file as it is; it is only read.", show_default=False)],
    output: FormatOption = Format.TEXT,
    show: Annotated[
        list[str] | None,
        typer.Option(metavar="TABLE.COLUMN", help="Show the values of this column; may be given more than once."),
    ] = None,
    contract: Annotated[
        str,
        typer.Option(
            metavar="FILE", help="What had to change and what may, or a shipped contract; all else is a finding then."
        ),
    ] = "",
    no_contract: Annotated[
        bool, typer.Option("--no-contract", help="Tell of two turn stores too all that differs, as of any files.")
    ] = False,
    contract_seconds: Annotated[
        float, typer.Option(metavar="SECONDS", min=0.1, help="How long the SQL of the contract may take in all.")
    ] = 900.0,
    draft: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Write the contract that the pair suggests, its reasons blank, to a new file."
        ),
    ] = None,
    redact: Annotated[bool, typer.Option("--redact", help="Tell keys by type, length and hash as well.")] = False,
    out: Annotated[
        Path | None, typer.Option(help="Write a page, all findings and a certificate into a folder below this one.")
    ] = None,
    write: Annotated[
        str,
        typer.Option(
            metavar="gx:FILE", help="Write the claims as a Great Expectations suite, with its validation result."
        ),
    ] = "",
    run_id: Annotated[str, typer.Option(help="Name of that folder; by default made from the time.")] = "",
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress, and only the result.")] = False,
) -> None:
    """Tell what is lost, changed and new between any two SQLite files: every object, declaration, row and cell.

    Values are told by type, length and hash, keys as they are. Neither file is written to.

    Under a contract the result is GO, NO-GO or CANNOT TELL.

    A draft of a contract says what was seen; reasons are for a human to fill in, and losses to take out of comments.

    Exit codes: 0 the same, only new, or GO; 1 lost or changed, or NO-GO; 2 wrong usage, or a contract that cannot be
    used; 3 a file, a table or a claim cannot be judged.

    Example: turntruth diff before.db after.db --contract contract.toml
    """
    from audit.cli.text_output import print_sentences
    from audit.contract.shipped_contracts import find_contract
    from audit.diff.draft_file import DraftFile, DraftUnderContractError
    from audit.diff.json_document import write_json
    from audit.diff.pair_run import compared

    clear_temporary()
    if draft is not None and contract:
        raise DraftUnderContractError
    judged_by = find_contract(contract) if contract else None
    drafted = None if draft is None else DraftFile(draft, (before, after))
    suite = _suite(write, before, after, judged_by) if write else None
    keep = None if out is None else _keeper(before, after, out, run_id)
    if not quiet and sys.stderr.isatty():
        typer.echo("comparing the files …", err=True)
    shown = show or []
    pair = compared(
        before,
        after,
        show=shown,
        redact=redact,
        contract=judged_by,
        contract_seconds=contract_seconds,
        no_contract=no_contract,
        draft=drafted,
    )
    with pair as result:
        if output is Format.JSON:
            write_json(result, sys.stdout)
        else:
            _print_text(result, shown, quiet=quiet)
        if keep is not None:
            written = keep(result)
            if not quiet:
                print_sentences([f"report: {written / 'index.html'}"], err=output is Format.JSON)
        if suite is not None:
            written = suite.write(result)
            if not quiet:
                print_sentences([f"suite and its result: {written}"], err=output is Format.JSON)
        if drafted is not None and not quiet:
            told = f"draft: {draft} (refused until its name and every reason say something)"
            print_sentences([told], err=output is Format.JSON)
    raise typer.Exit(result.exit_code)


def _suite(target: str, before: Path, after: Path, contract: Path | None) -> ComparisonSuite:
    """Where the suite goes; whether it can be written is found out before."""
    from audit.fleet.pairs.comparison_suite import ComparisonSuite
    from audit.processes.address_space import require_address_space

    require_address_space()
    return ComparisonSuite(target, before, after, contract)


def _keeper(before: Path, after: Path, out: Path, run_id: str) -> Callable[[PairResult], Path]:
    """What writes the folder of the comparison once it is made; whether it can is found out before."""
    from datetime import UTC, datetime

    from audit.diff.pair_folder import Stand, write_pair
    from audit.report.run_folder import check_writable, new_run_id

    clear_reports(out)
    name = run_id or new_run_id()
    check_writable(out, name, (before, after))
    stand = Stand.of(before, after)
    started = datetime.now(UTC)

    def keep(result: PairResult) -> Path:
        times = tuple(
            each.isoformat(timespec="milliseconds").replace("+00:00", "Z") for each in (started, datetime.now(UTC))
        )
        return write_pair(result, stand, out, name, (times[0], times[1]))

    return keep


def _print_text(result: PairResult, show: Sequence[str], *, quiet: bool) -> None:
    from audit.diff.pair_text import pair_lines

    for line in pair_lines(result, show=show, quiet=quiet):
        typer.echo(line)
