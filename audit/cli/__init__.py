"""The command line: each command parses, calls the library once and prints.

Only ``main`` turns an error into a line and an exit code. Command modules import what they run inside their
functions, so that ``turntruth --help`` answers at once. This module imports next to nothing: only what it runs can see
to it that a signal ends a command as it should.
"""

from __future__ import annotations

import errno
import sys

TYPE_CHECKING = False  # the one of the library takes as long to import as all the rest until `main` has begun
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from types import FrameType
    from typing import Any

    import typer

HELP_ORDER = (
    "demo",
    "prove",
    "migrate",
    "rollback",
    "doctor",
    "audit",
    "diff",
    "checks",
    "explain",
    "suite",
    "history",
    "sql",
    "notebook",
    "fleet",
    "runs",
    "serve",
    "ticket-doctor",
)
"""The order of ``--help``; commands that are not named here stand behind these, by name."""

LIES_WITH = {
    "contract": "diff",
    "report": "runs",
    "runs-compare": "runs",
    "runs-prune": "runs",
    "schema": "runs",
    "sign": "runs",
    "verify": "runs",
}
"""Commands that lie in the module of another one in `audit.cli.commands`, and which that is."""

EXIT_USAGE = 2
EXIT_ERRORED = 3
EXIT_INTERRUPTED = 130
SERVES = "serve"
"""The command that a signal ends well."""
WITHOUT_PANDAS = frozenset({"audit", "demo", "prove", "verify"})
"""The commands that bind values in DuckDB, which loads pandas for it, and have no use for that themselves."""


def show_versions(value: bool) -> None:
    """Print what a bug report needs to name, a line each, and leave."""
    if not value:
        return
    from importlib.metadata import version

    import apsw
    import typer

    typer.echo(f"turntruth {version('turntruth')}")
    typer.echo(f"Python {sys.version.split()[0]}")
    typer.echo(f"SQLite {apsw.sqlite_lib_version()} (apsw {apsw.apsw_version()})")
    typer.echo(f"DuckDB {version('duckdb')}")
    typer.echo(f"Great Expectations {version('great-expectations')}")
    raise typer.Exit


def command_names() -> list[str]:
    """The commands that there are, in no order that matters."""
    return [*command_modules(), *LIES_WITH]


def command_modules() -> list[str]:
    """Whatever lies in `audit.cli.commands`, each by the command that it is named for, in the order of ``--help``.

    What is ``ticket_doctor`` there is ``ticket-doctor`` here.
    """
    from pkgutil import iter_modules

    from audit.cli import commands

    places = {name: place for place, name in enumerate(HELP_ORDER)}
    found = (module.name.replace("_", "-") for module in iter_modules(commands.__path__))
    return sorted(found, key=lambda name: (places.get(name, len(places)), name))


def build_app(asked: str = "") -> typer.Typer:
    """The whole command line; every module of `audit.cli.commands` adds its own.

    Where ``asked`` names a command, the modules of others are left out: to load them and read all their parameters
    takes longer than all else until a command begins.
    """
    from importlib import import_module

    import typer

    app = typer.Typer(
        name="turntruth",
        help="Prove which runtime produced each turn of a conversation.",
        no_args_is_help=True,
        add_completion=True,
        pretty_exceptions_enable=False,
    )

    @app.callback()
    def options(
        version: bool = typer.Option(
            False,
            "--version",
            callback=show_versions,
            is_eager=True,
            help="Show the versions of turntruth and its engines.",
        ),
        debug: bool = typer.Option(False, "--debug", help="Show the traceback of an error (accepted anywhere)."),
    ) -> None:
        """Prove which runtime produced each turn of a conversation.

        Exit codes: 0 passed or done, 1 findings, 2 wrong usage or input, 3 errored or incomplete; 130, 143 and 129
        where SIGINT, SIGTERM or SIGHUP ended it: what is unfinished is removed, and a line says where it stands.
        """

    names = command_modules()
    asked = LIES_WITH.get(asked, asked)
    for name in [asked] if asked in names else names:
        import_module(f"audit.cli.commands.{name.replace('-', '_')}").register(app)
    return app


def main(arguments: Sequence[str] | None = None, build: Callable[[], typer.Typer] | None = None) -> None:
    """Run the command line and leave with its exit code: 0, 1, 2, 3, or 130, 143 and 129 for a signal.

    ``build`` makes another command line than `build_app`, which ends and tells its errors in the same way.
    """
    _leave_on_signals()
    from audit.cli.streams import prepare_streams
    from audit.processes.interruption import guarded, leave_interrupted

    prepare_streams()
    given = list(sys.argv[1:] if arguments is None else arguments)
    if build is None and WITHOUT_PANDAS.intersection(given[:1]):
        # Then DuckDB does as where it is not installed, and an audit of a small file takes a tenth less.
        sys.modules.setdefault("pandas", None)  # type: ignore[arg-type]  # so that importing it is an ImportError
    exit_code = guarded(lambda: _run_given(given, build))
    leave_interrupted()
    sys.exit(exit_code)


