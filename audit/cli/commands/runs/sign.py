"""``turntruth sign``: vouch for a run with an SSH key."""

from __future__ import annotations

import json
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer


class OutputFormat(StrEnum):
    """How the signature is told."""

    TEXT = "text"
    JSON = "json"


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command("sign")(sign)


def sign(
    run: Annotated[
        Path, typer.Argument(help="Folder of a run, as an audit printed it, or a fleet's.", show_default=False)
    ],
    key: Annotated[Path, typer.Option(help="File of an SSH private key: Ed25519, ECDSA or RSA.", show_default=False)],
    force: Annotated[bool, typer.Option("--force", help="Put it in the place of a signature that is there.")] = False,
    output: Annotated[OutputFormat, typer.Option("--format", help="What to print on standard output.")] = (
        OutputFormat.TEXT
    ),
) -> None:
    """Sign the certificate of a run, so that nobody can change the run and its hashes unnoticed.

    Writes certificate.json.sig beside it, as `ssh-keygen -Y sign -n turntruth` does. A run that is not as its
    certificate says is not signed. `turntruth verify --signers` checks the signature, and that of a fleet `turntruth
    fleet verify --signers`.

    Exit codes: 0 signed, 1 the run is not as its certificate says, 2 wrong usage or key, 3 it could not be done.

    Example: turntruth sign reports/run_20260224t101500z_ab12 --key ~/.ssh/id_ed25519
    """
    from audit.certificates.certificate import SIGNATURE_FILE, read_certificate_bytes
    from audit.certificates.signing import read_key, sign_run
    from audit.certificates.verification.run_verification import verify_folder
    from audit.cli.text_output import print_sentences
    from audit.diff.pair_verification import verify_pair_folder
    from audit.fleet.report.fleet_verification import read_fleet_certificate, verify_fleet_folder
    from audit.results.run_kind import RunKind, kind_of, require_kind

    require_kind(run, RunKind.AUDIT, RunKind.COMPARISON, RunKind.FLEET)
    kind = kind_of(run) or RunKind.AUDIT
    looks = {RunKind.COMPARISON: verify_pair_folder, RunKind.FLEET: verify_fleet_folder}
    look = looks.get(kind, verify_folder)
    read = read_fleet_certificate if kind is RunKind.FLEET else read_certificate_bytes
    signature, unknown = sign_run(run, read_key(key, _ask_passphrase), force=force, look=look, read=read)
    for each in unknown:
        print_sentences([f"not looked at: {each.subject}, {each.aspect}: {each.problem}"], err=True)
    path = run / SIGNATURE_FILE
    if output is OutputFormat.JSON:
        sys.stdout.write(json.dumps({"signature": str(path), "key": signature.shown_key}, indent=2) + "\n")
    else:
        print_sentences([f"signed with {signature.shown_key}: {path}"])


def _ask_passphrase() -> str | None:
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        return None
    return str(typer.prompt("passphrase of the key", hide_input=True, err=True, default="", show_default=False))
