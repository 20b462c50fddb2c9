"""Prove which runtime produced each turn of a conversation: migrate, audit and report on chat databases in SQLite.

Everything is named here and loaded when it is first used; nothing lives here.

Examples
--------
>>> from turntruth import AuditSettings, RuntimeHistory, migrate, run_audit, verify
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from turntruth.hidden import HiddenPackageError, end_command, is_command, require_own_packages

if TYPE_CHECKING:
    from audit.certificates.signing import sign_run as sign
    from audit.certificates.verification.run_verification import verify_run as verify
    from audit.demo import run as demo
    from audit.errors import AuditError
    from audit.history import frames
    from audit.history.runtime_history import RuntimeHistory
    from audit.pipeline.run import run_audit
    from audit.pipeline.settings import AuditSettings
    from audit.report.run_folder import list_runs, load_run
    from audit.report.summary import summarize
    from audit.results.findings_csv import read_findings
    from store.api.client import DebugClient
    from store.conversations.conversation_store import SqliteConversationStore
    from store.errors import StoreError
    from store.migration import diagnose, lost_turns, migrate, plan, rollback
    from store.turns.records import TurnQuery
    from store.turns.turn_store import SqliteTurnStore

__all__ = [
    "AuditError",
    "AuditSettings",
    "DebugClient",
    "HiddenPackageError",
    "RuntimeHistory",
    "SqliteConversationStore",
    "SqliteTurnStore",
    "StoreError",
    "TurnQuery",
    "demo",
    "diagnose",
    "frames",
    "list_runs",
    "load_run",
    "lost_turns",
    "migrate",
    "plan",
    "read_findings",
    "rollback",
    "run_audit",
    "sign",
    "summarize",
    "verify",
]

_PLACES = {
    "AuditError": "audit.errors:AuditError",
    "AuditSettings": "audit.pipeline.settings:AuditSettings",
    "DebugClient": "store.api.client:DebugClient",
    "RuntimeHistory": "audit.history.runtime_history:RuntimeHistory",
    "SqliteConversationStore": "store.conversations.conversation_store:SqliteConversationStore",
    "SqliteTurnStore": "store.turns.turn_store:SqliteTurnStore",
    "StoreError": "store.errors:StoreError",
    "TurnQuery": "store.turns.records:TurnQuery",
    "demo": "audit.demo.run",
    "diagnose": "store.migration:diagnose",
    "frames": "audit.history.frames",
    "list_runs": "audit.report.run_folder:list_runs",
    "load_run": "audit.report.run_folder:load_run",
    "lost_turns": "store.migration:lost_turns",
    "migrate": "store.migration:migrate",
    "plan": "store.migration:plan",
    "read_findings": "audit.results.findings_csv:read_findings",
    "rollback": "store.migration:rollback",
    "run_audit": "audit.pipeline.run:run_audit",
    "sign": "audit.certificates.signing:sign_run",
    "summarize": "audit.report.summary:summarize",
    "verify": "audit.certificates.verification.run_verification:verify_run",
}
"""Public name to the module, and the name in it, that it stands for."""

try:
    require_own_packages()
except HiddenPackageError as hidden:
    if is_command():
        end_command(hidden)
    raise


def __getattr__(name: str) -> object:
    """Load what a public name stands for, when it is first asked for."""
    from importlib import import_module  # noqa: PLC0415  what asks for nothing loads nothing

    if name == "__version__":
        from importlib.metadata import version  # noqa: PLC0415  as above

        return version("turntruth")
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}; it has {', '.join(__all__)}")
    module, _, attribute = _PLACES[name].partition(":")
    found = import_module(module)
    value: object = getattr(found, attribute) if attribute else found
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """The public names, for completion."""
    return sorted([*__all__, "__version__"])
