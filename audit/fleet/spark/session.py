"""The session with Spark: the one module that imports pyspark, and only when somebody asks for Spark."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from importlib import import_module
from pathlib import Path
from typing import Any

from audit.errors import AuditError
from audit.files.private_folder import PrivateFolder
from audit.fleet.spark.errors import NoJavaError, NoMasterError, SparkFailedError, SparkMissingError, SparkVersionError

_LEAST, _BELOW = (3, 5), (4, 2)
_ANSWERS_WITHIN_S = 5.0
_GROUP = "turntruth"
_LOOPBACK = ("127.0.0.1", "localhost", "::1")
_CAUSE = re.compile(r"(: |Caused by: )?([a-z]\w*\.)*\w+(Error|Exception)\b")
_SAID_CHARACTERS = 300


class Session:
    """A session, in which jobs can be run from several threads."""

    def __init__(self, session: Any) -> None:
        # Of its own, so that what is set here is set for nobody else.
        try:
            self._context = session.sparkContext
        except Exception as error:
            # Spark Connect has none, and no file system that Python could ask.
            raise SparkFailedError(
                "the running session gives no access to its Java, as one of Spark Connect"
            ) from error
        self._session = session.newSession()
        self._session.conf.set("spark.sql.execution.arrow.maxRecordsPerBatch", "1")

    @property
    def master(self) -> str:
        """The address of the master."""
        return str(self._context.master)

    @property
    def slots(self) -> int:
        """How many tasks run at once, as far as is known by now."""
        return max(1, int(self._context.defaultParallelism))

    @property
    def executors(self) -> int:
        """How many processes of workers have registered."""
        tracker = self._context._jsc.sc().statusTracker()  # noqa: SLF001  Python has no tracker of executors
        return max(1, len(tracker.getExecutorInfos()) - (not self.master.startswith("local")))

    @property
    def is_stopped(self) -> bool:
        """Whether Spark has given up altogether."""
        try:
            return bool(self._context._jsc is None or self._context._jsc.sc().isStopped())  # noqa: SLF001  the same
        except Exception:  # noqa: BLE001  the process of Java is gone
            return True

    def map_numbers(
        self, count: int, function: Callable[[Iterator[Any]], Iterator[Any]], schema: str, tasks: int
    ) -> list[Any]:
        """Run a function in so many tasks over batches of a number below ``count`` each, to rows."""
        frame = self._session.range(0, count, 1, tasks)
        return self._collect(frame.mapInArrow(function, schema))

    def map_contents(
        self, uris: Sequence[str], function: Callable[[Iterator[Any]], Iterator[Any]], schema: str
    ) -> list[Any]:
        """Run a function in one task over batches of ``path`` and ``content``, a file each, to rows."""
        if not uris:
            # There is nothing to hand over, and still something to be done.
            return self.map_numbers(1, function, schema, 1)
        paths = [re.sub(r"([][{}*?\\])", r"\\\1", uri) for uri in uris]
        frame = self._session.read.format("binaryFile").load(paths).select("path", "content").coalesce(1)
        return self._collect(frame.mapInArrow(function, schema))

    def _collect(self, frame: Any) -> list[Any]:
        try:
            self._context.setJobGroup(_GROUP, "turntruth fleet", interruptOnCancel=True)
            return list(frame.collect())
        except Exception as error:
            raise SparkFailedError(said_by(error)) from error

    def status_of(self, uri: str) -> tuple[str, int, int] | None:
        """A file's name as Spark calls it, its bytes and when it was last written; None where there is none.

        Raises
        ------
        SparkFailedError
            Nothing can be said: there is no such file system, or it does not let us in.
        """
        try:
            place = self._context._jvm.org.apache.hadoop.fs.Path(uri)  # noqa: SLF001  Python has no file system of it
            system = place.getFileSystem(self._context._jsc.hadoopConfiguration())  # noqa: SLF001  the same
            if not system.exists(place):
                return None
            status = system.getFileStatus(place)
            return str(status.getPath().toString()), int(status.getLen()), int(status.getModificationTime())
        except Exception as error:
            raise SparkFailedError(said_by(error)) from error

    def cancel(self) -> None:
        """End whatever still runs."""
        with suppress(Exception):
            self._context.cancelJobGroup(_GROUP)


@contextmanager
def open_session(master: str, settings: Mapping[str, str]) -> Iterator[Session]:
    """A session with a master, '' for what Spark is configured to use; ended with the block, if it was made here.

    Raises
    ------
    EngineError
        The one for the cause: no pyspark, another one, no Java, no master.
    """
    sql = _pyspark()
    running = sql.SparkSession.getActiveSession()
    if running is not None:
        yield Session(running)
        return
    require_java()
    require_master(master)
    with PrivateFolder() as private:
        made = _start(sql, master, settings, private)
        try:
            yield Session(made)
        finally:
            with suppress(Exception):
                made.stop()


def _pyspark() -> Any:
    """``pyspark.sql``, if it is one that we know."""
    for name in ("pyspark", "pyarrow"):
        try:
            import_module(name)
        except ModuleNotFoundError:
            raise SparkMissingError(name) from None
    import pyspark  # noqa: PLC0415  nobody else pays for it

    release = tuple(int(part) for part in re.findall(r"\d+", pyspark.__version__)[:2])
    if not _LEAST <= release < _BELOW:
        raise SparkVersionError(pyspark.__version__)
    return import_module("pyspark.sql")


def require_java() -> None:
    """Say at once that there is no Java, which pyspark does over many lines."""
    home = os.environ.get("JAVA_HOME", "")
    if home and not os.access(Path(home, "bin", "java"), os.X_OK):
        raise NoJavaError(f"there is no bin/java in {home}, where JAVA_HOME points to")
    if not home and shutil.which("java") is None:
        raise NoJavaError("Spark runs in Java, and no java is installed here")


def require_master(master: str) -> None:
    """Say at once that nobody answers, for which Spark takes a minute."""
    found = re.fullmatch(r"(?:spark|k8s://https?)://(.+)", master)
    if found is None:
        if master and not re.match(r"local(\[.*\])?$|yarn$|k8s://|mesos://", master):
            raise NoMasterError(master, "this is no address of a master")
        return
    problem = "it has no port"
    for place in found[1].rstrip("/").split(","):
        host, _, port = place.rpartition(":")
        if not host or not port.isdigit():
            continue
        try:
            with socket.create_connection((host.strip("[]"), int(port)), timeout=_ANSWERS_WITHIN_S):
                return
        except (OSError, OverflowError) as error:
            problem = (getattr(error, "strerror", None) or str(error) or "no answer").lower()
    raise NoMasterError(master, problem)


def _start(sql: Any, master: str, settings: Mapping[str, str], private: Path) -> Any:
    """Start Spark, whose many lines go to a file: what there is to say of them is said in one."""
    log = private / "spark.log"
    builder = sql.SparkSession.builder.appName("turntruth fleet")
    if master:
        builder = builder.master(master)
    for name, value in {**_own_settings(master), **settings}.items():
        builder = builder.config(name, value)
    # Workers would take whatever `python3` is on their path.
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    os.environ.setdefault("PYSPARK_DRIVER_PYTHON", sys.executable)
    on_interrupt = signal.getsignal(signal.SIGINT)
    try:
        with _errors_into(log):
            return builder.getOrCreate()
    except AuditError:
        raise
    except Exception as error:
        said = said_by(error)
        if "JAVA_GATEWAY_EXITED" in said or "gateway" in said:
            raise NoJavaError(f"Java did not start Spark: {_last_line(log)}") from error
        # What it says by then is what became of it; why is in what it has said before.
        raise SparkFailedError(_last_line(log) if "stopped SparkContext" in said else said) from error
    finally:
        # pyspark answers to Ctrl-C in its own way, which is not ours.
        if threading.current_thread() is threading.main_thread() and on_interrupt is not None:
            signal.signal(signal.SIGINT, on_interrupt)


def _own_settings(master: str) -> dict[str, str]:
    own = {"spark.ui.enabled": "false", "spark.ui.showConsoleProgress": "false"}
    host = master.removeprefix("spark://").rpartition(":")[0]
    if host in _LOOPBACK or master.startswith("local"):
        # Whoever works on this machine alone is reached by nobody else.
        own |= {"spark.driver.host": "127.0.0.1", "spark.driver.bindAddress": "127.0.0.1"}
    return own


@contextmanager
def _errors_into(path: Path) -> Iterator[None]:
    """Let what starts meanwhile write its standard error to a file, for as long as it lives."""
    sys.stderr.flush()
    kept = os.dup(2)
    try:
        with path.open("ab") as file:
            os.dup2(file.fileno(), 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)


def _last_line(log: Path) -> str:
    lines = [line.strip() for line in log.read_text(errors="replace").split("\n") if line.strip()]
    errors = [line for line in lines if "error" in line.lower() or "exception" in line.lower()]
    return (errors or lines or ["it said nothing"])[-1][:_SAID_CHARACTERS]


def said_by(error: BaseException) -> str:
    """What an error of pyspark says, in a line: the cause that Java or a worker names, without any traceback."""
    lines = [line.strip() for line in str(error).split("\n") if line.strip()]
    causes = [line for line in lines if _CAUSE.match(line) and "Py4J" not in line]
    # Why a process ended is not in what was caused by that, such as a broken connection.
    causes = [line for line in causes if "Python worker exited" in line] or causes
    said = causes[-1] if causes else lines[0] if lines else type(error).__name__
    return re.sub(r"^(: |Caused by: )?([a-z]\w*\.)+", "", said)[:_SAID_CHARACTERS]
