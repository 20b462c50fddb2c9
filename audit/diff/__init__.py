"""``turntruth diff``: any two SQLite files side by side, as a result that can be printed, kept and verified."""
