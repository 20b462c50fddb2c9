"""Any two files: what is lost, what changed and what is new, by table and column, without knowing what they hold."""
