"""Before/after proof over two whole files: what the migration did not mean to change is still there, cell by cell.

It runs as a process of its own (``python -m audit.comparison``), because it reads through another SQLite library than
the rest of the audit, and two of them on one file in one process lose committed writes.
"""
