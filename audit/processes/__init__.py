"""Processes of an audit, and the signals that end them."""
