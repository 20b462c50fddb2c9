"""The shipped notebooks for a user's own files: copies of them, and one executed without a browser."""