def _leave_on_signals() -> None:
    """As long as nothing is loaded, there is nothing to let go of."""
    import signal

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _leave)


def _leave(number: int, frame: FrameType | None) -> None:
    import os
    import signal

    line = f"turntruth: interrupted by {signal.Signals(number).name}: nothing was written; run the same command again"
    try:
        os.write(2, f"{line}\n".encode())
    finally:
        os._exit(128 + number)


def _run_given(given: Sequence[str], build: Callable[[], typer.Typer] | None) -> int:
    from audit.processes import interruption

    debug = "--debug" in given
    words = [word for word in given if word != "--debug"]
    if words[:1] == [SERVES]:
        interruption.ends_well()
    interruption.on_leaving(_remove_partial_backups)
    return run(words, debug=debug, build=build or (lambda: build_app(*words[:1])))


def run(arguments: Sequence[str], *, debug: bool = False, build: Callable[[], typer.Typer] | None = None) -> int:
    """Run one command line and return its exit code; errors are told in one line on stderr."""
    from audit.processes import interruption
    from audit.processes.signal_watch import NOTHING_WRITTEN

    interruption.stands(NOTHING_WRITTEN)
    outcome: Any = 0
    try:
        app = build() if build else build_app(*arguments[:1])
        outcome = app(args=list(arguments), prog_name=None if build else "turntruth", standalone_mode=False)
    except SystemExit:
        # Typer leaves so when the reader of our output has left (`turntruth ... | head`): nothing went wrong here.
        pass
    except KeyboardInterrupt:
        outcome = EXIT_INTERRUPTED
    except Exception as error:  # noqa: BLE001  the last resort: our own defects are told in a line too
        if debug:
            import traceback

            traceback.print_exc()
        if getattr(error, "exit_code", 0) == EXIT_INTERRUPTED:
            # Whoever raised it knows best where it stands.
            interruption.stands(str(error))
            outcome = EXIT_INTERRUPTED
        elif not interruption.received():
            return _tell(error)
    # Whatever else was met meanwhile, it was the signal that brought it about.
    if interruption.received() or outcome == EXIT_INTERRUPTED:
        return interruption.settle()
    return outcome if isinstance(outcome, int) else 0


def _tell(error: Exception) -> int:
    """Tell an error in a line; the exit code that stands for it."""
    import typer

    if not isinstance(error, typer.TyperException):
        message, exit_code = _explain(error)
        typer.echo(f"turntruth: {_on_one_line(message)}", err=True)
        return exit_code
    # Wrong usage: Typer's own text names the command and its help.
    show = getattr(error, "show", None)
    if show is None:
        typer.echo(f"turntruth: {error}", err=True)
    else:
        show()
    return EXIT_USAGE


def _on_one_line(message: str) -> str:
    """A message that steers no terminal, by nothing that had to be loaded: memory may be what is lacking."""
    line = " ".join(message.split())
    return "".join(
        each if each.isprintable() or "\ud800" <= each <= "\udfff" else f"U+{ord(each):04X}" for each in line
    )


def _explain(error: Exception) -> tuple[str, int]:
    """The line and the exit code that stand for an error."""
    import typer

    from audit.errors import AuditError
    from store.errors import StoreError

    match error:
        case typer.Abort():
            return "not confirmed; nothing was changed", EXIT_INTERRUPTED
        case AuditError() | StoreError():
            return str(error), error.exit_code
        case _ if _is_out_of_memory(error):
            cause = str(error) or type(error).__name__
            return f"there is not enough memory ({cause}). Raise the limit (ulimit -v), or free some", EXIT_ERRORED
        case OSError() if error.errno == errno.EMFILE:
            return (
                f"{error.filename or 'system'}: this process may not open more files. Raise that limit (ulimit -n 256)",
                EXIT_ERRORED,
            )
        case OSError():
            return f"{error.filename or 'system'}: {error.strerror or error}", EXIT_USAGE
        case _:
            name = type(error).__name__
            return (
                f"unexpected {name}: {error}. This is a defect of turntruth: please report it with --debug",
                EXIT_ERRORED,
            )


def _is_out_of_memory(error: Exception) -> bool:
    """Also where a library could not be loaded for it, which the loader tells in its own words."""
    return (
        isinstance(error, MemoryError)
        or (isinstance(error, ImportError) and "failed to map segment" in str(error))
        or (isinstance(error, OSError) and error.errno == errno.ENOMEM)
    )


def _remove_partial_backups() -> None:
    """What the store may have begun; asked of it only where it is loaded."""
    module = sys.modules.get("store.migration.backup.partial_file")
    if module is not None:
        module.remove_all()
