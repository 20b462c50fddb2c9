"""The runs in a reports folder over time: their index, what became of findings, and which of them to keep."""
