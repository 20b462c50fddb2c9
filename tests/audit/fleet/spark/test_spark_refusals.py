"""What is missing for Spark is said at once, in a line; none of it needs pyspark to be here."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

from audit.fleet.errors import EngineError
from audit.fleet.fleet_folder import FleetFolder
from audit.fleet.manifest import FleetFile
from audit.fleet.options import FleetOptions
from audit.fleet.spark.errors import NoJavaError, NoMasterError, SparkMissingError, SparkVersionError
from audit.fleet.spark.session import require_java, require_master, said_by
from audit.fleet.spark.spark_engine import spark_engine
from audit.fleet.unit_task import Task

JAVA_ERROR = """An error occurred while calling o60.collectToPython.
: org.apache.spark.SparkException: Job aborted due to stage failure: Task 0 in stage 1.0 failed 4 times
\tat org.apache.spark.scheduler.DAGScheduler.failJobAndIndependentStages(DAGScheduler.scala:2856)
Caused by: org.apache.spark.SparkException: Python worker exited unexpectedly (crashed)
\t... 1 more
"""


@pytest.fixture
def ask(tmp_path: Path) -> Callable[[str], EngineError]:
    """Begin to audit a file, and take the refusal."""

    def ask(master: str) -> EngineError:
        options = FleetOptions()
        make = spark_engine(master)(FleetFolder(tmp_path / "out"), Task(options, options.digest(), reuse=False))
        started = time.monotonic()
        with pytest.raises(EngineError) as caught:
            list(make.run([FleetFile(1, "a", str(tmp_path / "a.db"))]))
        assert time.monotonic() - started < 20
        assert "\n" not in str(caught.value)
        assert "py4j" not in str(caught.value)
        return caught.value

    return ask


@pytest.fixture
def with_pyspark(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Put a pyspark of some version in the place of the one that may be here."""

    def put(version: str) -> None:
        for name in ("pyspark", "pyspark.sql", "pyarrow"):
            module = ModuleType(name)
            module.__dict__["__version__"] = version
            module.__dict__["SparkSession"] = type("SparkSession", (), {"getActiveSession": lambda: None})
            monkeypatch.setitem(sys.modules, name, module)

    return put


@pytest.mark.parametrize("module", ["pyspark", "pyarrow"])
def test_what_is_not_installed(
    ask: Callable[[str], EngineError],
    with_pyspark: Callable[[str], None],
    monkeypatch: pytest.MonkeyPatch,
    module: str,
) -> None:
    with_pyspark("4.1.4")
    monkeypatch.setitem(sys.modules, module, None)

    said = ask("local")

    assert isinstance(said, SparkMissingError)
    assert f"needs {module}" in str(said)
    assert "Install turntruth[spark]" in str(said)


@pytest.mark.parametrize("version", ["3.4.4", "4.2.0", "5.0.0.dev1"])
def test_another_version(ask: Callable[[str], EngineError], with_pyspark: Callable[[str], None], version: str) -> None:
    with_pyspark(version)

    said = ask("local")

    assert isinstance(said, SparkVersionError)
    assert f"needs pyspark >=3.5,<4.2, found {version}" in str(said)


def test_no_java(
    ask: Callable[[str], EngineError],
    with_pyspark: Callable[[str], None],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    with_pyspark("3.5.6")
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))

    said = ask("local")

    assert isinstance(said, NoJavaError)
    assert "no java is installed here. Install Java 17" in str(said)


def test_java_home_leads_nowhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))

    with pytest.raises(NoJavaError, match="where JAVA_HOME points to"):
        require_java()


def test_a_master_that_is_not_there(
    ask: Callable[[str], EngineError], with_pyspark: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    with_pyspark("4.1.4")
    monkeypatch.setattr("audit.fleet.spark.session.require_java", lambda: None)
    with socket.create_server(("127.0.0.1", 0)) as server:
        master = f"spark://127.0.0.1:{server.getsockname()[1]}"

    said = ask(master)

    assert isinstance(said, NoMasterError)
    assert str(said).startswith(f"no Spark master at {master}: connection refused. Start it")


@pytest.mark.parametrize("master", ["spark://host", "spark://127.0.0.1:99999", "127.0.0.1:7077", "lokal"])
def test_an_address_that_is_none(master: str) -> None:
    with pytest.raises(NoMasterError, match="no Spark master at"):
        require_master(master)


@pytest.mark.parametrize("master", ["", "local", "local[2]", "local[*]", "local[2,3]", "yarn"])
def test_a_master_that_is_asked_by_nobody(master: str) -> None:
    require_master(master)


def test_one_of_several_masters_is_enough() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        require_master(f"spark://127.0.0.1:1,127.0.0.1:{server.getsockname()[1]}")


def test_what_java_says_becomes_a_line() -> None:
    assert said_by(RuntimeError(JAVA_ERROR)) == "SparkException: Python worker exited unexpectedly (crashed)"
    assert said_by(ValueError("")) == "ValueError"


def test_nobody_else_pays_for_spark() -> None:
    asked = "[name for name in ('pyspark', 'pyarrow', 'py4j') if name in sys.modules]"
    program = f"import sys, audit.fleet.spark.spark_engine; print({asked})"
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert ran.stdout == "[]\n"
