from __future__ import annotations

import json
from dataclasses import replace
from itertools import count
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.report.formats import sarif
from audit.report.formats.sarif import FINGERPRINT, GITHUB_FINGERPRINT, render_sarif
from audit.results.records import AuditResult, Finding, InputFile, Verdict
from support.audits.report_examples import (
    FINDINGS,
    RESULTS,
    a_busy_result,
    a_failed_check,
    a_finding,
    a_result,
    an_acceptance,
)
from support.audits.sarif_format import faults_of


def run_of(result: AuditResult, *findings: Finding) -> dict[str, Any]:
    log = json.loads(render_sarif(result, findings))
    assert faults_of(log) == []
    (run,) = log["runs"]
    return run  # type: ignore[no-any-return]  # JSON


def prints_of(*findings: Finding) -> list[str]:
    prints = [result["partialFingerprints"] for result in run_of(a_result(), *findings)["results"]]
    assert all(each[FINGERPRINT] == each[GITHUB_FINGERPRINT] for each in prints)
    return [each[FINGERPRINT] for each in prints]


def test_each_check_is_a_rule_with_its_remedy() -> None:
    rules = run_of(a_busy_result())["tool"]["driver"]["rules"]

    assert [rule["id"] for rule in rules] == [check.check for check in a_busy_result().checks]
    assert rules[1]["help"]["text"].startswith("Run the migration again")
    assert [rule["defaultConfiguration"]["level"] for rule in rules[1:3]] == ["error", "warning"]


def test_a_finding_is_a_result_at_its_place_in_the_file() -> None:
    (result,) = run_of(a_busy_result(), a_finding("rows_named", conv_id="a/b c"))["results"]

    assert (result["ruleId"], result["ruleIndex"], result["level"]) == ("rows_named", 1, "error")
    assert result["message"]["text"] == "Found nothing in runtime_key, expected 'planner'."
    (location,) = result["locations"]
    assert location["logicalLocations"][0]["fullyQualifiedName"] == "turns/a%2Fb%20c/sess-1/turn-000001/runtime_key"
    assert location["physicalLocation"]["artifactLocation"] == {"uri": "data/turns.db", "index": 0}


def test_a_finding_in_the_conversation_file_points_there() -> None:
    timeline = InputFile("timeline", "data/timeline.db", 1, "", {})
    result = a_result(inputs=(*a_result().inputs, timeline))

    (found,) = run_of(result, a_finding(table="timeline_conversations"))["results"]

    assert found["locations"][0]["physicalLocation"]["artifactLocation"]["index"] == 2


@pytest.mark.parametrize(
    ("path", "uri"),
    [
        ("turns.db", "turns.db"),
        ("my files/ü#1.db", "my%20files/%C3%BC%231.db"),
        ("/data/turns.db", "file:///data/turns.db"),
        ("turns-\udcff.db", "turns-%FF.db"),
    ],
)
def test_a_path_is_a_uri(path: str, uri: str) -> None:
    result = a_result(inputs=(replace(a_result().inputs[0], path=path),))

    (artifact,) = run_of(result)["artifacts"]

    assert artifact["location"]["uri"] == uri
    assert artifact["hashes"] == {"sha-256": "ab" * 32}


def test_a_fingerprint_outlives_a_new_value_but_not_a_new_place() -> None:
    finding = a_finding()
    again = replace(finding, found="other", expected="else", severity="warning")
    elsewhere = [
        replace(finding, **{name: "x"})
        for name in ("check", "conv_id", "session_id", "turn_id", "table", "key", "column")
    ]

    (first, *others), (second,) = prints_of(finding, *elsewhere), prints_of(again)

    # Servers remember it: a change here makes every known finding a new one.
    assert first == second == "1d308a0d7a25e8a581939c00137dc947abe525c2c6826c602afa9352c4d42f2c"
    assert len({first, *others}) == 8


def test_findings_at_one_place_are_told_apart_by_their_number() -> None:
    finding = a_finding()
    first, second, third = prints_of(finding, replace(finding, found="other"), finding)

    assert (second, third) == (f"{first}:2", f"{first}:3")


@given(st.lists(FINDINGS, max_size=6).flatmap(lambda found: st.permutations([*found, *found])))
def test_no_two_results_share_a_fingerprint(findings: list[Finding]) -> None:
    prints = prints_of(*findings)

    assert len(set(prints)) == len(prints) == len(findings)


@given(st.tuples(*[st.text(max_size=3)] * 2), st.tuples(*[st.text(max_size=3)] * 2))
def test_fingerprints_do_not_run_ids_into_each_other(one: tuple[str, str], other: tuple[str, str]) -> None:
    first = a_finding(conv_id=one[0], session_id=one[1]).fingerprint
    second = a_finding(conv_id=other[0], session_id=other[1]).fingerprint

    assert (first == second) == (one == other)


