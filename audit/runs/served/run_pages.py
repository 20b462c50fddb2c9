"""The runs of a folder as pages of a server, read-only: a list of them, and each report with what is true of it now."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from fastapi import APIRouter, HTTPException, Request, Response
from fastapi.responses import HTMLResponse, StreamingResponse
from jinja2 import Environment

from audit.certificates.certificate import CERTIFICATE_FILE
from audit.checks.findings_parquet import FINDINGS_PARQUET
from audit.errors import AuditError
from audit.report.html import content_hash
from audit.report.run_folder import FINDINGS_FILE, HTML_FILE, RESULTS_FILE
from audit.results.run_kind import FLEET_RESULT, FLEET_TENANTS
from audit.runs.index_page import PROBLEMS_SHOWN, TRENDS_SHOWN, runs_environment
from audit.runs.kept_run import KeptRun, newest_names, run_names
from audit.runs.overview import RUNS_SHOWN, Overview, by_input, sort_out
from audit.runs.served.file_hashes import FileHashes
from audit.runs.served.report_truth import Truth, files_of, of_all
from audit.runs.served.run_file import MEDIA_TYPES, RunFiles, chunks

PATH = "/runs"
SCRIPTS = ("report/templates/filter.js", "fleet/report/templates/tenants.js")
"""The scripts of all pages that may be served: the filter of a run's, the search of a fleet's."""

WAIT_S = 2.0
"""How long a page waits for hashes that are being taken; a file of gigabytes takes longer."""


@cache
def report_policy() -> str:
    """What a report may do: be looked at, filtered and searched by our own scripts, and its findings be saved.

    Whoever wrote it, it is not of our origin, and no other script runs.
    """
    scripts = " ".join(
        f"'{content_hash(files('audit').joinpath(path).read_text(encoding='utf-8'))}'" for path in SCRIPTS
    )
    return (
        f"sandbox allow-scripts allow-downloads; default-src 'none'; script-src {scripts}; "
        "style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
    )


def runs_router(run_files: RunFiles, hashes: FileHashes) -> APIRouter:
    """The pages below ``/runs``."""
    router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)

    @router.get(PATH)
    def runs(request: Request) -> Response:
        overview = _look_over(run_files)
        newest = [trend.runs[-1] for trend in overview.trends[:TRENDS_SHOWN]]
        truths = {run.run_id: of_all(files_of(run_files, run.run_id, hashes, WAIT_S / len(newest))) for run in newest}
        outdated = [run for run in newest if truths[run.run_id] is Truth.NO_LONGER]
        return _page(request, "served_runs.html.j2", {"overview": overview, "truths": truths, "outdated": outdated})

    @router.get(PATH + "/{run_id}")
    def run(request: Request, run_id: str) -> Response:
        found = run_files.read(run_id)
        if found is None:
            raise HTTPException(404, "run not found")
        overview = _look_over(run_files)
        trend = next((each for each in by_input(overview.runs) if found in each.runs), None)
        about = files_of(run_files, run_id, hashes, WAIT_S)
        told = {"trend": trend, "files": about, "truth": of_all(about)}
        context = {"run": found, "html_file": HTML_FILE, "names": _files_beside_the_page(found), **told}
        return _page(request, "served_run.html.j2", context)

    @router.get(PATH + "/{run_id}/{name}")
    def file(run_id: str, name: str) -> Response:
        stream = run_files.open(run_id, name)
        if stream is None:
            raise HTTPException(404, "file not found")
        headers = {"Content-Security-Policy": report_policy(), "X-Frame-Options": "SAMEORIGIN"}
        if name != HTML_FILE:
            headers["Content-Disposition"] = f'attachment; filename="{run_id}-{name}"'
        return StreamingResponse(chunks(stream), headers=headers, media_type=MEDIA_TYPES[name])

    return router


def _files_beside_the_page(run: KeptRun) -> tuple[str, ...]:
    if run.is_comparison:
        return (RESULTS_FILE, FINDINGS_PARQUET, CERTIFICATE_FILE)
    if run.other is not None:
        return (FLEET_RESULT, FLEET_TENANTS, CERTIFICATE_FILE)
    return (RESULTS_FILE, FINDINGS_FILE, CERTIFICATE_FILE)


def _look_over(run_files: RunFiles) -> Overview:
    try:
        names = run_names(run_files.reports)
    except AuditError as error:
        raise HTTPException(503, "the folder of the runs cannot be read") from error
    shown = newest_names(run_files.reports, run_files.readable(names), RUNS_SHOWN)
    found = [run for name in shown if (run := run_files.read(name)) is not None]
    return sort_out(found, names)


def _page(request: Request, template: str, context: Mapping[str, Any]) -> Response:
    root = str(request.scope.get("root_path", ""))
    text = _environment().get_template(template).render(root=root, style=_style(), **context)
    return HTMLResponse(text, headers={"Content-Security-Policy": _policy()})


@cache
def _style() -> str:
    room = files("audit")
    parts = ("report/templates/report.css", "runs/templates/runs.css", "runs/templates/served.css")
    return "\n".join(room.joinpath(part).read_text(encoding="utf-8") for part in parts)


@cache
def _policy() -> str:
    """Nothing is loaded but reports of this server into a frame, and nothing runs."""
    return (
        f"default-src 'none'; style-src '{content_hash(_style())}'; frame-src 'self'; base-uri 'none'; "
        "form-action 'none'; frame-ancestors 'none'"
    )


@cache
def _environment() -> Environment:
    environment = runs_environment()
    environment.globals |= {"trends_shown": TRENDS_SHOWN, "problems_shown": PROBLEMS_SHOWN, "path": PATH}
    return environment
