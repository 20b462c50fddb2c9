"""Reads the files that the store wrote and proves what they say. Never writes them."""
