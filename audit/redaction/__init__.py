"""Runs that can be shown to strangers: who and what was audited is replaced, what was found stays."""
