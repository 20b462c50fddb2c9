"""Run the drill: ``python -m benchmarks.detection --help``."""

from audit.cli import main
from benchmarks.detection.command import build_app

if __name__ == "__main__":
    main(build=build_app)
