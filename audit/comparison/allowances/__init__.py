"""What a migration may change: the ledger's changes, columns declared anew, and what follows from both."""
