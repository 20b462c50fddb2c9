"""A fleet is migrated: foreseen, a few files first, then in waves, and taken back by the backups."""
