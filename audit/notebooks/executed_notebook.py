"""One notebook executed without a browser, and the page that shows what it found."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from audit.errors import AuditError
from audit.notebooks.shipped_notebook import read_notebook, require_extra

if TYPE_CHECKING:
    from nbformat import NotebookNode

CELL_SECONDS = 3600
"""A cell that takes longer hangs: an audit of ten million turns takes a tenth of it."""


POLICY = (
    "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline';"
    ' img-src data:; font-src data:">'
)
"""What the exporter would fetch from elsewhere, and every script, is dead: tables and pictures need none."""


class FailedCellError(AuditError):
    """A cell ended with an error."""

    exit_code = 1

    def __init__(self, notebook: str, cell: str, problem: str) -> None:
        self.cell = cell
        super().__init__(
            f"{notebook}: the cell {cell!r} failed: {problem}. Open it with `turntruth notebook` to see why"
        )


def execute_notebook(path: Path, parameters: Mapping[str, str], folder: Path) -> NotebookNode:
    """The notebook with what its cells printed, run in ``folder`` by a kernel of its own.

    Raises
    ------
    FailedCellError
        The first cell that failed; those after it were not run.
    NotebooksMissingError
        The extra is not installed.
    """
    require_extra("nbclient", "ipykernel")
    from nbclient import NotebookClient  # noqa: PLC0415  # of an extra
    from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError  # noqa: PLC0415  # as above

    notebook = read_notebook(path, parameters)
    client = NotebookClient(notebook, timeout=CELL_SECONDS, resources={"metadata": {"path": str(folder)}})
    try:
        # What a kernel says of itself is no result; what cells print comes another way.
        client.execute(stderr=subprocess.DEVNULL)
    except CellExecutionError as error:
        raise FailedCellError(path.stem, _failed(notebook), f"{error.ename}: {error.evalue}") from error
    except (CellTimeoutError, DeadKernelError, RuntimeError) as error:
        raise FailedCellError(path.stem, _failed(notebook), str(error).splitlines()[0]) from error
    return notebook


def page_of(notebook: NotebookNode, title: str) -> str:
    """The page of an executed notebook: what was found, without the code, and without a script from elsewhere."""
    require_extra("nbconvert")
    from nbconvert import HTMLExporter  # noqa: PLC0415  # of an extra
    from traitlets.config import Config  # noqa: PLC0415  # as above

    hidden = dict.fromkeys(("exclude_input", "exclude_input_prompt", "exclude_output_prompt"), True)
    exporter = HTMLExporter(config=Config({"HTMLExporter": hidden}))  # type: ignore[no-untyped-call]  # it has no types
    body, _ = exporter.from_notebook_node(notebook, {"metadata": {"name": title}})
    begin, charset, rest = str(body).partition('<meta charset="utf-8"/>')
    return f"{begin}{charset}{POLICY}{rest}"


def _failed(notebook: NotebookNode) -> str:
    """The id of the cell that was running last."""
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    begun = [cell.id for cell in cells if cell.execution_count is not None]
    errored = [cell.id for cell in cells for output in cell.outputs if output.output_type == "error"]
    return str((errored or begun or ["the first one"])[-1])
