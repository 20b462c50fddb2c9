"""``turntruth serve``: the web page and, if asked for, the debug API over a turn file and its conversation file."""

from __future__ import annotations

import contextlib
import logging
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from audit.processes import interruption

if TYPE_CHECKING:
    import socket

    import uvicorn

    from store.api.settings import ApiSettings

_LAST_ANSWERS_S = 5
"""What is being answered when the service is stopped may take as long; containers wait ten seconds."""
LOOPBACK = {"127.0.0.1", "::1", "localhost"}

TurnsPath = Annotated[Path, typer.Option("--turns", help="The turn database to show; only read without --profiles.")]
TimelinePath = Annotated[
    Path | None, typer.Option("--timeline", help="The conversation database; without it there is no list.")
]
Host = Annotated[str, typer.Option(help="The address to listen on; others than this computer only if you say so.")]
Port = Annotated[int, typer.Option(min=0, max=65_535, help="The port to listen on; 0 takes a free one.")]
DebugApi = Annotated[bool, typer.Option("--debug-api/--no-debug-api", help="Whether /api/debug/… is answered.")]
Token = Annotated[
    str,
    typer.Option(
        envvar="TURNTRUTH_TOKEN",
        help="What every request must carry: as a bearer token, or as the password a browser asks for.",
    ),
]
ProfilesPath = Annotated[
    Path | None,
    typer.Option(
        "--profiles",
        help="A profile registry (YAML): opens both files for writing, made if missing, and answers prompts by script.",
    ),
]
ReportsPath = Annotated[
    Path | None,
    typer.Option(
        "--reports", exists=True, file_okay=False, help="A folder that audits write to: its runs are shown beside."
    ),
]


def register(app: typer.Typer) -> None:
    """Add the command."""

    @app.command()
    def serve(
        turns: TurnsPath,
        timeline: TimelinePath = None,
        host: Host = "127.0.0.1",
        port: Port = 8765,
        debug_api: DebugApi = False,
        token: Token = "",
        profiles: ProfilesPath = None,
        reports: ReportsPath = None,
    ) -> None:
        """Show conversations, turns and their runtimes on a web page.

        SIGINT (Ctrl-C) and SIGTERM end it with exit code 0 when the last answers are out, SIGHUP with 129.

        Example: turntruth serve --turns turns.db --timeline timeline.db --debug-api
        """
        interruption.stands("the service has ended")
        interruption.writes()
        if profiles is not None and timeline is None:
            raise typer.BadParameter("--profiles needs --timeline: a chat moves the conversation's pointer")
        if host not in LOOPBACK and not token:
            typer.echo(f"turntruth: {host} is open to other computers and no --token is set", err=True)
        reading = _chatting(turns, timeline, profiles) if timeline and profiles else _reading(turns, timeline)
        databases = [path for path in (turns, timeline) if path is not None]
        with reading as settings, _with_reports(settings, reports, databases) as settings:
            _listen(settings, host, port, debug_api=debug_api, token=token)


@contextlib.contextmanager
def _reading(turns: Path, timeline: Path | None) -> Iterator[ApiSettings]:
    from store.api.settings import ApiSettings
    from store.conversations.conversation_store import SqliteConversationStore
    from store.turns.turn_store import SqliteTurnStore

    with contextlib.ExitStack() as stores:
        conversations = (
            stores.enter_context(SqliteConversationStore(timeline, read_only=True)) if timeline is not None else None
        )
        yield ApiSettings(stores.enter_context(SqliteTurnStore(turns, read_only=True)), conversations)


@contextlib.contextmanager
def _chatting(turns: Path, timeline: Path, profiles: Path) -> Iterator[ApiSettings]:
    from store.api.settings import ApiSettings
    from store.chat.manager import ConversationManager
    from store.chat.profiles import ProfileRegistry
    from store.chat.runtime import RuntimeComposer
    from store.chat.scripted import ScriptedEngine
    from store.conversations.conversation_store import SqliteConversationStore
    from store.turns.turn_store import SqliteTurnStore

    composer = RuntimeComposer(ProfileRegistry.from_yaml(profiles), {"scripted": ScriptedEngine.from_settings})
    with (
        SqliteTurnStore(turns, create=True) as turn_store,
        SqliteConversationStore(timeline, create=True) as conversation_store,
        ConversationManager(turn_store, conversation_store, composer) as manager,
    ):
        yield ApiSettings(turn_store, conversation_store, manager)


@contextlib.contextmanager
def _with_reports(settings: ApiSettings, reports: Path | None, databases: list[Path]) -> Iterator[ApiSettings]:
    """The runs of a folder beside the turns; what is open here with SQLite is never opened by them."""
    if reports is None:
        yield settings
        return
    import dataclasses

    from audit.runs.served.file_hashes import FileHashes
    from audit.runs.served.run_file import RunFiles
    from audit.runs.served.run_pages import PATH, runs_router
    from store.api.settings import PagesBeside

    with FileHashes() as hashes:
        router = runs_router(RunFiles(reports, databases), hashes)
        yield dataclasses.replace(settings, beside=(*settings.beside, PagesBeside(router, "Runs", PATH)))


def _listen(settings: ApiSettings, host: str, port: int, *, debug_api: bool, token: str) -> None:
    import dataclasses
    import socket

    import uvicorn

    from store.api.app import served_app
    from store.api.deadlines import DeadlineProtocol

    # A page of another site whose name was made to resolve to this computer must get no answer.
    hosts = ("127.0.0.1", "[::1]", "localhost") if host in LOOPBACK else ()
    app = served_app(dataclasses.replace(settings, debug_api=debug_api, token=token, hosts=hosts))
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((host, port))
        except OSError as error:
            raise typer.BadParameter(f"cannot listen on {host} port {port}: {error.strerror}") from error
        listener.listen()  # from here on connections wait for the server instead of being refused
        shown = f"[{host}]" if ":" in host else host
        typer.echo(f"http://{shown}:{listener.getsockname()[1]}/")
        sys.stdout.flush()
        typer.echo("Press Ctrl+C to stop.", err=True)
        config = uvicorn.Config(
            app,
            http=DeadlineProtocol,
            log_level="warning",
            server_header=False,
            timeout_graceful_shutdown=_LAST_ANSWERS_S,
        )
        _run(uvicorn.Server(config), listener)


def _run(server: uvicorn.Server, listener: socket.socket) -> None:
    """Serve until a signal ends it; a second SIGINT does not wait for the last answers."""
    stopped: list[int] = []

    def stop(number: int) -> None:
        stopped.append(number)
        server.handle_exit(number, None)
        # Answers that are cut off would be told as tracebacks, where somebody has just said not to wait for them.
        logging.getLogger("uvicorn.error").disabled = server.force_exit

    # The server would install handlers of its own, also for signals that were ignored at the start.
    server.capture_signals = contextlib.nullcontext  # type: ignore[method-assign, assignment]
    with interruption.handed_to(stop):
        server.run(sockets=[listener])
    if stopped:
        interruption.end_on(stopped[0])
