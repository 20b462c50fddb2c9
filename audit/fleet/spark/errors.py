"""Why Spark cannot do the work, one class a cause; none of them is about a file of the fleet."""

from __future__ import annotations

from audit.fleet.errors import EngineError
from audit.report.shares import counted

VERSIONS = ">=3.5,<4.2"


class SparkMissingError(EngineError):
    """pyspark, or what it hands files over with, is not installed."""

    def __init__(self, module: str) -> None:
        super().__init__(
            f"--engine spark needs {module}, which is not installed here",
            "Install turntruth[spark], here and on every worker, or leave --engine out",
        )


class SparkVersionError(EngineError):
    """pyspark is one that nothing of this was tried with."""

    def __init__(self, found: str) -> None:
        self.found = found
        super().__init__(
            f"--engine spark needs pyspark {VERSIONS}, found {found}",
            "Install turntruth[spark] into an environment of its own",
        )


class NoJavaError(EngineError):
    """There is no Java to run Spark with, or one that does not start it."""

    def __init__(self, problem: str) -> None:
        super().__init__(problem, "Install Java 17, such as Debian's openjdk-17-jre-headless, or point JAVA_HOME to it")


class NoMasterError(EngineError):
    """Nobody answers where the master should be."""

    def __init__(self, master: str, problem: str) -> None:
        self.master = master
        super().__init__(
            f"no Spark master at {master}: {problem}",
            "Start it, or give the address that its page shows, such as --master spark://host:7077",
        )


class NoWorkersError(EngineError):
    """The master is there, and no worker began within the time."""

    def __init__(self, master: str, waited_s: float) -> None:
        self.master = master
        super().__init__(
            f"no worker of {master} took up work within {waited_s:g} seconds",
            "Look at the master's page: whether it has workers, with a core and the memory that is asked for"
            " (spark.executor.memory), and none of them busy",
        )


class WorkersDifferError(EngineError):
    """A worker would say something else of a file than this process."""

    def __init__(self, host: str, problem: str) -> None:
        self.host = host
        super().__init__(
            f"the worker on {host} {problem}",
            "Install the same turntruth and Python there, and name that Python in PYSPARK_PYTHON; let configuration,"
            " registry and own checks lie on a folder that all workers share",
        )


class UnseenFilesError(EngineError):
    """A worker, or this process, does not see a file that others see, or sees another one under its path."""

    def __init__(self, who: str, path: str, problem: str, number: int) -> None:
        self.who = who
        self.path = path
        more = f", and {counted(number - 1, 'more file')}" if number > 1 else ""
        super().__init__(
            f"{who} does not see what is audited: {path} {problem}{more}",
            "Put the files on a folder that all workers share under one path, or name them by a URI that Spark reads,"
            " such as hdfs://host/turns.db",
        )


class SparkFailedError(EngineError):
    """Spark gave up; ``problem`` is what it says of it."""

    def __init__(self, problem: str) -> None:
        self.said = problem
        super().__init__(
            f"Spark gave up: {problem}", "Run the same command again, which goes on from what lies in --out"
        )
