"""What an audit found, as records, files, and the folder of a run."""
