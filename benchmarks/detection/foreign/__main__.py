"""Run the drill of foreign pairs: ``python -m benchmarks.detection.foreign --help``."""

from audit.cli import main
from benchmarks.detection.foreign.command import build_app

if __name__ == "__main__":
    main(build=build_app)
