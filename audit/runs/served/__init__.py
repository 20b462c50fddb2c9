"""The runs of a folder on the pages of a server: shown as they lie there, beside what their files are now."""
