"""The language of contracts: what a migration had to change, out of which evidence, and what it may change besides."""
