"""The contract that a pair suggests: what came out of what, and what else differs, for a human to judge."""
