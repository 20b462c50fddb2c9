"""Of a shard alone nothing is claimed that only all shards of its store can tell."""

from __future__ import annotations

from dataclasses import replace

from audit.checks.catalog import load_catalog
from audit.fleet.manifest import FleetFile
from audit.fleet.roll_up import fleet_catalog
from audit.fleet.shards import ASKED_OVER_ALL, LEFT_OUT, as_shard, describe_shards, shared_stores
from audit.results.cause import Cause
from audit.results.records import Status, Verdict
from support.audits.report_examples import a_check, a_failed_check, a_result


def test_the_checks_that_are_set_aside_and_those_in_their_places_exist() -> None:
    assert {*ASKED_OVER_ALL, *LEFT_OUT} <= {check.name for check in load_catalog().checks}
    assert set(ASKED_OVER_ALL.values()) <= {check.name for check in fleet_catalog().checks}


def test_a_store_is_shared_by_several_files_of_its_name() -> None:
    files = [FleetFile(n, str(n), str(n), store=store) for n, store in enumerate(["a", "a", "b", "", ""])]
    assert shared_stores(files) == {"a"}
    assert describe_shards(shared_stores(files)).startswith("files of one store (a): ")
    assert describe_shards([]) == ""


def test_a_pointer_is_not_the_fault_of_a_shard() -> None:
    cause = Cause("pointer_agrees", "continuity", "critical", "wrong", "1 pointer is wrong", 1, 0, 1)
    result = a_result(
        a_check("turns_kept"),
        a_failed_check("pointer_agrees"),
        verdict=Verdict.FAILED,
        causes=(cause,),
        gate="critical",
    )
    shard = as_shard(result)
    assert shard.verdict is Verdict.PASSED
    assert shard.causes == ()
    assert [(check.status, check.findings) for check in shard.checks] == [(Status.PASSED, 0), (Status.SKIPPED, 0)]
    assert "store_pointer_agrees" in shard.checks[1].skip_reason


def test_what_a_shard_does_say_stays_and_so_does_what_could_not_be_read() -> None:
    failed = a_result(a_failed_check("runtime_complete"), verdict=Verdict.FAILED, gate="critical")
    assert as_shard(failed) == failed
    errored = replace(failed, verdict=Verdict.ERRORED)
    assert as_shard(errored).verdict is Verdict.ERRORED
