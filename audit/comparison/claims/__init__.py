"""Judging a pair by a contract: which rows and values had to come out of which evidence, and what else may differ."""
