"""The checks as suites of Great Expectations: the ones kept beside the checks, and one that runs without our code."""
