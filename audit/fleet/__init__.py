"""Many files, one verdict: which they are, the unit of each, and what is found across them."""
