"""An instance of DuckDB that is kept from one file to the next, for whoever audits many."""