def test_what_could_not_be_judged_is_a_notification_of_a_failed_execution() -> None:
    (invocation,) = run_of(replace(a_busy_result(), verdict=Verdict.ERRORED))["invocations"]

    assert invocation["executionSuccessful"] is False
    first = invocation["toolExecutionNotifications"][0]
    assert (first["level"], first["message"]["text"]) == ("error", "cannot convert")
    assert first["associatedRule"] == {"id": "judged", "index": 3}


def test_a_run_with_findings_is_a_successful_execution() -> None:
    (invocation,) = run_of(a_busy_result())["invocations"]

    assert invocation["executionSuccessful"] is True


def test_more_results_than_a_server_takes_are_not_read_and_that_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sarif, "MOST_RESULTS", 50)
    read = count()
    result = a_result(a_failed_check(findings=500), verdict=Verdict.FAILED)

    log = json.loads(render_sarif(result, (a_finding(number=number) for number in read)))

    assert len(log["runs"][0]["results"]) == 50
    assert next(read) == 50
    notes = log["runs"][0]["invocations"][0]["toolExecutionNotifications"]
    assert notes[-1]["message"]["text"] == (
        "50 of 500 findings are listed, the gravest first and some of every check; 450 are left out. "
        "findings.csv of the run has them all."
    )


def test_of_too_many_the_gravest_are_listed_and_some_of_every_check(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sarif, "MOST_RESULTS", 500)
    checks = [
        a_failed_check("a_remark", findings=2_000, severity="info", sample=()),
        a_failed_check("lost", findings=300, sample=()),
        a_failed_check("wrong", findings=700, accepted=1, sample=()),
    ]
    accepted = an_acceptance("wrong", where={"conv_id": "conv-0000"})
    run = run_of(
        a_result(*checks, verdict=Verdict.FAILED, acceptances=(accepted,)),
        *(
            a_finding(check.check, number, severity=check.severity)
            for check in checks
            for number in range(check.findings)
        ),
    )

    listed = [result["ruleId"] for result in run["results"]]
    assert listed == ["lost"] * 224 + ["wrong"] * 226 + ["a_remark"] * 50
    assert [rule["properties"]["listed"] for rule in run["tool"]["driver"]["rules"]] == [50, 224, 226]
    assert sum("suppressions" in result for result in run["results"]) == 1


def test_findings_that_the_results_do_not_count_are_listed_where_there_is_room() -> None:
    result = a_result(a_failed_check(findings=10**6, sample=()), verdict=Verdict.FAILED)

    assert [each["ruleId"] for each in run_of(result, a_finding("unheard_of"))["results"]] == ["unheard_of"]


def test_ids_of_megabytes_are_cut_and_stay_different() -> None:
    ids = ["界" * 200_000 + end for end in "ab"]
    text = render_sarif(a_result(), [a_finding(conv_id=each, turn_id=each, found=each, key=each) for each in ids])

    first, second = json.loads(text)["runs"][0]["results"]
    assert first["locations"] != second["locations"]
    assert first["message"] != second["message"]
    assert "200%2C001%20characters%20in%20all" in first["locations"][0]["logicalLocations"][0]["fullyQualifiedName"]
    assert "(200,001 characters in all, SHA-256 " in first["message"]["text"]
    assert len(text) < 30_000


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (["results", 0, "level"], "critical"),
        (["results", 0, "message", "text"], ""),
        (["results", 0, "ruleIndex"], 2),
        (["results", 0, "severity"], "high"),
        (["results", 0, "locations", 0, "physicalLocation", "artifactLocation", "uri"], "my files/turns.db"),
        (["results", 0, "locations", 0, "physicalLocation", "artifactLocation", "index"], 9),
        (["artifacts", 0, "roles", 0], "database"),
        (["invocations", 0, "startTimeUtc"], "2026-01-01"),
        (["tool", "driver", "name"], ""),
        (["tool", "driver", "rules", 0, "properties", "tags"], ["a", "a"]),
    ],
)
def test_a_log_that_does_not_keep_to_the_format_is_found(path: list[str | int], value: object) -> None:
    log = json.loads(render_sarif(a_busy_result(), [a_finding("rows_named")]))
    assert faults_of(log) == []
    *parents, last = path
    place = log["runs"][0]
    for step in parents:
        place = place[step]
    place[last] = value

    assert faults_of(log) != []


@given(RESULTS, st.lists(FINDINGS, max_size=4))
def test_any_text_makes_a_log_that_keeps_to_the_format(result: AuditResult, findings: list[Finding]) -> None:
    timed = replace(result, started_at=a_result().started_at, finished_at=a_result().finished_at)
    run = run_of(timed, *findings)

    assert len(run["results"]) == len(findings)
    for rule in run["tool"]["driver"]["rules"]:
        assert rule["shortDescription"]["text"] or not rule["id"]
