"""The only file that imports Great Expectations: it judges the findings of the checks.

DuckDB has found the offending rows; each suite of checks becomes a suite of named expectations over the frame of those
rows ("no finding of this check is among them"). Importing this module takes seconds: only the audit itself does.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import astuple, dataclass, fields, replace
from functools import cache
from itertools import groupby
from typing import Any

import great_expectations as gx
import pandas as pd
from great_expectations.compatibility.pydantic import PrivateAttr
from great_expectations.data_context.types.base import ProgressBarsConfig
from great_expectations.expectations.core.expect_column_values_to_be_in_set import ExpectColumnValuesToBeInSet
from great_expectations.expectations.core.expect_column_values_to_not_be_in_set import (
    ExpectColumnValuesToNotBeInSet,
)
from great_expectations.expectations.core.unexpected_rows_expectation import UnexpectedRowsExpectation
from great_expectations.expectations.expectation_configuration import ExpectationConfiguration
from great_expectations.expectations.metadata_types import FailureSeverity

from audit.great_expectations.rolled_up import JudgedRollUp, RolledUp
from audit.great_expectations.stock_query import StockQuery
from audit.results.records import CheckResult, Finding, Status

FINDING_COLUMNS = tuple(each.name for each in fields(Finding))
NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, "urn:turntruth:expectations")


@dataclass(frozen=True, slots=True)
class Judgement:
    """What Great Expectations said of one check; ``error`` says why it said nothing."""

    success: bool
    error: str = ""


def class_name(check: str) -> str:
    """The name of a check's expectation: ``backfill_complete`` becomes ``ExpectBackfillComplete``."""
    return "Expect" + "".join(word.capitalize() for word in check.split("_"))


class ExpectNoFinding(ExpectColumnValuesToNotBeInSet):
    """What all named expectations are: Great Expectations' own, which keeps its configuration.

    A validation asks each expectation for it ninety times, and to make it anew each time would take half of the
    validation.
    """

    _kept: ExpectationConfiguration | None = PrivateAttr(default=None)

    @property
    def configuration(self) -> ExpectationConfiguration:
        """The same until a field is set; nobody may change it in place."""
        if self._kept is None:
            self._kept = super().configuration
        return self._kept

    def __setattr__(self, name: str, value: Any) -> None:
        super().__setattr__(name, value)
        if name != "_kept":
            self._kept = None


@cache
def expectation_class(check: str) -> type[ExpectNoFinding]:
    """The named expectation of a check; made once, because Great Expectations registers each class."""
    return type(
        class_name(check),
        (ExpectNoFinding,),
        {"__module__": __name__, "__doc__": f"No row is named by the check {check}."},
    )


def build_expectation(result: CheckResult) -> ExpectNoFinding:
    """A fresh expectation for a check: an object belongs to one suite only.

    All fields are given explicitly, because class defaults are not written to suite JSON.
    """
    return expectation_class(result.check)(
        column="check",
        value_set=[result.check],
        severity=FailureSeverity(result.severity),
        description=result.title,
        meta={
            "check": result.check,
            "suite": result.suite,
            "remedy": result.remedy,
            "sql": result.sql,
            "sql_sha256": result.sql_sha256,
        },
    )


def build_suite(name: str, results: Iterable[CheckResult]) -> gx.ExpectationSuite:
    """The suite of one folder of checks; its ids are derived from the names, so that a rebuilt suite is the same."""
    checks = list(results)
    suite = gx.ExpectationSuite(
        name=name,
        id=str(uuid.uuid5(NAMESPACE, name)),
        expectations=[build_expectation(result) for result in checks],
        meta={"made_by": "turntruth"},
    )
    for expectation, result in zip(suite.expectations, checks, strict=True):
        # Only now: a suite takes an expectation that has an id for another suite's.
        expectation.id = str(uuid.uuid5(NAMESPACE, f"{name}/{result.check}"))
    return suite


def suite_document(name: str, results: Iterable[CheckResult]) -> dict[str, Any]:
    """The suite as plain JSON values, in the form in which Great Expectations keeps it."""
    return dict(build_suite(name, results).to_json_dict())


def stock_document(name: str, queries: Iterable[StockQuery], meta: Mapping[str, Any]) -> dict[str, Any]:
    """A suite of stock expectations, each of which runs its SQL itself, as plain JSON values; with stable ids."""
    given = list(queries)
    suite = gx.ExpectationSuite(
        name=name,
        id=str(uuid.uuid5(NAMESPACE, name)),
        expectations=[
            UnexpectedRowsExpectation(
                unexpected_rows_query=_stock_query(each.sql),
                severity=FailureSeverity(each.severity),
                description=each.title,
                meta=dict(each.meta),
                notes=list(each.notes) or None,
            )
            for each in given
        ],
        meta={"made_by": "turntruth", **meta},
    )
    for expectation, each in zip(suite.expectations, given, strict=True):
        expectation.id = str(uuid.uuid5(NAMESPACE, f"{name}/{each.name}"))
    return dict(suite.to_json_dict())


def _stock_query(sql: str) -> str:
    """A query as Great Expectations wants it: braces doubled, and no colon that SQLAlchemy takes for a parameter.

    It warns of a query without its placeholder for the batch. The checks look at whole files, so it is in a comment.
    """
    # Each colon, for of two with a word between them SQLAlchemy takes back only the one that has no other behind it.
    escaped = sql.replace("{", "{{").replace("}", "}}").replace(":", "\\:")
    return f"/* Of the whole file, not of a batch such as {{batch}} */\n{escaped}"


