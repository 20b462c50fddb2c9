"""The outputs that a result can be written in, each of them registered once: here.

The choices of ``--format``, ``--write`` and ``turntruth verify --report``, the page docs/outputs.md and the tests that
every output has to pass follow from this table. It names functions and loads none, for ``--help`` reads it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from audit.results.records import AuditResult, Finding


@dataclass(frozen=True, slots=True)
class Output:
    """One output: a name, and the pure function that writes a result as text.

    Attributes
    ----------
    name
        What the command line calls it.
    function
        ``module:function``; it takes an `AuditResult`, and the findings as well where ``reads_findings`` says so.
    file_name
        What its file is usually called.
    description
        What it is for, in a sentence without its full stop.
    on_audit
        Whether ``turntruth audit --format`` offers it too; pages and lists of findings are for files.
    is_json
        Whether what a terminal cannot show may be escaped as JSON escapes it.
    reads_findings
        Whether it needs all findings, beside the samples in the result.
    """

    name: str
    function: str
    file_name: str
    description: str
    on_audit: bool = True
    is_json: bool = False
    reads_findings: bool = False

    def render(self, result: AuditResult, findings: Iterable[Finding]) -> str:
        """The text of this output; ``findings`` are read once at most."""
        module, _, name = self.function.partition(":")
        function: Callable[..., str] = getattr(import_module(module), name)
        return function(result, findings) if self.reads_findings else function(result)


_REGISTERED = (
    Output(
        "html",
        "audit.report.html:render_html",
        "report.html",
        "The page of the run folder, whole without network",
        on_audit=False,
        reads_findings=True,
    ),
    Output(
        "text",
        "audit.report.formats.text:render_text",
        "audit.txt",
        "What is wrong, worst first, as a terminal shows it",
        on_audit=False,
    ),
    Output(
        "json",
        "audit.report.formats.json_text:render_json",
        "results.json",
        "The whole result; `turntruth schema` prints its JSON Schema",
        is_json=True,
    ),
    Output(
        "jsonl",
        "audit.report.formats.json_text:render_jsonl",
        "findings.jsonl",
        "Every finding, a JSON object a line",
        on_audit=False,
        is_json=True,
        reads_findings=True,
    ),
    Output(
        "junit",
        "audit.report.formats.junit:render_junit",
        "audit.xml",
        "A test case a check, for the test view of a CI server",
    ),
    Output(
        "sarif",
        "audit.report.formats.sarif:render_sarif",
        "audit.sarif",
        "Every finding as a result of a static analysis, for code scanning",
        is_json=True,
        reads_findings=True,
    ),
    Output(
        "markdown",
        "audit.report.formats.markdown:render_markdown",
        "audit.md",
        "Verdict, findings and coverage, for a pull request or the page of a job",
    ),
    Output(
        "github",
        "audit.report.formats.github:render_github",
        "annotations.txt",
        "Annotations of a GitHub workflow, to print in one of its steps",
    ),
)

OUTPUTS: Mapping[str, Output] = {output.name: output for output in _REGISTERED}
"""Every output by its name, in the order in which they are listed."""
