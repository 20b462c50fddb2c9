"""The engine for more files than one machine audits: the same unit of each, in the tasks of Spark."""
