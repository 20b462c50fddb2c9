"""The shipped contracts on pairs that other people's programs wrote: what they find there, and nothing else."""

from __future__ import annotations

from collections import Counter
from importlib.resources import files
from pathlib import Path

import pytest

from audit.contract.errors import ContractNotApplicableError
from support.files.pair_files import compare_files

pytestmark = pytest.mark.samples

_Counts = dict[tuple[str, str, str, str], int]


def _shipped(name: str) -> Path:
    return Path(str(files("expectations").joinpath("contracts", f"{name}.toml")))


def _find(pairs: Path, before: str, after: str, contract: Path) -> _Counts:
    pair = pairs / f"{before}.before.db", pairs / f"{after}.after.db"
    findings, summary = compare_files(*pair, contract=contract)
    assert summary.errors == {}
    return dict(Counter((each["change"], each["kind"], each["table"], each["column"]) for each in findings))


def test_open_webui(pairs: Path) -> None:
    found = _find(pairs, "openwebui-374d2f66af06", "openwebui-0.8.5-head", _shipped("openwebui-chat-message"))

    lost = {(*key, "access_control") for key in (("lost", "column", table) for table in _WITH_ACCESS_CONTROL)}
    assert found == {
        ("claim", "not filled", "chat_message", "usage"): 165,
        ("claim", "contradicts", "chat_message", "created_at"): 16,
        ("claim", "made up", "chat_message", "done"): 151,
        **dict.fromkeys(lost, 1),
    }


_WITH_ACCESS_CONTROL = ("channel", "file", "knowledge", "model", "note", "prompt", "tool")


def test_llm(pairs: Path) -> None:
    found = _find(pairs, "llm-0.12", "llm-0.36", _shipped("llm-responses"))

    columns = ("resolved_model", "input_tokens", "output_tokens")
    assert found == {("claim", "not filled", "responses", column): 408 for column in columns}


@pytest.mark.parametrize(
    ("runtime", "found"),
    [
        ("trim(meta ->> '$.runtime')", {"made up": 200, "unreadable": 1, "contradicts": 60}),
        (
            "coalesce(trim(meta ->> '$.runtime'), meta ->> '$.profile.slug')",
            {"made up": 139, "unreadable": 1, "contradicts": 88},
        ),
    ],
    ids=["of the message", "or else of its profile"],
)
def test_django(pairs: Path, tmp_path: Path, runtime: str, found: dict[str, int]) -> None:
    contract = tmp_path / "contract.toml"
    contract.write_text(
        f"""
        [rows.chat_message.columns]
        runtime = "{runtime}"
        [changes]
        new = ["chat_message.runtime"]
        appended = ["django_migrations"]
        redeclared = [
          {{ name = "chat_message.body", reason = "a limit of length" }},
          {{ name = "chat_message", reason = "the order of its columns" }},
        ]
        """
    )

    counts = _find(pairs, "django-0001", "django-0002-pointer-guess", contract)

    assert counts == {("claim", kind, "chat_message", "runtime"): number for kind, number in found.items()}


def test_langgraph(pairs: Path, tmp_path: Path) -> None:
    contract = tmp_path / "contract.toml"
    contract.write_text(
        """
        [rows.writes.columns]
        task_path = "''"
        [changes]
        new = ["writes.task_path"]
        appended = ["checkpoints", "writes"]
        [defaults]
        "writes.task_path" = "''"
        """
    )

    assert _find(pairs, "langgraph-sqlite-1.0.3", "langgraph-sqlite-3.1.2", contract) == {}


def test_a_contract_is_refused_on_another_program_s_files(pairs: Path) -> None:
    with pytest.raises(ContractNotApplicableError, match="applies"):
        _find(pairs, "llm-0.12", "llm-0.36", _shipped("openwebui-chat-message"))
