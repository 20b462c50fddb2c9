"""Backups that are proved before anything is changed, and the way back to them."""
