"""What the page of a run costs, however much was found: its size, writing and opening it, paper, and the terminal.

    python -m benchmarks.page_size [FINDINGS ...]

A file is damaged and audited once; its results are then taken as if so many rows had been found, by the checks that
failed and, in a second table, by every check that there is. Times say little about another machine: the bounds do.
"""

from __future__ import annotations

import re
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace
from itertools import chain, cycle, islice
from pathlib import Path
from typing import Any

from audit.report.formats.text import text_lines
from audit.report.html import render_html
from audit.report.run_folder import load_run
from audit.results.records import AuditResult, CheckResult, Finding, Status
from benchmarks.arm import Measured, answer, markdown, run

SIZES = (10, 10_000, 1_000_000, 10_000_000)
MOST_KB, MOST_SECONDS, MOST_SHEETS, MOST_LINES = 400, 1, 4, 25
GROWTH = 2
"""Times by which the largest run may take longer, or more memory, than the smallest one."""

_DOWNLOAD = re.compile(r'href="(data:text/csv[^"]*)"')
_OPENED = """() => Math.max(performance.getEntriesByType('navigation')[0].loadEventEnd,
  ...performance.getEntriesByType('paint').map(each => each.startTime))"""
_SAMPLE = 50


def with_findings(result: AuditResult, findings: int, *, everywhere: bool) -> AuditResult:
    """The same result as if so many rows had been found: by the checks that failed, or by every check."""
    examples = tuple(chain.from_iterable(check.sample for check in result.checks))
    failed = [check.check for check in result.checks if everywhere or check.status is Status.FAILED][:findings]
    shares = {name: findings // len(failed) + (at < findings % len(failed)) for at, name in enumerate(failed)}

    def found(check: CheckResult) -> CheckResult:
        count = shares.get(check.check, 0)
        rows = check.sample or examples
        sample = tuple(replace(row, check=check.check) for row in islice(cycle(rows), min(count, _SAMPLE)))
        status = Status.FAILED if count else Status.PASSED
        return replace(check, status=status, findings=count, scanned=max(check.scanned, count), sample=sample)

    causes = tuple(replace(cause, findings=shares[cause.check]) for cause in result.causes if cause.check in shares)
    # Where every check fails, each is a cause of its own.
    return replace(result, checks=tuple(map(found, result.checks)), causes=() if everywhere else causes)


def all_findings(result: AuditResult) -> Iterator[Finding]:
    """As many rows as were counted, one at a time."""
    for check in result.checks:
        yield from islice(cycle(check.sample), check.findings) if check.sample else ()


def write_page(path: Path, *, everywhere: bool) -> dict[str, Any]:
    """Write the page of so many findings as the name of the file says, from the run beside it, twice."""
    result = with_findings(load_run(path.parent / "runs" / "thousands"), int(path.stem), everywhere=everywhere)
    page = render_html(result, all_findings(result))
    path.write_text(page, encoding="utf-8", errors="replace")
    download = _DOWNLOAD.search(page)
    return {
        "page_bytes": len(page.encode(errors="replace")) - (len(download[1]) if download else 0),
        "download_bytes": len(download[1]) if download else 0,
        "same": page == render_html(result, all_findings(result)),
        "lines": len(text_lines(result)),
        "widest": max(len(line.text) for line in text_lines(result)),
    }


ARMS = {
    "found": lambda path: write_page(path, everywhere=False),
    "everywhere": lambda path: write_page(path, everywhere=True),
}


def look(page_file: Path) -> tuple[float, int] | None:
    """Seconds until Chromium has loaded and painted the page, the best of three, and sheets; None without one."""
    from benchmarks.pages.browser import (  # noqa: PLC0415  the child processes that are measured need no browser
        VIEWS,
        find_chromium,
        looked_at,
        open_chromium,
        printed_pages,
    )

    if find_chromium() is None:
        return None
    with open_chromium() as browser:
        opened = []
        for _ in range(3):
            with looked_at(browser, page_file.as_uri(), VIEWS["light"]) as page:
                opened.append(float(page.evaluate(_OPENED)) / 1000)
        with looked_at(browser, page_file.as_uri(), VIEWS["light"]) as page:
            return min(opened), printed_pages(page)


def measure(folder: Path, arm: str, sizes: Sequence[int]) -> list[tuple[int, Measured, tuple[float, int] | None]]:
    """Each size in a process of its own, then in the browser."""
    found = []
    for size in sizes:
        print(f"  {arm}: {size:,} findings", file=sys.stderr, flush=True)
        path = folder / f"{size}.html"
        found.append((size, run("benchmarks.page_size", arm, path), look(path)))
    return found


def table(title: str, found: Sequence[tuple[int, Measured, tuple[float, int] | None]]) -> str:
    """What was measured, and what it had to be."""
    head = ("findings", "page", "download in it", "written twice in", "peak memory", "opened in", "printed",
            "terminal", "same bytes")  # fmt: skip
    rows = [
        (
            f"{size:,}",
            f"{each.said['page_bytes'] / 1000:,.0f} KB",
            f"{each.said['download_bytes'] / 1000:,.0f} KB",
            f"{each.seconds:.2f} s",
            f"{each.peak_mib:,.0f} MiB",
            f"{seen[0]:.2f} s" if seen else "no chromium",
            f"{seen[1]} pages" if seen else "no chromium",
            f"{each.said['lines']} lines of at most {each.said['widest']}",
            "yes" if each.said["same"] else "NO",
        )
        for size, each, seen in found
    ]
    goal = ("goal", f"{MOST_KB} KB", "", f"within {GROWTH} times", f"within {GROWTH} times", f"{MOST_SECONDS} s",
            f"{MOST_SHEETS} pages", f"{MOST_LINES} lines of at most 80", "yes")  # fmt: skip
    return markdown(title, head, [*rows, goal])


def main(words: list[str]) -> None:
    """Measure an arm for a parent process, or everything."""
    if words and words[0] in ARMS:
        answer(ARMS, words)
        return
    from benchmarks.pages.kinds import make_run  # noqa: PLC0415  the processes that are measured make no files

    sizes = tuple(map(int, words)) or SIZES
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        make_run("thousands", folder)
        parts = [
            table("### Found by the checks that failed", measure(folder, "found", sizes)),
            table("### Found by every check", measure(folder, "everywhere", sizes)),
        ]
    print("\n\n".join(parts))


if __name__ == "__main__":
    main(sys.argv[1:])
