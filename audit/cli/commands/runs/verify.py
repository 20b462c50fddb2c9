"""``turntruth verify``: compare a run and the files it is about with the run's certificate."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from audit.cli.leftovers import clear_temporary

if TYPE_CHECKING:
    from audit.certificates.verification.comparison import Comparison
    from audit.certificates.verification.run_verification import Verification
    from audit.report.targets import Target

EXIT_CODES = {"same": 0, "differs": 1, "unknown": 3}
INPUTS = ("turns", "timeline", "baseline", "registry", "against", "api", "before", "after")
NEVER_LEFT_OUT = "turns"

DatabasePath = Annotated[
    Path | None, typer.Option(help="Where this file lies now; by default where it lay when it was audited.")
]


class OutputFormat(StrEnum):
    """How the comparison is printed."""

    TEXT = "text"
    JSON = "json"


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command("verify")(verify)


def verify(
    run: Annotated[
        Path, typer.Argument(help="Folder of a run, as an audit printed it, or a bundle of one.", show_default=False)
    ],
    turns: DatabasePath = None,
    timeline: DatabasePath = None,
    baseline: DatabasePath = None,
    inputs: Annotated[
        list[str] | None,
        typer.Option(
            "--input", metavar="ROLE=PATH", help="Where any input lies now, such as turns=copy.db; may be repeated."
        ),
    ] = None,
    without: Annotated[
        list[str] | None,
        typer.Option(metavar="ROLE", help="Do not look at this input, such as api; may be repeated."),
    ] = None,
    report: Annotated[
        list[str] | None,
        typer.Option(
            metavar="FORMAT:PATH",
            help="A report that audit --write wrote, such as junit:a.xml, must be that of the run; may be repeated.",
        ),
    ] = None,
    signers: Annotated[
        Path | None, typer.Option(help="File of allowed signers (OpenSSH); one of them must have signed the run.")
    ] = None,
    identity: Annotated[str, typer.Option(help="Who of them; by default the only one whose key it is.")] = "",
    output: Annotated[OutputFormat, typer.Option("--format", help="What to print on standard output.")] = (
        OutputFormat.TEXT
    ),
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Also print what is the same.")] = False,
) -> None:
    """Tell whether a report and the files it is about are still as the run's certificate says.

    The page is made again from results.json and findings.csv, and every other file of the run must agree with it. Where
    all is the same one line says so; else what is not, and what to do.

    Exit codes: 0 all is the same, 1 something differs, 2 wrong usage, 3 it cannot be told.

    Example: turntruth verify reports/run_20260224t101500z_ab12 --input turns=copy-of-turns.db
    """
    from audit.processes.address_space import LOADED_BYTES, require_address_space

    require_address_space(LOADED_BYTES)
    from audit.certificates.bundle import opened_run
    from audit.certificates.verification.run_verification import Demand, verify_run
    from audit.cli.text_output import print_sentences
    from audit.diff.pair_verification import verify_pair
    from audit.results.run_kind import RunKind, kind_of, require_kind

    if identity and signers is None:
        raise typer.BadParameter("it is one of a file of signers: give --signers as well", param_hint="--identity")
    clear_temporary()
    options = {"turns": turns, "timeline": timeline, "baseline": baseline}
    named = {role: path for role, path in options.items() if path is not None}
    demand = Demand(frozenset(without or ()), _reports(report or ()), signers, identity)
    with opened_run(run) as folder:
        require_kind(folder, RunKind.AUDIT, RunKind.COMPARISON, shown=run)
        places = _places(named, inputs or ())
        if kind_of(folder) is RunKind.COMPARISON:
            verification = verify_pair(folder, places, demand)
        else:
            _require_turns(demand.without, folder)
            verification = verify_run(folder, places, demand)
    if output is OutputFormat.JSON:
        sys.stdout.write(json.dumps(_as_json(verification), indent=2) + "\n")
    else:
        print_sentences(_as_text(verification, everything=verbose))
    raise typer.Exit(EXIT_CODES[verification.outcome])


def _places(named: Mapping[str, Path], texts: Sequence[str]) -> dict[str, Path]:
    """Role to path, from both kinds of options."""
    places = dict(named)
    for text in texts:
        role, equals, path = text.partition("=")
        if not (role and equals and path):
            raise typer.BadParameter(f"wanted ROLE=PATH, such as turns=copy.db, found {text!r}", param_hint="--input")
        if role in places:
            raise typer.BadParameter(f"{role} is given twice", param_hint="--input")
        places[role] = Path(path)
    return places


def _require_turns(without: frozenset[str], folder: Path) -> None:
    """Who was sent a redacted run has no turns; of any other, nothing is left without them."""
    from audit.report.run_folder import load_run

    if NEVER_LEFT_OUT in without and not load_run(folder).redaction.method:
        raise typer.BadParameter("without its turns nothing is left of an audit", param_hint="--without")


def _reports(texts: Sequence[str]) -> tuple[Target, ...]:
    from audit.report.outputs import OUTPUTS
    from audit.report.targets import Target

    targets = []
    for text in texts:
        name, _, path = text.partition(":")
        if name not in OUTPUTS or not path:
            wanted = f"wanted FORMAT:PATH, the format one of {', '.join(OUTPUTS)}, found {text!r}"
            raise typer.BadParameter(wanted, param_hint="--report")
        targets.append(Target(name, Path(path)))
    return tuple(targets)


def _as_text(verification: Verification, *, everything: bool) -> Iterator[str]:
    yield from (_as_line(each) for each in verification.comparisons if everything or each.outcome != "same")
    left_out = f", not looked at: {', '.join(sorted(verification.without))}" if verification.without else ""
    outcome = f"{verification.outcome}, {verification.signature.statement}{left_out}"
    yield f"verdict of the run: {verification.certificate.verdict}; certificate: {outcome}"
    if verification.outcome != "same":
        yield f"next: {_remedy(verification)}"


def _remedy(verification: Verification) -> str:
    """What to do about what is not the same."""
    outcome = verification.outcome
    subjects = [each.subject for each in verification.comparisons if each.outcome == outcome]
    inputs = [role for role in INPUTS if role in subjects]
    if inputs and outcome == "differs":
        return (
            f"{' and '.join(inputs)} changed since the audit; audit again, or say where the audited file lies now:"
            f" --input {inputs[0]}=PATH"
        )
    if inputs:
        left_out = "" if inputs[-1] == NEVER_LEFT_OUT else f", or leave it out: --without {inputs[-1]}"
        return f"say where {' and '.join(inputs)} can be read now: --input {inputs[0]}=PATH{left_out}"
    if outcome == "differs":
        return "the run is not as it was certified: take it again from where it was kept, or audit again"
    return "nothing is known to be wrong, but not all could be looked at: see the reasons above"


def _as_line(comparison: Comparison) -> str:
    line = f"{comparison.outcome:8} {comparison.subject}: {comparison.aspect}"
    if comparison.problem:
        return f"{line}: {comparison.problem}"
    if comparison.outcome == "differs":
        return f"{line}: certified {comparison.certified or 'none'}, found {comparison.found or 'none'}"
    return line


def _as_json(verification: Verification) -> dict[str, object]:
    from dataclasses import asdict

    signature = verification.signature
    return {
        "run_id": verification.certificate.run_id,
        "outcome": verification.outcome,
        "signature": {"state": signature.state, "key": signature.key, "identity": signature.identity},
        "without": sorted(verification.without),
        "comparisons": [asdict(each) for each in verification.comparisons],
    }
