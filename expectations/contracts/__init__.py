"""Contracts for ``turntruth diff --contract``: each one file, with ``applies`` so that it is used on nothing else."""
