"""Faults of what is said of the turns elsewhere: the ledger, earlier audits, the API, reports."""