def judge_roll_up(name: str, rows: Sequence[RolledUp], meta: Mapping[str, Any]) -> JudgedRollUp:
    """Judge numbers that were counted elsewhere: a stock expectation each, over a frame of one row, a column for each.

    Raises
    ------
    Exception
        Whatever Great Expectations raises.
    """
    suite = gx.ExpectationSuite(
        name=name,
        id=str(uuid.uuid5(NAMESPACE, name)),
        expectations=[
            ExpectColumnValuesToBeInSet(
                column=row.name,
                value_set=[0],
                severity=FailureSeverity.CRITICAL,
                description=row.title,
                meta={"check": row.name},
            )
            for row in rows
        ],
        meta={"made_by": "turntruth", **meta},
    )
    for expectation, row in zip(suite.expectations, rows, strict=True):
        expectation.id = str(uuid.uuid5(NAMESPACE, f"{name}/{row.name}"))
    frame = pd.DataFrame([[row.unexpected for row in rows]], columns=[row.name for row in rows])
    outcome = _validate(suite, frame, _make_source())
    return JudgedRollUp(dict(suite.to_json_dict()), dict(outcome.to_json_dict()))


def judge(results: Sequence[CheckResult]) -> tuple[CheckResult, ...]:
    """Replace the status of every check that ran by the verdict of Great Expectations; the order is kept.

    A check that did not run (skipped, errored) is not shown to it. Where it gives no verdict, or one that contradicts
    the number of findings, the check is errored: neither passed nor failed.
    """
    ran = sorted(
        (result for result in results if result.status in {Status.PASSED, Status.FAILED}), key=lambda each: each.suite
    )
    judgements: dict[str, Judgement] = {}
    # One for all suites, and made inside the first of them: to make it may fail, too.
    source = cache(_make_source)
    for suite, group in groupby(ran, key=lambda each: each.suite):
        judgements.update(_judge_suite(suite, list(group), source))
    # By outcome, not by name alone: a file that claims the name of another check did not run.
    return tuple(_apply(result, judgements[result.check]) if result in ran else result for result in results)


def _apply(result: CheckResult, judgement: Judgement) -> CheckResult:
    error = judgement.error
    if not error and judgement.success != (result.findings == 0):
        verdict = "passed" if judgement.success else "failed"
        error = f"Great Expectations says {verdict}, but DuckDB found {result.findings} rows"
    if error:
        return replace(result, status=Status.ERRORED, error=error)
    return replace(result, status=Status.PASSED if judgement.success else Status.FAILED)


def _judge_suite(name: str, results: Sequence[CheckResult], source: Callable[[], Any]) -> dict[str, Judgement]:
    """One validation of one suite; whatever goes wrong in it is an error of its checks, not of the audit."""
    try:
        outcome = _validate(build_suite(name, results), _frame(results), source())
    except Exception as error:  # noqa: BLE001  a third-party engine may fail in any way; the other suites go on
        problem = f"Great Expectations could not judge it: {type(error).__name__}: {error}"
        return {result.check: Judgement(success=False, error=problem) for result in results}
    judged = dict(_read_outcome(outcome))
    silent = Judgement(success=False, error="Great Expectations gave no result for it")
    return {result.check: judged.get(result.check, silent) for result in results}


def _frame(results: Sequence[CheckResult]) -> pd.DataFrame:
    """The sampled findings of the checks: enough for a verdict, which asks only whether there are any."""
    rows = [astuple(finding) for result in results for finding in result.sample]
    return pd.DataFrame(rows, columns=list(FINDING_COLUMNS), dtype="object")


def _make_source() -> Any:
    """Where frames are validated: a context of its own, with nothing on disk, no network, no progress bars."""
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = ProgressBarsConfig(globally=False)
    return context.data_sources.add_pandas("findings")


def _validate(suite: gx.ExpectationSuite, frame: pd.DataFrame, source: Any) -> Any:
    """Run a suite over a frame; nothing of suite and outcome is put into the context, where nobody would read it."""
    asset = source.add_dataframe_asset(suite.name)  # its own: batches of one asset would have one name
    batch = asset.add_batch_definition_whole_dataframe("all").get_batch({"dataframe": frame})
    return batch.validate(suite, result_format="BASIC")


def _read_outcome(outcome: Any) -> Iterator[tuple[str, Judgement]]:
    for result in outcome.results:
        check = result.expectation_config.meta["check"]
        trouble = _exception_message(result.exception_info)
        if trouble or "unexpected_count" not in result.result:
            # A broken metric looks like a failed expectation with an empty result.
            yield check, Judgement(success=False, error=f"Great Expectations: {trouble or 'empty result'}")
        else:
            yield check, Judgement(success=bool(result.success))


def _exception_message(info: Mapping[str, Any] | None) -> str:
    """The first message of an exception, '' if none was raised; GX nests the information by metric, or does not."""
    if not info:
        return ""
    for entry in (info, *(value for value in info.values() if isinstance(value, Mapping))):
        if entry.get("raised_exception") is True:
            return str(entry.get("exception_message") or "exception without message")
    return ""
